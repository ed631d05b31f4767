/* SPDX-License-Identifier: ISC */
/*
 * How a name is taken:
 *
 *   what is there        temporary     then
 *   nothing              unnamed       link as the name; where it exists by now, as the next line
 *   a file               unnamed       link as a hidden name, rename
 *   either               named         rename
 *
 * Where a file that is there shall stay, the link or the rename fails; where it shall be kept under
 * another name, backup.c does without a hidden one.
 *
 * A temporary that has a hidden name is locked.  An unnamed file is locked before it gets the name.
 * One that is made with its name might be taken for dead before it is locked: then it has lost its
 * name, or the lock is somebody else's, and another one is made.
 *
 * Whoever watches the directory hears of the final name once, when all is there: that it was moved
 * to, or, after a link, that it was closed by somebody who could write.  A file that was made with a
 * name must therefore be closed before it is renamed.  That takes its lock away, and so its directory
 * is locked for that moment.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "paths/dir.h"
#include "paths/proc.h"
#include "upload/ability.h"
#include "upload/backup.h"
#include "upload/hidden.h"
#include "upload/temp.h"

enum {
	FILE_BITS = 07777
};

void
temp_init(struct temp *t)
{
	*t = (struct temp){ .dirfd = -1, .fd = -1 };
}

static void
drop_fd(struct temp *t)
{
	int saved = errno;

	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
	errno = saved;
}

bool
temp_mode_is_open(mode_t mode)
{
	return (mode & S_IWUSR) != 0;
}

void
temp_set_late_mode(struct temp *t, mode_t mode)
{
	t->late_mode = true;
	t->mode = mode;
}

/* Makes the file, which now has mode NOW, one that may have a hidden name: true where that was due. */
static bool
let_owner_in(struct temp *t, mode_t now)
{
	now &= FILE_BITS;
	if (temp_mode_is_open(now) || fchmod(t->fd, now | S_IWUSR) == -1)
		return false;
	if (!t->late_mode)
		temp_set_late_mode(t, now);
	return true;
}

static void
remove_hidden(struct temp *t)
{
	int saved = errno;

	unlinkat(t->dirfd, t->name, 0);
	t->name[0] = '\0';
	errno = saved;
}

/* A filesystem without locks cannot tell a dead temporary from a live one, but works. */
static bool
lock(struct temp *t)
{
	t->locked = flock(t->fd, LOCK_EX | LOCK_NB) == 0;
	return t->locked || errno != EWOULDBLOCK;
}

static int
access_of(const struct temp *t)
{
	return t->readable ? O_RDWR : O_WRONLY;
}

static int
create(void *temp)
{
	struct temp *t = temp;
	struct stat st;
	bool ours;

	t->fd = dir_open(t->dirfd, t->name, access_of(t) | O_CREAT | O_EXCL, t->born);
	if (t->fd == -1)
		return -1;
	ours = lock(t);
	if (ours && (fstat(t->fd, &st) == -1 ||
	    (let_owner_in(t, st.st_mode) && fstat(t->fd, &st) == -1))) {
		remove_hidden(t);
		drop_fd(t);
		return -1;
	}
	if (ours && st.st_nlink != 0)
		return 0;
	errno = EEXIST;
	drop_fd(t);
	return -1;
}

static int
link_by(enum temp_link how, int fd, int dirfd, const char *name)
{
	if (how == TEMP_LINK_DIRECT)
		return linkat(fd, "", dirfd, name, AT_EMPTY_PATH);
	return proc_link(fd, dirfd, name);
}

/* "." exists: the answer is EEXIST where the file could have been linked. */
static enum temp_link
find_link(int fd, int dirfd)
{
	for (enum temp_link how = TEMP_LINK_DIRECT; how < TEMP_LINK_NONE; how++)
		if (link_by(how, fd, dirfd, ".") == -1 && errno == EEXIST)
			return how;
	return TEMP_LINK_NONE;
}

/* True when there is no more to try: it is open, or failed for a reason that would stay. */
static bool
open_unnamed(struct temp *t, mode_t mode)
{
	t->fd = openat(t->dirfd, ".", O_TMPFILE | access_of(t) | O_CLOEXEC, mode);
	if (t->fd == -1) {
		t->named_only = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ||
		    errno == ENOSYS;
		/* EPERM is for a directory that is gone: of a name, that is said better. */
		return !t->named_only && errno != EPERM;
	}
	if (t->link == TEMP_LINK_UNKNOWN)
		t->link = find_link(t->fd, t->dirfd);
	if (t->link != TEMP_LINK_NONE)
		return true;
	t->named_only = true;
	drop_fd(t);
	return false;
}

int
temp_open(struct temp *t, int dirfd, const char *goal, mode_t mode)
{
	int number;

	t->dirfd = dirfd;
	t->goal = goal;
	t->name[0] = '\0';
	t->late_mode = t->settled = false;
	t->unnamed = !t->named_only && open_unnamed(t, mode);
	if (t->unnamed)
		return t->fd == -1 ? -1 : 0;
	/* There the hidden name would be for ever. */
	if (ability_only_adds(t->dirfd)) {
		errno = EPERM;
		return -1;
	}
	t->born = mode;
	number = hidden_claim(t->dirfd, t->goal, t->name, create, t);
	if (number == -1)
		return -1;
	hidden_bury(t->dirfd, t->goal, number);
	return 0;
}

static int
close_written(struct temp *t)
{
	int fd = t->fd;

	t->fd = -1;
	return close(fd);
}

/*
 * Closes what was written, where that is the last chance to say that data did not come as far as it
 * should: so before it has its name.  Another descriptor of it stays open, which has the lock, too.
 */
