/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <bsd/string.h>

#include "ask/service.h"
#include "rules/config.h"
#include "rules/keys.h"

#define LOG_SOCKET "/dev/log"

enum {
	KEY_MAX = 64		/* bytes of a key's name, NUL included, or of what is none */
};

void
service_init(struct service *s, const char *connection, const char *const said[ACCOUNT_SAID])
{
	memcpy(s->said, said, sizeof(s->said));
	s->account = (struct account){ .uid = geteuid() };
	s->root = (struct root){ .fd = -1, .start = -1 };
	s->request = (struct request){ .role = REQUEST_NONE };
	s->problem[0] = s->where[0] = '\0';
	s->known = s->found = s->loaded = s->misread = s->mistaken = false;
	s->rootless = s->kept_from = s->script = NULL;
	s->narrow = false;
	s->status = 1;
	s->words.count = 0;
	s->warn = NULL;
	snprintf(s->user, sizeof(s->user), "%u", (unsigned)geteuid());
	policy_init(&s->policy);
	expansion_init(&s->paths);
	audit_init(&s->audit, s->user, connection);
}

/* PROBLEM: "scp: WHERE: WHY". */
static int
complain(struct service *s, const char *where, const char *why)
{
	text_message(s->problem, where, NULL, why);
	return -1;
}

int
service_become(struct service *s, const char *name)
{
	if (name == NULL && account_own(&s->account, s->said) == -1)
		return complain(s, s->user, "several accounts have this number, and nobody says which "
		    "one logged in");
	if (name != NULL && account_named(&s->account, name) == -1)
		return complain(s, name, "there is no such user");
	s->known = true;
	if (s->account.name[0] != '\0')
		snprintf(s->user, sizeof(s->user), "%s", s->account.name);
	return 0;
}

/* Whoever runs us, unless somebody else was named: asked for only where it matters. */
static int
know_account(struct service *s)
{
	return s->known ? 0 : service_become(s, NULL);
}

/* WHY, and what is likely to be MEANT, with DASHES before it, for the word SAID. */
static void
suggest(char dst[TEXT_MESSAGE_MAX], const char *why, const char *said, const char *dashes,
    const char *meant)
{
	if (meant == NULL)
		strlcpy(dst, why, TEXT_MESSAGE_MAX);
	else if (strcasecmp(said, meant) == 0)
		snprintf(dst, TEXT_MESSAGE_MAX, "it is written %s%s", dashes, meant);
	else
		snprintf(dst, TEXT_MESSAGE_MAX, "%s; do you mean %s%s?", why, dashes, meant);
}

void
service_tell(char dst[TEXT_MESSAGE_MAX], const struct config_remark *r)
{
	char where[PATH_MAX], word[KEY_MAX], why[TEXT_MESSAGE_MAX];

	snprintf(where, sizeof(where), r->line > 0 ? "%s, line %u" : "%s", r->path, r->line);
	suggest(why, r->why, r->word, "", r->meant);
	strlcpy(word, r->word, sizeof(word));
	text_message(dst, where, word[0] != '\0' ? word : NULL, why);
}

/* Takes a configuration file, which may be missing unless it MUST be there. */
static int
load_file(struct service *s, const char *path, bool must)
{
	struct config_remark remark;
	int fd = root_file(path), end = 1;

	/* Without one, nobody asks the system's databases who a drop-in's user is. */
	if (fd != -1 || errno != ENOENT) {
		close(fd);
		if (know_account(s) == -1)
			return -1;
		end = config_load(&s->policy, path, &s->account, s->warn, &remark);
	}
	s->found = end == 0;
	if (end == 1 && must)
		return complain(s, path, text_error(ENOENT));
	if (end == -1)
		service_tell(s->problem, &remark);
	return end == -1 ? -1 : 0;
}

