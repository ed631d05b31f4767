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

#include <bsd/string.h>

#include "expand.h"
#include "listing.h"
#include "pattern.h"

/*
 * Braces make words of a word.  Those that may have more braces wait on a stack, the next one on
 * top, so that what is finished comes in order.  Each of them makes one path at least: there is
 * never more to do than EXPAND_BRACES allows.
 *
 * A pattern is taken component by component: all paths that match the ones so far, each of which
 * is replaced by what it becomes with the next.  No descriptor is kept from one to the other, and
 * how many components there are does not matter.
 *
 * Both can be made to take long without finding much, as by a * in a directory of many that leads
 * back to itself, and again.  So whatever is done costs steps, of which there are only so many.
 */
enum {
	ENTRY_STEPS = 16,	/* for an entry, besides the bytes that are compared */
	LOOK_STEPS = 1024,	/* for a path that is opened or looked at */
	USER_STEPS = 65536	/* for a user, who may be in a database far away */
};

static const char no_memory[] = "there is not enough memory to expand it";
static const char too_many[] = "it stands for too many names";
static const char too_many_braces[] = "its braces make too many words";
static const char too_much_work[] = "it takes too long to expand";

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

void
expand_init(struct expansion *e)
{
	*e = (struct expansion){ .paths = NULL };
}

/* Forgets the paths, and keeps the room for them. */
static void
clear(struct expansion *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->paths[i]);
	e->count = 0;
	e->bytes = 0;
}

void
expand_end(struct expansion *e)
{
	clear(e);
	free(e->paths);
	expand_init(e);
}

static int
make_room(struct expansion *e)
{
	size_t room = e->room > 0 ? 2 * e->room : 16;
	char **paths;

	if (e->count < e->room)
		return 0;
	paths = reallocarray(e->paths, room, sizeof(*paths));
	if (paths == NULL)
		return -1;
	e->paths = paths;
	e->room = room;
	return 0;
}

/* Appends PATH, which is handed over; NULL where there was no memory for it. */
static const char *
add(struct expansion *e, char *path)
{
	size_t bytes = path != NULL ? strlen(path) + 1 : 0;
	const char *why = no_memory;

	if (path != NULL && (e->count == EXPAND_MAX || bytes > EXPAND_BYTES - e->bytes))
		why = too_many;
	else if (path != NULL && make_room(e) == 0)
		why = NULL;
	if (why != NULL) {
		free(path);
		return why;
	}
	e->paths[e->count++] = path;
	e->bytes += bytes;
	return NULL;
}

/* Takes the last path, which is then the caller's. */
static char *
take_last(struct expansion *e)
{
	char *path = e->paths[--e->count];

	e->bytes -= strlen(path) + 1;
	return path;
}

/* Turns the order around of the paths from FIRST on. */
static void
reverse(struct expansion *e, size_t first)
{
	for (size_t last = e->count; first + 1 < last; first++) {
		char *path = e->paths[--last];

		e->paths[last] = e->paths[first];
		e->paths[first] = path;
	}
}

/* False where that is too much. */
static bool
spend(struct expander *x, size_t steps)
{
	x->out->work += steps;
	return x->out->work <= EXPAND_WORK;
}

static bool
is_escape(const char *p)
{
	return p[0] == '\\' && p[1] != '\0';
}

/*
 * The } of the alternatives that the { at P begins, or NULL where it begins none.  As in bash, a }
 * without a comma before it is a letter like any other: {a},b} is "a}" or "b".
 */
static const char *
group_end(const char *p)
{
	size_t depth = 0;
	bool comma = false;

	for (p++; *p != '\0'; p++)
		if (is_escape(p))
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && depth > 0)
			depth--;
		else if (*p == '}' && comma)
			return p;
		else if (*p == ',' && depth == 0)
			comma = true;
	return NULL;
}

/* The comma or END, the } of the group, that ends the alternative at P. */
static const char *
alternative_end(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end && (*p != ',' || depth > 0); p++)
		if (is_escape(p))
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && depth > 0)
			depth--;
	return p;
}

/*
 * Finds the first group of alternatives in WORD: *OPEN is its {, or NULL, and *CLOSE its }.  {} is
 * itself, whatever follows it.
 */
static const char *
find_group(struct expander *x, const char *word, const char **open, const char **close)
{
	size_t len = strlen(word);

	*open = NULL;
	if (!spend(x, len))
		return too_much_work;
	for (const char *p = word; *p != '\0'; p++) {
		if (is_escape(p) || (p[0] == '{' && p[1] == '}')) {
			p++;
		} else if (*p == '{') {
			if (!spend(x, len))
				return too_much_work;
			*close = group_end(p);
			if (*close == NULL)
				continue;
			*open = p;
			return NULL;
		}
	}
	return NULL;
}

