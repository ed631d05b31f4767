/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <syslog.h>

#include "rules/keys.h"
#include "rules/kinds.h"
#include "rules/modes.h"
#include "rules/territory.h"
#include "text/near.h"

#define BLANKS " \t"

static const struct choices yes_no = {
	"it takes yes or no", { { "yes", POLICY_YES }, { "no", POLICY_NO } }
};
static const struct choices no_yes = {
	"it takes yes or no", { { "no", REQUIRED_NO }, { "yes", REQUIRED_YES } }
};
static const struct choices overwrite_words = {
	"it takes yes, backup or no",
	{ { "yes", OVERWRITE_YES }, { "backup", OVERWRITE_BACKUP }, { "no", OVERWRITE_NO } }
};
static const struct choices replace_words = {
	"it takes auto, atomic or in-place",
	{ { "auto", REPLACE_AUTO }, { "atomic", REPLACE_ATOMIC }, { "in-place", REPLACE_IN_PLACE } }
};
static const struct choices sync_words = {
	"it takes none, file or full",
	{ { "none", SYNC_NONE }, { "file", SYNC_FILE }, { "full", SYNC_FULL } }
};
static const struct choices symlinks_words = {
	"it takes beneath or never",
	{ { "beneath", SYMLINKS_BENEATH }, { "never", SYMLINKS_NEVER } }
};
static const struct choices modes_words = {
	"it takes client or inherit", { { "client", MODES_CLIENT }, { "inherit", MODES_INHERIT } }
};
static const struct choices times_words = {
	"it takes client or ignore", { { "client", TIMES_CLIENT }, { "ignore", TIMES_IGNORE } }
};
static const struct choices log_words = {
	"it takes none, stderr or syslog",
	{ { "none", LOG_WAY_NONE }, { "stderr", LOG_WAY_STDERR }, { "syslog", LOG_WAY_SYSLOG } }
};
static const struct choices facilities = {
	"it takes auth, authpriv, daemon, user, or local0 to local7",
	{
		{ "auth", LOG_AUTH },	  { "authpriv", LOG_AUTHPRIV },	{ "daemon", LOG_DAEMON },
		{ "user", LOG_USER },	  { "local0", LOG_LOCAL0 },	{ "local1", LOG_LOCAL1 },
		{ "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },	{ "local4", LOG_LOCAL4 },
		{ "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },	{ "local7", LOG_LOCAL7 },
	}
};
static const struct choices sandbox_words = {
	"it takes none, try or require",
	{ { "none", SANDBOX_NONE }, { "try", SANDBOX_TRY }, { "require", SANDBOX_REQUIRE } }
};
static const struct choices format_words = {
	"it takes text or json", { { "text", LOG_FORMAT_TEXT }, { "json", LOG_FORMAT_JSON } }
};
static const struct choices protocol_words = {
	"it takes both, scp or sftp",
	{ { "both", PROTOCOL_BOTH }, { "scp", PROTOCOL_SCP }, { "sftp", PROTOCOL_SFTP } }
};
static const struct choices rights = {
	"it takes yes, own or no",
	{ { "yes", RIGHT_YES }, { "own", RIGHT_OWN }, { "no", RIGHT_NO } }
};

#define AT(field) offsetof(struct policy, field)

static const struct key keys[] = {
	{ "upload-only", &flag_kind, AT(upload_only), NULL, NULL, NULL, NULL },
	{ "download-only", &flag_kind, AT(download_only), NULL, NULL, NULL, NULL },
	{ "protocol", &protocol_kind, AT(protocol), &protocol_words, "both", "both", NULL },
	{ "commands", &ordered_kind, AT(commands), &yes_no, "no", "no", NULL },
	{ "root", &root_kind, AT(root), NULL, NULL, NULL, NULL },
	{ "start", &start_kind, AT(start), NULL, NULL, NULL, NULL },
	{ "overwrite", &overwrite_kind, AT(overwrite), &overwrite_words, "yes", "yes", NULL },
	{ "replace", &exclusive_kind, AT(replace), &replace_words, "auto", "auto", NULL },
	{ "partial", &partial_kind, AT(partials), NULL, "*.filepart", NULL, NULL },
	{ "sync", &ordered_kind, AT(sync), &sync_words, "none", "none", NULL },
	{ "symlinks", &ordered_kind, AT(symlinks), &symlinks_words, "beneath", "never", NULL },
	{ "hidden", &ordered_kind, AT(hidden), &yes_no, "yes", "no", NULL },
	{ "allow", &allow_kind, AT(rules), NULL, NULL, NULL, NULL },
	{ "deny", &deny_kind, AT(rules), NULL, NULL, NULL, NULL },
	{ "recursive", &ordered_kind, AT(recursive), &yes_no, "yes", "yes", NULL },
	{ "mkdir", &ordered_kind, AT(mkdir), &yes_no, "yes", "yes", NULL },
	{ "list", &ordered_kind, AT(list), &rights, "yes", "yes", "own" },
	{ "rename", &ordered_kind, AT(rename), &rights, "yes", "yes", "own" },
	{ "remove", &ordered_kind, AT(remove), &rights, "yes", "yes", "own" },
	{ "attributes", &ordered_kind, AT(attributes), &rights, "yes", "yes", "own" },
	{ "make-links", &ordered_kind, AT(make_links), &yes_no, "yes", "no", NULL },
	{ "max-depth", &depth_kind, AT(max_depth), NULL, "2048", "64", NULL },
	{ "max-file-size", &size_kind, AT(max_file_size), NULL, "none", "none", NULL },
	{ "max-session-bytes", &size_kind, AT(max_session_bytes), NULL, "none", "none", NULL },
	{ "max-files", &count_kind, AT(max_files), NULL, "none", "none", NULL },
	{ "min-free", &free_kind, AT(min_free), NULL, "0", "0", NULL },
	{ "rate", &rate_kind, AT(rate), NULL, "none", "none", NULL },
	{ "idle-timeout", &time_kind, AT(idle_timeout), NULL, "none", "none", NULL },
	{ "max-duration", &time_kind, AT(max_duration), NULL, "none", "none", NULL },
	{ "umask", &umask_kind, AT(umask), NULL, NULL, NULL, NULL },
	{ "file-mode", &bits_kind, AT(file_mode), NULL, "7777", "777", NULL },
	{ "dir-mode", &bits_kind, AT(dir_mode), NULL, "7777", "777", NULL },
	{ "modes", &ordered_kind, AT(modes), &modes_words, "client", "client", NULL },
	{ "times", &ordered_kind, AT(times), &times_words, "client", "client", NULL },
	{ "group", &group_kind, AT(group), NULL, NULL, NULL, NULL },
	{ "log", &log_kind, AT(log), &log_words, "none", "syslog", NULL },
	{ "log-facility", &exclusive_kind, AT(log_facility), &facilities, "auth", "auth", NULL },
	{ "log-format", &exclusive_kind, AT(log_format), &format_words, "text", "text", NULL },
	{ "log-required", &ordered_kind, AT(log_required), &no_yes, "no", "no", NULL },
	{ "reveal", &ordered_kind, AT(reveal), &yes_no, "yes", "yes", "no" },
	{ "sandbox", &ordered_kind, AT(sandbox), &sandbox_words, "none", "try", NULL },
	{ "originate", &ordered_kind, AT(originate), &yes_no, "yes", "no", NULL },
};

enum {
	KEYS = sizeof(keys) / sizeof(keys[0])
};

_Static_assert(KEYS <= 64, "struct policy has a bit for each");

static const struct key *
find_key(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

const char *
keys_nearest(const char *word)
{
	for (size_t i = 0; i < KEYS; i++)
		if (near_is(word, keys[i].name))
			return keys[i].name;
	return NULL;
}

static uint64_t
bit_of(const struct key *k)
{
	return UINT64_C(1) << (k - keys);
}

static bool
is_said(uint64_t bits, const char *name)
{
	return (bits & bit_of(find_key(name))) != 0;
}

void
keys_begin_source(struct policy *p)
{
	p->source++;
	p->said_now = 0;
}

int
keys_takes_value(const char *key)
{
	const struct key *k = find_key(key);

	if (k == NULL)
		return -1;
	return k->kind != &flag_kind;
}

/* What in other files is no part of a value is likely to be meant as there. */
static const char *
judge_habits(const char *value)
{
	size_t len = strlen(value), at = len;

	for (size_t i = 1; i < len; i++)
		if (value[i] == '#' && strchr(BLANKS, value[i - 1]) != NULL)
			return "it has a blank and # in it: a comment is a line of its own";
	while (at > 0 && value[at - 1] == '\\')
		at--;
	return (len - at) % 2 == 1 ? "it ends with a backslash: no line goes on in the next" : NULL;
}

/* What no line of a file can hold is no value from elsewhere, either. */
static const char *
judge_value(const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)value[i]) && value[i] != '\t')
			return "it contains a control character";
	if (len > 0 && (strchr(BLANKS, value[0]) != NULL || strchr(BLANKS, value[len - 1]) != NULL))
		return "it begins or ends with a blank";
	return judge_habits(value);
}