/* Takes "--KEY=VALUE", "--KEY VALUE" or "--KEY", which is at *AT. */
static int
take_option(struct service *s, const struct invocation *v, size_t *at)
{
	const char *text = v->options[*at], *equals = strchr(text, '='), *value = NULL, *why;
	size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
	char key[KEY_MAX], reason[TEXT_MESSAGE_MAX];

	if (strncmp(text, "--", 2) != 0 || len - 2 >= sizeof(key))
		return complain(s, text, "there is no such option");
	memcpy(key, text + 2, len - 2);
	key[len - 2] = '\0';
	if (equals != NULL)
		value = equals + 1;
	else if (keys_takes_value(key) == 1 && *at + 1 < v->noptions)
		value = v->options[++*at];
	if (keys_set(&s->policy, &s->account, key, value, &why) == 0)
		return 0;
	suggest(reason, why, key, "--", keys_takes_value(key) == -1 ? keys_nearest(key) : NULL);
	return complain(s, text, reason);
}

static int
take_options(struct service *s, const struct invocation *v)
{
	int end = 0;

	keys_begin_source(&s->policy);
	for (size_t i = 0; end == 0 && i < v->noptions; i++)
		end = take_option(s, v, &i);
	return end;
}

static void
name_root(struct service *s)
{
	const struct policy *p = &s->policy;

	strlcpy(s->where, p->root, sizeof(s->where));
	if (p->inner[0] == '\0')
		return;
	if (strcmp(p->root, "/") != 0)
		strlcat(s->where, "/", sizeof(s->where));
	strlcat(s->where, p->inner, sizeof(s->where));
}

int
service_load(struct service *s, const struct invocation *v, const char *config)
{
	bool restricted = v->way != INVOKED_PLAIN && v->way != INVOKED_SFTP;

	if ((restricted || v->sftp) && know_account(s) == -1)
		return -1;
	if (load_file(s, config, v->must) == -1)
		return -1;
	s->rootless = v->way == INVOKED_LOGIN && !s->policy.has_root ? config : NULL;
	/* What may be a client's own words cannot widen what nobody has said, either. */
	if (v->narrow) {
		keys_settle(&s->policy, restricted);
		s->narrow = true;
		s->given = s->policy;
	}
	if (take_options(s, v) == -1)
		return -1;
	keys_settle(&s->policy, restricted);
	name_root(s);
	s->loaded = true;
	return 0;
}

int
service_log(struct service *s)
{
	const struct policy *p = &s->policy;
	bool required = p->log_required == REQUIRED_YES;
	enum audit_form form = p->log_format == LOG_FORMAT_JSON ? AUDIT_JSON : AUDIT_TEXT;

	if (p->log == LOG_WAY_STDERR)
		audit_to_fd(&s->audit, STDERR_FILENO, form, required);
	if (p->log != LOG_WAY_SYSLOG ||
	    audit_to_syslog(&s->audit, LOG_SOCKET, (int)p->log_facility, form, required) == 0)
		return 0;
	return complain(s, LOG_SOCKET, text_error(errno));
}

/* Splits the client's command and looks who is meant by it. */
static int
read_command(struct service *s, const char *command)
{
	const char *why;

	if (words_split(&s->words, command, strlen(command), &why) == -1)
		return complain(s, "not served", why);
	if (!invocation_is_sftp(&s->words) &&
	    (s->words.count == 0 || !invocation_is_scp(s->words.list[0].text)))
		return complain(s, "not served", "this account is for copying files alone");
	return 0;
}

void
service_learn_role(struct service *s, const struct invocation *v, int argc, char *const argv[])
{
	char problem[TEXT_MESSAGE_MAX];

	memcpy(problem, s->problem, sizeof(problem));
	(void)service_read(s, v, argc, argv);
	memcpy(s->problem, problem, sizeof(problem));
}

/* True for an option that only an administrator has a reason to say, who hears WHY it is none. */
static bool
is_administrators(const char *option, const char **why)
{
	char key[KEY_MAX];
	size_t len = strcspn(option + 2, "=");

	if (invocation_is_first(option)) {
		*why = "only as the first option";
		return true;
	}
	if (len >= sizeof(key))
		return false;
	memcpy(key, option + 2, len);
	key[len] = '\0';
	if (keys_takes_value(key) == -1)
		return false;
	*why = "only after --serve";
	return true;
}

