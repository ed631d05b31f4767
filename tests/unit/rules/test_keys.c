/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <syslog.h>

#include "rules/keys.h"
#include "rules/kinds.h"
#include "text/amount.h"
#include "unit.h"

#define NO_GROUP "no-such-name-here"

#define TWICE "it is said twice"
#define UNKNOWN "there is no such key"
#define CONTROL "it contains a control character"
#define FOR_THE_FILE "only the configuration file can say this"
#define NO_WAY "upload-only and download-only exclude each other"
#define BLANK "it begins or ends with a blank"
#define YES_NO "it takes yes or no"
#define RIGHTS "it takes yes, own or no"
#define NO_VALUE "it takes no value"
#define NUMBER "it takes a number, or none"
#define SIZE "it takes a size such as 10M, or none"
#define RATE "it takes a rate such as 10M/s, or none"
#define TIME "it takes a time such as 90s, 5m, 2h or 1d, or none"
#define DEPTH "it takes a number from 0 to 2048"
#define FREE "it takes a size such as 10M, or a part such as 5%"
#define UMASK "it takes an octal mode such as 027"
#define BITS "it takes octal modes such as 660 or 640+040"
#define PATTERN "it takes a pattern of one name"
#define GROUP "it takes the name of a group"
#define NO_SUCH_GROUP "there is no such group"
#define NO_MEMBER "the account is not a member of this group"
#define TOKEN "only %u, %g, %h and %% can stand behind a percent sign"
#define ROOT "it takes an absolute path"
#define START "it takes a directory beneath the root"
#define DOTS "it contains \"..\""
#define ANOTHER "it is not what was said before"
#define CONTRADICTS "it contradicts what was said before"
#define NOT_BENEATH_ROOT "it is not beneath the root before it"
#define NOT_BENEATH_START "it is not beneath the start before it"
#define AFTER_START "it comes after start"
#define TOO_MANY "there are too many allow and deny"

enum {
	SHOWN_MAX = 65536,
	SCRIPT_MAX = 4096
};

static const struct account alice = {
	.uid = STRANGER, .gid = STRANGER, .name = "alice", .group = "staff", .home = "/home/alice"
};

/*
 * Says a script: "key value; key; key value | key value", a bar between sources.  Returns NULL, or
 * the first reason why not.
 */
static const char *
say_as(struct policy *p, const struct account *a, const char *script)
{
	char buffer[SCRIPT_MAX], *sources = buffer, *source;

	ck_assert_uint_lt(strlen(script), sizeof(buffer));
	strcpy(buffer, script);
	while ((source = strsep(&sources, "|")) != NULL) {
		char *saying;

		keys_begin_source(p);
		while ((saying = strsep(&source, ";")) != NULL) {
			char *key = saying + strspn(saying, " "), *value = strchr(key, ' ');
			const char *why = NULL;

			for (size_t n = strlen(key); n > 0 && key[n - 1] == ' '; n--)
				key[n - 1] = '\0';
			if (*key == '\0')
				continue;
			value = strchr(key, ' ');
			if (value != NULL)
				*value++ = '\0';
			if (keys_set(p, a, key, value, &why) == -1) {
				ck_assert_ptr_nonnull(why);
				return why;
			}
			ck_assert_ptr_null(why);
		}
	}
	return NULL;
}

static const char *
say(struct policy *p, const char *script)
{
	return say_as(p, &alice, script);
}

/* What a script says from the beginning, which is nothing wrong. */
static struct policy
said(const char *script)
{
	struct policy p;
	const char *why;

	policy_init(&p);
	why = say(&p, script);
	ck_assert_msg(why == NULL, "%s: %s", script, why);
	return p;
}

static struct policy
settled(const char *script, bool restricted)
{
	struct policy p = said(script);

	keys_settle(&p, restricted);
	return p;
}

