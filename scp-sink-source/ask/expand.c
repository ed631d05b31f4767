/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask/braces.h"
#include "ask/expand.h"
#include "ask/tilde.h"
#include "paths/dir.h"
#include "paths/listing.h"
#include "rules/alias.h"
#include "text/pattern.h"

/*
 * A pattern is taken component by component: all paths that match the ones so far, each of which
 * is replaced by what it becomes with the next.  No descriptor is kept from one to the other, and
 * how many components there are does not matter.
 *
 * It can be made to take long without finding much, as by a * in a directory of many that leads
 * back to itself, and again.  So whatever is done costs steps, of which there are only so many.
 */
enum {
	ENTRY_STEPS = 16,	/* for an entry, besides the bytes that are compared */
	LOOK_STEPS = 1024	/* for a path that is opened or looked at */
};

/* Functions that can fail return NULL, or why they did. */
struct expander {
	const struct expand_world *world;	/* borrowed */
	struct expansion *out;		/* borrowed */
	struct expansion  found;	/* what matches the components so far */
	struct expansion  next;		/* the same, with the next component */
	bool		  behind_wild;	/* one of the components so far was */
	struct listing	  listing;
};

/* A component of a pattern, and what separates it from the next. */
struct component {
	char	   *name;	/* owned; of one that is not wild, without backslashes */
	size_t	    len;
	bool	    wild;
	const char *slashes;	/* borrowed; no string, */
	int	    nslashes;	/* but so many bytes */
};

/* The path of NAME in DIR, with the slashes behind it: false where no path can be that long. */
static bool
join(char path[PATH_MAX], const char *dir, const char *name, const struct component *c)
{
	return snprintf(path, PATH_MAX, "%s%s%.*s", dir, name, c->nslashes, c->slashes) < PATH_MAX;
}

/* Goes on from DIR to a component that is no pattern.  Before the first one nobody looks. */
static const char *
take_literal(struct expander *x, const char *dir, const struct component *c)
{
	bool dots = strcmp(c->name, ".") == 0 || strcmp(c->name, "..") == 0;
	char path[PATH_MAX];

	if (!expansion_spend(x->out, LOOK_STEPS))
		return expansion_too_much_work;
	if (!join(path, dir, c->name, c) ||
	    (x->behind_wild && !world_has(x->world, path, dots || c->nslashes > 0)))
		return NULL;
	return expansion_add(&x->next, strdup(path));
}

