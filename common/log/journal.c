/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <bsd/string.h>

#include "cell/pin.h"
#include "log/journal.h"

enum {
	SYSLOG_PATIENCE = 2000,		/* milliseconds that a record waits for a daemon */
	TRIES = 8			/* at what signals and other writers may disturb */
};

/*
 * False where there is no room in the log, nor will be soon.  Whatever else is wrong shows when it
 * is written.
 */
static bool
wait_for_room(struct journal *j)
{
	struct pollfd p = { .fd = j->fd, .events = POLLOUT };
	int n = -1;

	for (int try = 0; try < TRIES && n == -1; try++) {
		n = poll(&p, 1, j->patience);
		if (n == -1 && errno != EINTR)
			return true;
	}
	if (n == 1)
		return true;
	j->patience = 0;
	errno = EAGAIN;
	return false;
}

/* A pipe that has room takes this much at once; more than that is for nobody to promise. */
static size_t
piece_of(int fd, size_t n)
{
	struct stat st;

	if (n > PIPE_BUF && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return PIPE_BUF;
	return n;
}

/* A socket has room for something before it has room for all; a pipe has it for a piece. */
static ssize_t
put_piece(const struct journal *j, const char *line, size_t n)
{
	return j->is_socket ? send(j->fd, line, n, MSG_NOSIGNAL | MSG_DONTWAIT)
	    : write(j->fd, line, piece_of(j->fd, n));
}

/*
 * A descriptor that blocks is not written before there is room: who reads it may be the client, and
 * a session whose time is up must come to its end.
 */
static int
write_line(struct journal *j, const char *line, size_t n)
{
	size_t done = 0;

	for (int try = 0; try < TRIES && done < n; try++) {
		ssize_t put;

		if (!wait_for_room(j))
			break;
		put = put_piece(j, line + done, n - done);
		if (put > 0)
			done += (size_t)put;
		else if (put == -1 && errno != EINTR && errno != EAGAIN)
			break;
	}
	if (done > 0)
		j->torn = done < n;
	if (done < n)
		return -1;
	j->patience = j->usual;
	return 0;
}

static int
take_path(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlcpy(address->sun_path, path, sizeof(address->sun_path)) < sizeof(address->sun_path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static int
find_daemon(const struct journal *j)
{
	struct sockaddr_un address;

	/* What is asked for but must not be would end the process. */
	if (j->settled && j->address == NULL)
		return -1;
	if (j->settled)
		return connect(j->fd, (const struct sockaddr *)j->address, sizeof(address));
	return take_path(&address, j->path) == -1 ? -1
	    : connect(j->fd, (struct sockaddr *)&address, sizeof(address));
}

/* True when what failed with errno is worth another try. */
static bool
can_retry(struct journal *j, bool *found)
{
	if (errno == EAGAIN) {
		/* Tried once more in any case: room for one record is enough. */
		if (j->patience == 0)
			return false;
		(void)wait_for_room(j);
		return true;
	}
	/* The daemon has gone; there may be another one in its place, but not time and again. */
	if (*found || find_daemon(j) == -1)
		return false;
	*found = true;
	return true;
}

static int
send_record(struct journal *j, const char *record, size_t n)
{
	bool found = false;

	for (int try = 0; try < TRIES; try++) {
		if (send(j->fd, record, n, MSG_NOSIGNAL | MSG_DONTWAIT) != -1) {
			j->patience = j->usual;
			return 0;
		}
		if (!can_retry(j, &found))
			break;
	}
	return -1;
}

void
journal_init(struct journal *j)
{
	*j = (struct journal){ .fd = -1 };
}

void
journal_to_fd(struct journal *j, int fd, int patience)
{
	struct stat st;

	*j = (struct journal){ .fd = fd, .usual = patience, .patience = patience };
	j->is_socket = fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

int
journal_to_socket(struct journal *j, const char *path)
{
	int saved;

	*j = (struct journal){ .fd = -1, .path = path, .usual = SYSLOG_PATIENCE };
	j->patience = j->usual;
	j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (j->fd != -1 && find_daemon(j) == 0)
		return 0;
	saved = errno;
	if (j->fd != -1)
		close(j->fd);
	j->fd = -1;
	errno = saved;
	return -1;
}

void
journal_settle(struct journal *j)
{
	struct sockaddr_un address;

	if (j->fd == -1 || j->path == NULL || j->settled)
		return;
	j->settled = true;
	if (take_path(&address, j->path) == 0)
		j->address = pin_bytes(&address, sizeof(address));
}

int
journal_write(struct journal *j, const char *record, size_t n)
{
	if (j->fd == -1) {
		errno = ENOTCONN;
		return -1;
	}
	if (j->path != NULL)
		return send_record(j, record, n);
	return write_line(j, record, n);
}

void
journal_close(struct journal *j)
{
	if (j->fd != -1 && j->path != NULL)
		close(j->fd);
	journal_init(j);
}