static int
settle(struct temp *t)
{
	int second, end;

	if (t->sure || t->settled)
		return 0;
	second = fcntl(t->fd, F_DUPFD_CLOEXEC, 0);
	if (second == -1)
		return -1;
	end = close_written(t);
	t->fd = second;
	t->settled = true;
	return end;
}

static void
set_late_mode(const struct temp *t, int *unset)
{
	if (t->late_mode && fchmod(t->fd, t->mode) == -1)
		*unset = errno;
}

static int
link_as_goal(struct temp *t, int *unset)
{
	if (settle(t) == -1)
		return -1;
	set_late_mode(t, unset);
	if (link_by(t->link, t->fd, t->dirfd, t->goal) == -1)
		return -1;
	dir_announce(t->dirfd, t->goal);
	return 0;
}

/* Gives it the name TO, which must be free, in the place of the hidden one if it has that. */
static int
enter(void *temp, const char *to)
{
	struct temp *t = temp;
	int end = t->unnamed ? link_by(t->link, t->fd, t->dirfd, to)
	    : dir_rename_free(t->dirfd, t->name, to);

	if (end == -1)
		return -1;
	t->name[0] = '\0';
	if ((t->unnamed || end == 1) && to == t->goal)
		dir_announce(t->dirfd, to);
	return 0;
}

static int
keep_and_enter(struct temp *t, const struct stat *ours)
{
	return backup_replace(t->dirfd, t->goal, ours, enter, t, NULL);
}

/* The same where there never is a hidden name. */
static int
keep_and_link(struct temp *t, int *unset)
{
	struct stat st;

	if (settle(t) == -1 || fstat(t->fd, &st) == -1)
		return -1;
	set_late_mode(t, unset);
	return keep_and_enter(t, &st);
}

static int
rename_over(struct temp *t)
{
	if (renameat(t->dirfd, t->name, t->dirfd, t->goal) == -1)
		return -1;
	t->name[0] = '\0';
	return 0;
}

static int
link_hidden(void *temp)
{
	const struct temp *t = temp;

	return link_by(t->link, t->fd, t->dirfd, t->name);
}

/* An unnamed file that is about to have a hidden name. */
static int
be_found(struct temp *t)
{
	struct stat st;

	/* Where there are no locks, that is no reason to fail. */
	(void)lock(t);
	if (fstat(t->fd, &st) == -1)
		return -1;
	let_owner_in(t, st.st_mode);
	return 0;
}

/*
 * The file, which has a hidden name, gets that of the goal.  A mode that keeps out who looks for the
 * dead is set at the last moment, or too late where that moment cannot be guarded.
 */
static int
rename_with_mode(struct temp *t, int *unset)
{
	int guard = t->late_mode ? hidden_guard(t->dirfd) : -1, end;

	if (guard != -1)
		set_late_mode(t, unset);
	end = rename_over(t);
	if (end == 0 && guard == -1)
		set_late_mode(t, unset);
	if (end == -1)
		temp_end(t);
	dir_close(guard);
	return end;
}

/* An unnamed one gets its hidden name as late as can be: a kill leaves it from then on. */
static int
rename_unnamed(struct temp *t, int *unset)
{
	int number;

	if (be_found(t) == -1 || settle(t) == -1)
		return -1;
	number = hidden_claim(t->dirfd, t->goal, t->name, link_hidden, t);
	if (number == -1 || rename_with_mode(t, unset) == -1)
		return -1;
	hidden_bury(t->dirfd, t->goal, number);
	return 0;
}

static int
rename_by(struct temp *t, enum temp_take take, const struct stat *ours)
{
	if (take == TEMP_TAKE_FREE)
		return enter(t, t->goal);
	return take == TEMP_TAKE_BACKUP ? keep_and_enter(t, ours) : rename_over(t);
}

static int
rename_guarded(struct temp *t, enum temp_take take, bool guarded, int *unset)
{
	/* Where nobody can lock anything, nobody is taken for dead. */
	bool early = guarded || !t->locked;
	struct stat st;

	if (fstat(t->fd, &st) == -1)
		return -1;
	if (early)
		set_late_mode(t, unset);
	t->sure = false;
	if ((early ? close_written(t) : settle(t)) == -1 || rename_by(t, take, &st) == -1)
		return -1;
	if (!early)
		set_late_mode(t, unset);
	return 0;
}

static int
rename_named(struct temp *t, enum temp_take take, int *unset)
{
	int guard = hidden_guard(t->dirfd), end = rename_guarded(t, take, guard != -1, unset);

	if (end == -1)
		temp_end(t);
	dir_close(guard);
	return end;
}

static int
take_name(struct temp *t, enum temp_take take, int *unset)
{
	*unset = 0;
	if (t->unnamed && take == TEMP_TAKE_BACKUP)
		return keep_and_link(t, unset);
	if (t->unnamed && take != TEMP_TAKE_OVER) {
		if (link_as_goal(t, unset) == 0)
			return 0;
		if (errno != EEXIST || take == TEMP_TAKE_FREE)
			return -1;
		*unset = 0;
	}
	return t->unnamed ? rename_unnamed(t, unset) : rename_named(t, take, unset);
}

int
temp_take_name(struct temp *t, enum temp_take take, int *unset)
{
	int end = take_name(t, take, unset);

	/* Where that could lose anything it has been done. */
	if (end == 0 && !t->settled && t->fd != -1 && close_written(t) == -1)
		*unset = errno;
	else if (end == 0)
		drop_fd(t);
	return end;
}

void
temp_end(struct temp *t)
{
	if (t->name[0] != '\0')
		remove_hidden(t);
	drop_fd(t);
}
