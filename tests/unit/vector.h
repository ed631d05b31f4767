/* SPDX-License-Identifier: ISC */
#ifndef VECTOR_H
#define VECTOR_H

/* Argument vectors that are written as a line: the words between single blanks, so that two make an empty word. */
#include "unit.h"

enum {
	VECTOR_MAX = 600,	/* words */
	VECTOR_LINE_MAX = 8192	/* bytes, NUL included */
};

struct vector {
	int   n;
	char *words[VECTOR_MAX + 1];
	char  line[VECTOR_LINE_MAX];
};

static inline void
make_vector(struct vector *v, const char *line)
{
	char *rest = v->line;

	ck_assert_uint_lt(strlen(line), sizeof(v->line));
	strcpy(v->line, line);
	for (v->n = 0; rest != NULL; v->n++) {
		ck_assert_int_lt(v->n, VECTOR_MAX);
		v->words[v->n] = strsep(&rest, " ");
	}
	v->words[v->n] = NULL;
}

#endif