static int
read_request(struct service *s, int argc, char *const argv[], enum request_trust trust)
{
	const char *why, *where;
	char letter, option[] = "-x";

	if (request_parse(&s->request, argc, argv, trust, &why, &letter) == 0)
		return 0;
	option[1] = letter;
	where = letter != '\0' ? option : NULL;
	s->misread = true;
	if (letter == '-') {
		where = s->request.odd;
		s->mistaken = trust == REQUEST_OWN && is_administrators(where, &why);
	}
	return complain(s, where, why);
}

/* What the client's words ask for. */
static int
read_words(struct service *s)
{
	for (size_t i = 0; i < s->words.count; i++)
		s->argv[i] = s->words.list[i].text;
	return read_request(s, (int)s->words.count, s->argv, REQUEST_FOREIGN);
}

/*
 * Whether what is asked for are commands, and not a copy or SFTP as any client asks for them: a shell
 * channel's lines, or a string that is more than one command, or another one than ours.
 */
static bool
is_script(struct service *s, const struct invocation *v)
{
	const char *why;

	if (v->way == INVOKED_PLAIN || v->sftp || s->policy.commands != POLICY_YES)
		return false;
	if (v->lines)
		return true;
	return words_split(&s->words, v->command, strlen(v->command), &why) == -1 ||
	    s->words.count == 0 || (!invocation_is_sftp(&s->words) &&
	    !invocation_is_scp(s->words.list[0].text));
}

static int
read_script(struct service *s, const struct invocation *v)
{
	s->request = (struct request){ .role = REQUEST_COMMANDS };
	s->script = v->lines ? NULL : v->command;
	s->words.count = 0;	/* Its operands are found when it is carried out. */
	return 0;
}

int
service_refuse_script(struct service *s, int status)
{
	s->status = status;
	return read_command(s, s->script);
}

/* Why the policy has no such session, or NULL. */
static const char *
deny_role(const struct service *s)
{
	if (s->request.role == REQUEST_COMMANDS)
		return NULL;
	return s->request.role == REQUEST_SFTP ? policy_denies_protocol(&s->policy, true)
	    : policy_denies_copy(&s->policy, s->request.role == REQUEST_SINK);
}

int
service_read(struct service *s, const struct invocation *v, int argc, char *const argv[])
{
	const char *why;
	int end = 0;

	if (v->way == INVOKED_PLAIN)
		end = read_request(s, argc - v->skipped, argv + v->skipped, REQUEST_OWN);
	else if (is_script(s, v))
		end = read_script(s, v);
	else if (!v->sftp && read_command(s, v->command) == -1)
		end = -1;
	else if (v->sftp || invocation_is_sftp(&s->words))
		/* What else stands there is sshd's, or the client's own: it says nothing. */
		s->request = (struct request){ .role = REQUEST_SFTP };
	else
		end = read_words(s);
	if (end == -1 || s->request.role == REQUEST_NONE)
		return end;
	if (s->rootless != NULL)
		return complain(s, s->rootless, SERVICE_NO_ROOT);
	why = deny_role(s);
	return why == NULL ? 0 : complain(s, NULL, why);
}

/* What is wanted is said in the session, in either direction. */
static bool
is_open(const struct service *s)
{
	return s->request.role == REQUEST_SFTP || s->request.role == REQUEST_COMMANDS;
}

/*
 * Whoever may write what a shell, or sshd, reads in his home has more than scp, whatever else the
 * policy says: why not to upload, a constant, or NULL.  *HELD: the root holds the home, or may do so.
 */
