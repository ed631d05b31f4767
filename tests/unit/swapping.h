/* SPDX-License-Identifier: ISC */
#ifndef SWAPPING_H
#define SWAPPING_H

/*
 * Somebody exchanges what two names in the root stand for, one of which is a link that leads out, as fast
 * as he can; and what is outside, which nothing is to touch or tell of.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include <signal.h>

#include "doing.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

enum {
	SONG_SIZE = 4242,
	SONG_TIME = 1000
};

static pid_t swapper;
static int real = -1;		/* the directory that is inside, wherever it is */

static inline _Noreturn void
swap(const char *a, const char *b)
{
	for (;;)
		(void)syscall(SYS_renameat2, unit_fd, a, unit_fd, b, RENAME_EXCHANGE);
}

static inline void
start_swapping(const char *a, const char *b)
{
	swapper = fork();
	ck_assert_int_ge(swapper, 0);
	if (swapper != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	swap(a, b);
}

static inline void
stop_swapping(void)
{
	ck_assert_int_eq(kill(swapper, SIGKILL), 0);
	ck_assert_int_eq(waitpid(swapper, NULL, 0), swapper);
}

/* Outside there is one file, of a size that nothing inside has. */
static inline void
make_world(void)
{
	const struct timespec times[2] = { { .tv_sec = SONG_TIME }, { .tv_sec = SONG_TIME } };
	int song;

	ck_assert_int_eq(mkdirat(unit_fd, "outside", 0777), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "outside", 0777, 0), 0);
	put_file("outside/f", "song", 0666);
	song = openat(unit_fd, "outside/f", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(ftruncate(song, SONG_SIZE), 0);
	close(song);
	ck_assert_int_eq(utimensat(unit_fd, "outside/f", times, 0), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "top/x", 0755), 0);
	real = openat(unit_fd, "top/x", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(real, 0);
	ck_assert_int_eq(symlinkat("../outside", unit_fd, "top/link"), 0);
	ck_assert_int_eq(symlinkat("../../outside/f", real, "link"), 0);
}

static inline bool
is_touched(void)
{
	struct stat st;

	ck_assert_int_eq(fstatat(unit_fd, "outside", &st, 0), 0);
	if (count_entries("outside") != 1 || (st.st_mode & 07777) != 0777)
		return true;
	return fstatat(unit_fd, "outside/f", &st, 0) == -1 || st.st_size != SONG_SIZE ||
	    st.st_mtime != SONG_TIME || (st.st_mode & 07777) != 0666 || st.st_nlink != 1;
}

static inline void
put_inside(const char *name)
{
	int fd = openat(real, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd != -1)
		close(fd);
}

#endif