/* What keys_show writes, in a buffer of the caller's. */
static const char *
shown(const struct policy *p, char text[SHOWN_MAX])
{
	FILE *out = fmemopen(text, SHOWN_MAX, "w");

	ck_assert_ptr_nonnull(out);
	keys_show(p, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

/* The lines of KEY in what is shown, without the key, with commas between them; "-": none. */
static const char *
shown_value(const struct policy *p, const char *key, char value[SHOWN_MAX])
{
	static char text[SHOWN_MAX];
	char *lines = text, *line;
	size_t len = strlen(key), used = 0;

	shown(p, text);
	strcpy(value, "-");
	while ((line = strsep(&lines, "\n")) != NULL) {
		if (strncmp(line, key, len) != 0 || (line[len] != ' ' && line[len] != '\0'))
			continue;
		line += len + (line[len] == ' ');
		used += (size_t)sprintf(value + used, "%s%s", used > 0 ? "," : "", line);
	}
	return value;
}

static void
check_shown(const struct policy *p, const char *key, const char *wanted, const char *about)
{
	static char value[SHOWN_MAX];

	shown_value(p, key, value);
	ck_assert_msg(strcmp(value, wanted) == 0, "%s: expected %s %s, got %s", about, key, wanted,
	    value);
}

static void
check_why(const char *got, const char *wanted, const char *about)
{
	wanted = wanted != NULL ? wanted : "no error";
	got = got != NULL ? got : "no error";
	ck_assert_msg(strcmp(got, wanted) == 0, "%s: expected %s, got %s", about, wanted, got);
}

/* Every key, in the order in which they are shown. */
static const struct {
	const char *key;
	bool	    takes_value;
	const char *drop_in, *restricted, *upload;	/* what nobody has said; "-": nothing */
} defaults[] = {
	{ "upload-only", false, "-", "-", "" },
	{ "download-only", false, "-", "-", "-" },
	{ "protocol", true, "both", "both", "both" },
	{ "commands", true, "no", "no", "no" },
	{ "root", true, "-", "-", "-" },
	{ "start", true, "-", "-", "-" },
	{ "overwrite", true, "yes", "yes", "yes" },
	{ "replace", true, "auto", "auto", "auto" },
	{ "partial", true, "*.filepart", "-", "-" },
	{ "sync", true, "none", "none", "none" },
	{ "symlinks", true, "beneath", "never", "never" },
	{ "hidden", true, "yes", "no", "no" },
	{ "allow", true, "-", "-", "-" },
	{ "deny", true, "-", "-", "-" },
	{ "recursive", true, "yes", "yes", "yes" },
	{ "mkdir", true, "yes", "yes", "yes" },
	{ "list", true, "yes", "yes", "own" },
	{ "rename", true, "yes", "yes", "own" },
	{ "remove", true, "yes", "yes", "own" },
	{ "attributes", true, "yes", "yes", "own" },
	{ "make-links", true, "yes", "no", "no" },
	{ "max-depth", true, "2048", "64", "64" },
	{ "max-file-size", true, "none", "none", "none" },
	{ "max-session-bytes", true, "none", "none", "none" },
	{ "max-files", true, "none", "none", "none" },
	{ "min-free", true, "0", "0", "0" },
	{ "rate", true, "none", "none", "none" },
	{ "idle-timeout", true, "none", "none", "none" },
	{ "max-duration", true, "none", "none", "none" },
	{ "umask", true, "-", "-", "-" },
	{ "file-mode", true, "7777", "777", "777" },
	{ "dir-mode", true, "7777", "777", "777" },
	{ "modes", true, "client", "client", "client" },
	{ "times", true, "client", "client", "client" },
	{ "group", true, "-", "-", "-" },
	{ "log", true, "none", "syslog", "syslog" },
	{ "log-facility", true, "auth", "auth", "auth" },
	{ "log-format", true, "text", "text", "text" },
	{ "log-required", true, "no", "no", "no" },
	{ "reveal", true, "yes", "yes", "no" },
	{ "sandbox", true, "none", "try", "try" },
	{ "originate", true, "yes", "no", "no" },
};

START_TEST(what_nobody_has_said)
{
	struct policy drop_in = settled("", false), restricted = settled("", true);
	struct policy upload = settled("upload-only", true);

	ck_assert(!drop_in.restricted);
	ck_assert(restricted.restricted);
	for (size_t i = 0; i < COUNT(defaults); i++) {
		check_shown(&drop_in, defaults[i].key, defaults[i].drop_in, "drop-in");
		check_shown(&restricted, defaults[i].key, defaults[i].restricted, "restricted");
		check_shown(&upload, defaults[i].key, defaults[i].upload, "upload-only");
	}
}
END_TEST

/* A drop-in that only uploads reveals what it always has. */
START_TEST(what_nobody_has_said_in_fields)
{
	static const struct {
		bool restricted;
		const char *script;
	} rows[] = {
		{ false, "" }, { false, "upload-only" }, { true, "" }, { true, "upload-only" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy p = settled(rows[i].script, rows[i].restricted);
		bool r = rows[i].restricted;

		ck_assert_str_eq(p.root, "/");
		ck_assert_str_eq(p.inner, "");
		ck_assert_str_eq(p.start, "");
		ck_assert(!p.has_start);
		ck_assert_uint_eq(p.overwrite, OVERWRITE_YES);
		ck_assert_uint_eq(p.replace, REPLACE_AUTO);
		ck_assert_uint_eq(p.sync, SYNC_NONE);
		ck_assert_uint_eq(p.symlinks, r ? SYMLINKS_NEVER : SYMLINKS_BENEATH);
		ck_assert_uint_eq(p.hidden, r ? POLICY_NO : POLICY_YES);
		ck_assert_uint_eq(p.nrules, 0);
		ck_assert_uint_eq(p.recursive, POLICY_YES);
		ck_assert_uint_eq(p.mkdir, POLICY_YES);
		ck_assert_uint_eq(p.protocol, PROTOCOL_BOTH);
		ck_assert_uint_eq(p.commands, POLICY_NO);
		ck_assert_uint_eq(p.npartials, !r);
		ck_assert_uint_eq(p.list, r && p.upload_only ? RIGHT_OWN : RIGHT_YES);
		ck_assert_uint_eq(p.rename, p.list);
		ck_assert_uint_eq(p.remove, p.list);
		ck_assert_uint_eq(p.attributes, p.list);
		ck_assert_uint_eq(p.make_links, r ? POLICY_NO : POLICY_YES);
		ck_assert_uint_eq(p.max_depth, r ? 64 : POLICY_DEPTH_MAX);
		ck_assert_uint_eq(p.max_file_size, AMOUNT_NONE);
		ck_assert_uint_eq(p.max_session_bytes, AMOUNT_NONE);
		ck_assert_uint_eq(p.max_files, AMOUNT_NONE);
		ck_assert_uint_eq(p.min_free, 0);
		ck_assert_uint_eq(p.min_free_percent, 0);
		ck_assert_uint_eq(p.rate, AMOUNT_NONE);
		ck_assert_uint_eq(p.idle_timeout, AMOUNT_NONE);
		ck_assert_uint_eq(p.max_duration, AMOUNT_NONE);
		ck_assert(!p.has_umask && !p.has_group);
		ck_assert_uint_eq(p.file_mode.may, r ? 0777 : 07777);
		ck_assert_uint_eq(p.file_mode.must, 0);
		ck_assert_uint_eq(p.dir_mode.may, r ? 0777 : 07777);
		ck_assert_uint_eq(p.dir_mode.must, 0);
		ck_assert_uint_eq(p.modes, MODES_CLIENT);
		ck_assert_uint_eq(p.times, TIMES_CLIENT);
		ck_assert_uint_eq(p.log, r ? LOG_WAY_SYSLOG : LOG_WAY_NONE);
		ck_assert_uint_eq(p.log_facility, LOG_AUTH);
		ck_assert_uint_eq(p.log_format, LOG_FORMAT_TEXT);
		ck_assert_uint_eq(p.log_required, REQUIRED_NO);
		ck_assert_uint_eq(p.reveal, r && p.upload_only ? POLICY_NO : POLICY_YES);
		ck_assert_uint_eq(p.sandbox, r ? SANDBOX_TRY : SANDBOX_NONE);
	}
}
END_TEST

START_TEST(which_keys_there_are)
{
	static const char *const none[] = {
		"", " ", "Root", "ROOT", "roo", "root ", " root", "roots", "upload_only", "match",
		"#", "--root", "maxdepth", "max-depth=1", "include",
	};
	struct policy p;
	const char *why;

	for (size_t i = 0; i < COUNT(defaults); i++)
		ck_assert_msg(keys_takes_value(defaults[i].key) == defaults[i].takes_value, "%s",
		    defaults[i].key);
	for (size_t i = 0; i < COUNT(none); i++) {
		ck_assert_int_eq(keys_takes_value(none[i]), -1);
		policy_init(&p);
		keys_begin_source(&p);
		ck_assert_int_eq(keys_set(&p, &alice, none[i], "yes", &why), -1);
		check_why(why, UNKNOWN, none[i]);
		ck_assert_int_eq(keys_set(&p, &alice, none[i], NULL, &why), -1);
		check_why(why, UNKNOWN, none[i]);
	}
}
END_TEST

/* There is none but those of the table above, nor are they shown in another order. */
START_TEST(all_keys_are_shown)
{
	struct policy p = settled("upload-only; root /srv; partial *.p; allow a; deny b; umask 022",
	    true);
	static char text[SHOWN_MAX];
	char *lines = text, *line;
	size_t at = 0;

	shown(&p, text);
	ck_assert_ptr_nonnull(strchr(text, '\n'));
	while ((line = strsep(&lines, "\n")) != NULL && *line != '\0') {
		/* One of the directions, and no group. */
		if (line[0] == '#')
			line += strlen("# ");
		line[strcspn(line, " :")] = '\0';
		if (strcmp(defaults[at].key, "download-only") == 0)
			at++;
		ck_assert_uint_lt(at, COUNT(defaults));
		ck_assert_str_eq(line, defaults[at++].key);
	}
	ck_assert_uint_eq(at, COUNT(defaults));
}
END_TEST

/* Alone, what each value becomes; NULL: as it was said. */
static const struct {
	const char *key, *value, *wanted;
} good[] = {
	{ "overwrite", "yes", NULL }, { "overwrite", "backup", NULL }, { "overwrite", "no", NULL },
	{ "replace", "auto", NULL }, { "replace", "atomic", NULL }, { "replace", "in-place", NULL },
	{ "sync", "none", NULL }, { "sync", "file", NULL }, { "sync", "full", NULL },
	{ "symlinks", "beneath", NULL }, { "symlinks", "never", NULL },
	{ "hidden", "yes", NULL }, { "hidden", "no", NULL },
	{ "allow", "*.txt", NULL }, { "allow", "a\\ b", NULL }, { "allow", ".", NULL },
	{ "allow", "[a-z]\\*", NULL }, { "allow", "\303\251", NULL }, { "allow", "#x", NULL },
	{ "deny", "*", NULL }, { "deny", "\xff", NULL }, { "deny", "a\\\tb", NULL },
	{ "recursive", "yes", NULL }, { "recursive", "no", NULL },
	{ "mkdir", "yes", NULL }, { "mkdir", "no", NULL },
	{ "protocol", "both", NULL }, { "protocol", "scp", NULL }, { "protocol", "sftp", NULL },
	{ "commands", "yes", NULL }, { "commands", "no", NULL },
	{ "partial", "*.filepart", NULL }, { "partial", "a\\ b", NULL }, { "partial", "none", NULL },
	{ "list", "yes", NULL }, { "list", "own", NULL }, { "list", "no", NULL },
	{ "rename", "yes", NULL }, { "rename", "own", NULL }, { "rename", "no", NULL },
	{ "remove", "yes", NULL }, { "remove", "own", NULL }, { "remove", "no", NULL },
	{ "attributes", "yes", NULL }, { "attributes", "own", NULL }, { "attributes", "no", NULL },
	{ "make-links", "yes", NULL }, { "make-links", "no", NULL },
	{ "originate", "yes", NULL }, { "originate", "no", NULL },
	{ "max-depth", "0", NULL }, { "max-depth", "7", NULL }, { "max-depth", "2048", NULL },
	{ "max-depth", "007", "7" },
	{ "max-file-size", "0", NULL }, { "max-file-size", "10M", NULL },
	{ "max-file-size", "none", NULL }, { "max-file-size", "1024K", "1M" },
	{ "max-session-bytes", "1T", NULL }, { "max-session-bytes", "1000", NULL },
	{ "max-session-bytes", "none", NULL },
	{ "max-files", "0", NULL }, { "max-files", "1024", NULL }, { "max-files", "none", NULL },
	{ "max-files", "18446744073709551614", NULL },
	{ "min-free", "0", NULL }, { "min-free", "1G", NULL }, { "min-free", "5%", NULL },
	{ "min-free", "100%", NULL }, { "min-free", "0%", "0" },
	{ "rate", "1/s", NULL }, { "rate", "10M/s", NULL }, { "rate", "none", NULL },
	{ "idle-timeout", "5m", NULL }, { "idle-timeout", "90s", "90" },
	{ "idle-timeout", "none", NULL }, { "idle-timeout", "1", NULL },
	{ "max-duration", "1d", NULL }, { "max-duration", "48h", "2d" },
	{ "max-duration", "none", NULL },
	{ "umask", "022", NULL }, { "umask", "0", "000" }, { "umask", "777", NULL },
	{ "umask", "0077", "077" },
	{ "file-mode", "664", NULL }, { "file-mode", "0", "000" }, { "file-mode", "7777", NULL },
	{ "file-mode", "664+060", NULL }, { "file-mode", "00644", "644" },
	{ "file-mode", "604+060", "664+060" }, { "file-mode", "0+7777", "7777+7777" },
	{ "file-mode", "644+0", "644" },
	{ "dir-mode", "2775+2000", NULL }, { "dir-mode", "755", NULL },
	{ "modes", "client", NULL }, { "modes", "inherit", NULL },
	{ "times", "client", NULL }, { "times", "ignore", NULL },
	{ "log", "none", NULL }, { "log", "stderr", NULL }, { "log", "syslog", NULL },
	{ "log-facility", "auth", NULL }, { "log-facility", "authpriv", NULL },
	{ "log-facility", "daemon", NULL }, { "log-facility", "user", NULL },
	{ "log-facility", "local0", NULL }, { "log-facility", "local7", NULL },
	{ "log-format", "text", NULL }, { "log-format", "json", NULL },
	{ "log-required", "no", NULL }, { "log-required", "yes", NULL },
	{ "reveal", "yes", NULL }, { "reveal", "no", NULL },
	{ "sandbox", "none", NULL }, { "sandbox", "try", NULL }, { "sandbox", "require", NULL },
	{ "root", "/", NULL }, { "root", "/srv", NULL }, { "root", "//srv/./in///", "/srv/in" },
	{ "start", "/", NULL }, { "start", "x", "/x" }, { "start", "/x/y/", "/x/y" },
	{ "start", ".", "/" },
};

START_TEST(values_that_are_taken)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct policy p;
		const char *why;

		policy_init(&p);
		keys_begin_source(&p);
		ck_assert_msg(keys_set(&p, &alice, good[i].key, good[i].value, &why) == 0,
		    "%s %s: %s", good[i].key, good[i].value, why);
		check_why(why, NULL, good[i].value);
		check_shown(&p, good[i].key,
		    good[i].wanted != NULL ? good[i].wanted : good[i].value, good[i].value);
	}
}
END_TEST

static const struct {
	const char *word;
	unsigned    wanted;
} facilities[] = {
	{ "auth", LOG_AUTH }, { "authpriv", LOG_AUTHPRIV }, { "daemon", LOG_DAEMON },
	{ "user", LOG_USER }, { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
};

/* Words mean what policy.h and syslog(3) call by them. */
START_TEST(words_in_fields)
{
	struct policy p;

	ck_assert_uint_eq((p = said("overwrite backup")).overwrite, OVERWRITE_BACKUP);
	ck_assert_uint_eq((p = said("overwrite no")).overwrite, OVERWRITE_NO);
	ck_assert_uint_eq((p = said("replace atomic")).replace, REPLACE_ATOMIC);
	ck_assert_uint_eq((p = said("replace in-place")).replace, REPLACE_IN_PLACE);
	ck_assert_uint_eq((p = said("sync file")).sync, SYNC_FILE);
	ck_assert_uint_eq((p = said("sync full")).sync, SYNC_FULL);
	ck_assert_uint_eq((p = said("symlinks never")).symlinks, SYMLINKS_NEVER);
	ck_assert_uint_eq((p = said("hidden no")).hidden, POLICY_NO);
	ck_assert_uint_eq((p = said("recursive no")).recursive, POLICY_NO);
	ck_assert_uint_eq((p = said("mkdir no")).mkdir, POLICY_NO);
	ck_assert_uint_eq((p = said("protocol scp")).protocol, PROTOCOL_SCP);
	ck_assert_uint_eq((p = said("protocol sftp")).protocol, PROTOCOL_SFTP);
	ck_assert_uint_eq((p = said("commands yes")).commands, POLICY_YES);
	ck_assert_uint_eq((p = said("commands no")).commands, POLICY_NO);
	ck_assert_uint_eq((p = said("list own")).list, RIGHT_OWN);
	ck_assert_uint_eq((p = said("list no")).list, RIGHT_NO);
	ck_assert_uint_eq((p = said("rename own")).rename, RIGHT_OWN);
	ck_assert_uint_eq((p = said("remove no")).remove, RIGHT_NO);
	ck_assert_uint_eq((p = said("attributes own")).attributes, RIGHT_OWN);
	ck_assert_uint_eq((p = said("make-links no")).make_links, POLICY_NO);
	ck_assert_uint_eq((p = said("originate no")).originate, POLICY_NO);
	ck_assert_uint_eq((p = said("reveal no")).reveal, POLICY_NO);
	ck_assert_uint_eq((p = said("modes inherit")).modes, MODES_INHERIT);
	ck_assert_uint_eq((p = said("times ignore")).times, TIMES_IGNORE);
	ck_assert_uint_eq((p = said("log stderr")).log, LOG_WAY_STDERR);
	ck_assert_uint_eq((p = said("log syslog")).log, LOG_WAY_SYSLOG);
	ck_assert_uint_eq((p = said("log-format text")).log_format, LOG_FORMAT_TEXT);
	ck_assert_uint_eq((p = said("log-format json")).log_format, LOG_FORMAT_JSON);
	ck_assert_uint_eq((p = said("log-required yes")).log_required, REQUIRED_YES);
	ck_assert((p = said("upload-only")).upload_only);
	ck_assert((p = said("download-only")).download_only);
	for (size_t i = 0; i < COUNT(facilities); i++) {
		char script[64];

		snprintf(script, sizeof(script), "log-facility %s", facilities[i].word);
		ck_assert_uint_eq((p = said(script)).log_facility, facilities[i].wanted);
	}
}
END_TEST

/* As a consumer of the policy sees them. */
START_TEST(amounts_in_fields)
{
	struct policy p = said("max-depth 3; max-file-size 1K; max-session-bytes 2K; max-files 4;"
	    "min-free 5K; min-free 6%; rate 7K/s; idle-timeout 8m; max-duration 9h; umask 027;"
	    "file-mode 640+040; dir-mode 2750+2010");

	ck_assert_uint_eq(p.max_depth, 3);
	ck_assert_uint_eq(p.max_file_size, 1024);
	ck_assert_uint_eq(p.max_session_bytes, 2048);
	ck_assert_uint_eq(p.max_files, 4);
	ck_assert_uint_eq(p.min_free, 5120);
	ck_assert_uint_eq(p.min_free_percent, 6);
	ck_assert_uint_eq(p.rate, 7168);
	ck_assert_uint_eq(p.idle_timeout, 480);
	ck_assert_uint_eq(p.max_duration, 32400);
	ck_assert(p.has_umask);
	ck_assert_uint_eq(p.umask, 027);
	ck_assert_uint_eq(p.file_mode.may, 0640);
	ck_assert_uint_eq(p.file_mode.must, 0040);
	ck_assert_uint_eq(p.dir_mode.may, 02750);
	ck_assert_uint_eq(p.dir_mode.must, 02010);
	p = said("umask 0");
	ck_assert(p.has_umask);
	ck_assert_uint_eq(p.umask, 0);
}
END_TEST

/* What each key says to values that are none, and some that are only nearly one. */
static const struct {
	const char *key, *wanted;
	const char *bad[16];
} wrong[] = {
	{ "overwrite", "it takes yes, backup or no", { "Yes", "yess", "ye", "0", "none" } },
	{ "replace", "it takes auto, atomic or in-place", { "inplace", "yes", "Auto" } },
	{ "sync", "it takes none, file or full", { "yes", "no", "fil" } },
	{ "symlinks", "it takes beneath or never", { "yes", "no", "follow", "always" } },
	{ "hidden", YES_NO, { "true", "false", "1", "0", "on", "YES", "yes no", "none" } },
	{ "recursive", YES_NO, { "true", "n" } },
	{ "mkdir", YES_NO, { "true", "y" } },
	{ "protocol", "it takes both, scp or sftp", { "Both", "SFTP", "yes", "none", "scp,sftp" } },
	{ "commands", YES_NO, { "all", "true" } },
	{ "partial", PATTERN, { "/", "a/b", "*/" } },
	{ "list", RIGHTS, { "true", "Own", "none" } },
	{ "rename", RIGHTS, { "ow", "1" } },
	{ "remove", RIGHTS, { "owner", "n" } },
	{ "attributes", RIGHTS, { "all", "any" } },
	{ "make-links", YES_NO, { "own", "true" } },
	{ "originate", YES_NO, { "false", "never" } },
	{ "reveal", YES_NO, { "true", "none" } },
	{ "sandbox", "it takes none, try or require", { "yes", "required" } },
	{ "log-required", YES_NO, { "true", "none" } },
	{ "modes", "it takes client or inherit", { "ignore", "yes" } },
	{ "times", "it takes client or ignore", { "inherit", "no" } },
	{ "log", "it takes none, stderr or syslog", { "yes", "no", "/dev/null", "stdout" } },
	{ "log-facility", "it takes auth, authpriv, daemon, user, or local0 to local7",
	    { "AUTH", "LOG_AUTH", "4", "local", "local8", "kern", "mail", "none" } },
	{ "log-format", "it takes text or json", { "JSON", "xml", "none" } },
	{ "max-depth", DEPTH, { "none", "2049", "-1", "1K", "x", "18446744073709551616" } },
	{ "max-file-size", SIZE, { "None", "10m", "10M/s", "-1", "+1", "5%", "1 K",
	    "18446744073709551615", "16777216T" } },
	{ "max-session-bytes", SIZE, { "unlimited", "1KB", "0x10" } },
	{ "max-files", NUMBER, { "1K", "-1", "1.5", "unlimited", "18446744073709551615" } },
	{ "min-free", FREE, { "none", "101%", "5 %", "%", "1K%", "-5%", "5%5%" } },
	{ "rate", RATE, { "10M", "0", "10M/m", "/s", "unlimited" } },
	{ "idle-timeout", TIME, { "5M", "5min", "-1", "1h30m", "2147483648" } },
	{ "max-duration", TIME, { "1w", "forever", "24856d" } },
	{ "umask", UMASK, { "8", "1000", "7777", "u=rwx", "-022", "000000", "none" } },
	{ "file-mode", BITS, { "8", "10000", "664+", "+060", "664+060+1", "664-060", "664 +060",
	    "664+ 060", "+", "664+8", "0000000664", "rw-rw-r--", "664,060", "u+r" } },
	{ "dir-mode", BITS, { "none", "000000+0", "0+000000" } },
	{ "group", GROUP, { NULL } },
	{ "allow", PATTERN, { "/", "a/b", "/a", "a/", "*/*" } },
	{ "deny", PATTERN, { "/", "a/b", "/etc/passwd" } },
	{ "root", ROOT, { ".", "srv", "./srv", "%u", "~", "C:/x" } },
	{ "start", START, { NULL } },
};

static void
check_wrong(const char *key, const char *value, const char *wanted)
{
	struct policy p;
	const char *why;
	char about[256];

	policy_init(&p);
	keys_begin_source(&p);
	snprintf(about, sizeof(about), "%s \"%.200s\"", key, value != NULL ? value : "(null)");
	ck_assert_msg(keys_set(&p, &alice, key, value, &why) == -1, "%s is taken", about);
	check_why(why, wanted, about);
}

START_TEST(values_that_are_none)
{
	for (size_t i = 0; i < COUNT(wrong); i++) {
		check_wrong(wrong[i].key, NULL, wrong[i].wanted);
		check_wrong(wrong[i].key, "", wrong[i].wanted);
		for (size_t j = 0; j < COUNT(wrong[i].bad) && wrong[i].bad[j] != NULL; j++)
			check_wrong(wrong[i].key, wrong[i].bad[j], wrong[i].wanted);
	}
}
END_TEST

/* All keys are in the table above, or are flags. */
START_TEST(every_key_refuses_junk)
{
	char value[64];

	for (size_t i = 0; i < COUNT(defaults); i++) {
		const char *key = defaults[i].key, *sound = NULL;
		bool listed = false;

		for (size_t j = 0; j < COUNT(wrong); j++)
			listed = listed || strcmp(wrong[j].key, key) == 0;
		ck_assert_msg(listed == defaults[i].takes_value, "%s", key);
		if (!listed)
			continue;
		for (size_t j = 0; j < COUNT(good); j++)
			sound = strcmp(good[j].key, key) == 0 ? good[j].value : sound;
		if (sound == NULL)
			sound = "root";
		snprintf(value, sizeof(value), " %s", sound);
		check_wrong(key, value, BLANK);
		snprintf(value, sizeof(value), "%s ", sound);
		check_wrong(key, value, BLANK);
		snprintf(value, sizeof(value), "%s\t", sound);
		check_wrong(key, value, BLANK);
		snprintf(value, sizeof(value), "%s\n", sound);
		check_wrong(key, value, CONTROL);
		snprintf(value, sizeof(value), "\r%s", sound);
		check_wrong(key, value, CONTROL);
		snprintf(value, sizeof(value), "%s\033[1m", sound);
		check_wrong(key, value, CONTROL);
		snprintf(value, sizeof(value), "%s\177", sound);
		check_wrong(key, value, CONTROL);
		check_wrong(key, " ", BLANK);
	}
}
END_TEST

START_TEST(flags_take_no_value)
{
	static const char *const values[] = { "", "yes", "no", "1", " " };

	for (size_t i = 0; i < COUNT(values); i++) {
		check_wrong("upload-only", values[i], NO_VALUE);
		check_wrong("download-only", values[i], NO_VALUE);
	}
}
END_TEST

START_TEST(long_values)
{
	static char value[2 * PATH_MAX];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		bool path = strcmp(wrong[i].key, "root") == 0 || strcmp(wrong[i].key, "start") == 0;

		memset(value, path ? '/' : '1', sizeof(value) - 1);
		check_wrong(wrong[i].key, value, path ? "it is too long" : wrong[i].wanted);
	}
	/* The longest pattern there is, and one byte more. */
	memset(value, 'a', sizeof(value));
	value[NAME_MAX + 1] = '\0';
	check_wrong("deny", value, PATTERN);
	value[NAME_MAX] = '\0';
	for (int i = 0; i < 2; i++) {
		struct policy p;
		const char *why;

		policy_init(&p);
		keys_begin_source(&p);
		ck_assert_int_eq(keys_set(&p, &alice, i == 0 ? "allow" : "deny", value, &why), 0);
		check_why(policy_denies_name(&p, value, false), i == 0 ? NULL :
		    "this name is not allowed", value);
	}
}
END_TEST

/* Two sources, in both orders: what KEY then is, or why they contradict each other. */
static const struct {
	const char *key, *a, *b, *wanted, *why;
} meets[] = {
	{ "overwrite", "yes", "backup", "backup", NULL },
	{ "overwrite", "yes", "no", "no", NULL },
	{ "overwrite", "backup", "no", "no", NULL },
	{ "replace", "auto", "atomic", "atomic", NULL },
	{ "replace", "auto", "in-place", "in-place", NULL },
	{ "replace", "atomic", "atomic", "atomic", NULL },
	{ "replace", "atomic", "in-place", NULL, ANOTHER },
	{ "sync", "none", "file", "file", NULL },
	{ "sync", "file", "full", "full", NULL },
	{ "sync", "none", "full", "full", NULL },
	{ "symlinks", "beneath", "never", "never", NULL },
	{ "hidden", "yes", "no", "no", NULL },
	{ "deny", "a", "b", "a,b", NULL },
	{ "recursive", "yes", "no", "no", NULL },
	{ "mkdir", "yes", "no", "no", NULL },
	{ "protocol", "both", "scp", "scp", NULL },
	{ "protocol", "both", "sftp", "sftp", NULL },
	{ "protocol", "sftp", "sftp", "sftp", NULL },
	{ "protocol", "scp", "sftp", NULL, "scp and sftp exclude each other" },
	{ "list", "yes", "own", "own", NULL },
	{ "list", "own", "no", "no", NULL },
	{ "rename", "yes", "no", "no", NULL },
	{ "remove", "own", "yes", "own", NULL },
	{ "attributes", "no", "own", "no", NULL },
	{ "make-links", "yes", "no", "no", NULL },
	{ "max-depth", "5", "7", "5", NULL },
	{ "max-depth", "0", "2048", "0", NULL },
	{ "max-file-size", "none", "5", "5", NULL },
	{ "max-file-size", "1K", "1M", "1K", NULL },
	{ "max-session-bytes", "none", "0", "0", NULL },
	{ "max-session-bytes", "2T", "1T", "1T", NULL },
	{ "max-files", "none", "10", "10", NULL },
	{ "max-files", "9", "10", "9", NULL },
	{ "min-free", "0", "1K", "1K", NULL },
	{ "min-free", "2M", "1K", "2M", NULL },
	{ "min-free", "5%", "6%", "6%", NULL },
	{ "min-free", "5%", "1K", "1K,5%", NULL },
	{ "min-free", "5%", "0", "5%", NULL },
	{ "rate", "none", "5/s", "5/s", NULL },
	{ "rate", "1M/s", "1K/s", "1K/s", NULL },
	{ "idle-timeout", "none", "5", "5", NULL },
	{ "idle-timeout", "1h", "1d", "1h", NULL },
	{ "max-duration", "none", "1d", "1d", NULL },
	{ "max-duration", "90", "1m", "1m", NULL },
	{ "umask", "027", "002", "027", NULL },
	{ "umask", "070", "007", "077", NULL },
	{ "umask", "0", "007", "007", NULL },
	{ "file-mode", "664", "640", "640", NULL },
	{ "file-mode", "640", "604", "600", NULL },
	{ "file-mode", "660+060", "660", "660+060", NULL },
	{ "file-mode", "660+040", "660+020", "660+060", NULL },
	{ "file-mode", "600+060", "660", "660+060", NULL },
	{ "file-mode", "777", "604+060", "664+060", NULL },
	{ "file-mode", "600+060", "600+060", "660+060", NULL },
	{ "file-mode", "660+060", "600", NULL, CONTRADICTS },
	{ "file-mode", "660+060", "640", NULL, CONTRADICTS },
	{ "file-mode", "600+060", "600+006", NULL, CONTRADICTS },
	{ "dir-mode", "2775+2000", "775", NULL, CONTRADICTS },
	{ "dir-mode", "2775+2000", "2770", "2770+2000", NULL },
	{ "modes", "client", "inherit", "inherit", NULL },
	{ "times", "client", "ignore", "ignore", NULL },
	{ "log", "none", "stderr", NULL, ANOTHER },
	{ "log", "stderr", "syslog", "syslog", NULL },
	{ "log", "none", "syslog", "syslog", NULL },
	{ "log-facility", "daemon", "daemon", "daemon", NULL },
	{ "log-facility", "auth", "daemon", NULL, ANOTHER },
	{ "log-facility", "local0", "local1", NULL, ANOTHER },
	{ "log-format", "json", "json", "json", NULL },
	{ "log-format", "json", "text", NULL, ANOTHER },
	{ "log-required", "no", "yes", "yes", NULL },
	{ "reveal", "yes", "no", "no", NULL },
	{ "sandbox", "none", "require", "require", NULL },
	{ "sandbox", "require", "none", "require", NULL },
};

START_TEST(two_sources)
{
	for (size_t i = 0; i < COUNT(meets); i++)
		for (int turned = 0; turned < 2; turned++) {
			const char *a = turned ? meets[i].b : meets[i].a;
			const char *b = turned ? meets[i].a : meets[i].b;
			const char *wanted = meets[i].wanted;
			struct policy p;
			char script[256];

			/* Denied names are in the order in which they were said. */
			if (turned && strcmp(meets[i].key, "deny") == 0)
				wanted = "b,a";
			snprintf(script, sizeof(script), "%s %s | %s %s", meets[i].key, a,
			    meets[i].key, b);
			policy_init(&p);
			check_why(say(&p, script), meets[i].why, script);
			if (wanted != NULL)
				check_shown(&p, meets[i].key, wanted, script);
		}
}
END_TEST

/* What others have said of other keys is left as it is. */
START_TEST(sources_that_say_nothing)
{
	struct policy p = said("| max-files 3; upload-only | | hidden no |");

	ck_assert_uint_eq(p.max_files, 3);
	ck_assert(p.upload_only && !p.download_only);
	ck_assert_uint_eq(p.hidden, POLICY_NO);
	ck_assert_uint_eq(p.source, 5);
	p = said("upload-only | hidden no | upload-only");
	ck_assert(p.upload_only && !p.download_only);
}
END_TEST

START_TEST(said_twice)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		bool repeats = strcmp(good[i].key, "allow") == 0 ||
		    strcmp(good[i].key, "deny") == 0 || strcmp(good[i].key, "min-free") == 0 ||
		    strcmp(good[i].key, "partial") == 0;
		struct policy p;
		char script[256];

		snprintf(script, sizeof(script), "%s %s; sync none; %s %s", good[i].key,
		    good[i].value, good[i].key, good[i].value);
		if (strcmp(good[i].key, "sync") == 0)
			continue;
		policy_init(&p);
		check_why(say(&p, script), repeats ? NULL : TWICE, script);
		snprintf(script, sizeof(script), "%s %s | %s %s", good[i].key, good[i].value,
		    good[i].key, good[i].value);
		policy_init(&p);
		check_why(say(&p, script), NULL, script);
	}
}
END_TEST

