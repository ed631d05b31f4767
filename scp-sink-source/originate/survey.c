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
#include "scp/source.h"
#include "session/session.h"
#include "wire/clock.h"

static struct survey_level *
top(struct survey *s)
{
	return &s->levels[s->depth - 1];
}

static bool
is_open(const struct survey *s, const struct stat *st)
{
	for (unsigned i = 0; i < s->depth; i++)
		if (s->levels[i].ino == st->st_ino && s->levels[i].dev == st->st_dev)
			return true;
	return false;
}

/* Whether a link led to it that is one more than are followed. */
static bool
is_too_many(struct survey *s, unsigned char type)
{
	return s->depth > 0 && type == DT_LNK && ++s->links > SOURCE_LINKS_MAX;
}

/* Goes into the directory FD, which is handed over, if a source does. */
static void
enter(struct survey *s, int fd, unsigned char type)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || is_open(s, &st) || is_too_many(s, type) ||
	    policy_denies_dir(s->policy, &s->usage, s->depth) != NULL) {
		close(fd);
		return;
	}
	s->levels[s->depth++] = (struct survey_level){
		.fd = fd, .dev = st.st_dev, .ino = st.st_ino,
	};
	listing_begin(&s->listing, s->depth, &top(s)->mark);
	session_go_deep(s->depth);
}

static void
leave(struct survey *s)
{
	close(top(s)->fd);
	s->depth--;
}

static void
enter_entry(struct survey *s, int dirfd, const char *name, unsigned char type)
{
	int fd;

	if (!s->request->recursive ||
	    (s->depth == 0 && policy_denies_name(s->policy, name, true) != NULL))
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
	const char *why = s->depth > 0 ? policy_denies_name(s->policy, name, false)
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
	while (s->depth > 0 && has_time(s)) {
		struct survey_level *l = top(s);
		struct listing_entry found;

		if (listing_next(&s->listing, s->depth, l->fd, &l->mark, &found) != 1)
			leave(s);
		else if (alias_denies_listed(s->policy, l->fd, found.name, found.type != DT_REG) == NULL)
			count(s, l->fd, found.name, found.type);
	}
	if (s->depth == 0)
		return true;
	while (s->depth > 0)
		leave(s);
	return false;
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
	s->depth = s->links = 0;
	listing_init(&s->listing);
	for (int i = 0; known && i < request->npaths; i++) {
		count_operand(s, request->paths[i]);
		known = count_entries(s);
	}
	*files = s->files;
	*bytes = s->usage.bytes;
	return known;
}
