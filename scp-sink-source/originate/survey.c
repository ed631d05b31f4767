/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "originate/survey.h"
#include "paths/fs.h"
#include "paths/place.h"
#include "rules/alias.h"
#include "session/session.h"
#include "wire/clock.h"

/* Goes into the directory FD, which is handed over, if a source does. */
static void
enter(struct survey *s, int fd, unsigned char type)
{
	struct descent *d = &s->descent;
	struct stat st;
	bool first;

	if (fstat(fd, &st) == -1 || descent_is_in(d, &st) || descent_is_enough(d, fd, type, &first) ||
	    policy_denies_dir(s->policy, &s->usage, d->depth) != NULL) {
		close(fd);
		return;
	}
	descent_enter(d, fd, &st, false);
	session_go_deep(d->depth);
}

static void
enter_entry(struct survey *s, int dirfd, const char *name, unsigned char type)
{
	int fd;

	if (!s->request->recursive ||
	    (s->descent.depth == 0 && policy_denies_name(s->policy, name, true) != NULL))
		return;
	fd = root_entry(s->root, dirfd, name, NULL, O_RDONLY | O_DIRECTORY);
	if (fd != -1)
		enter(s, fd, type);
}

static void
count_file(struct survey *s, int dirfd, const char *name, const struct stat *st)
{
	uint64_t size;
	/* What a directory has itself was judged when it was met. */
	const char *why = s->descent.depth > 0 ? policy_denies_name(s->policy, name, false)
	    : alias_denies_name(s->policy, dirfd, name, false);

	if (why == NULL && fs_size_of(st, &size) == 0 &&
	    policy_denies_file(s->policy, &s->usage, size) == NULL)
		s->files++;
}

/* One that is not there, or no file or directory, is for the source to say. */
static void
count(struct survey *s, int dirfd, const char *name, unsigned char type)
{
	struct stat st;

	st.st_mode = S_IFDIR;
	if (type != DT_DIR && root_look(s->root, dirfd, name, NULL, &st) == -1)
		return;
	if (S_ISDIR(st.st_mode))
		enter_entry(s, dirfd, name, type);
	else if (S_ISREG(st.st_mode))
		count_file(s, dirfd, name, &st);
}

static bool
has_time(const struct survey *s)
{
	return clock_now() < s->until;
}

/* All that is in the directories that are open. */
static bool
count_entries(struct survey *s)
{
	struct descent *d = &s->descent;
	bool known;

	while (d->depth > 0 && has_time(s)) {
		int fd = descent_top(d)->fd;
		struct listing_entry found;

		if (descent_next(d, &found) != 1)
			descent_leave(d);
		else if (alias_denies_listed(s->policy, fd, found.name, found.type != DT_REG) == NULL)
			count(s, fd, found.name, found.type);
	}
	known = d->depth == 0;
	while (d->depth > 0)
		descent_leave(d);
	return known;
}

/* A directory that is said as "." or ".." has no name that could be judged. */
static void
enter_contents(struct survey *s, int dirfd)
{
	int fd = s->request->recursive
	    ? root_entry(s->root, dirfd, ".", NULL, O_RDONLY | O_DIRECTORY) : -1;

	if (fd != -1)
		enter(s, fd, DT_DIR);
}

/* Tolerates an operand that cannot be had. */
static void
count_operand(struct survey *s, const char *path)
{
	struct place p;

	if (place_open(s->root, path, &p) == 0) {
		count(s, p.dirfd, p.leaf, DT_UNKNOWN);
	} else if (errno == EINVAL && path[0] != '\0') {
		p.dirfd = root_dir(s->root, path);
		p.owned = true;
		if (p.dirfd != -1)
			enter_contents(s, p.dirfd);
	}
	place_close(&p);
}

bool
survey_run(struct survey *s, const struct request *request, const struct policy *policy,
    const struct root *root, int patience, uint64_t *files, uint64_t *bytes)
{
	bool known = true;

	s->request = request;
	s->policy = policy;
	s->root = root;
	s->usage = (struct usage){ .bytes = 0 };
	s->files = 0;
	s->until = clock_now() + (int64_t)patience * CLOCK_MILLI;
	descent_init(&s->descent);
	for (int i = 0; known && i < request->npaths; i++) {
		count_operand(s, request->paths[i]);
		known = count_entries(s);
	}
	*files = s->files;
	*bytes = s->usage.bytes;
	return known;
}
