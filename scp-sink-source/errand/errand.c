/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "errand/errand.h"
#include "errand/ways.h"
#include "rules/keys.h"
#include "text/amount.h"

enum {
	KBIT_BYTES = 1024 / 8,
	KBIT_MAX = 100 * 1024 * 1024
};

static const char usage[] = "usage: scp [option ...] source ... target";

enum effect {
	RECURSIVE,
	PRESERVE,
	TARGET_IS_DIR,
	DIRECT,
	THROUGH,
	HARMLESS,		/* what is so in any case */
	SHELL_TEXT,
	ANY_NAME,
	QUIET,			/* the last two are passed on as well */
	VERBOSE,
	PASS,
	PASS_ARGUMENT,		/* with an argument, as all that follow */
	RATE,
	PORT,
	PROGRAM,
	SETTING,
	NOT_HERE_ARGUMENT,
	NOT_HERE,		/* without one */
	SERVERS			/* -t and -f */
};

static const struct option {
	char	    letter;
	enum effect effect;
} options[] = {
	{ 'r', RECURSIVE },	{ 'p', PRESERVE },	{ 'd', TARGET_IS_DIR },	{ 'R', DIRECT },
	{ '3', THROUGH },	{ '2', HARMLESS },	{ 'O', SHELL_TEXT },	{ 'T', ANY_NAME },
	{ 'q', QUIET },		{ 'v', VERBOSE },	{ 'A', PASS },		{ 'B', PASS },
	{ 'C', PASS },		{ '4', PASS },		{ '6', PASS },
	{ 'c', PASS_ARGUMENT },	{ 'F', PASS_ARGUMENT },	{ 'i', PASS_ARGUMENT },
	{ 'J', PASS_ARGUMENT },	{ 'o', PASS_ARGUMENT },
	{ 'l', RATE },		{ 'P', PORT },		{ 'S', PROGRAM },	{ 'X', SETTING },
	{ 'D', NOT_HERE_ARGUMENT },	{ 's', NOT_HERE },	{ '1', NOT_HERE },
	{ 't', SERVERS },	{ 'f', SERVERS },
};

/*
 * Keys of the policy that are about one's own files, of which two have another name here, and the ways on which
 * they are obeyed: what would be ignored is refused, for whoever says it relies on it.
 */
static const struct key {
	const char *word, *key;
	unsigned    ways;
} keys[] = {
	{ "exclude", "deny", WAYS_OURS },	{ "include", "allow", WAYS_OURS },
	{ "overwrite", NULL, WAYS_HERE },	{ "replace", NULL, WAYS_HERE },
	{ "sync", NULL, WAYS_HERE },		{ "symlinks", NULL, WAYS_HERE },
	{ "hidden", NULL, WAYS_OURS },		{ "mkdir", NULL, WAYS_HERE },
	{ "max-depth", NULL, WAYS_OURS },	{ "max-file-size", NULL, WAYS_OURS },
	{ "max-session-bytes", NULL, WAYS_OURS },	{ "max-files", NULL, WAYS_OURS },
	{ "min-free", NULL, WAYS_HERE },	{ "rate", NULL, WAYS_OURS },
	{ "idle-timeout", NULL, WAYS_OURS },	{ "max-duration", NULL, WAYS_OURS },
	{ "umask", NULL, WAYS_HERE },		{ "file-mode", NULL, WAYS_HERE },
	{ "dir-mode", NULL, WAYS_HERE },	{ "modes", NULL, WAYS_HERE },
	{ "times", NULL, WAYS_HERE },		{ "group", NULL, WAYS_HERE },
	{ "sandbox", NULL, WAYS_OURS },
};

static const struct {
	const char	    *word;
	enum errand_progress progress;
} progresses[] = {
	{ "auto", ERRAND_AUTO }, { "none", ERRAND_NONE }, { "files", ERRAND_FILES },
	{ "total", ERRAND_TOTAL }, { "json", ERRAND_JSON },
};

static const struct option *
find_option(char letter)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

static bool
takes_argument(const struct option *o)
{
	return o->effect >= PASS_ARGUMENT && o->effect <= NOT_HERE_ARGUMENT;
}

/* The key that the N bytes at WORD are, or NULL. */
static const struct key *
find_key(const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].word) == n && memcmp(keys[i].word, word, n) == 0)
			return &keys[i];
	return NULL;
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* Whether the value of the long option WORD is the next one. */
static bool
has_next(const char *word)
{
	return strchr(word, '=') == NULL &&
	    (find_key(word + 2, strlen(word + 2)) != NULL || strcmp(word, "--progress") == 0);
}

