/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "fuzz.h"
#include "talk.h"

enum {
	PIECES = 48,		/* of a patient client; the last one is all the rest */
	PACKETS_SIZE = 1 << 18,	/* bytes of a pipe: a page for each piece */
	PIPE_SIZE = 1 << 20
};

static char said[SAID_MAX];
static int in = -1, out = -1, heard = -1;
static int waited_for = -1;	/* what nobody has written to yet */

/* The title of the process is not ours to change. */
void
setproctitle(const char *fmt, ...)
{
	REQUIRE(fmt != NULL, "no title");
}

/* This takes the place of poll(2), of which the library's header promises that it only writes. */
int	poll_patiently(struct pollfd *, nfds_t, int timeout) __asm__("poll");

/* A patient client has sent nothing beyond what was read. */
int
poll_patiently(struct pollfd *fds, nfds_t n, int timeout)
{
	struct timespec t = { timeout / 1000, timeout % 1000 * 1000000L };

	if (n == 1 && fds->fd == waited_for && timeout == 0) {
		fds->revents = 0;
		return 0;
	}
	return (int)syscall(SYS_ppoll, fds, n, timeout < 0 ? NULL : &t, NULL, 0);
}

static void
say(int fd, const uint8_t *data, size_t size)
{
	if (size > 0)
		REQUIRE(write(fd, data, size) == (ssize_t)size, "%zu bytes: %s", size,
		    strerror(errno));
}

static void
say_in_pieces(int fd, const uint8_t *data, size_t size)
{
	size_t begin = 0, pieces = 1;

	for (size_t i = 0; i < size && pieces < PIECES; i++)
		if (data[i] == '\n' || data[i] == '\0') {
			say(fd, data + begin, i + 1 - begin);
			begin = i + 1;
			pieces++;
		}
	say(fd, data + begin, size - begin);
}

static void
open_out(enum talk_heard how)
{
	int ends[2];

	if (how == HEARD_IN_FILE) {
		out = memfd_create("out", MFD_CLOEXEC);
		REQUIRE(out != -1, "%s", strerror(errno));
		return;
	}
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0, "%s", strerror(errno));
	REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE) == PIPE_SIZE, "%s", strerror(errno));
	heard = ends[0];
	out = ends[1];
}

void
talk_begin(struct conn *c, enum conn_turn first, const uint8_t *data, size_t size, bool patient,
    enum talk_heard how)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	REQUIRE(pipe2(ends, O_CLOEXEC | (patient ? O_DIRECT : 0)) == 0, "%s", strerror(errno));
	if (patient) {
		REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, PACKETS_SIZE) != -1, "%s", strerror(errno));
		say_in_pieces(ends[1], data, size);
	} else {
		say(ends[1], data, size);
	}
	close(ends[1]);
	in = ends[0];
	waited_for = patient ? in : -1;
	open_out(how);
	conn_init(c, in, out, first, 0);
}

/* All there is, from a descriptor that has an end. */
static size_t
hear(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, said + len, sizeof(said) - len)) > 0)
		len += (size_t)n;
	REQUIRE(n == 0 && len < sizeof(said), "%zu bytes", len);
	return len;
}

const char *
talk_heard(size_t *len)
{
	if (heard == -1) {
		REQUIRE(lseek(out, 0, SEEK_SET) == 0, "%s", strerror(errno));
		*len = hear(out);
	} else {
		close(out);
		out = -1;
		*len = hear(heard);
	}
	return said;
}

size_t
talk_unread(void)
{
	int n = 0;

	REQUIRE(ioctl(in, FIONREAD, &n) == 0, "%s", strerror(errno));
	return (size_t)n;
}

void
talk_end(void)
{
	const int fds[] = { in, out, heard };

	for (size_t i = 0; i < COUNT(fds); i++)
		if (fds[i] != -1)
			close(fds[i]);
	in = out = heard = waited_for = -1;
}
