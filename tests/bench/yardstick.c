/* SPDX-License-Identifier: ISC */
/*
 * No server, but the bare minimum that one could be: the system calls that one file needs, and no
 * thought about anything that may go wrong on the other side.
 *
 *	yardstick -f FILE	sends FILE
 *	yardstick -t TARGET	makes TARGET, or writes over it in place
 *
 * What is received is read and written, or moved with splice(2) where YARDSTICK_SPLICE is set.
 */
#include <sys/stat.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PIPE = 1 << 20,		/* bytes; what a user may have without privileges */
	LINE = 8192		/* bytes of a record */
};

static void
say(const char *message, size_t len)
{
	if (write(STDOUT_FILENO, message, len) != (ssize_t)len)
		err(1, "write");
}

/* The client's reply, or its status of a body. */
static void
await_success(void)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) != 1 || byte != '\0')
		errx(1, "the client does not say that all is well");
}

static void
widen(int fd)
{
	if (fcntl(fd, F_SETPIPE_SZ, PIPE) == -1)
		err(1, "pipe");
}

/* Moves LEFT bytes without looking at them. */
static void
move(int from, int to, uint64_t left)
{
	while (left > 0) {
		ssize_t n = splice(from, NULL, to, NULL, (size_t)left, SPLICE_F_MOVE);

		if (n <= 0)
			err(1, "splice");
		left -= (uint64_t)n;
	}
}

static void
copy(int from, int to, uint64_t left)
{
	static char buffer[PIPE];

	while (left > 0) {
		ssize_t n = read(from, buffer, left < PIPE ? (size_t)left : PIPE);

		if (n <= 0 || write(to, buffer, (size_t)n) != n)
			err(1, "copy");
		left -= (uint64_t)n;
	}
}

static void
send_file(const char *path)
{
	char line[64];
	struct stat st;
	int fd, len;

	await_success();
	fd = open(path, O_RDONLY);
	if (fd == -1 || fstat(fd, &st) == -1)
		err(1, "%s", path);
	widen(STDOUT_FILENO);
	len = snprintf(line, sizeof(line), "C0644 %jd f\n", (intmax_t)st.st_size);
	say(line, (size_t)len);
	await_success();
	move(fd, STDOUT_FILENO, (uint64_t)st.st_size);
	say("", 1);
	await_success();
}

static void
receive_file(const char *path)
{
	char line[LINE];
	uint64_t size;
	ssize_t n;
	int fd;

	say("", 1);
	n = read(STDIN_FILENO, line, sizeof(line) - 1);
	if (n == 0)
		return;
	if (n == -1)
		err(1, "read");
	line[n] = '\0';
	if (sscanf(line, "C%*o %ju ", &size) != 1)
		errx(1, "no file comes");
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	if (fd == -1)
		err(1, "%s", path);
	widen(STDIN_FILENO);
	say("", 1);
	(getenv("YARDSTICK_SPLICE") != NULL ? move : copy)(STDIN_FILENO, fd, size);
	await_success();
	if (close(fd) == -1)
		err(1, "%s", path);
	say("", 1);
	if (read(STDIN_FILENO, line, 1) != 0)
		errx(1, "more than one file comes");
}

int
main(int argc, char *argv[])
{
	if (argc != 3 || (strcmp(argv[1], "-f") != 0 && strcmp(argv[1], "-t") != 0))
		errx(2, "usage: yardstick -f FILE | -t TARGET");
	if (argv[1][1] == 'f')
		send_file(argv[2]);
	else
		receive_file(argv[2]);
	return 0;
}