/*
 * True for a default of which no other value is stricter: what may be a client's own word is no reason
 * to change it, and an administrator's no reason to serve nobody.
 */
static bool
is_default_for_good(const struct policy *p, const struct key *k)
{
	return p->settled && k->kind == &exclusive_kind && (p->said & bit_of(k)) == 0;
}

static const char *
take_now(struct policy *p, const struct account *a, const struct key *k, const char *value)
{
	struct saying s = {
		.policy = p, .account = a, .key = k, .value = value,
		.after_start = is_said(p->said_now, "start"),
	};

	/* What it returns is a constant text, and nothing of S. */
	/* cppcheck-suppress returnDanglingLifetime */
	return k->kind->take(&s);
}

/* Whether it is a value at all. */
static const char *
judge_only(const struct policy *p, const struct account *a, const struct key *k, const char *value)
{
	struct policy scratch = *p;

	scratch.settled = false;
	*(unsigned *)kinds_field(&scratch, k) = 0;
	return take_now(&scratch, a, k, value);
}

static const char *
take_value(struct policy *p, const struct account *a, const struct key *k, const char *value)
{
	const char *why;

	if ((p->said_now & bit_of(k)) != 0 && !k->kind->repeats)
		return "it is said twice";
	if (k->kind == &flag_kind)
		return value == NULL ? take_now(p, a, k, NULL) : k->kind->expected;
	value = value != NULL ? value : "";
	why = judge_value(value);
	if (why != NULL)
		return why;
	return is_default_for_good(p, k) ? judge_only(p, a, k, value) : take_now(p, a, k, value);
}

