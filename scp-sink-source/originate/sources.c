/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errand/expect.h"
#include "errand/quote.h"
#include "originate/sources.h"
#include "paths/place.h"
#include "rules/telling.h"
#include "text/text.h"

static const char no_recursion[] = "it is a directory, and -r is not said";

/* The last component of PATH, of *LEN bytes; 0 where it ends in "." or "..", or in none. */
static const char *
last_name(const char *path, size_t *len)
{
	size_t end = strlen(path), begin;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/';)
		begin--;
	*len = end - begin;
	if ((*len == 1 && path[begin] == '.') || (*len == 2 && strncmp(path + begin, "..", 2) == 0))
		*len = 0;
	return path + begin;
}

/*
 * Whether the last component of O is what it will be called.  What a remote shell makes of a path, the matches of a
 * pattern, and somebody's home have other names.
 */
static bool
is_literal(const struct errand *e, const struct operand *o)
{
	size_t home = o->remote ? quote_home(o->path) : 0;

	return !o->remote || (!e->shell_text && strpbrk(o->path, "*?[\\") == NULL &&
	    (home == 0 || o->path[home + strspn(o->path + home, "/")] != '\0'));
}

/* One whose name is known, and which one of all it is. */
struct named {
	const char *name;	/* borrowed, of LEN bytes */
	size_t	    len;
	int	    n;
};

/* All of one name. */
struct namesakes {
	int  first;		/* the number of the one that comes first; all know that one */
	bool taken;		/* of that one: any of them is taken */
};

static int
compare_names(const struct named *a, const struct named *b)
{
	int order = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Of the same name, in their order. */
static int
compare(const void *one, const void *other)
{
	const struct named *a = one, *b = other;
	int order = compare_names(a, b);

	return order != 0 ? order : a->n - b->n;
}

/* Finds those of the same name, of which there may be very many: 0, -1. */
static int
find_namesakes(const struct errand *e, struct namesakes *same)
{
	struct named *all = calloc((size_t)e->nsources + 1, sizeof(*all));
	size_t count = 0;

	if (all == NULL)
		return -1;
	for (int i = 0; i < e->nsources; i++) {
		struct named *one = &all[count];

		same[i].first = one->n = i;
		one->name = last_name(e->sources[i].path, &one->len);
		count += one->len > 0 && is_literal(e, &e->sources[i]);
	}
	qsort(all, count, sizeof(*all), compare);
	for (size_t i = 1; i < count; i++)
		if (compare_names(&all[i - 1], &all[i]) == 0)
			same[all[i].n].first = same[all[i - 1].n].first;
	free(all);
	return 0;
}

/* Why the local path cannot be sent, or NULL; *CONTENTS: it stands for what is in it. */
static const char *
deny_local(const struct errand *e, const struct root *root, const char *path, bool *contents)
{
	struct place p = { .dirfd = -1 };
	struct stat st;
	int fd = -1, err = 0;

	*contents = false;
	if (path[0] == '\0')
		return text_error(ENOENT);
	if (place_open(root, path, &p) == 0) {
		err = root_look(root, p.dirfd, p.leaf, NULL, &st) == -1 ? errno : 0;
	} else if (errno == EINVAL && (fd = root_dir(root, path)) != -1) {
		err = root_check(root, fd, &st) == -1 ? errno : 0;
		*contents = true;
		close(fd);
	} else {
		err = errno;
	}
	place_close(&p);
	if (err == 0 && *contents && strspn(path, "/") == strlen(path))
		return "it has no name";
	if (err == 0 && S_ISDIR(st.st_mode) && !e->recursive)
		return no_recursion;
	if (err == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		err = ENXIO;
	return err == 0 ? NULL : telling_text(err, false);
}

/* Why the remote path cannot be asked for, or NULL: what can only be a directory, such as a home. */
static const char *
deny_remote(const struct errand *e, const char *path)
{
	size_t n;

	if (e->recursive || e->shell_text)
		return NULL;
	(void)last_name(path, &n);
	return n == 0 || quote_home(path) == strlen(path) ? no_recursion : NULL;
}

/* True where the source O is taken; else *WHY not, as where it is a SECOND one of its name. */
static bool
take(struct sources *s, const struct errand *e, const struct root *root, const struct operand *o,
    bool second, const char **why)
{
	bool contents = false;

	*why = second ? "another source has the same name" : NULL;
	if (*why == NULL)
		*why = o->remote ? deny_remote(e, o->path) : deny_local(e, root, o->path, &contents);
	if (*why != NULL)
		return false;
	if (o->remote) {
		s->contents = s->contents || expect_is_contents(e, o->path);
		s->remote[s->nremote++] = o;
	} else {
		s->contents = s->contents || contents;
		/* As an argument vector has it, which nobody writes to. */
		memcpy(&s->local[s->nlocal++], &o->path, sizeof(o->path));
	}
	return true;
}

int
sources_find(struct sources *s, const struct errand *e, const struct root *root,
    void (*complain)(void *self, const char *said, const char *why), void *self)
{
	size_t n = (size_t)e->nsources;
	struct namesakes *same = calloc(n + 1, sizeof(*same));
	const char *why;
	int end = -1;

	*s = (struct sources){
		.local = calloc(n + 1, sizeof(char *)),
		.remote = calloc(n + 1, sizeof(const struct operand *)),
	};
	if (s->local != NULL && s->remote != NULL && same != NULL)
		end = find_namesakes(e, same);
	for (int i = 0; end == 0 && i < e->nsources; i++) {
		struct namesakes *name = &same[same[i].first];

		if (take(s, e, root, &e->sources[i], name->taken, &why)) {
			name->taken = true;
		} else {
			complain(self, e->sources[i].said, why);
			s->refused++;
		}
	}
	free(same);
	return end;
}

void
sources_end(struct sources *s)
{
	free(s->local);
	free(s->remote);
}