static const struct {
	const char *script, *why;
} twice[] = {
	{ "upload-only; upload-only", TWICE },
	{ "upload-only; download-only", NO_WAY },
	{ "download-only | hidden no | upload-only", NO_WAY },
	{ "upload-only | upload-only", NULL },
	{ "hidden yes; hidden no", TWICE },
	{ "sync none | hidden yes; sync none; hidden yes", TWICE },
	{ "root /srv; root /srv/x", TWICE },
	{ "group root; group root", TWICE },
	{ "min-free 5%; min-free 1G; min-free 6%", NULL },
};

START_TEST(said_twice_otherwise)
{
	struct account root = alice;

	root.uid = 0;
	for (size_t i = 0; i < COUNT(twice); i++) {
		struct policy p;

		policy_init(&p);
		check_why(say_as(&p, &root, twice[i].script), twice[i].why, twice[i].script);
	}
}
END_TEST

START_TEST(groups)
{
	struct account a = alice;
	struct policy p;
	char script[512];

	policy_init(&p);
	check_why(say_as(&p, &a, "group root"), NO_MEMBER, "alice");
	a.gid = 0;
	policy_init(&p);
	check_why(say_as(&p, &a, "group root"), NULL, "alice, of root's group");
	ck_assert(p.has_group);
	ck_assert_uint_eq(p.group, 0);
	ck_assert_str_eq(p.group_name, "root");
	check_shown(&p, "group", "root", "alice, of root's group");
	/* Root may have any. */
	a = (struct account){ .uid = 0, .gid = STRANGER, .name = "root" };
	policy_init(&p);
	check_why(say_as(&p, &a, "group daemon | group daemon"), NULL, "root");
	ck_assert_uint_eq(p.group, getgrnam("daemon")->gr_gid);
	policy_init(&p);
	check_why(say_as(&p, &a, "group daemon | group root"), ANOTHER, "root");
	policy_init(&p);
	check_why(say_as(&p, &a, "group " NO_GROUP), NO_SUCH_GROUP, "no such group");
	policy_init(&p);
	check_why(say_as(&p, &a, "group 0"), NO_SUCH_GROUP, "a number");
	ck_assert(!p.has_group);
	snprintf(script, sizeof(script), "group %0300d", 0);
	policy_init(&p);
	check_why(say_as(&p, &a, script), GROUP, "too long");
}
END_TEST