int
keys_set(struct policy *p, const struct account *a, const char *key, const char *value,
    const char **why)
{
	const struct key *k = find_key(key);

	*why = k != NULL ? take_value(p, a, k, value) : "there is no such key";
	if (*why != NULL)
		return -1;
	if (!is_default_for_good(p, k))
		p->said |= bit_of(k);
	p->said_now |= bit_of(k);
	return 0;
}

static const char *
default_of(const struct policy *p, const struct key *k)
{
	/* Where what is there is nobody's business, only what is known anyway is listed. */
	if (k->at == AT(list) && p->reveal == POLICY_NO)
		return "own";
	if (!p->restricted)
		return k->drop_in;
	if (p->upload_only && k->restricted_upload != NULL)
		return k->restricted_upload;
	return k->restricted;
}

void
keys_settle(struct policy *p, bool restricted)
{
	p->restricted = p->restricted || restricted || p->has_root;
	for (size_t i = 0; i < KEYS; i++) {
		struct saying s = { .policy = p, .key = &keys[i] };
		const char *why = NULL;

		s.value = default_of(p, s.key);
		/* Patterns would add up. */
		if (p->settled && s.key->kind->repeats)
			continue;
		if (s.value != NULL && (p->said & bit_of(s.key)) == 0)
			why = s.key->kind->take(&s);
		assert(why == NULL);
	}
	p->settled = true;
}

void
keys_show(const struct policy *p, FILE *out)
{
	for (size_t i = 0; i < KEYS; i++)
		keys[i].kind->show(p, &keys[i], out);
}
