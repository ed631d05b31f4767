/* SPDX-License-Identifier: ISC */
#include <endian.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sftp.h"

enum {
	INIT = 1, OPEN = 3, CLOSE = 4, READ = 5, WRITE = 6, OPENDIR = 11, READDIR = 12, STAT = 17,
	VERSION = 2, STATUS = 101, HANDLE = 102, DATA = 103, NAME = 104, ATTRS = 105,
	FOR_READING = 1, FOR_WRITING = 2 | 8 | 16,
	WINDOW = 64,		/* requests outstanding */
	ASKED = 32768,		/* bytes of a small file that are asked for at once */
	HANDLE_MAX = 256,
	BUFFER = 1 << 20
};

struct talk {
	int	 from, to;
	uint32_t handle_len;
	char	 handle[HANDLE_MAX];
	size_t	 said;			/* bytes of OUT */
	size_t	 begin, end;		/* what of IN has not been taken yet */
	char	 in[BUFFER], out[BUFFER];
};

static struct talk *
meet(int from, int to)
{
	static struct talk t;

	t.from = from;
	t.to = to;
	return &t;
}

static void
put_number(struct talk *t, uint32_t n)
{
	n = htobe32(n);
	memcpy(t->out + t->said, &n, sizeof(n));
	t->said += sizeof(n);
}

static void
put_wide(struct talk *t, uint64_t n)
{
	n = htobe64(n);
	memcpy(t->out + t->said, &n, sizeof(n));
	t->said += sizeof(n);
}

/* LEN bytes of whatever is there, where FROM is NULL. */
static void
put_string(struct talk *t, const void *from, uint32_t len)
{
	put_number(t, len);
	if (from != NULL)
		memcpy(t->out + t->said, from, len);
	t->said += len;
}

static void
begin(struct talk *t, uint32_t len, char type)
{
	t->said = 0;
	put_number(t, len);
	t->out[t->said++] = type;
	put_number(t, 3);	/* any id; of INIT, the version */
}

static void
send_off(const struct talk *t)
{
	const char *p = t->out, *end = p + t->said;

	while (p < end) {
		ssize_t n = write(t->to, p, (size_t)(end - p));

		if (n <= 0)
			err(1, "write");
		p += n;
	}
}

