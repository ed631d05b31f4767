/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "commands/job.h"
#include "text/text.h"

enum {
	SAID_MAX = 2 * PATH_MAX		/* bytes of one message */
};

/* Where LETTER stands among those of the verb, or NULL. */
static const char *
find_letter(const struct job *j, char letter)
{
	return letter == '\0' || letter == ':' ? NULL : strchr(j->verb->letters, letter);
}

/* Which bit, or value, is LETTER's: its number among those of the verb. */
static unsigned
number_of(const struct job *j, const char *letter)
{
	unsigned n = 0;

	for (const char *p = j->verb->letters; p < letter; p++)
		n += *p != ':';
	return n;
}

bool
job_has(const struct job *j, char letter)
{
	const char *at = find_letter(j, letter);

	return at != NULL && (j->options >> number_of(j, at) & 1) != 0;
}

const char *
job_value(const struct job *j, char letter)
{
	return job_has(j, letter) ? j->values[number_of(j, find_letter(j, letter))] : NULL;
}

static void
give(struct job *j, const char *letter, const char *value)
{
	unsigned n = number_of(j, letter);

	assert(n < JOB_OPTIONS_MAX);
	j->options |= (uint64_t)1 << n;
	j->values[n] = value;
}

static int
misused(const struct job *j, const char *option, size_t len, const char *why)
{
	char text[SAID_MAX], word[SAID_MAX / 2];

	text_escape(word, sizeof(word), option, len);
	snprintf(text, sizeof(text), "%s: %s: %s", j->verb->name, word, why);
	output_say(j->output, text);
	return JOB_MISUSED;
}

/* The letter of the long option WORD, up to a "=", or NULL.  *MAY: it may have a value. */
static const char *
find_long(const struct job *j, const char *word, bool *may)
{
	size_t len = strcspn(word, "=");
	const char *p = j->verb->longs;

	for (; p != NULL && *p != '\0'; p += strcspn(p, " "), p += strspn(p, " "))
		if (strncmp(p, word, len) == 0 && p[len] == '=' && len > 0) {
			const char *letter = find_letter(j, p[len + 1]);

			assert(letter != NULL);
			*may = p[len + 2] == '?' || letter[1] == ':';
			return letter;
		}
	return NULL;
}

/* A long option, WORDS[0] of N: how many words it took, or a status below 0. */
static int
take_long(struct job *j, int n, char *const words[])
{
	const char *value = strchr(words[0], '=');
	bool may;
	const char *letter = find_long(j, words[0] + 2, &may);
	int took = 1;

	if (letter == NULL)
		return -misused(j, words[0], strcspn(words[0], "="), "no such option");
	if (value != NULL && !may)
		return -misused(j, words[0], (size_t)(value - words[0]), "it takes no value");
	if (letter[1] == ':' && value == NULL) {
		if (n < 2)
			return -misused(j, words[0], strlen(words[0]), "it needs a value");
		give(j, letter, words[1]);
		took = 2;
	} else {
		give(j, letter, value != NULL ? value + 1 : NULL);
	}
	return took;
}

/* A word of letters, likewise. */
static int
take_letters(struct job *j, int n, char *const words[])
{
	for (const char *p = words[0] + 1; *p != '\0'; p++) {
		/* What has no letter that anybody could want is only said at length. */
		const char *letter = *p < ' ' ? NULL : find_letter(j, *p);
		char option[] = { '-', *p, '\0' };

		if (letter == NULL)
			return -misused(j, option, sizeof(option) - 1, "no such option");
		if (letter[1] != ':') {
			give(j, letter, NULL);
		} else if (p[1] != '\0' || n > 1) {
			give(j, letter, p[1] != '\0' ? p + 1 : words[1]);
			return p[1] != '\0' ? 1 : 2;
		} else {
			return -misused(j, option, sizeof(option) - 1, "it needs a value");
		}
	}
	return 1;
}

static bool
is_option(const struct job *j, const char *word)
{
	if (word[0] != '-' || word[1] == '\0' || (j->verb->flags & VERB_BARE) != 0)
		return false;
	return (j->verb->flags & VERB_MODE) == 0 || strchr("rwxXst", word[1]) == NULL;
}

int
job_read(struct job *j, int n, char *const words[])
{
	int at = 1, took = 0;

	j->options = 0;
	while (at < n && is_option(j, words[at])) {
		if (strcmp(words[at], "--") == 0) {
			at++;
			break;
		}
		took = words[at][1] == '-' ? take_long(j, n - at, words + at)
		    : take_letters(j, n - at, words + at);
		if (took < 0)
			return -took;
		at += took;
	}
	j->count = n - at;
	j->operands = words + at;
	if (j->count < j->verb->least)
		(void)job_say(j, NULL, "missing operand");
	else if (j->verb->most != -1 && j->count > j->verb->most)
		(void)job_say(j, NULL, "too many operands");
	else
		return JOB_DONE;
	return JOB_MISUSED;
}

int
job_find(const struct job *j, const char *operand, char dst[PATH_MAX], struct answer *a)
{
	int n;

	/* Nothing is where nothing is meant, which deeds would take for the start. */
	if (operand[0] == '\0') {
		*a = (struct answer){ ENOENT, NULL };
		return -1;
	}
	/* What is above the top is the top; without that, the root's own name in it would be the root. */
	n = operand[0] == '/' ? snprintf(dst, PATH_MAX, "%s", operand)
	    : snprintf(dst, PATH_MAX, "/../%s/%s", j->here, operand);
	if (n < PATH_MAX)
		return 0;
	*a = (struct answer){ ENAMETOOLONG, NULL };
	return -1;
}

int
job_path(struct job *j, const char *operand, char dst[PATH_MAX])
{
	struct answer a;

	return job_find(j, operand, dst, &a) == 0 ? 0 : job_answer(j, operand, &a);
}

/* True where the last component is nothing that a link could be. */
static bool
means_directory(const char *operand)
{
	const char *slash = strrchr(operand, '/'), *last = slash != NULL ? slash + 1 : operand;

	return last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

int
job_look(struct job *j, const char *operand, enum deeds_link link, struct stat *st, struct answer *a)
{
	bool directory = means_directory(operand);
	char path[PATH_MAX];

	if (job_find(j, operand, path, a) == -1 ||
	    deeds_look(j->deeds, path, directory ? DEEDS_FOLLOW : link, st, a) == -1)
		return -1;
	if (!directory || S_ISDIR(st->st_mode))
		return 0;
	*a = (struct answer){ ENOTDIR, NULL };
	return -1;
}

int
job_say(struct job *j, const char *operand, const char *reason)
{
	char text[SAID_MAX], word[SAID_MAX / 2];

	if (operand == NULL) {
		snprintf(text, sizeof(text), "%s: %s", j->verb->name, reason);
	} else {
		text_escape(word, sizeof(word), operand, strlen(operand));
		snprintf(text, sizeof(text), "%s: %s: %s", j->verb->name, word, reason);
	}
	output_say(j->output, text);
	return JOB_FAILED;
}

int
job_answer(struct job *j, const char *operand, const struct answer *a)
{
	return job_say(j, operand, answer_text(a));
}