/* Rules are for all sources together; one more is refused. */
START_TEST(number_of_rules)
{
	for (unsigned sources = 1; sources <= POLICY_RULES; sources *= 2) {
		struct policy p;
		const char *why;

		policy_init(&p);
		for (unsigned i = 0; i < POLICY_RULES; i++) {
			char pattern[16];

			if (i % (POLICY_RULES / sources) == 0)
				keys_begin_source(&p);
			snprintf(pattern, sizeof(pattern), "n%u", i);
			ck_assert_int_eq(keys_set(&p, &alice, i % 2 == 0 ? "deny" : "allow",
			    pattern, &why), 0);
		}
		ck_assert_uint_eq(p.nrules, POLICY_RULES);
		ck_assert_int_eq(keys_set(&p, &alice, "deny", "x", &why), -1);
		check_why(why, TOO_MANY, "deny");
		ck_assert_int_eq(keys_set(&p, &alice, "allow", "x", &why), -1);
		check_why(why, TOO_MANY, "allow");
		keys_begin_source(&p);
		ck_assert_int_eq(keys_set(&p, &alice, "deny", "x", &why), -1);
		check_why(why, TOO_MANY, "deny");
		ck_assert_uint_eq(p.nrules, POLICY_RULES);
	}
}
END_TEST