static const char *
home_forbids(const struct service *s, const struct policy *p, bool *held)
{
	bool known = s->account.home[0] == '/';
	bool guarded = p->hidden == POLICY_NO && p->symlinks == SYMLINKS_NEVER;
	char keys[PATH_MAX + sizeof("/.ssh")];
	int holds;

	snprintf(keys, sizeof(keys), "%s/.ssh", s->account.home);
	*held = true;
	if (known && root_lies_in(&s->root, keys) != 0)
		return "it is where sshd looks for keys: uploads need another root";
	/* Only where links could be made does it matter then. */
	if (guarded && (!is_open(s) || p->make_links == POLICY_NO))
		return NULL;
	holds = known ? root_holds(&s->root, s->account.home) : -1;
	*held = holds != 0;
	if (holds == 0 || guarded)
		return NULL;
	if (holds == -1)
		return "nobody can tell whether it holds the account's home: uploads need hidden no and "
		    "symlinks never";
	return "it holds the account's home, where .ssh and .profile are commands in disguise: uploads "
	    "need hidden no and symlinks never, or another root";
}

/* A session that may do both is left the other direction; and no link goes where names cannot. */
static int
check_home(struct service *s, const struct policy *p)
{
	const char *why;
	bool held;

	if (s->request.role == REQUEST_SOURCE || p->download_only)
		return 0;
	why = home_forbids(s, p, &held);
	if (is_open(s) && held)
		s->policy.make_links = POLICY_NO;
	if (why == NULL)
		return 0;
	if (!is_open(s) || p->upload_only)
		return complain(s, s->where, why);
	s->policy.download_only = true;
	s->kept_from = why;
	return 0;
}

void
service_name_start(const struct service *s, char dst[2 * PATH_MAX])
{
	const char *start = s->policy.start;

	snprintf(dst, (size_t)2 * PATH_MAX, "%s%s%s", strcmp(s->where, "/") == 0 ? "" : s->where,
	    start[0] != '\0' ? "/" : "", start);
}

static int
confine(struct service *s, const struct policy *p)
{
	char start[2 * PATH_MAX];
	const char *what;
	int saved;

	if (root_confine(&s->root, p->root, p->inner, p->has_start ? p->start : NULL,
	    p->symlinks == SYMLINKS_BENEATH, &what) == 0)
		return check_home(s, p);
	saved = errno;
	service_name_start(s, start);
	return complain(s, strcmp(what, "root") == 0 ? s->where : start, text_error(saved));
}

/* What a shell would have made of the operands, if there was none. */
static int
expand_operands(struct service *s)
{
	struct expand_world world = {
		.root = &s->root, .policy = &s->policy, .account = &s->account,
		/* A name that is found tells that it is there. */
		.wild = s->policy.reveal == POLICY_YES,
	};
	const char *why;

	for (size_t i = s->words.count - (size_t)s->request.npaths; i < s->words.count; i++)
		if (expand_word(&s->paths, &s->words.list[i], &world, &why) == -1)
			return complain(s, NULL, why);
	s->request.paths = s->paths.paths;
	s->request.npaths = (int)s->paths.count;
	return 0;
}

/* A client's own word adds to the umask of the login, where nobody else has said one. */
static void
apply_umask(const struct service *s)
{
	mode_t before;

	if (!s->policy.has_umask)
		return;
	before = umask(s->policy.umask);
	if (s->narrow && !s->given.has_umask)
		umask(s->policy.umask | before);
}

int
service_open(struct service *s)
{
	apply_umask(s);
	if (s->policy.restricted) {
		/* Where nothing may be uploaded, a root that is narrower does not make it right. */
		if (s->narrow && confine(s, &s->given) == -1)
			return -1;
		root_close(&s->root);
		if (confine(s, &s->policy) == -1)
			return -1;
	} else if (root_open(&s->root) == -1) {
		return complain(s, "/", text_error(errno));
	}
	return s->words.count > 0 ? expand_operands(s) : 0;
}

void
service_deny(struct service *s, const char *request)
{
	/* Where not even the policy could be had, the system's log is the place to say so. */
	if (s->mistaken)
		(void)know_account(s);
	if (!s->loaded || (s->mistaken && !audit_is_on(&s->audit)))
		(void)audit_to_syslog(&s->audit, LOG_SOCKET, LOG_AUTH, AUDIT_TEXT, false);
	(void)audit_denial(&s->audit, request, s->problem);
}

void
service_end(struct service *s)
{
	root_close(&s->root);
	expansion_end(&s->paths);
	audit_close(&s->audit);
}
