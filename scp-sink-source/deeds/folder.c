/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "deeds/file.h"
#include "deeds/folder.h"
#include "deeds/note.h"
#include "deeds/refuse.h"
#include "deeds/sight.h"
#include "deeds/spot.h"
#include "deeds/target.h"
#include "paths/dir.h"

void
folder_init(struct folder *f)
{
	f->fd = -1;
}

/* Without directories there is the one where the account starts. */
static bool
is_start(const struct deeds *d, const char *plain)
{
	return strcmp(plain, d->root->confined ? d->root->from : d->here) == 0;
}

/* Opens the directory, to be read only where that is what is listed.  -1 with errno. */
static int
open_dir(struct deeds *d, struct folder *f, const struct spot *s)
{
	const int flags = O_DIRECTORY | (d->policy->list == RIGHT_OWN ? O_PATH : O_RDONLY);
	struct stat st;

	errno = ENOTDIR;
	if (file_pending(d, s) != NULL)
		return -1;
	f->fd = root_entry(d->root, s->place.dirfd, s->place.leaf, s->plain, flags);
	if (f->fd == -1 || !d->root->confined)
		return f->fd == -1 ? -1 : 0;
	if (root_check(d->root, f->fd, &st) == 0)
		return 0;
	folder_close(f);
	return -1;
}

static int
begin(struct deeds *d, struct folder *f, const struct spot *s, struct answer *a)
{
	const char *why;

	f->again = f->listed = false;
	f->dots = f->pending = 0;
	f->missed = 0;
	strlcpy(f->plain, s->plain, sizeof(f->plain));
	why = is_start(d, s->plain) ? NULL : policy_denies_recursion(d->policy);
	if (why != NULL)
		return refuse_openly(d, s->plain, EACCES, why, a);
	if (open_dir(d, f, s) == -1)
		return refuse_look(d, s->plain, errno, a);
	entries_begin(d, &f->entries);
	note_dir(d, s->plain, 0, false);
	return 0;
}

int
folder_open(struct deeds *d, struct folder *f, const char *path, struct answer *a)
{
	struct spot s;
	int end;

	folder_init(f);
	if (d->policy->list == RIGHT_NO)
		return spot_refuse(d, path, "listing is not allowed", a);
	if (spot_seek(d, path, SPOT_DIRECTORY, &s, a) == -1)
		return -1;
	end = begin(d, f, &s, a);
	spot_close(&s);
	return end;
}

/* What is pending, and will have this name here, or NULL. */
static const struct file *
pending_as(const struct deeds *d, const struct folder *f, const char *name)
{
	struct spot s = { .place = { .dirfd = f->fd } };

	if (d->pending == NULL || strlcpy(s.place.leaf, name, sizeof(s.place.leaf)) > NAME_MAX)
		return NULL;
	return entries_path(f->plain, name, s.plain) ? file_pending(d, &s) : NULL;
}

/* Looks at the entry: whether it is there, and may be seen; or not, with errno as of entries_see. */
static bool
look_at(struct deeds *d, const struct folder *f, const char *name, struct stat *st)
{
	const struct file *pending = pending_as(d, f, name);
	struct answer ignored;

	if (pending != NULL && file_look(d, pending, st, &ignored) == 0)
		return true;
	errno = ENOENT;
	return pending == NULL && entries_see(d, &f->entries, f->fd, f->plain, name, st);
}

/* "." and "..", of which a restricted client that goes up from the top would see what is above. */
static int
next_dots(struct deeds *d, struct folder *f, struct folder_entry *e, struct answer *a)
{
	e->name = f->dots == 0 ? "." : "..";
	if (f->dots == 0 || d->root->confined) {
		if (folder_look(d, f, &e->st, a) == -1)
			return -1;
	} else if (fstatat(f->fd, "..", &e->st, 0) == -1) {
		return refuse_look(d, f->plain, errno, a);
	}
	f->dots++;
	return 1;
}

/* True where the listing of the directory has, or had, the name of what is pending. */
static bool
is_listed(struct deeds *d, const struct folder *f, const char *name)
{
	struct stat st;
	char plain[PATH_MAX];

	if (fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	return !f->entries.own || (entries_path(f->plain, name, plain) &&
	    own_has(&d->own, plain, &st, f->fd, name));
}

/* Last comes what is pending here, and has no name yet: 1, 0. */
static int
next_pending(struct deeds *d, struct folder *f, struct folder_entry *e)
{
	const struct file *p = d->pending;
	unsigned i = 0;

	for (; p != NULL && i < f->pending; p = p->next)
		i++;
	for (; p != NULL; p = p->next) {
		struct answer ignored;

		f->pending++;
		e->name = p->spot.place.leaf;
		if (pending_as(d, f, e->name) == p && !is_listed(d, f, e->name) &&
		    file_look(d, p, &e->st, &ignored) == 0)
			return 1;
	}
	return 0;
}

/* The entry cannot be looked at, for ERR: the first time the log has it, and in the end the client. */
static void
miss(struct deeds *d, struct folder *f, const char *name, int err)
{
	char path[PATH_MAX];
	struct answer ignored;

	if (err == ENOENT || err == EACCES || err == EXDEV || f->missed != 0)
		return;
	f->missed = err;
	(void)refuse_look(d, entries_path(f->plain, name, path) ? path : f->plain, err, &ignored);
}

static int
next_of_all(struct deeds *d, struct folder *f, struct folder_entry *e, struct answer *a)
{
	int more;

	if (f->dots < 2)
		return next_dots(d, f, e, a);
	while (!f->listed) {
		more = entries_next(d, &f->entries, f->fd, f->plain, &e->name);
		if (more == -1)
			return refuse_look(d, f->plain, errno, a);
		f->listed = more == 0;
		if (more == 1 && look_at(d, f, e->name, &e->st))
			return 1;
		if (more == 1)
			miss(d, f, e->name, errno);
	}
	more = next_pending(d, f, e);
	return more == 0 && f->missed != 0 ? refuse_unseen(d, f->missed, a) : more;
}

int
folder_next(struct deeds *d, struct folder *f, struct folder_entry *e, struct answer *a)
{
	int more = 1;

	if (!f->again)
		more = next_of_all(d, f, &f->last, a);
	f->again = false;
	*e = f->last;
	return more;
}

void
folder_unread(struct folder *f)
{
	strlcpy(f->name, f->last.name, sizeof(f->name));
	f->last.name = f->name;
	f->again = true;
}

int
folder_look(struct deeds *d, const struct folder *f, struct stat *st, struct answer *a)
{
	if (fstat(f->fd, st) == -1)
		return refuse_look(d, f->plain, errno, a);
	(void)sight_has(d, f->plain, st, f->fd, "");
	return 0;
}

bool
folder_tells_link(const struct deeds *d, const struct folder *f, const char *name,
    char dst[PATH_MAX])
{
	struct spot s = { .place = { .dirfd = f->fd } };

	return strlcpy(s.place.leaf, name, sizeof(s.place.leaf)) <= NAME_MAX &&
	    entries_path(f->plain, name, s.plain) && target_read(d, &s, dst) == 0;
}

int
folder_room(struct deeds *d, const struct folder *f, struct statvfs *fs, struct answer *a)
{
	return sight_room(d, f->plain, f->fd, fs, a);
}

void
folder_close(struct folder *f)
{
	dir_close(f->fd);
	f->fd = -1;
}
