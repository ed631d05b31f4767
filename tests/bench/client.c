/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/uio.h>

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

enum {
	PAGES = 1 << 20,		/* bytes of what bodies are made of */
	READ = 1 << 16,			/* of a read(2), unless somebody says */
	SMALL = PIPE_BUF - 1,		/* a body that fits into one write with its status */
	SPLICED = 1 << 16,		/* what is left of a body is worth to be spliced */
	LINE = 8192			/* bytes of a record */
};

/* Memory that begins with a page, and that nobody has used. */
static char *
take_pages(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "memory");
	return p;
}

void
client_init(struct client *c, int from, int to, size_t read, size_t written)
{
	*c = (struct client){ .from = from, .to = to, .null = -1, .written = written,
	    .cap = read > 0 ? read : READ };
	assert(c->cap <= PAGES && written <= PAGES);
	c->in = take_pages(PAGES);
	c->pages = take_pages(PAGES);
	if (read == 0 && (c->null = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1)
		err(1, "/dev/null");
}

void
client_end(struct client *c)
{
	if (munmap(c->in, PAGES) == -1 || munmap(c->pages, PAGES) == -1)
		err(1, "munmap");
	if (c->null != -1)
		close(c->null);
}

/* Reads more behind what is there: false at the end. */
static bool
fill(struct client *c)
{
	ssize_t n;

	if (c->begin == c->end)
		c->begin = c->end = 0;
	if (c->begin > 0 && c->end == c->cap) {
		memmove(c->in, c->in + c->begin, c->end - c->begin);
		c->end -= c->begin;
		c->begin = 0;
	}
	if (c->end == c->cap)
		errx(1, "the server says something that has no end");
	n = read(c->from, c->in + c->end, c->cap - c->end);
	if (n == -1)
		err(1, "read");
	c->end += (size_t)n;
	return n > 0;
}

/* Takes the next line, without its newline, into LINE: false at the end. */
static bool
take_line(struct client *c, char line[static LINE])
{
	char *newline;
	size_t len;

	while ((newline = memchr(c->in + c->begin, '\n', c->end - c->begin)) == NULL)
		if (!fill(c)) {
			if (c->begin != c->end)
				errx(1, "the server stops in the middle of a record");
			return false;
		}
	len = (size_t)(newline - c->in) - c->begin;
	if (len >= LINE)
		errx(1, "the server sends a record of %zu bytes", len);
	memcpy(line, c->in + c->begin, len);
	line[len] = '\0';
	c->begin += len + 1;
	return true;
}

/* A reply, or the status of a body: all has to be well. */
static void
await_success(struct client *c)
{
	char line[LINE] = "";

	if (c->begin == c->end && !fill(c))
		errx(1, "the server has gone");
	if (c->in[c->begin] == '\0') {
		c->begin++;
		return;
	}
	(void)take_line(c, line);
	errx(1, "the server says: %s", line[0] != '\0' ? line + 1 : line);
}

/* One message: one write. */
static void
say(const struct client *c, const void *message, size_t len)
{
	ssize_t n = write(c->to, message, len);

	if (n == -1)
		err(1, "write");
	if ((size_t)n != len)
		errx(1, "a message could not be written at once");
}

static void
say_success(const struct client *c)
{
	say(c, "", 1);
}

/* -- receiving */

void
client_hear(struct client *c)
{
	do
		c->begin = c->end;
	while (fill(c));
}

/* As much of a body of LEFT bytes as can be had at once; what has been read already comes first. */
static uint64_t
discard_some(struct client *c, uint64_t left)
{
	size_t here = c->end - c->begin;
	ssize_t n;

	if (here == 0 && c->null != -1 && left >= SPLICED) {
		n = splice(c->from, NULL, c->null, NULL, left < SSIZE_MAX ? left : SSIZE_MAX,
		    SPLICE_F_MOVE);
		if (n == -1)
			err(1, "splice");
		if (n == 0)
			errx(1, "the server stops in the middle of a body");
		return (uint64_t)n;
	}
	if (here == 0 && !fill(c))
		errx(1, "the server stops in the middle of a body");
	here = c->end - c->begin;
	if (here > left)
		here = (size_t)left;
	c->begin += here;
	return here;
}

static void
take_file(struct client *c, const char *line)
{
	uint64_t left;

	if (sscanf(line, "C%*o %ju ", &left) != 1)
		errx(1, "the server sends the record: %s", line);
	say_success(c);
	while (left > 0)
		left -= discard_some(c, left);
	await_success(c);
}

void
client_pull(struct client *c)
{
	char line[LINE];

	say_success(c);
	while (take_line(c, line)) {
		if (line[0] == 'C')
			take_file(c, line);
		else if (strchr("DET", line[0]) == NULL || line[0] == '\0')
			errx(1, "the server says: %s", line);
		say_success(c);
	}
}

/* -- sending */

void
client_greet(struct client *c)
{
	await_success(c);
}

/* Lends the server pages that never change: nothing is copied until it reads them. */
static size_t
lend(struct client *c, uint64_t left)
{
	struct iovec all = { c->pages, left < PAGES ? (size_t)left : PAGES };
	ssize_t n = vmsplice(c->to, &all, 1, 0);

	if (n != -1)
		return (size_t)n;
	if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
		err(1, "vmsplice");
	c->written = READ;
	return 0;
}

static size_t
send_some(struct client *c, uint64_t left)
{
	ssize_t n;

	if (c->written == 0)
		return lend(c, left);
	n = write(c->to, c->pages, left < c->written ? (size_t)left : c->written);
	if (n == -1)
		err(1, "write");
	return (size_t)n;
}

/* A body and its status. */
static void
send_body(struct client *c, uint64_t size)
{
	struct iovec parts[2] = { { c->pages, (size_t)size }, { (char[]){ '\0' }, 1 } };
	ssize_t n;

	if (size > SMALL) {
		while (size > 0)
			size -= send_some(c, size);
		say_success(c);
		return;
	}
	n = writev(c->to, parts, 2);
	if (n == -1)
		err(1, "writev");
	if ((uint64_t)n != size + 1)
		errx(1, "a body could not be written at once");
}

static void
send_file(struct client *c, uint64_t size, const char *name, unsigned long number)
{
	char line[LINE];
	int len;

	if (number > 0)
		len = snprintf(line, sizeof(line), "C0644 %ju %s%05lu\n", size, name, number);
	else
		len = snprintf(line, sizeof(line), "C0644 %ju %s\n", size, name);
	if (len < 0 || len >= PIPE_BUF)
		errx(1, "the name of a file is too long");
	say(c, line, (size_t)len);
	await_success(c);
	send_body(c, size);
	await_success(c);
}

/* Pages that nobody has written to are all the same one, and no data in the sense of a file. */
static void
fill_pages(struct client *c)
{
	memset(c->pages, 'x', PAGES);
}

void
client_push(struct client *c, uint64_t size, unsigned long count, const char *name)
{
	fill_pages(c);
	await_success(c);
	for (unsigned long i = 1; i <= count; i++)
		send_file(c, size, name, count > 1 ? i : 0);
}

void
client_push_deep(struct client *c, uint64_t size, unsigned long count, unsigned long levels)
{
	static const char enter[] = "D0755 0 d\n", leave[] = "E\n";
	unsigned long sent = 0;

	fill_pages(c);
	await_success(c);
	for (unsigned long level = 0; level < levels; level++) {
		unsigned long here = count / levels + (level < count % levels);

		say(c, enter, sizeof(enter) - 1);
		await_success(c);
		for (unsigned long i = 0; i < here; i++)
			send_file(c, size, "f", ++sent);
	}
	for (unsigned long level = 0; level < levels; level++) {
		say(c, leave, sizeof(leave) - 1);
		await_success(c);
	}
}