static const struct {
	const char *script;
	const char *why;
	const char *root, *inner, *start;	/* START NULL: the working directory */
} places[] = {
	{ "", NULL, "/", "", NULL },
	{ "root /", NULL, "/", "", "" },
	{ "root /srv", NULL, "/srv", "", "" },
	{ "root /srv/in", NULL, "/srv/in", "", "" },
	{ "root ///srv//.//in/./", NULL, "/srv/in", "", "" },
	{ "root /.", NULL, "/", "", "" },
	{ "root /srv/...", NULL, "/srv/...", "", "" },
	{ "root /srv/a b", NULL, "/srv/a b", "", "" },
	{ "root /srv/%u", NULL, "/srv/alice", "", "" },
	{ "root /srv/%g/%u/in", NULL, "/srv/staff/alice/in", "", "" },
	{ "root %h", NULL, "/home/alice", "", "" },
	{ "root %h/in", NULL, "/home/alice/in", "", "" },
	{ "root /srv%h", NULL, "/srv/home/alice", "", "" },
	{ "root /srv/100%%", NULL, "/srv/100%", "", "" },
	{ "root /srv/%x", TOKEN, NULL, NULL, NULL },
	{ "root /..", DOTS, NULL, NULL, NULL },
	{ "root /srv/..", DOTS, NULL, NULL, NULL },
	{ "root /srv/../etc", DOTS, NULL, NULL, NULL },
	{ "root /srv/%u/../bob", DOTS, NULL, NULL, NULL },
	/* Later ones are beneath. */
	{ "root /srv | root /srv", NULL, "/srv", "", "" },
	{ "root /srv | root /srv/", NULL, "/srv", "", "" },
	{ "root /srv | root /srv/a", NULL, "/srv", "a", "" },
	{ "root /srv | root /srv/a | root /srv/a", NULL, "/srv", "a", "" },
	{ "root /srv | root /srv/a | root /srv/a/b/c", NULL, "/srv", "a/b/c", "" },
	{ "root / | root /srv", NULL, "/srv", "", "" },
	{ "root / | root /srv | root /srv/a", NULL, "/srv", "a", "" },
	{ "root /srv | root /srv/%u", NULL, "/srv", "alice", "" },
	{ "root /srv | root /", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /etc", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /srv-evil", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /srv-evil/srv", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /sr", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /x/srv", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv/a | root /srv", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /srv/a | root /srv", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /srv/a | root /srv/b", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root /srv/a | root /srv/ab", NOT_BENEATH_ROOT, NULL, NULL, NULL },
	{ "root /srv | root srv/a", ROOT, NULL, NULL, NULL },
	/* Where to start. */
	{ "start x", NULL, "/", "", "x" },
	{ "start /x", NULL, "/", "", "x" },
	{ "start .", NULL, "/", "", "" },
	{ "start /", NULL, "/", "", "" },
	{ "start x//./y/", NULL, "/", "", "x/y" },
	{ "root /srv; start x", NULL, "/srv", "", "x" },
	{ "root /srv; start ./x", NULL, "/srv", "", "x" },
	{ "root /srv; start /x", NULL, "/srv", "", "x" },
	{ "root /srv; start /", NULL, "/srv", "", "" },
	{ "root /srv; start /srv", NULL, "/srv", "", "" },
	{ "root /srv; start /srv/", NULL, "/srv", "", "" },
	{ "root /srv; start /srv/x", NULL, "/srv", "", "x" },
	{ "root /srv; start //srv/./x", NULL, "/srv", "", "x" },
	{ "root /srv; start /srv-x", NULL, "/srv", "", "srv-x" },
	{ "root /srv; start /sr", NULL, "/srv", "", "sr" },
	{ "root /srv; start srv", NULL, "/srv", "", "srv" },
	{ "root /srv; start srv/x", NULL, "/srv", "", "srv/x" },
	{ "root /srv; start /srv/srv", NULL, "/srv", "", "srv" },
	{ "root /srv; start %u", NULL, "/srv", "", "alice" },
	{ "root /home; start %h", NULL, "/home", "", "alice" },
	{ "root /srv; start %h", NULL, "/srv", "", "home/alice" },
	{ "root /srv; start 5%%", NULL, "/srv", "", "5%" },
	{ "root /srv | root /srv/a; start /srv/a/x", NULL, "/srv", "a", "x" },
	{ "root /srv | root /srv/a; start /srv/x", NULL, "/srv", "a", "srv/x" },
	{ "root /srv | root /srv/a | start /srv/a", NULL, "/srv", "a", "" },
	{ "root /srv; start ..", DOTS, NULL, NULL, NULL },
	{ "root /srv; start x/../y", DOTS, NULL, NULL, NULL },
	{ "root /srv; start /srv/..", DOTS, NULL, NULL, NULL },
	{ "root /srv; start %", TOKEN, NULL, NULL, NULL },
	/* Later ones are beneath, too. */
	{ "root /srv; start x | start x", NULL, "/srv", "", "x" },
	{ "root /srv; start x | start /srv/x", NULL, "/srv", "", "x" },
	{ "root /srv; start x | start x/y", NULL, "/srv", "", "x/y" },
	{ "root /srv; start . | start x", NULL, "/srv", "", "x" },
	{ "root /srv; start x | start .", NOT_BENEATH_START, NULL, NULL, NULL },
	{ "root /srv; start x | start xy", NOT_BENEATH_START, NULL, NULL, NULL },
	{ "root /srv; start x | start y/x", NOT_BENEATH_START, NULL, NULL, NULL },
	{ "root /srv; start x/y | start x", NOT_BENEATH_START, NULL, NULL, NULL },
	/* A start keeps its distance from the root. */
	{ "start x | root /srv", NULL, "/srv", "", "x" },
	{ "root /srv; start x | root /srv/a", NULL, "/srv", "a", "x" },
	{ "root /srv; start x | root /srv/x", NULL, "/srv", "x", "x" },
	{ "root /srv; start x | root /srv/a; start /srv/a/x/y", NULL, "/srv", "a", "x/y" },
	/* In one source, the root is said first. */
	{ "start x; root /srv", AFTER_START, NULL, NULL, NULL },
	{ "start /srv/x; root /srv", AFTER_START, NULL, NULL, NULL },
	{ "root /srv | start x; root /srv/a", AFTER_START, NULL, NULL, NULL },
};

START_TEST(roots_and_starts)
{
	for (size_t i = 0; i < COUNT(places); i++) {
		struct policy p;

		policy_init(&p);
		check_why(say(&p, places[i].script), places[i].why, places[i].script);
		if (places[i].why != NULL)
			continue;
		keys_settle(&p, false);
		ck_assert_msg(strcmp(p.root, places[i].root) == 0 &&
		    strcmp(p.inner, places[i].inner) == 0 &&
		    strcmp(p.start, places[i].start != NULL ? places[i].start : "") == 0 &&
		    p.has_start == (places[i].start != NULL),
		    "%s: got \"%s\" \"%s\" \"%s\" %d", places[i].script, p.root, p.inner, p.start,
		    p.has_start);
		ck_assert_msg(p.restricted == (strstr(places[i].script, "root") != NULL), "%s",
		    places[i].script);
	}
}
END_TEST

/* How they are shown: whole, and so that they are read as what they are. */
START_TEST(roots_and_starts_shown)
{
	static const struct {
		const char *script, *root, *start;
	} rows[] = {
		{ "", "-", "-" },
		{ "root /", "/", "/" },
		{ "root /srv", "/srv", "/srv" },
		{ "root /srv | root /srv/a/b", "/srv/a/b", "/srv/a/b" },
		{ "root /srv | root /srv/a/b; start c/d", "/srv/a/b", "/srv/a/b/c/d" },
		{ "root /srv; start srv/x", "/srv", "/srv/srv/x" },
		{ "root /5%%; start 6%%", "/5%%", "/5%%/6%%" },
		{ "start x", "-", "/x" },
		{ "start .", "-", "/" },
		{ "root /; start x", "/", "/x" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy p = settled(rows[i].script, true);

		check_shown(&p, "root", rows[i].root, rows[i].script);
		check_shown(&p, "start", rows[i].start, rows[i].script);
	}
}
END_TEST

/* Names that would lead elsewhere. */
START_TEST(names_in_paths)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/", "../x" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct account a = alice;
		struct policy p;

		snprintf(a.name, sizeof(a.name), "%s", bad[i]);
		policy_init(&p);
		check_why(say_as(&p, &a, "root /srv/%u"),
		    "%u: the account has no plain name", bad[i]);
		policy_init(&p);
		check_why(say_as(&p, &a, "root /srv; start %u"),
		    "%u: the account has no plain name", bad[i]);
		a = alice;
		snprintf(a.group, sizeof(a.group), "%s", bad[i]);
		policy_init(&p);
		check_why(say_as(&p, &a, "root /srv/%g"),
		    "%g: its group has no plain name", bad[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		struct account a = alice;
		struct policy p;

		strcpy(a.home, i == 0 ? "" : "/home/../root");
		policy_init(&p);
		check_why(say_as(&p, &a, "root %h"),
		    i == 0 ? "%h: the account has no home directory" : DOTS, a.home);
	}
}
END_TEST

/* A path of PATH_MAX - 1 bytes is one; joined ones are no longer than they were said. */
START_TEST(long_places)
{
	static char path[PATH_MAX + 1], wanted[SHOWN_MAX];
	const char *why;
	struct policy p;

	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 == 0 ? '/' : 'd';
	path[PATH_MAX - 1] = 'd';
	path[PATH_MAX] = '\0';
	policy_init(&p);
	keys_begin_source(&p);
	ck_assert_int_eq(keys_set(&p, &alice, "root", path, &why), -1);
	check_why(why, "it is too long", "root");
	ck_assert_int_eq(keys_set(&p, &alice, "start", path, &why), -1);
	check_why(why, "it is too long", "start");
	path[PATH_MAX - 2] = 'd';
	path[PATH_MAX - 1] = '\0';

	policy_init(&p);
	keys_begin_source(&p);
	ck_assert_int_eq(keys_set(&p, &alice, "root", "/d", &why), 0);
	keys_begin_source(&p);
	ck_assert_int_eq(keys_set(&p, &alice, "root", path, &why), 0);
	ck_assert_uint_eq(strlen(p.inner), PATH_MAX - 1 - strlen("/d/"));
	ck_assert_int_eq(keys_set(&p, &alice, "start", path + 1, &why), 0);
	ck_assert_str_eq(p.start, path + 1);
	check_shown(&p, "root", path, "root");
	snprintf(wanted, sizeof(wanted), "%s%s", path, path);
	check_shown(&p, "start", wanted, "start");
	keys_begin_source(&p);
	ck_assert_int_eq(keys_set(&p, &alice, "root", path, &why), 0);
	ck_assert_int_eq(keys_set(&p, &alice, "start", path, &why), -1);
	check_why(why, NOT_BENEATH_START, "start");

	policy_init(&p);
	keys_begin_source(&p);
	ck_assert_int_eq(keys_set(&p, &alice, "root", path, &why), 0);
	ck_assert_str_eq(p.root, path);
}
END_TEST

START_TEST(settling)
{
	struct policy p = settled("root /srv", false);

	/* A root makes a restricted account. */
	ck_assert(p.restricted);
	ck_assert_uint_eq(p.hidden, POLICY_NO);
	ck_assert_uint_eq(p.max_depth, 64);
	/* What was said is what it was, however wide. */
	p = settled("hidden yes; symlinks beneath; max-depth 2048; file-mode 7777; log none;"
	    "upload-only; reveal yes; log-facility local3", true);
	ck_assert_uint_eq(p.hidden, POLICY_YES);
	ck_assert_uint_eq(p.symlinks, SYMLINKS_BENEATH);
	ck_assert_uint_eq(p.max_depth, 2048);
	ck_assert_uint_eq(p.file_mode.may, 07777);
	ck_assert_uint_eq(p.dir_mode.may, 0777);
	ck_assert_uint_eq(p.log, LOG_WAY_NONE);
	ck_assert_uint_eq(p.reveal, POLICY_YES);
	ck_assert_uint_eq(p.log_facility, LOG_LOCAL3);
}
END_TEST

/* What is said later narrows defaults, too: it is no way round them. */
static const struct {
	const char *later, *key, *wanted, *why;
} afterwards[] = {
	{ "hidden yes", "hidden", "no", NULL },
	{ "symlinks beneath", "symlinks", "never", NULL },
	{ "max-depth 2000", "max-depth", "64", NULL },
	{ "max-depth 3", "max-depth", "3", NULL },
	{ "file-mode 7777", "file-mode", "777", NULL },
	{ "dir-mode 2775+2000", NULL, NULL, FOR_THE_FILE },
	{ "file-mode 777+777", NULL, NULL, FOR_THE_FILE },
	{ "file-mode 640+0", "file-mode", "640", NULL },
	{ "group staff", NULL, NULL, FOR_THE_FILE },
	{ "overwrite backup", NULL, NULL, FOR_THE_FILE },
	{ "overwrite no", "overwrite", "no", NULL },
	{ "replace atomic", "replace", "auto", NULL },
	{ "log none", "log", "syslog", NULL },
	{ "log stderr", "log", "syslog", NULL },
	{ "log-facility auth", "log-facility", "auth", NULL },
	{ "log-facility daemon", "log-facility", "auth", NULL },
	{ "log-format json", "log-format", "text", NULL },
	{ "log-format xml", NULL, NULL, "it takes text or json" },
	{ "replace in-place", "replace", "auto", NULL },
	{ "min-free 5%", "min-free", "5%", NULL },
	{ "max-files 5", "max-files", "5", NULL },
	{ "root /srv", "root", "/srv", NULL },
	{ "root /srv", "start", "/srv", NULL },
	{ "upload-only", "reveal", "no", NULL },
	{ "upload-only; reveal yes", "reveal", "yes", NULL },
	{ "", "reveal", "yes", NULL },
	{ "protocol scp", "protocol", "scp", NULL },
	{ "list own", "list", "own", NULL },
	{ "list yes; reveal no", "list", "yes", NULL },
	{ "reveal no", "list", "own", NULL },
	{ "upload-only", "rename", "own", NULL },
	{ "make-links yes", "make-links", "no", NULL },
	{ "partial *", "partial", "-", NULL },
};

START_TEST(said_after_settling)
{
	for (size_t i = 0; i < COUNT(afterwards); i++) {
		struct policy p = settled("", true);

		check_why(say(&p, afterwards[i].later), afterwards[i].why, afterwards[i].later);
		if (afterwards[i].why != NULL)
			continue;
		keys_settle(&p, true);
		check_shown(&p, afterwards[i].key, afterwards[i].wanted, afterwards[i].later);
	}
}
END_TEST

START_TEST(settled_twice)
{
	static char once[SHOWN_MAX], twice_shown[SHOWN_MAX];

	static const char *const scripts[] = { "", "upload-only; root /x; min-free 5%" };

	for (int i = 0; i < 4; i++) {
		struct policy p = settled(scripts[i % 2], i / 2);

		shown(&p, once);
		keys_settle(&p, false);
		ck_assert_str_eq(shown(&p, twice_shown), once);
		keys_settle(&p, p.restricted);
		ck_assert_str_eq(shown(&p, twice_shown), once);
	}
}
END_TEST

/*
 * Properties, of sources made up at random: whatever several of them allow together, each allows by
 * itself.
 */
enum {
	ROUNDS = 2000,
	VALUES_MAX = 8
};

static const struct account superuser = {
	.uid = 0, .gid = 0, .name = "alice", .group = "staff", .home = "/home/alice"
};

static const struct {
	const char *key;
	const char *values[VALUES_MAX];	/* the empty one: without a value */
} pool[] = {
	{ "upload-only", { "" } },
	{ "download-only", { "" } },
	{ "overwrite", { "yes", "backup", "no" } },
	{ "replace", { "auto", "auto", "atomic", "in-place" } },
	{ "sync", { "none", "file", "full" } },
	{ "symlinks", { "beneath", "never" } },
	{ "hidden", { "yes", "yes", "no" } },
	{ "allow", { "*", "*.txt", "a*", "?*", "[!b]*", "*t*", ".*" } },
	{ "deny", { "*.exe", ".ssh", "b*", "[0-9]*", "?", "*~" } },
	{ "recursive", { "yes", "yes", "no" } },
	{ "mkdir", { "yes", "no" } },
	{ "protocol", { "both", "both", "both", "scp", "sftp" } },
	{ "partial", { "*.part", "*.filepart", "*", "a*", "?*" } },
	{ "list", { "yes", "own", "no" } },
	{ "rename", { "yes", "own", "no" } },
	{ "remove", { "yes", "own", "no" } },
	{ "attributes", { "yes", "own", "no" } },
	{ "make-links", { "yes", "no" } },
	{ "max-depth", { "0", "1", "5", "64", "2048" } },
	{ "max-file-size", { "none", "0", "10", "1K", "1M" } },
	{ "max-session-bytes", { "none", "0", "10", "1K", "1M", "18446744073709551614" } },
	{ "max-files", { "none", "0", "1", "10", "18446744073709551614" } },
	{ "min-free", { "0", "1M", "1G", "5%", "10%" } },
	{ "rate", { "none", "1/s", "1K/s", "1M/s" } },
	{ "idle-timeout", { "none", "1", "5m", "1d" } },
	{ "max-duration", { "none", "1", "5m", "1d" } },
	{ "umask", { "0", "022", "027", "777" } },
	{ "file-mode", { "7777", "777", "664", "640+040", "600+060", "644", "0", "4755" } },
	{ "dir-mode", { "7777", "777", "775", "2775+2000", "2770", "750+050", "1777" } },
	{ "modes", { "client", "inherit" } },
	{ "times", { "client", "ignore" } },
	{ "group", { "root", "root", "daemon" } },
	{ "log", { "none", "stderr", "syslog" } },
	{ "log-facility", { "auth", "auth", "daemon", "local7" } },
	{ "log-format", { "text", "text", "json" } },
	{ "log-required", { "no", "yes" } },
	{ "reveal", { "yes", "no" } },
}, place_pool[] = {
	{ "root", { "/", "/srv", "/srv", "/srv/a", "/srv/a/b", "/srv/%u", "/home" } },
	{ "start", { ".", "/", "a", "a/b", "/srv/a", "/srv/a/b/c", "/srv" } },
};

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static unsigned
pick(uint32_t *state, unsigned n)
{
	return (next_random(state) >> 8) % n;
}

static void
append_saying(char script[SCRIPT_MAX], uint32_t *state, const char *key,
    const char *const values[VALUES_MAX])
{
	size_t used = strlen(script);
	unsigned n = 0;

	while (n < VALUES_MAX && values[n] != NULL)
		n++;
	snprintf(script + used, SCRIPT_MAX - used, "%s %s;", key, values[pick(state, n)]);
}

/* Appends a source to a script.  Each has few keys, so that several often agree. */
static void
append_source(char script[SCRIPT_MAX], uint32_t *state, bool with_paths)
{
	unsigned rarely = 2 + pick(state, 8);
	/* Not both, which is nothing at all. */
	size_t other_way = pick(state, 2);

	for (size_t i = 0; with_paths && i < COUNT(place_pool); i++)
		if (pick(state, 2) == 0)
			append_saying(script, state, place_pool[i].key, place_pool[i].values);
	for (size_t i = 0; i < COUNT(pool); i++) {
		bool rules = strcmp(pool[i].key, "allow") == 0 ||
		    strcmp(pool[i].key, "deny") == 0 || strcmp(pool[i].key, "partial") == 0;

		for (int j = 0; j < (rules ? 3 : 1); j++)
			if (pick(state, rarely) == 0 && i != other_way)
				append_saying(script, state, pool[i].key, pool[i].values);
	}
}

static const char *const question_names[] = {
	"a", "b", "x", "a.txt", "b.txt", "ab.exe", ".ssh", ".a", ".txt", "1", "1.txt", "t", "at",
	"x~", "README.txt", "x.part", "a.filepart",
};
static const char *const question_paths[] = {
	"", "a.txt", "a/a.txt", ".ssh/a.txt", "b/a.txt", "x/y/z/at", "a/.a/at", "a/b/.txt",
};
static const uint64_t question_numbers[] = {
	0, 1, 2, 9, 10, 11, 1023, 1024, 1025, UINT64_C(1) << 20, (UINT64_C(1) << 20) + 1,
	UINT64_MAX - 1, UINT64_MAX,
};
static const unsigned question_depths[] = { 0, 1, 4, 5, 63, 64, 2047, 2048, UINT32_MAX };

static const char *
names_wider(const struct policy *p, const struct policy *q)
{
	for (int dir = 0; dir < 2; dir++) {
		for (size_t i = 0; i < COUNT(question_names); i++)
			if (policy_denies_name(q, question_names[i], dir) != NULL &&
			    policy_denies_name(p, question_names[i], dir) == NULL)
				return question_names[i];
		for (size_t i = 0; i < COUNT(question_paths); i++)
			if (policy_denies_path(q, question_paths[i], dir) != NULL &&
			    policy_denies_path(p, question_paths[i], dir) == NULL)
				return question_paths[i];
		if (policy_denies_direction(q, dir) != NULL &&
		    policy_denies_direction(p, dir) == NULL)
			return "direction";
	}
	return NULL;
}

static const char *
numbers_wider(const struct policy *p, const struct policy *q)
{
	for (size_t i = 0; i < COUNT(question_numbers); i++)
		for (size_t j = 0; j < COUNT(question_numbers); j++) {
			struct usage u = { question_numbers[j], question_numbers[j] }, v = u;

			if (policy_denies_file(q, &u, question_numbers[i]) != NULL &&
			    policy_denies_file(p, &v, question_numbers[i]) == NULL)
				return "file";
		}
	for (size_t i = 0; i < COUNT(question_numbers); i++)
		for (size_t j = 0; j < COUNT(question_depths); j++) {
			struct usage u = { 0, question_numbers[i] }, v = u;

			if (policy_denies_dir(q, &u, question_depths[j]) != NULL &&
			    policy_denies_dir(p, &v, question_depths[j]) == NULL)
				return "directory";
		}
	return NULL;
}

/*
 * Modes go bit by bit: those of no bit, of one and of all are those of any.  A bit that is always
 * set only has to be one that may be set, for it is no peer's wish.
 */
static const char *
modes_wider(const struct policy *p, const struct policy *q)
{
	for (int way = 0; way < 4; way++) {
		bool dir = way % 2, preserve = way / 2, strict, exactly;
		mode_t widest = policy_mode(q, 07777, dir, true, &strict) |
		    policy_mode(q, 07777, dir, false, &strict);
		const struct policy_bits *ours = dir ? &p->dir_mode : &p->file_mode;
		const struct policy_bits *theirs = dir ? &q->dir_mode : &q->file_mode;

		if ((ours->must & ~theirs->may) != 0)
			return "modes";
		for (int bit = -2; bit < 12; bit++) {
			mode_t asked = bit == -2 ? 0 : bit == -1 ? 07777 : (mode_t)1 << bit;
			mode_t got = policy_mode(p, asked, dir, preserve, &exactly);

			policy_mode(q, asked, dir, preserve, &strict);
			if ((got & ~(widest | ours->must)) != 0 || (theirs->must & ~got) != 0 ||
			    (exactly && !strict))
				return "modes";
		}
	}
	return NULL;
}

static const char *
words_wider(const struct policy *p, const struct policy *q)
{
	if (p->overwrite < q->overwrite || p->sync < q->sync || p->symlinks < q->symlinks ||
	    p->hidden < q->hidden || p->recursive < q->recursive || p->mkdir < q->mkdir ||
	    p->modes < q->modes || p->times < q->times || p->log < q->log ||
	    p->log_required < q->log_required || p->reveal < q->reveal || p->list < q->list ||
	    p->rename < q->rename || p->remove < q->remove || p->attributes < q->attributes ||
	    p->make_links < q->make_links)
		return "an ordered word";
	if ((q->protocol != p->protocol && q->protocol != PROTOCOL_BOTH) ||
	    (q->replace != p->replace && q->replace != REPLACE_AUTO) ||
	    (q->log_facility != p->log_facility && q->log_facility != 0) ||
	    (q->log_format != p->log_format && q->log_format != LOG_FORMAT_UNSAID))
		return "another word";
	if (p->upload_only < q->upload_only || p->download_only < q->download_only)
		return "a flag";
	return NULL;
}

static const char *
limits_wider(const struct policy *p, const struct policy *q)
{
	if (p->max_depth > q->max_depth || p->max_file_size > q->max_file_size ||
	    p->max_session_bytes > q->max_session_bytes || p->max_files > q->max_files ||
	    p->rate > q->rate || p->idle_timeout > q->idle_timeout ||
	    p->max_duration > q->max_duration)
		return "a limit";
	if (p->min_free < q->min_free || p->min_free_percent < q->min_free_percent)
		return "min-free";
	if (p->has_umask < q->has_umask || (q->umask & ~p->umask) != 0)
		return "umask";
	return q->has_group && (!p->has_group || p->group != q->group) ? "group" : NULL;
}

/* The root proper, each of its components with a slash behind it. */
static void
whole_root(const struct policy *p, char path[3 * PATH_MAX])
{
	strcpy(path, p->root);
	if (strcmp(path, "/") != 0)
		strcat(path, "/");
	strcat(path, p->inner);
	if (p->inner[0] != '\0')
		strcat(path, "/");
}

static const char *
root_wider(const struct policy *p, const struct policy *q)
{
	char inside[3 * PATH_MAX], outside[3 * PATH_MAX];

	whole_root(p, inside);
	whole_root(q, outside);
	if (strncmp(inside, outside, strlen(outside)) != 0)
		return "root";
	return p->has_start < q->has_start ? "start" : NULL;
}

/* What P allows and Q does not, or NULL. */
static const char *
wider(const struct policy *p, const struct policy *q)
{
	static const char *(*const judges[])(const struct policy *, const struct policy *) = {
		names_wider, numbers_wider, modes_wider, words_wider, limits_wider, root_wider,
	};
	const char *what = NULL;

	for (size_t i = 0; i < COUNT(judges) && what == NULL; i++)
		what = judges[i](p, q);
	return what;
}

static void
check_narrower(const struct policy *p, const struct policy *q, const char *script, const char *of)
{
	const char *what = wider(p, q);

	if (what != NULL)
		ck_abort_msg("\"%s\" is wider than \"%s\": %s", script, of, what);
}

static void
check_same(const struct policy *p, const struct policy *q, const char *script, const char *of)
{
	check_narrower(p, q, script, of);
	check_narrower(q, p, of, script);
}

/* Says it, if nothing contradicts anything. */
static bool
try_script(struct policy *p, const char *script)
{
	policy_init(p);
	return say_as(p, &superuser, script) == NULL;
}

/* Three sources: each allows what all allow, and so do the first two. */
START_TEST(sources_narrow)
{
	static char parts[3][SCRIPT_MAX / 4], script[SCRIPT_MAX];
	uint32_t state = 2463534242;
	unsigned agreed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		static struct policy all, one;

		for (size_t i = 0; i < COUNT(parts); i++) {
			script[0] = '\0';
			append_source(script, &state, true);
			ck_assert_uint_lt(strlen(script), sizeof(parts[i]));
			strcpy(parts[i], script);
		}
		snprintf(script, sizeof(script), "%s|%s|%s", parts[0], parts[1], parts[2]);
		if (!try_script(&all, script))
			continue;
		agreed++;
		for (size_t i = 0; i < COUNT(parts); i++) {
			ck_assert(try_script(&one, parts[i]));
			check_narrower(&all, &one, script, parts[i]);
		}
		snprintf(script, sizeof(script), "%s|%s", parts[0], parts[1]);
		ck_assert(try_script(&one, script));
		check_narrower(&all, &one, "all of them", script);
		ck_assert_int_eq(strncmp(all.start, one.start, strlen(one.start)), 0);
		/* Defaults are no more than what is said. */
		one = all;
		keys_settle(&one, round % 2);
		check_narrower(&one, &all, "settled", script);
	}
	ck_assert_uint_gt(agreed, ROUNDS / 20);
}
END_TEST

/* Where a source may come is no matter, nor is how often, but for the narrowing of paths. */
START_TEST(order_of_sources)
{
	static char a[SCRIPT_MAX], b[SCRIPT_MAX], script[2 * SCRIPT_MAX];
	uint32_t state = 88675123;
	unsigned agreed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		static struct policy ab, ba, aa;
		bool sound;

		a[0] = b[0] = '\0';
		append_source(a, &state, false);
		append_source(b, &state, false);
		snprintf(script, sizeof(script), "%s|%s", a, b);
		sound = try_script(&ab, script);
		snprintf(script, sizeof(script), "%s|%s", b, a);
		if (try_script(&ba, script) != sound)
			ck_abort_msg("\"%s\" and \"%s\" agree in one order", a, b);
		agreed += sound;
		if (sound)
			check_same(&ab, &ba, a, b);

		a[0] = '\0';
		append_source(a, &state, true);
		if (!try_script(&ab, a))
			ck_abort_msg("\"%s\" contradicts itself", a);
		snprintf(script, sizeof(script), "%s|%s", a, a);
		ck_assert(try_script(&aa, script));
		check_same(&aa, &ab, script, a);
		ck_assert_str_eq(aa.root, ab.root);
		ck_assert_str_eq(aa.inner, ab.inner);
		ck_assert_str_eq(aa.start, ab.start);
	}
	ck_assert_uint_gt(agreed, ROUNDS / 20);
}
END_TEST

