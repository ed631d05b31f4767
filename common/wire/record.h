/* SPDX-License-Identifier: ISC */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
	RECORD_MAX = 8192,	/* longest line, newline included */
	RECORD_HEAD_MAX = 64	/* longest head, NUL included */
};

#define RECORD_ASKS_BELOW	UINT64_C(1000000000000000000)	/* bytes of a file */

enum record_kind {
	RECORD_WARN = 1,
	RECORD_FATAL = 2,
	RECORD_FILE = 'C',
	RECORD_DIR = 'D',
	RECORD_END = 'E',
	RECORD_TIMES = 'T'
};

struct record {
	enum record_kind kind;
	mode_t		 mode;		/* FILE, DIR: the low twelve bits */
	uint64_t	 size;		/* FILE: bytes that follow, at most INT64_MAX */
	bool		 asks;		/* FILE: SIZE is below RECORD_ASKS_BELOW, and padded to nineteen
					 * digits; see conn_ack */
	struct timespec	 times[2];	/* TIMES: access, modification; UTIME_OMIT beyond time_t or below 0 */
	const char	*text;		/* FILE, DIR: a name; WARN, FATAL: a message; else "" */
	size_t		 textlen;	/* bytes of it; a peer may have sent NUL among them */
};

/*
 * Reads the LEN bytes at LINE, which do not include the newline, and which this may change (it
 * puts a NUL at LINE[LEN]).  RECORD->text points into LINE.  Returns 0, or -1 with *WHY a constant
 * text of PROTOCOL rule 17; where a name is what is wrong, *WHY is record_bad_name, and
 * RECORD->text is the name.  On 0 a FILE's and DIR's text is one safe component
 * (name_is_component).  PROTOCOL rules 7, 9, 17.
 */
int	record_parse(struct record *, char *line, size_t len, const char **why);

extern const char record_bad_name[];

/* Of a record with a bad name: true for a directory that calls itself ".". */
bool	record_is_self(const struct record *);

/*
 * Writes what stands before the text of a record: letter, mode, size (a DIR's is always 0, one that
 * ASKS is padded) or times, with the blank.  Times are cut to whole seconds and negative ones
 * become 0.  Returns the length without the NUL.
 */
size_t	record_head(char head[RECORD_HEAD_MAX], const struct record *);

/*
 * Writes the line a source sends, newline included, and a NUL: the head and the text, in which a
 * newline is written as "\^J".  Returns the length without the NUL, or -1 with ENAMETOOLONG where
 * CAP is too small.  PROTOCOL rules 2, 3.
 */
int	record_format(char *dst, size_t cap, const struct record *);

#endif
