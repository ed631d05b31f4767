/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_SIEVE_H
#define ORIGINATE_SIEVE_H

#include <stdbool.h>
#include <stddef.h>

#include "originate/cage.h"

/*
 * What a remote program writes to standard error, made fit for a terminal: as text_escape has it, but
 * with tabs and newlines, and a newline for CR LF.  Nothing waits for the end of a line.
 */
struct sieve {
	size_t len;		/* bytes that are kept: a part of a character, or a CR */
	char   kept[4];
};

enum {
	SIEVE_PIECE = 4096,			/* bytes that are taken at once */
	SIEVE_ROOM = 4 * (SIEVE_PIECE + 4) + 1	/* bytes that become of them at most, NUL included */
};

void	sieve_init(struct sieve *);

/* Makes of N bytes, at most SIEVE_PIECE, what is written to DST; LEN of it.  N 0: what is kept. */
size_t	sieve_pass(struct sieve *, const char *from, size_t n, char dst[SIEVE_ROOM]);

/* Whoever writes it: LEN bytes of TEXT, of which there are some. */
typedef void sieve_write(void *self, const char *text, size_t len);

/*
 * From IN to WRITE until IN ends, whoever signals meanwhile; in a CAGE, as far as there is one, or NULL.  Whether
 * anything came.
 */
bool	sieve_run(int in, const struct cage *, sieve_write *, void *self);

#endif
