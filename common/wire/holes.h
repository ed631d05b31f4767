/* SPDX-License-Identifier: ISC */
#ifndef WIRE_HOLES_H
#define WIRE_HOLES_H

#include <stdint.h>

/* A stretch of a file: a hole, and then data. */
struct stretch {
	uint64_t hole, data;	/* bytes; never both 0 */
};

/*
 * What FD has between AT and END, at least at its beginning; FD stands at the data then.  All is
 * data where the filesystem cannot say or says what cannot be, and behind the end of the file: whoever reads it will see.
 */
struct stretch holes_next(int fd, uint64_t at, uint64_t end);

#endif