static uint32_t
number_at(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static bool
is_whole(const struct talk *t)
{
	size_t have = t->end - t->begin;

	return have >= 4 && have - 4 >= number_at(t->in + t->begin);
}

/* The next reply, behind its type and id, which is TYPE or OTHER; *IS says which. */
static const char *
hear(struct talk *t, int type, int other, int *is)
{
	const char *p;

	while (!is_whole(t)) {
		ssize_t n;

		if (t->end > BUFFER / 2) {
			memmove(t->in, t->in + t->begin, t->end - t->begin);
			t->end -= t->begin;
			t->begin = 0;
		}
		n = read(t->from, t->in + t->end, BUFFER - t->end);
		if (n <= 0)
			err(1, "read");
		t->end += (size_t)n;
	}
	p = t->in + t->begin + 4;
	t->begin += 4 + number_at(t->in + t->begin);
	*is = *p;
	if (*p != type && *p != other)
		errx(1, "reply %d, not %d, status %u", *p, type, number_at(p + 5));
	return p + 5;
}

static const char *
hear_one(struct talk *t, int type)
{
	int is;

	return hear(t, type, type, &is);
}

static void
hear_success(struct talk *t)
{
	uint32_t status = number_at(hear_one(t, STATUS));

	if (status != 0)
		errx(1, "status %u", status);
}

static void
greet(struct talk *t)
{
	begin(t, 5, INIT);
	send_off(t);
	(void)hear_one(t, VERSION);
}

static void
open_path(struct talk *t, char type, const char *path, uint32_t flags)
{
	uint32_t len = (uint32_t)strlen(path);
	const char *p;

	begin(t, 5 + 4 + len + (type == OPEN ? 8 : 0), type);
	put_string(t, path, len);
	if (type == OPEN) {
		put_number(t, flags);
		put_number(t, 0);
	}
	send_off(t);
	p = hear_one(t, HANDLE);
	t->handle_len = number_at(p);
	if (t->handle_len > HANDLE_MAX)
		errx(1, "a long handle");
	memcpy(t->handle, p + 4, t->handle_len);
}

static void
ask(struct talk *t, char type)
{
	begin(t, 5 + 4 + t->handle_len, type);
	put_string(t, t->handle, t->handle_len);
	send_off(t);
}

static void
close_it(struct talk *t)
{
	ask(t, CLOSE);
	hear_success(t);
}

static void
send_write(struct talk *t, uint64_t offset, uint32_t n)
{
	begin(t, 5 + 4 + t->handle_len + 8 + 4 + n, WRITE);
	put_string(t, t->handle, t->handle_len);
	put_wide(t, offset);
	put_string(t, NULL, n);
	send_off(t);
}

static void
send_read(struct talk *t, uint64_t offset, uint32_t n)
{
	begin(t, 5 + 4 + t->handle_len + 8 + 4, READ);
	put_string(t, t->handle, t->handle_len);
	put_wide(t, offset);
	put_number(t, n);
	send_off(t);
}

static uint32_t
piece_at(uint64_t at, uint64_t size, uint32_t piece)
{
	return size - at < piece ? (uint32_t)(size - at) : piece;
}

void
sftp_put(int from, int to, uint64_t size, uint32_t piece)
{
	struct talk *t = meet(from, to);
	unsigned outstanding = 0;

	greet(t);
	open_path(t, OPEN, "large", FOR_WRITING);
	for (uint64_t at = 0; at < size; at += piece) {
		if (outstanding == WINDOW)
			hear_success(t);
		else
			outstanding++;
		send_write(t, at, piece_at(at, size, piece));
	}
	for (; outstanding > 0; outstanding--)
		hear_success(t);
	close_it(t);
}

void
sftp_get(int from, int to, uint64_t size, uint32_t piece)
{
	struct talk *t = meet(from, to);
	uint64_t asked = 0, got = 0;

	greet(t);
	open_path(t, OPEN, "large", FOR_READING);
	while (got < size) {
		for (; asked < size && asked - got < (uint64_t)WINDOW * piece; asked += piece)
			send_read(t, asked, piece_at(asked, size, piece));
		got += number_at(hear_one(t, DATA));
	}
	close_it(t);
}

static void
name_file(char name[32], unsigned long i)
{
	snprintf(name, 32, "tree/f%06lu", i);
}

void
sftp_put_tree(int from, int to, uint32_t size, unsigned long count)
{
	struct talk *t = meet(from, to);
	char name[32];

	greet(t);
	for (unsigned long i = 0; i < count; i++) {
		name_file(name, i);
		open_path(t, OPEN, name, FOR_WRITING);
		send_write(t, 0, size);
		hear_success(t);
		close_it(t);
	}
}

void
sftp_get_tree(int from, int to, uint32_t size, unsigned long count)
{
	struct talk *t = meet(from, to);
	char name[32];

	greet(t);
	for (unsigned long i = 0; i < count; i++) {
		uint32_t len;

		name_file(name, i);
		len = (uint32_t)strlen(name);
		begin(t, 5 + 4 + len, STAT);
		put_string(t, name, len);
		send_off(t);
		(void)hear_one(t, ATTRS);
		open_path(t, OPEN, name, FOR_READING);
		send_read(t, 0, ASKED);
		if (number_at(hear_one(t, DATA)) != size)
			errx(1, "another size");
		send_read(t, size, ASKED);
		(void)hear_one(t, STATUS);
		close_it(t);
	}
}

void
sftp_list(int from, int to, unsigned long count)
{
	struct talk *t = meet(from, to);
	unsigned long entries = 0;
	int is = NAME;

	greet(t);
	open_path(t, OPENDIR, "tree", 0);
	while (is == NAME) {
		const char *p;

		ask(t, READDIR);
		p = hear(t, NAME, STATUS, &is);
		entries += is == NAME ? number_at(p) : 0;
	}
	close_it(t);
	if (entries != count + 2)
		errx(1, "%lu entries", entries);
}