/* Whether the N bytes at WORD are a key that is not a person's to say. */
static bool
is_administrators(const char *word, size_t n)
{
	char key[32];

	if (n >= sizeof(key) || find_key(word, n) != NULL)
		return false;
	memcpy(key, word, n);
	key[n] = '\0';
	return keys_takes_value(key) != -1;
}

bool
errand_is_meant(int argc, char *const argv[])
{
	for (int at = 1; at < argc && is_option(argv[at]) && strcmp(argv[at], "--") != 0; at++) {
		if (argv[at][1] == '-') {
			if (is_administrators(argv[at] + 2, strcspn(argv[at] + 2, "=")))
				return false;
			at += has_next(argv[at]);
			continue;
		}
		for (const char *p = argv[at] + 1; *p != '\0'; p++) {
			const struct option *o = find_option(*p);

			if (o != NULL && o->effect == SERVERS)
				return false;
			if (o != NULL && takes_argument(o)) {
				at += p[1] == '\0';
				break;
			}
		}
	}
	return true;
}

static const char *
pass_on(struct errand *e, char letter, const char *value)
{
	if (e->nflags == ERRAND_FLAGS_MAX)
		return "too many options";
	e->flags[e->nflags++] = (struct errand_flag){ letter, value };
	return NULL;
}

static const char *
take_number(const char *text, long long most, const char *what, long long *n)
{
	const char *error;

	*n = strtonum(text, 1, most, &error);
	return error == NULL && text[0] >= '0' && text[0] <= '9' ? NULL : what;
}

/* What OpenSSH's client has for SFTP means nothing here, but is checked. */
static const char *
take_setting(struct errand *e, const char *text)
{
	static const char requests[] = "nrequests=", buffer[] = "buffer=";
	long long number;
	uint64_t bytes;

	assert(text != NULL);
	if (strncmp(text, requests, strlen(requests)) == 0)
		return take_number(text + strlen(requests), INT32_MAX, "nrequests is a number",
		    &number);
	if (strncmp(text, buffer, strlen(buffer)) == 0)
		return amount_size(text + strlen(buffer), &bytes) == 0 ? NULL : "buffer is a size";
	if (strcmp(text, "ahead=no") == 0)
		e->lockstep = true;
	else if (strcmp(text, "ahead=yes") == 0)
		e->lockstep = false;
	else
		return "it takes nrequests=N, buffer=N or ahead=no";
	return NULL;
}

static const char *
take_effect(struct errand *e, const struct option *o, const char *argument)
{
	const char *why = NULL;
	long long n;

	switch (o->effect) {
	case RECURSIVE:
		e->recursive = true;
		break;
	case PRESERVE:
		e->preserve = true;
		break;
	case TARGET_IS_DIR:
		e->target_is_dir = true;
		break;
	case DIRECT:
	case THROUGH:
		e->direct = o->effect == DIRECT;
		break;
	case HARMLESS:
		break;
	case SHELL_TEXT:
		e->shell_text = true;
		break;
	case ANY_NAME:
		e->any_name = true;
		break;
	case QUIET:
		e->quiet = true;
		return pass_on(e, o->letter, NULL);
	case VERBOSE:
		e->verbose = true;
		return pass_on(e, o->letter, NULL);
	case PASS:
	case PASS_ARGUMENT:
		return pass_on(e, o->letter, argument);
	case RATE:
		why = take_number(argument, KBIT_MAX, "the limit is no number of kbit/s", &n);
		e->rate = (uint64_t)n * KBIT_BYTES;
		break;
	case PORT:
		why = take_number(argument, 65535, "a port is a number from 1 to 65535", &n);
		e->port = (unsigned)n;
		break;
	case PROGRAM:
		e->program = argument;
		break;
	case SETTING:
		return take_setting(e, argument);
	case NOT_HERE:
	case NOT_HERE_ARGUMENT:
		return o->letter == '1' ? "this version of the protocol is not spoken"
		    : "SFTP is spoken by sftp(1), not by this scp";
	case SERVERS:
		return usage;
	}
	return why;
}