/* Options cannot widen what has been settled. */
START_TEST(later_sources_narrow_defaults)
{
	static char script[SCRIPT_MAX];
	uint32_t state = 521288629;
	unsigned agreed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		static struct policy before, after;

		script[0] = '\0';
		append_source(script, &state, true);
		ck_assert(try_script(&before, script));
		keys_settle(&before, round % 2);
		script[0] = '\0';
		append_source(script, &state, true);
		after = before;
		if (say_as(&after, &superuser, script) != NULL)
			continue;
		agreed++;
		check_narrower(&after, &before, script, "what was settled");
	}
	ck_assert_uint_gt(agreed, ROUNDS / 20);
}
END_TEST

/*
 * What a client has in his hands that AFTER gives him and BEFORE did not, though it is called
 * narrower: a mode, a group, a way to replace, names of backups.
 */
static const char *
more_than(const struct policy *after, const struct policy *before)
{
	for (int way = 0; way < 4; way++) {
		bool dir = way % 2, preserve = way / 2, exactly;
		mode_t all = policy_mode(before, 07777, dir, preserve, &exactly);

		for (mode_t asked = 0; asked <= 07777; asked++)
			if ((policy_mode(after, asked, dir, preserve, &exactly) & ~all) != 0)
				return "a mode";
	}
	for (size_t i = 0; i < COUNT(question_names); i++)
		if (policy_is_partial(after, question_names[i]) &&
		    !policy_is_partial(before, question_names[i]))
			return "a name that is partial";
	if (after->has_group != before->has_group || after->group != before->group)
		return "a group";
	if (after->replace != before->replace)
		return "a way to replace";
	return after->overwrite == OVERWRITE_BACKUP && before->overwrite == OVERWRITE_YES
	    ? "names of backups" : NULL;
}

