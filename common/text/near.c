/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <string.h>

#include "text/near.h"

enum {
	WORD_MAX = 32,		/* bytes of a word that is compared, NUL included */
	LETTERS_A_SLIP = 4	/* of the longer word, for each slip that is forgiven */
};

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned both = a < b ? a : b;

	return both < c ? both : c;
}

static bool
is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Slips from A to B, row by row of the first letters of A; the last three rows are kept. */
static unsigned
count_slips(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX];
	size_t la = strlen(a), lb = strlen(b);

	for (size_t i = 0; i <= la; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *twice = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			if (i == 0) {
				now[j] = (unsigned)j;
				continue;
			}
			now[j] = least(before[j] + 1, now[j - 1] + 1,
			    before[j - 1] + !is_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]) && twice[j - 2] + 1 < now[j])
				now[j] = twice[j - 2] + 1;
		}
	}
	return rows[la % 3][lb];
}

bool
near_is(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	if (la >= WORD_MAX || lb >= WORD_MAX)
		return false;
	return count_slips(a, b) <= (la > lb ? la : lb) / LETTERS_A_SLIP;
}