/* Reads the letters of ARGV[*AT]; an argument is the rest of it or the next word. */
static const char *
take_cluster(struct errand *e, int argc, char *const argv[], int *at, char *letter)
{
	for (const char *p = argv[*at] + 1; *p != '\0'; p++) {
		const struct option *o = find_option(*p);
		const char *argument = NULL, *why;

		*letter = *p;
		if (o == NULL)
			return "unknown option";
		if (takes_argument(o)) {
			if (p[1] == '\0' && *at + 1 == argc)
				return "option requires an argument";
			argument = p[1] != '\0' ? p + 1 : argv[++*at];
		}
		why = take_effect(e, o, argument);
		if (why != NULL || argument != NULL)
			return why;
	}
	return NULL;
}

static const char *
take_progress(struct errand *e, const char *word)
{
	for (size_t i = 0; word != NULL && i < sizeof(progresses) / sizeof(progresses[0]); i++)
		if (strcmp(progresses[i].word, word) == 0) {
			e->progress = progresses[i].progress;
			return NULL;
		}
	return "it takes auto, none, files, total or json";
}

static const char *
take_long(struct errand *e, int argc, char *const argv[], int *at)
{
	const char *word = argv[*at] + 2, *equals = strchr(word, '='), *value = NULL;
	size_t n = equals != NULL ? (size_t)(equals - word) : strlen(word);
	const struct key *k = find_key(word, n);
	struct errand_key *to = &e->keys[e->nkeys];

	if (equals != NULL)
		value = equals + 1;
	else if (has_next(argv[*at]) && *at + 1 < argc)
		value = argv[++*at];
	if (n == strlen("progress") && strncmp(word, "progress", n) == 0)
		return take_progress(e, value);
	if (strcmp(word, "update") == 0) {
		e->update = e->preserve = true;
		return NULL;
	}
	if (k == NULL)
		return is_administrators(word, n) ? "only after --serve" : "there is no such option";
	if (e->nkeys == ERRAND_KEYS_MAX)
		return "too many options";
	*to = (struct errand_key){
		.said = word - 2, .key = k->key != NULL ? k->key : k->word, .ways = k->ways,
		.value = value,
	};
	e->nkeys++;
	return NULL;
}

static int
take_operands(struct errand *e, int n, char *const words[], const char **where, const char **why)
{
	*where = NULL;
	*why = usage;
	if (n < 2)
		return -1;
	e->sources = calloc((size_t)n - 1, sizeof(*e->sources));
	*why = "there is no memory";
	if (e->sources == NULL)
		return -1;
	for (; e->nsources < n - 1; e->nsources++) {
		*where = words[e->nsources];
		if (operand_parse(&e->sources[e->nsources], *where, why) == -1)
			return -1;
	}
	*where = words[n - 1];
	if (operand_parse(&e->target, *where, why) == -1)
		return -1;
	e->target_is_dir = e->target_is_dir || n > 2;
	return 0;
}

/* Whether each of the copies can obey all that was said: 0, -1. */
static int
judge_keys(const struct errand *e, const char **where, const char **why)
{
	unsigned ways = 0;

	for (int i = 0; i < e->nsources; i++)
		ways |= ways_of(&e->sources[i], &e->target, e->direct);
	*where = "--update";
	*why = e->update ? ways_deny(WAYS_HERE, ways) : NULL;
	for (size_t i = 0; *why == NULL && i < e->nkeys; i++) {
		*where = e->keys[i].said;
		*why = ways_deny(e->keys[i].ways, ways);
	}
	return *why == NULL ? 0 : -1;
}

int
errand_parse(struct errand *e, int argc, char *const argv[], const char **where, const char **why)
{
	int at;

	*e = (struct errand){ .progress = ERRAND_AUTO, .option = "-x" };
	*why = NULL;
	for (at = 1; at < argc && is_option(argv[at]); at++) {
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		*where = argv[at][1] == '-' ? argv[at] : e->option;
		*why = argv[at][1] == '-' ? take_long(e, argc, argv, &at)
		    : take_cluster(e, argc, argv, &at, &e->option[1]);
		if (*why != NULL)
			return -1;
	}
	/* Objects are for programs, whatever people want to see. */
	if (e->quiet && e->progress != ERRAND_JSON)
		e->progress = ERRAND_NONE;
	if (take_operands(e, argc - at > 0 ? argc - at : 0, argv + at, where, why) == -1)
		return -1;
	return judge_keys(e, where, why);
}

void
errand_end(struct errand *e)
{
	for (int i = 0; i < e->nsources; i++)
		operand_end(&e->sources[i]);
	operand_end(&e->target);
	free(e->sources);
	e->sources = NULL;
	e->nsources = 0;
}