/* Whatever a client says to a policy that is settled, nothing is his that was not before. */
START_TEST(words_of_a_client)
{
	static char script[SCRIPT_MAX];
	uint32_t state = 2891336453;
	unsigned taken = 0, refused = 0;

	for (int round = 0; round < ROUNDS / 4; round++) {
		static struct policy before, after, last;
		char *rest = script, *saying;

		script[0] = '\0';
		append_source(script, &state, true);
		ck_assert(try_script(&before, script));
		keys_settle(&before, round % 2);
		script[0] = '\0';
		append_source(script, &state, true);
		after = before;
		keys_begin_source(&after);
		/* One by one: what is refused is not said. */
		while ((saying = strsep(&rest, ";")) != NULL && saying[0] != '\0') {
			const char *why, *key = strsep(&saying, " ");

			last = after;
			if (keys_set(&after, &superuser, key, saying[0] != '\0' ? saying : NULL, &why) == 0) {
				taken++;
				continue;
			}
			refused += strcmp(why, FOR_THE_FILE) == 0;
			after = last;
		}
		keys_settle(&after, round % 2);
		check_narrower(&after, &before, "what a client said", "what was settled");
		if (more_than(&after, &before) != NULL)
			ck_abort_msg("round %d: %s", round, more_than(&after, &before));
	}
	ck_assert_uint_gt(taken, ROUNDS / 4);
	ck_assert_uint_gt(refused, ROUNDS / 40);
}
END_TEST

