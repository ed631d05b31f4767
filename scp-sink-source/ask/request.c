/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "ask/request.h"

enum {
	KBIT_BYTES = 1024 / 8,
	KBIT_MAX = 100 * 1024 * 1024
};

enum effect {
	SINK,
	SOURCE,
	RECURSIVE,
	PRESERVE,
	TARGET_IS_DIR,
	VERBOSE,
	RATE,			/* with an argument */
	HARMLESS,		/* a client's own business, which some send along; without effect */
	IGNORED,		/* likewise, but what it says is not what is done here */
	IGNORED_ARGUMENT	/* likewise, with an argument */
};

struct option {
	char	    letter;
	enum effect effect;
};

static const struct option options[] = {
	{ 't', SINK },		{ 'f', SOURCE },	{ 'r', RECURSIVE },	{ 'p', PRESERVE },
	{ 'd', TARGET_IS_DIR },	{ 'v', VERBOSE },	{ 'l', RATE },
	{ 'q', HARMLESS },	{ '1', HARMLESS },	{ '2', HARMLESS },	{ '3', HARMLESS },
	{ '4', HARMLESS },	{ '6', HARMLESS },	{ 'A', HARMLESS },	{ 'B', HARMLESS },
	{ 'C', HARMLESS },	{ 'O', HARMLESS },	{ 'T', HARMLESS },
	{ 'R', IGNORED },	{ 's', IGNORED },
	{ 'c', IGNORED_ARGUMENT },	{ 'D', IGNORED_ARGUMENT },	{ 'F', IGNORED_ARGUMENT },
	{ 'i', IGNORED_ARGUMENT },	{ 'J', IGNORED_ARGUMENT },	{ 'o', IGNORED_ARGUMENT },
	{ 'P', IGNORED_ARGUMENT },	{ 'S', IGNORED_ARGUMENT },	{ 'X', IGNORED_ARGUMENT },
};

static const struct option *
find_option(char letter)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

static const char *
take_role(struct request *r, enum request_role role)
{
	if (r->role != REQUEST_NONE && r->role != role)
		return "-t and -f exclude each other";
	r->role = role;
	return NULL;
}

static const char *
take_rate(struct request *r, const char *text)
{
	const char *error;
	long long kbit = strtonum(text, 1, KBIT_MAX, &error);

	if (error != NULL)
		return "the limit is no number of kbit/s";
	r->rate = (uint64_t)kbit * KBIT_BYTES;
	return NULL;
}

static const char *
take_effect(struct request *r, enum effect effect, const char *argument)
{
	switch (effect) {
	case SINK:
		return take_role(r, REQUEST_SINK);
	case SOURCE:
		return take_role(r, REQUEST_SOURCE);
	case RECURSIVE:
		r->recursive = true;
		return NULL;
	case PRESERVE:
		r->preserve = true;
		return NULL;
	case TARGET_IS_DIR:
		r->target_is_dir = true;
		return NULL;
	case VERBOSE:
		r->verbose = true;
		return NULL;
	case RATE:
		return take_rate(r, argument);
	case HARMLESS:
	case IGNORED:
	case IGNORED_ARGUMENT:
		return NULL;
	}
	return NULL;
}

static bool
is_clients_own(const struct option *o)
{
	return o->effect == IGNORED || o->effect == IGNORED_ARGUMENT;
}

/* Reads the letters of ARGV[*AT]; an argument is the rest of it or the next word. */
static const char *
take_cluster(struct request *r, int argc, char *const argv[], enum request_trust trust, int *at,
    char *letter)
{
	for (const char *p = argv[*at] + 1; *p != '\0'; p++) {
		const struct option *o = find_option(*p);
		const char *argument = NULL, *why;

		*letter = *p;
		if (o == NULL)
			return "unknown option";
		if (trust == REQUEST_FOREIGN && is_clients_own(o))
			return "this option is not allowed here";
		if (o->effect == RATE || o->effect == IGNORED_ARGUMENT) {
			if (p[1] == '\0' && *at + 1 == argc)
				return "option requires an argument";
			argument = p[1] != '\0' ? p + 1 : argv[++*at];
		}
		why = take_effect(r, o->effect, argument);
		if (why != NULL || argument != NULL)
			return why;
	}
	return NULL;
}

int
request_parse(struct request *r, int argc, char *const argv[], enum request_trust trust,
    const char **why, char *option)
{
	int at;

	*r = (struct request){ .role = REQUEST_NONE };
	*why = NULL;
	*option = '\0';
	for (at = 1; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		r->odd = argv[at];
		*why = take_cluster(r, argc, argv, trust, &at, option);
		if (*why != NULL)
			return -1;
	}
	*option = '\0';
	r->odd = NULL;
	if (at < argc) {
		r->npaths = argc - at;
		r->paths = argv + at;
	}
	if (trust == REQUEST_OWN || r->role != REQUEST_NONE)
		return 0;
	*why = "neither -t nor -f: only copies that a client asks for are served";
	return -1;
}
