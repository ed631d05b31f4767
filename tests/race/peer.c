/* SPDX-License-Identifier: ISC */
/*
 * Plays the same session again and again, until enough files have moved:
 *
 *	peer PLAN FILES SESSIONS TEXT TEXT TEXT SERVER [ARGUMENT]...
 *
 * Standard input is all that the client says in one session; it does so before the server begins,
 * and then listens.  PLAN is what the server answers to an upload, a letter for each thing that was
 * sent: G greeting, D directory, C file, E end of a directory; it is "" for a download.  The peer
 * stops after FILES files, or SESSIONS sessions, and says on one line: files moved, things refused,
 * sessions, sessions that did not come to their end, and, for each TEXT, answers that contain it.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TEXTS = 3,
	SCRIPT_MAX = 1 << 16,	/* of what fits into a pipe that nobody reads yet */
	ANSWER_MAX = 1 << 20
};

static char script[SCRIPT_MAX], answer[ANSWER_MAX];
static size_t script_len, answer_len;
static unsigned long moved, refused, sessions, lost, found[TEXTS];

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Reads FD to its end; what does not fit is an error. */
static size_t
read_to_end(int fd, char *p, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, p + len, cap - len)) > 0)
		len += (size_t)n;
	if (n == -1)
		fail("read");
	if (len == cap) {
		fputs("peer: more than fits\n", stderr);
		exit(1);
	}
	return len;
}

/* One session: the server's exit status. */
static int
play(char *const argv[])
{
	int in[2], out[2], status;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1)
		fail("pipe");
	/* Where a pipe takes less than it should, that is better than to wait for ever. */
	if (fcntl(in[1], F_SETFL, O_NONBLOCK) == -1 ||
	    write(in[1], script, script_len) != (ssize_t)script_len)
		fail("write");
	close(in[1]);
	pid = vfork();
	if (pid == -1)
		fail("fork");
	if (pid == 0) {
		if (dup2(in[0], STDIN_FILENO) != -1 && dup2(out[1], STDOUT_FILENO) != -1)
			execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	answer_len = read_to_end(out[0], answer, sizeof(answer));
	close(out[0]);
	if (waitpid(pid, &status, 0) != pid)
		fail("wait");
	return status;
}

/* Takes one reply off *P: 1 good, 0 bad, -1 none. */
static int
take_reply(const char **p)
{
	const char *end = answer + answer_len, *newline;

	if (*p == end)
		return -1;
	if (**p == '\0') {
		(*p)++;
		return 1;
	}
	newline = memchr(*p, '\n', (size_t)(end - *p));
	if ((**p != '\1' && **p != '\2') || newline == NULL)
		return -1;
	*p = newline + 1;
	return 0;
}

/* A file has two replies, unless the first is bad. */
static bool
count_uploads(const char *plan)
{
	const char *p = answer;

	for (; *plan != '\0'; plan++) {
		int reply = take_reply(&p);

		if (reply == 1 && *plan == 'C') {
			reply = take_reply(&p);
			moved += reply == 1;
		}
		if (reply == -1)
			return false;
		refused += reply == 0;
	}
	return p == answer + answer_len;
}

/* Takes the body of a file of SIZE bytes, and what the server says behind it. */
static bool
take_body(const char **p, unsigned long size)
{
	int reply;

	if (size >= (size_t)(answer + answer_len - *p))
		return false;
	*p += size;
	reply = take_reply(p);
	moved += reply == 1;
	refused += reply == 0;
	return reply != -1;
}

static bool
count_downloads(void)
{
	const char *p = answer, *end = answer + answer_len;

	while (p != end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		char letter = *p;
		unsigned long size = 0;

		if (newline == NULL || strchr("CDE\1", letter) == NULL)
			return false;
		if (letter == 'C' && sscanf(p, "C%*o %lu ", &size) != 1)
			return false;
		p = newline + 1;
		refused += letter == '\1';
		if (letter == 'C' && !take_body(&p, size))
			return false;
	}
	return true;
}

int
main(int argc, char *argv[])
{
	unsigned long files, most;
	const char *plan;

	if (argc < 5 + TEXTS)
		return 2;
	plan = argv[1];
	files = strtoul(argv[2], NULL, 10);
	most = strtoul(argv[3], NULL, 10);
	script_len = read_to_end(STDIN_FILENO, script, sizeof(script));
	signal(SIGPIPE, SIG_IGN);
	while (moved < files && sessions < most) {
		int status = play(argv + 4 + TEXTS);
		bool good = plan[0] != '\0' ? count_uploads(plan) : count_downloads();

		sessions++;
		lost += !good || !WIFEXITED(status) || WEXITSTATUS(status) > 1;
		for (int i = 0; i < TEXTS; i++)
			found[i] += memmem(answer, answer_len, argv[4 + i],
			    strlen(argv[4 + i])) != NULL;
	}
	printf("%lu %lu %lu %lu", moved, refused, sessions, lost);
	for (int i = 0; i < TEXTS; i++)
		printf(" %lu", found[i]);
	putchar('\n');
	return 0;
}