/* Says what keys_show has written. */
static void
say_lines(struct policy *p, char *lines)
{
	char *line;

	policy_init(p);
	keys_begin_source(p);
	while ((line = strsep(&lines, "\n")) != NULL) {
		char *value = strchr(line, ' ');
		const char *why;

		if (strcmp(line, KINDS_ALSO) == 0)
			keys_begin_source(p);
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (value != NULL)
			*value++ = '\0';
		if (keys_set(p, &superuser, line, value, &why) == -1)
			ck_abort_msg("%s %s: %s", line, value != NULL ? value : "", why);
	}
}

static void
check_shown_again(const struct policy *p, const char *script)
{
	static char first[SHOWN_MAX], second[SHOWN_MAX], lines[SHOWN_MAX];
	static struct policy q;

	shown(p, first);
	strcpy(lines, first);
	say_lines(&q, lines);
	keys_settle(&q, p->restricted);
	if (strcmp(shown(&q, second), first) != 0)
		ck_abort_msg("\"%s\": expected\n%sgot\n%s", script, first, second);
	check_same(p, &q, script, first);
	if (p->restricted != q.restricted || p->has_start != q.has_start ||
	    strcmp(p->start, q.start) != 0)
		ck_abort_msg("\"%s\": start", script);
}

START_TEST(shown_and_said_again)
{
	static char script[SCRIPT_MAX];
	uint32_t state = 362436069;
	unsigned agreed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		static struct policy p;

		script[0] = '\0';
		for (unsigned n = pick(&state, 4); n > 0; n--) {
			append_source(script, &state, true);
			strcat(script, "|");
		}
		if (!try_script(&p, script))
			continue;
		agreed++;
		keys_settle(&p, round % 2);
		check_shown_again(&p, script);
	}
	ck_assert_uint_gt(agreed, ROUNDS / 20);
}
END_TEST

/* Whatever an administrator mistypes is refused with a reason, or is shown as what it was. */
START_TEST(mistyped_values)
{
	static const char letters[] = " \t%/.+-0157KMGTsmhd*?[]\\!#,:yesnonealluhg\001\200\377";
	uint32_t state = 1812433253;
	unsigned taken = 0;

	for (int round = 0; round < 20 * ROUNDS; round++) {
		const char *key = defaults[pick(&state, COUNT(defaults))].key, *why = NULL;
		static struct policy p;
		char value[12];
		size_t len = pick(&state, sizeof(value));

		for (size_t i = 0; i < len; i++)
			value[i] = letters[pick(&state, sizeof(letters) - 1)];
		value[len] = '\0';
		policy_init(&p);
		keys_begin_source(&p);
		if (keys_set(&p, &superuser, key, value, &why) == -1) {
			if (why == NULL)
				ck_abort_msg("%s \"%s\"", key, value);
			continue;
		}
		taken++;
		keys_settle(&p, round % 2);
		check_shown_again(&p, value);
	}
	ck_assert_uint_gt(taken, 100);
}
END_TEST

/* As with allow, each source that has any must have it; where nobody has, it is the default's. */
START_TEST(rule_54_partial_names)
{
	struct policy p = settled("partial *.part; partial *.filepart", true);

	ck_assert(policy_is_partial(&p, "x.part") && policy_is_partial(&p, ".filepart"));
	ck_assert(!policy_is_partial(&p, "x.parts"));
	p = settled("partial *.part; partial *.filepart | sync none | partial a*", true);
	ck_assert(policy_is_partial(&p, "a.part"));
	ck_assert(!policy_is_partial(&p, "x.part") && !policy_is_partial(&p, "a"));
	p = settled("", true);
	ck_assert(!policy_is_partial(&p, "x.filepart"));
	p = settled("root /srv", false);
	ck_assert(!policy_is_partial(&p, "x.filepart"));
	p = settled("", false);
	ck_assert(policy_is_partial(&p, "x.filepart") && !policy_is_partial(&p, "x.part"));
	p = settled("partial *.part", false);
	ck_assert(!policy_is_partial(&p, "x.filepart"));
	check_shown(&p, "partial", "*.part", "narrowed");
}
END_TEST

/* Where nothing is revealed, only what the session has made is listed, unless somebody has said more. */
START_TEST(list_follows_reveal)
{
	struct policy p = settled("reveal no", true);

	ck_assert_uint_eq(p.list, RIGHT_OWN);
	ck_assert_uint_eq((p = settled("reveal no", false)).list, RIGHT_OWN);
	ck_assert_uint_eq((p = settled("reveal no; list yes", true)).list, RIGHT_YES);
	ck_assert_uint_eq((p = settled("reveal yes; upload-only", true)).list, RIGHT_OWN);
	ck_assert_uint_eq((p = settled("reveal no; download-only", true)).rename, RIGHT_YES);
}
END_TEST

/* What keys_show writes between the patterns of two sources. */
START_TEST(allowed_by_two_sources)
{
	struct policy p = said("allow a; deny x; allow b | deny y | allow c; deny z | allow d");
	static char text[SHOWN_MAX];
	const char *at;

	at = strstr(shown(&p, text), "allow");
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(strncmp(at, "allow a\nallow b\n# and also\nallow c\n# and also\nallow d\n"
	    "deny x\ndeny y\ndeny z\nrecursive yes\n", 79), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_nobody_has_said);
	tcase_add_test(t, what_nobody_has_said_in_fields);
	tcase_add_test(t, which_keys_there_are);
	tcase_add_test(t, all_keys_are_shown);
	tcase_add_test(t, values_that_are_taken);
	tcase_add_test(t, words_in_fields);
	tcase_add_test(t, amounts_in_fields);
	tcase_add_test(t, values_that_are_none);
	tcase_add_test(t, every_key_refuses_junk);
	tcase_add_test(t, flags_take_no_value);
	tcase_add_test(t, long_values);
	tcase_add_test(t, two_sources);
	tcase_add_test(t, sources_that_say_nothing);
	tcase_add_test(t, said_twice);
	tcase_add_test(t, said_twice_otherwise);
	tcase_add_test(t, groups);
	tcase_add_test(t, number_of_rules);
	tcase_add_test(t, roots_and_starts);
	tcase_add_test(t, roots_and_starts_shown);
	tcase_add_test(t, names_in_paths);
	tcase_add_test(t, long_places);
	tcase_add_test(t, settling);
	tcase_add_test(t, said_after_settling);
	tcase_add_test(t, settled_twice);
	tcase_add_test(t, sources_narrow);
	tcase_add_test(t, order_of_sources);
	tcase_add_test(t, later_sources_narrow_defaults);
	tcase_add_test(t, words_of_a_client);
	tcase_add_test(t, shown_and_said_again);
	tcase_add_test(t, mistyped_values);
	tcase_add_test(t, rule_54_partial_names);
	tcase_add_test(t, list_follows_reveal);
	tcase_add_test(t, allowed_by_two_sources);
}

int
main(void)
{
	return run_unit("keys", add);
}
