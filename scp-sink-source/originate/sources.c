/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static bool
is_same_name(const char *one, const char *other)
{
	size_t n, m;

	one = last_name(one, &n);
	other = last_name(other, &m);
	return n > 0 && n == m && memcmp(one, other, n) == 0;
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

/* Whether one that is taken already will be put where O would be. */
static bool
is_second(const struct sources *s, const struct errand *e, const struct operand *o)
{
	if (!is_literal(e, o))
		return false;
	for (int i = 0; i < s->nlocal; i++)
		if (is_same_name(s->local[i], o->path))
			return true;
	for (int i = 0; i < s->nremote; i++)
		if (is_literal(e, s->remote[i]) && is_same_name(s->remote[i]->path, o->path))
			return true;
	return false;
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

/* True where the source at N is taken; else *WHY not. */
static bool
take(struct sources *s, const struct errand *e, const struct root *root, int n, const char **why)
{
	const struct operand *o = &e->sources[n];
	bool contents = false;

	*why = is_second(s, e, o) ? "another source has the same name" : NULL;
	if (*why == NULL)
		*why = o->remote ? deny_remote(e, o->path) : deny_local(e, root, o->path, &contents);
	if (*why != NULL)
		return false;
	if (o->remote) {
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
	const char *why;

	*s = (struct sources){
		.local = calloc(n + 1, sizeof(char *)),
		.remote = calloc(n + 1, sizeof(const struct operand *)),
	};
	if (s->local == NULL || s->remote == NULL)
		return -1;
	for (int i = 0; i < e->nsources; i++)
		if (!take(s, e, root, i, &why)) {
			complain(self, e->sources[i].said, why);
			s->refused++;
		}
	return 0;
}

void
sources_end(struct sources *s)
{
	free(s->local);
	free(s->remote);
}
