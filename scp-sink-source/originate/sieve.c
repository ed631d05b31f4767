/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "originate/sieve.h"
#include "text/text.h"
#include "text/utf8.h"
#include "wire/io.h"

void
sieve_init(struct sieve *s)
{
	s->len = 0;
}

/* How long the character is that begins with C; 1 for what begins none. */
static size_t
length_of(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

/* How many bytes at the end of N are to be looked at with what comes behind them. */
static size_t
count_open(const char *text, size_t n)
{
	size_t back = 1;

	if (n > 0 && text[n - 1] == '\r')
		return 1;
	while (back < n && back < UTF8_BYTES_MAX && utf8_is_inner(text[n - back]))
		back++;
	return n > 0 && length_of(text[n - back]) > back ? back : 0;
}

/* What stays as it is: a tab, and the end of a line, whose CR goes. */
static bool
is_layout(const char *text, size_t left)
{
	return *text == '\t' || *text == '\n' || (*text == '\r' && left > 1 && text[1] == '\n');
}

static size_t
pass(const char *text, size_t n, char dst[SIEVE_ROOM])
{
	size_t len = 0;

	for (size_t at = 0, to; at < n; at = to) {
		for (to = at; to < n && !is_layout(text + to, n - to);)
			to++;
		len += text_escape(dst + len, SIEVE_ROOM - len, text + at, to - at);
		if (to == n)
			break;
		if (text[to] == '\r')
			to++;
		dst[len++] = text[to++];
	}
	return len;
}

size_t
sieve_pass(struct sieve *s, const char *from, size_t n, char dst[SIEVE_ROOM])
{
	char all[sizeof(s->kept) + SIEVE_PIECE];
	size_t len = s->len + n, open;

	memcpy(all, s->kept, s->len);
	memcpy(all + s->len, from, n);
	open = n > 0 ? count_open(all, len) : 0;
	s->len = open;
	memcpy(s->kept, all + len - open, open);
	return pass(all, len - open, dst);
}

/* Signals of a terminal are for those whose words these are, and the last of them are to be seen. */
static void
outlive_others(void)
{
	static const int told[] = { SIGHUP, SIGINT, SIGQUIT };

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		signal(told[i], SIG_IGN);
	signal(SIGTERM, SIG_DFL);
}

bool
sieve_run(int in, const struct cage *cage, sieve_write *write, void *self)
{
	char from[SIEVE_PIECE], to[SIEVE_ROOM], problem[TEXT_MESSAGE_MAX];
	struct sieve s;
	bool came = false;
	size_t len;
	ssize_t n;

	outlive_others();
	/* Where it is required, who speaks with the host says that it cannot be had. */
	if (cage != NULL)
		(void)cage_enter(cage, problem);
	sieve_init(&s);
	do {
		n = io_read(in, from, sizeof(from));
		len = sieve_pass(&s, from, n > 0 ? (size_t)n : 0, to);
		came = came || n > 0;
		if (len > 0)
			write(self, to, len);
	} while (n > 0);
	return came;
}
