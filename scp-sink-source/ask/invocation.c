/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include <bsd/string.h>

#include "ask/invocation.h"
#include "rules/keys.h"

#define USER "--user"
#define SHELL "scp-shell"

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
invocation_is_scp(const char *word)
{
	return strcmp(base_name(word), "scp") == 0;
}

bool
invocation_is_ours(const char *shell)
{
	return invocation_is_scp(shell) || strcmp(base_name(shell), SHELL) == 0;
}

bool
invocation_is_sftp(const struct words *command)
{
	const char *first, *second;

	if (command->count == 0)
		return false;
	first = command->list[0].text;
	second = command->count > 1 ? command->list[1].text : "";
	return strcmp(base_name(first), "sftp-server") == 0 || strcmp(first, "internal-sftp") == 0 ||
	    (invocation_is_ours(first) &&
	    (strcmp(second, "--sftp") == 0 || strcmp(second, "--serve") == 0));
}

void
invocation_turn_to_sftp(struct invocation *v)
{
	v->way = v->subsystem == INVOKED_INTERACTIVE ? INVOKED_LOGIN : v->subsystem;
	v->sftp = true;
}

void
invocation_turn_to_commands(struct invocation *v)
{
	v->way = v->subsystem == INVOKED_INTERACTIVE ? INVOKED_LOGIN : v->subsystem;
	v->lines = true;
}

static int
take_options(struct invocation *v, int argc, char *const argv[], const char **why)
{
	*why = "too many options";
	if (argc > WORDS_MAX)
		return -1;
	for (int i = 0; i < argc; i++)
		v->options[v->noptions++] = argv[i];
	return 0;
}

/* Takes the one at AT out of the options, and returns it. */
static const char *
cut_option(struct invocation *v, size_t at)
{
	const char *option = v->options[at];

	v->noptions--;
	for (size_t i = at; i < v->noptions; i++)
		v->options[i] = v->options[i + 1];
	return option;
}

/* Takes --user=NAME or --user NAME out of the options of --explain, if it is no value of a key. */
static int
take_user(struct invocation *v, const char **why)
{
	for (size_t i = 0; i < v->noptions;) {
		const char *option = v->options[i];
		bool split = strcmp(option, USER) == 0;

		if (!split && strncmp(option, USER "=", strlen(USER "=")) != 0) {
			i += strncmp(option, "--", 2) == 0 && keys_takes_value(option + 2) == 1 ? 2 : 1;
			continue;
		}
		*why = v->user != NULL ? USER " is said twice" : USER " takes a name";
		if (v->user != NULL || (split && i + 1 == v->noptions))
			return -1;
		(void)cut_option(v, i);
		v->user = split ? cut_option(v, i) : option + strlen(USER "=");
	}
	return 0;
}

/* What ORIGINAL is, with the administrator's words: without it there may be a Subsystem. */
static void
serve(struct invocation *v, const char *original)
{
	v->command = original;
	v->subsystem = v->way;
	if (original != NULL)
		return;
	v->way = INVOKED_INTERACTIVE;
}

/*
 * A login shell gets one string.  It is the client's command, or, where sshd has a forced command
 * for the account, that; then ORIGINAL is the client's.  Or it is the line of sshd's Subsystem.  Which of
 * them only sshd knows, so a string that looks like the administrator's may only narrow.
 */
static int
take_login(struct invocation *v, const char *string, const char *original, struct words *words)
{
	const char *none;

	v->command = string;
	if (words_split(words, string, strlen(string), &none) == -1 || words->count < 2 ||
	    !invocation_is_ours(words->list[0].text) ||
	    (strcmp(words->list[1].text, "--serve") != 0 &&
	    strcmp(words->list[1].text, "--sftp") != 0))
		return 0;	/* Whatever it is, it will be judged as the client's. */
	v->narrow = true;
	for (size_t i = 2; i < words->count; i++)
		v->options[v->noptions++] = words->list[i].text;
	if (strcmp(words->list[1].text, "--sftp") == 0) {
		v->sftp = true;
		return 0;
	}
	serve(v, original);
	return 0;
}

/* The options that come first. */
static const struct first {
	const char	   *word;
	enum invocation_way way;
} firsts[] = {
	{ "--serve", INVOKED_SERVE }, { "--sftp", INVOKED_SFTP }, { "--check", INVOKED_CHECK },
	{ "--explain", INVOKED_EXPLAIN }, { "--version", INVOKED_VERSION },
	{ "--help", INVOKED_HELP }, { "-h", INVOKED_HELP },
};

static const struct first *
find_first(const char *word)
{
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
		if (strcmp(firsts[i].word, word) == 0)
			return &firsts[i];
	return NULL;
}

bool
invocation_is_first(const char *option)
{
	return find_first(option) != NULL;
}

/* Takes what follows the first option. */
static int
take_rest(struct invocation *v, int argc, char *const argv[], const char *original,
    const char **why)
{
	switch (v->way) {
	case INVOKED_SERVE:
		serve(v, original);
		return take_options(v, argc, argv, why);
	case INVOKED_SFTP:
		v->sftp = true;
		return take_options(v, argc, argv, why);
	case INVOKED_EXPLAIN:
		*why = "--explain takes a command";
		if (argc == 0)
			return -1;
		v->command = argv[0];
		return take_options(v, argc - 1, argv + 1, why) == -1 ? -1 : take_user(v, why);
	case INVOKED_CHECK:
		return take_options(v, argc, argv, why);
	default:
		*why = v->way == INVOKED_VERSION ? "--version takes nothing" : "--help takes nothing";
		return argc == 0 ? 0 : -1;
	}
}

/* What the argument vector alone says. */
static enum invocation_way
way_of(int argc, char *const argv[])
{
	const char *name = argc > 0 ? argv[0] : "";
	const struct first *first = argc > 1 ? find_first(argv[1]) : NULL;

	if (argc == 3 && strcmp(argv[1], "-c") == 0)
		return INVOKED_LOGIN;
	if (name[0] == '-' || strcmp(base_name(name), SHELL) == 0)
		return INVOKED_INTERACTIVE;
	return first != NULL ? first->way : INVOKED_PLAIN;
}

bool
invocation_is_plain(int argc, char *const argv[])
{
	return way_of(argc, argv) == INVOKED_PLAIN;
}

int
invocation_parse(struct invocation *v, int argc, char *const argv[], const char *original,
    struct words *words, const char **why)
{
	/* But for the words: most of those are never touched. */
	memset(v, 0, offsetof(struct invocation, options));
	v->way = way_of(argc, argv);
	v->subsystem = INVOKED_INTERACTIVE;
	*why = NULL;
	switch (v->way) {
	case INVOKED_LOGIN:
		return take_login(v, argv[2], original, words);
	case INVOKED_INTERACTIVE:
		return 0;
	case INVOKED_PLAIN:
		if (argc < 2 || strncmp(argv[1], "--sandbox=", strlen("--sandbox=")) != 0)
			return 0;
		v->skipped = 1;
		return take_options(v, 1, argv + 1, why);
	default:
		return take_rest(v, argc - 2, argv + 2, original, why);
	}
}

const char *
invocation_request(const struct invocation *v, int argc, char *const argv[], char *dst, size_t cap)
{
	if (v->command != NULL)
		return v->command;
	if (v->lines)
		return "";
	dst[0] = '\0';
	for (int i = 0; i < argc; i++)
		if ((i > 0 && strlcat(dst, " ", cap) >= cap) || strlcat(dst, argv[i], cap) >= cap)
			break;
	return dst;
}