/* Puts one and one together: WORD with the alternative FROM .. TO for the group OPEN .. CLOSE. */
static char *
choose(const char *word, const char *open, const char *close, const char *from, const char *to)
{
	size_t before = (size_t)(open - word), chosen = (size_t)(to - from);
	size_t after = strlen(close + 1) + 1;
	char *made = malloc(before + chosen + after);

	if (made == NULL)
		return NULL;
	memcpy(made, word, before);
	memcpy(made + before, from, chosen);
	memcpy(made + before + chosen, close + 1, after);
	return made;
}

/* Puts on TODO, the first on top, what the group OPEN .. CLOSE makes of WORD. */
static const char *
add_alternatives(struct expansion *todo, size_t done, const char *word, const char *open,
    const char *close)
{
	size_t first = todo->count;
	const char *why = NULL, *at = open, *end;

	do {
		if (todo->count + done == EXPAND_BRACES)
			return too_many_braces;
		end = alternative_end(at + 1, close);
		why = add(todo, choose(word, open, close, at + 1, end));
		at = end;
	} while (why == NULL && at < close);
	reverse(todo, first);
	return why;
}

/* Takes a word off TODO, to which its alternatives go; one that has none is DONE. */
static const char *
expand_group(struct expander *x, struct expansion *todo, struct expansion *done)
{
	char *word = take_last(todo);
	const char *open, *close, *why = find_group(x, word, &open, &close);

	if (why == NULL && open == NULL)
		return add(done, word);
	if (why == NULL)
		why = add_alternatives(todo, done->count, word, open, close);
	free(word);
	return why;
}

static const char *
expand_braces(struct expander *x, const char *word, struct expansion *done)
{
	struct expansion todo;
	const char *why;

	expand_init(&todo);
	why = add(&todo, strdup(word));
	while (why == NULL && todo.count > 0)
		why = expand_group(x, &todo, done);
	expand_end(&todo);
	return why;
}

/* Whether ~USER stands for a directory: HOME, "" where that is where relative paths begin. */
static bool
find_home(const struct expand_world *w, const char *user, char home[PATH_MAX])
{
	struct account other;

	home[0] = '\0';
	if (user[0] == '\0' || account_is_user(w->account, user) == 1)
		return true;
	if (w->root->name[0] != '\0' || w->policy->reveal != POLICY_YES ||
	    account_named(&other, user) == -1)
		return false;
	strlcpy(home, other.home, PATH_MAX);
	return home[0] == '/';
}

/* Puts a backslash before whatever in PATH is not to be expanded. */
static void
escape(char dst[2 * PATH_MAX], const char *path)
{
	for (; *path != '\0'; path++) {
		if (strchr("\\*?[", *path) != NULL)
			*dst++ = '\\';
		*dst++ = *path;
	}
	*dst = '\0';
}

/* What REST, behind a ~, is without it.  "~/-x" must not become what looks like an option. */
static char *
make_relative(const char *rest)
{
	const char *head = "";
	char *made;

	rest += strspn(rest, "/");
	if (rest[0] == '\0')
		head = ".";
	else if (rest[0] == '-' || strncmp(rest, "\\-", 2) == 0)
		head = "./";
	return asprintf(&made, "%s%s", head, rest) == -1 ? NULL : made;
}

/* Replaces a ~ or ~user at the beginning of *WORD, which is owned. */
static const char *
expand_tilde(struct expander *x, char **word)
{
	const char *rest = *word + strcspn(*word, "/");
	char user[ACCOUNT_NAME_MAX], home[PATH_MAX], escaped[2 * PATH_MAX], *made;
	size_t len = (size_t)(rest - *word);

	if (**word != '~' || len > sizeof(user))
		return NULL;
	memcpy(user, *word + 1, len - 1);
	user[len - 1] = '\0';
	if (user[0] != '\0' && !spend(x, USER_STEPS))
		return too_much_work;
	if (!find_home(x->world, user, home))
		return NULL;
	escape(escaped, home);
	if (home[0] == '\0')
		made = make_relative(rest);
	else if (asprintf(&made, "%s%s", escaped, rest) == -1)
		made = NULL;
	free(*word);
	*word = made;
	return made != NULL ? NULL : no_memory;
}

/* Whether a client that names PATH is not told at once that he may not. */
static bool
is_allowed(const struct expand_world *w, const char *path, bool directory)
{
	char plain[PATH_MAX];

	if (root_plain(w->root, path, plain) == -1)
		return !w->root->confined;	/* On the whole system the kernel judges. */
	return policy_denies_path(w->policy, plain, directory) == NULL;
}

