/* SPDX-License-Identifier: ISC */
#ifndef ASK_EXPANSION_H
#define ASK_EXPANSION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Paths that something stands for, as many as there turn out to be, and what finding them has cost. 
 * What can fail here returns NULL, or why it did: a constant text.
 */
enum {
	EXPAND_MAX = 65536,		/* paths in all */
	EXPAND_BYTES = 16 << 20,	/* of them in all */
	EXPAND_WORK = 1 << 28		/* steps in all, of a few nanoseconds */
};

struct expansion {
	char	**paths;	/* owned, and so is each */
	size_t	  count, room;
	size_t	  bytes;	/* of them, each with its NUL */
	size_t	  work;		/* steps that finding them took */
};

extern const char expansion_no_memory[], expansion_too_much_work[];

void	expansion_init(struct expansion *);

/* Appends PATH, which is handed over; NULL where there was no memory for it. */
const char *expansion_add(struct expansion *, char *path);

/* Takes the last path, which is then the caller's. */
char   *expansion_take_last(struct expansion *);

/* Turns the order around of the paths from FIRST on. */
void	expansion_reverse(struct expansion *, size_t first);

/* Counts STEPS; false where that is too much. */
bool	expansion_spend(struct expansion *, size_t steps);

/* Forgets the paths, and keeps the room for them. */
void	expansion_clear(struct expansion *);

void	expansion_end(struct expansion *);

#endif
