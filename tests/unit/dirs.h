/* SPDX-License-Identifier: ISC */
#ifndef DIRS_H
#define DIRS_H

/* What tests of dir, follow and root find in their directory, and how they look at it. */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "unit.h"

enum {
	OPEN_MAX_SEEN = 256	/* descriptors that a test looks at */
};

/* How many descriptors are open: one more afterwards is one that leaked. */
static inline int
count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < OPEN_MAX_SEEN; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* What follows is done with the rights of UID; the user that began the test can have them back. */
static inline void
become(uid_t uid)
{
	if (uid == 0) {
		ck_assert_int_eq(given_be_again(&unit_given), 0);
		return;
	}
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setegid(uid), 0);
	ck_assert_int_eq(seteuid(uid), 0);
}

static inline void
make_link(const char *name, const char *target)
{
	ck_assert_msg(symlinkat(target, unit_fd, name) == 0, "%s: %s", name, strerror(errno));
}

static inline void
make_dir(const char *name)
{
	ck_assert_msg(mkdirat(unit_fd, name, 0755) == 0, "%s: %s", name, strerror(errno));
}

static inline void
make_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", unit_path, name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

/* The directory PATH, which an ordinary open finds, must be what FD is. */
static inline void
expect_dir(int fd, const char *path, const char *what)
{
	struct stat got, wanted;

	ck_assert_msg(fd != -1, "%s: %s", what, strerror(errno));
	ck_assert_msg(fstatat(unit_fd, path, &wanted, 0) == 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fstatat(fd, "", &got, AT_EMPTY_PATH), 0);
	ck_assert_msg(got.st_ino == wanted.st_ino && got.st_dev == wanted.st_dev,
	    "%s: expected the directory \"%s\"", what, path);
}

static inline void
expect_o_path(int fd)
{
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_PATH, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

/* A few things to find, and the working directory is where they are. */
static inline void
make_things(void)
{
	make_dir("d");
	make_dir("d/sub");
	put_file("f", "f", 0644);
	put_file("d/g", "g", 0644);
	make_link("link", "d");
	make_link("loop", "loop");
	ck_assert_int_eq(fchdir(unit_fd), 0);
}

/* In a session without a terminal, the first that is opened becomes its own, unless avoided. */
static inline void
open_terminal(const char *path, int (*open_it)(int dirfd, const char *name))
{
	int top;

	if (setsid() == -1 || (top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		_exit(2);
	if (open_it(top, path + 1) == -1 || open("/dev/tty", O_RDWR) != -1)
		_exit(3);
	/* The control: an ordinary open does get it. */
	if (open(path, O_RDWR) == -1 || open("/dev/tty", O_RDWR) == -1)
		_exit(4);
	_exit(0);
}

/* OPEN_IT opens the terminal that is NAME in DIRFD, in a process of its own. */
static inline void
expect_no_terminal(int (*open_it)(int dirfd, const char *name))
{
	int status, terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	const char *path = NULL;
	pid_t pid;

	if (terminal != -1 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
		path = ptsname(terminal);
	if (path == NULL) {
		printf("SKIP: no terminal: %s\n", strerror(errno));
		fflush(stdout);
		return;
	}
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		open_terminal(path, open_it);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "expected wait status 0, got %x", status);
}

#endif
