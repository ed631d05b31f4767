/* SPDX-License-Identifier: ISC */
#ifndef READERS_H
#define READERS_H

/* Who reads a log, or does not: a daemon at a socket, and the other end of a pipe. */
#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>

#include "unit.h"

enum {
	RECEIVED_MAX = 1 << 15,	/* bytes of a record, NUL included */
	PAGE = 4096
};

static inline void
socket_name(struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(name->sun_path, sizeof(name->sun_path), "%s/socket", unit_path);
}

/* What a daemon for the system's log has open; a call later starts it anew. */
static inline int
start_daemon(void)
{
	struct sockaddr_un name;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	socket_name(&name);
	(void)unlink(name.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

/* One record that the daemon got, or an empty text. */
static inline const char *
receive(int daemon)
{
	static char record[RECEIVED_MAX];
	ssize_t n = recv(daemon, record, sizeof(record) - 1, 0);

	record[n > 0 ? n : 0] = '\0';
	if (n > 0)
		ck_assert_uint_eq(strlen(record), (size_t)n);
	return record;
}

static inline bool
has_record(int daemon)
{
	return receive(daemon)[0] != '\0';
}

/* Fills the pipe FD but for SPARE pages. */
static inline void
fill_pipe(int fd, int spare)
{
	static char page[PAGE];
	int size = fcntl(fd, F_GETPIPE_SZ);

	for (int i = spare; i < size / PAGE; i++)
		ck_assert_int_eq(write(fd, page, PAGE), PAGE);
}

/* Empties the pipe FD: what was in it behind the NULs. */
static inline char *
empty_pipe(int fd)
{
	static char all[1 << 17];
	size_t n = 0, at = 0;

	for (struct pollfd p = { .fd = fd, .events = POLLIN }; poll(&p, 1, 0) == 1;) {
		ssize_t got = read(fd, all + n, sizeof(all) - 1 - n);

		ck_assert_int_gt(got, 0);
		n += (size_t)got;
	}
	all[n] = '\0';
	while (at < n && all[at] == '\0')
		at++;
	return all + at;
}

#endif