/* Opens the directory PATH, "" being where relative paths begin: O_PATH, or -1. */
static int
open_allowed(const struct expand_world *w, const char *path)
{
	if (path[0] == '\0')
		path = ".";
	return is_allowed(w, path, true) ? root_dir(w->root, path) : -1;
}

static bool
is_directory(const struct expand_world *w, const char *path)
{
	int fd = open_allowed(w, path);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

/* Whether PATH is there, and if so is a directory, where it has to be one. */
static bool
is_there(const struct expand_world *w, const char *path, bool directory)
{
	struct place p;
	struct stat st;
	bool there;

	if (directory)
		return is_directory(w, path);
	there = root_place(w->root, path, &p) == 0 &&
	    fstatat(p.dirfd, p.leaf, &st, AT_SYMLINK_NOFOLLOW) == 0;
	place_close(&p);
	return there && is_allowed(w, path, !S_ISREG(st.st_mode));
}

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

	if (!spend(x, LOOK_STEPS))
		return too_much_work;
	if (!join(path, dir, c->name, c) ||
	    (x->behind_wild && !is_there(x->world, path, dots || c->nslashes > 0)))
		return NULL;
	return add(&x->next, strdup(path));
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

	if (!spend(x, ENTRY_STEPS + c->len * strlen(e->name)))
		return too_much_work;
	if (!pattern_match(c->name, e->name, PATTERN_DOT_SPECIAL))
		return NULL;
	kind = kind_of(fd, e);
	if (policy_denies_name(x->world->policy, e->name, !S_ISREG(kind)) != NULL ||
	    !join(path, dir, e->name, c))
		return NULL;
	/* What is no directory is not worth a look; a link may lead to one. */
	if (c->nslashes > 0 && !S_ISDIR(kind)) {
		if (!spend(x, LOOK_STEPS))
			return too_much_work;
		if (S_ISREG(kind) || !is_directory(x->world, path))
			return NULL;
	}
	return add(&x->next, strdup(path));
}

/* Goes on from DIR to whatever in it matches C: nothing, where it cannot be read. */
static const char *
take_matches(struct expander *x, const char *dir, const struct component *c)
{
	int at = open_allowed(x->world, dir), fd;
	struct listing_mark mark;
	struct listing_entry e;
	const char *why = NULL;

	if (at == -1)
		return spend(x, LOOK_STEPS) ? NULL : too_much_work;
	fd = dir_open(at, ".", O_RDONLY | O_DIRECTORY, 0);
	close(at);
	if (!spend(x, LOOK_STEPS))
		why = too_much_work;
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
		return no_memory;
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
	clear(&x->next);
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
			why = add(x->out, path);
		else
			free(path);
	}
	clear(&x->found);
	return why;
}

static const char *
add_literal(struct expander *x, const char *word)
{
	char *path = strdup(word);

	if (path != NULL)
		pattern_unescape(path);
	return add(x->out, path);
}

static const char *
expand_pattern(struct expander *x, const char *word)
{
	const char *why, *rest = word;

	if (!x->world->wild || !pattern_is_wild(word))
		return add_literal(x, word);
	clear(&x->found);
	x->behind_wild = false;
	why = add(&x->found, strdup(""));
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
	size_t before = x->out->count;
	const char *why = NULL;

	for (size_t i = 0; why == NULL && i < words->count; i++) {
		if (words->paths[i][0] == '\0')
			continue;
		why = expand_tilde(x, &words->paths[i]);
		if (why == NULL)
			why = expand_pattern(x, words->paths[i]);
	}
	if (why == NULL && x->out->count == before)
		why = add(x->out, strdup(""));
	return why;
}

static const char *
expand_all(struct expansion *out, const char *pattern, const struct expand_world *world)
{
	struct expansion words;
	struct expander x;
	const char *why;

	x.world = world;
	x.out = out;
	expand_init(&x.found);
	expand_init(&x.next);
	listing_init(&x.listing);
	expand_init(&words);
	why = expand_braces(&x, pattern, &words);
	if (why == NULL)
		why = expand_each(&x, &words);
	expand_end(&words);
	expand_end(&x.found);
	expand_end(&x.next);
	return why;
}

int
expand_word(struct expansion *e, const struct word *word, const struct expand_world *world,
    const char **why)
{
	*why = word->pattern == NULL ? add(e, strdup(word->text))
	    : expand_all(e, word->pattern, world);
	return *why == NULL ? 0 : -1;
}