/* What the entry is: S_IFMT bits, or 0 where nobody knows. */
static mode_t
kind_of(int dirfd, const struct listing_entry *e)
{
	struct stat st;

	if (e->type != DT_UNKNOWN)
		return (mode_t)DTTOIF(e->type);
	return fstatat(dirfd, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode & S_IFMT : 0;
}

/* Takes an entry of DIR, which is opened at FD, if it matches C. */
static const char *
take_entry(struct expander *x, const char *dir, int fd, const struct component *c,
    const struct listing_entry *e)
{
	char path[PATH_MAX];
	mode_t kind;

	if (!expansion_spend(x->out, ENTRY_STEPS + c->len * strlen(e->name)))
		return expansion_too_much_work;
	if (!pattern_match(c->name, e->name, PATTERN_DOT_SPECIAL))
		return NULL;
	kind = kind_of(fd, e);
	if (alias_denies_listed(x->world->policy, fd, e->name, !S_ISREG(kind)) != NULL ||
	    !join(path, dir, e->name, c))
		return NULL;
	/* What is no directory is not worth a look; a link may lead to one. */
	if (c->nslashes > 0 && !S_ISDIR(kind)) {
		if (!expansion_spend(x->out, LOOK_STEPS))
			return expansion_too_much_work;
		if (S_ISREG(kind) || !world_has_directory(x->world, path))
			return NULL;
	}
	return expansion_add(&x->next, strdup(path));
}

/* What a shell finds in every directory, if the pattern asks for a dot. */
static const char *
take_dots(struct expander *x, const char *dir, const struct component *c)
{
	static const char *const names[] = { ".", ".." };
	char path[PATH_MAX];
	const char *why = NULL;

	for (size_t i = 0; why == NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (pattern_match(c->name, names[i], PATTERN_DOT_SPECIAL) &&
		    join(path, dir, names[i], c))
			why = expansion_add(&x->next, strdup(path));
	return why;
}

/* Goes on from DIR to whatever in it matches C: nothing, where it cannot be read. */
static const char *
take_matches(struct expander *x, const char *dir, const struct component *c)
{
	int at = world_open(x->world, dir), fd;
	struct listing_mark mark;
	struct listing_entry e;
	const char *why = NULL;

	if (at == -1)
		return expansion_spend(x->out, LOOK_STEPS) ? NULL : expansion_too_much_work;
	fd = dir_open(at, ".", O_RDONLY | O_DIRECTORY, 0);
	close(at);
	if (!expansion_spend(x->out, LOOK_STEPS))
		why = expansion_too_much_work;
	if (why == NULL && fd != -1 && x->world->base != NULL)
		why = take_dots(x, dir, c);
	listing_begin(&x->listing, 0, &mark);
	while (why == NULL && fd != -1 && listing_next(&x->listing, 0, fd, &mark, &e) == 1)
		why = take_entry(x, dir, fd, c, &e);
	if (fd != -1)
		close(fd);
	return why;
}

/* Cuts the first component off *PATTERN. */
static const char *
cut_component(const char **pattern, struct component *c)
{
	size_t len = strcspn(*pattern, "/");
	const char *slashes = *pattern + len;

	*c = (struct component){
		.name = strndup(*pattern, len), .len = len,
		.slashes = slashes, .nslashes = (int)strspn(slashes, "/"),
	};
	if (c->name == NULL)
		return expansion_no_memory;
	c->wild = pattern_is_wild(c->name);
	if (!c->wild)
		pattern_unescape(c->name);
	*pattern = c->slashes + c->nslashes;
	return NULL;
}

/* Replaces what was found by what it becomes with the next component. */
static const char *
take_component(struct expander *x, const char **pattern)
{
	struct expansion before = x->found;
	struct component c;
	const char *why = cut_component(pattern, &c);

	for (size_t i = 0; why == NULL && i < before.count; i++)
		why = c.wild ? take_matches(x, before.paths[i], &c)
		    : take_literal(x, before.paths[i], &c);
	x->behind_wild = x->behind_wild || c.wild;
	free(c.name);
	x->found = x->next;
	x->next = before;
	expansion_clear(&x->next);
	return why;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Hands over what was found. */
static const char *
keep_found(struct expander *x)
{
	const char *why = NULL;

	qsort(x->found.paths, x->found.count, sizeof(x->found.paths[0]), compare);
	for (size_t i = 0; i < x->found.count; i++) {
		char *path = x->found.paths[i];

		x->found.paths[i] = NULL;	/* handed over */
		if (why == NULL)
			why = expansion_add(x->out, path);
		else
			free(path);
	}
	expansion_clear(&x->found);
	return why;
}

static const char *
add_literal(struct expander *x, const char *word)
{
	char *path = strdup(word);

	if (path != NULL)
		pattern_unescape(path);
	return expansion_add(x->out, path);
}

static const char *
expand_pattern(struct expander *x, const char *word)
{
	const char *why, *rest = word;

	if (!x->world->wild || !pattern_is_wild(word))
		return add_literal(x, word);
	expansion_clear(&x->found);
	x->behind_wild = false;
	why = expansion_add(&x->found, strdup(""));
	while (why == NULL && *rest != '\0' && x->found.count > 0)
		why = take_component(x, &rest);
	if (why != NULL)
		return why;
	return x->found.count > 0 ? keep_found(x) : add_literal(x, word);
}

/* Expands what braces made.  Unquoted words that are empty are none, but one path there must be. */
static const char *
expand_each(struct expander *x, struct expansion *words)
{
	const struct expand_world *w = x->world;
	/* Whose home is where is not for those who see no more than their root. */
	bool others = w->root->name[0] == '\0' && w->policy->reveal == POLICY_YES;
	size_t before = x->out->count;
	char start[PATH_MAX];
	const char *why = NULL;

	if (w->base != NULL)
		world_name_start(w, start);
	for (size_t i = 0; why == NULL && i < words->count; i++) {
		if (words->paths[i][0] == '\0')
			continue;
		why = tilde_expand(x->out, w->account, others, w->base != NULL ? start : NULL,
		    &words->paths[i]);
		if (why == NULL)
			why = expand_pattern(x, words->paths[i]);
	}
	if (why == NULL && x->out->count == before)
		why = expansion_add(x->out, strdup(""));
	return why;
}

static const char *
expand_all(struct expansion *out, const char *pattern, const struct expand_world *world)
{
	struct expansion words;
	struct expander x = { .world = world, .out = out };
	const char *why;

	expansion_init(&x.found);
	expansion_init(&x.next);
	listing_init(&x.listing);
	expansion_init(&words);
	why = braces_expand(out, pattern, &words);
	if (why == NULL)
		why = expand_each(&x, &words);
	expansion_end(&words);
	expansion_end(&x.found);
	expansion_end(&x.next);
	return why;
}

int
expand_word(struct expansion *e, const struct word *word, const struct expand_world *world,
    const char **why)
{
	*why = word->pattern == NULL ? expansion_add(e, strdup(word->text))
	    : expand_all(e, word->pattern, world);
	return *why == NULL ? 0 : -1;
}
