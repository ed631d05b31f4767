/* SPDX-License-Identifier: ISC */
#ifndef ORIGINATE_TALLY_H
#define ORIGINATE_TALLY_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log/journal.h"

/*
 * What has moved: counted by whoever speaks with a host, in memory that he shares with the process that
 * began all of them, and read by that one whenever it likes.  Counting costs no system call.  Who counts
 * reads what a host sends, so nothing that is read here is to be believed but for what it is: numbers,
 * and a path to be escaped.
 */
enum {
	TALLY_PATH = 4096,	/* bytes of a path; of a longer one it has the end */
	TALLY_STRING_MAX = 2900	/* bytes of a string in an object of JSON, escaped, NUL included: with all
				 * else in there less than PIPE_BUF, so that no object tears another */
};

#define TALLY_UNKNOWN UINT64_MAX

struct tally_count {
	uint64_t files, dirs;	/* files that arrived whole; directories that were entered */
	uint64_t bytes;		/* of those files */
	uint64_t failed;	/* whatever went wrong, here or there */
	uint64_t skipped;	/* left out because the person said so */
	uint64_t moved;		/* bytes, whatever became of them */
	uint64_t passed;	/* bytes of files that are over, well or not */
	uint64_t all_files, all;	/* files and bytes that there are to move; TALLY_UNKNOWN */
	int64_t	 begun;		/* when the first thing came: monotonic nanoseconds; 0: none has */
	/* A file moves, and the rest is about it; PATH else about the last one.  No bool: whoever
	 * counts may have left anything there. */
	unsigned char busy;
	uint64_t done, size;	/* bytes of it; else 0 */
	int64_t	 since;		/* when it began */
	size_t	 len;
	char	 path[TALLY_PATH];	/* as the person knows it, not escaped, of LEN bytes */
};

struct tally_page {
	atomic_uint turn;		/* odd while COUNT is written */
	atomic_uint columns;		/* of the terminal that shows it now; 0: none does */
	atomic_bool drawn;		/* a line is on it that goes before anything else comes */
	atomic_bool told;		/* an object has said that it begins */
	struct tally_count count;
};

enum tally_form {
	TALLY_NONE,		/* counted, and shown to nobody who does not ask */
	TALLY_FILES,		/* a line a file */
	TALLY_TOTAL,		/* one for all */
	TALLY_JSON		/* an object for whatever becomes of one */
};

struct tally {
	struct tally_page *page;	/* owned, shared with all processes that are made later */
	enum tally_form form;
	bool	    verbose;		/* the sum is said where it is not shown */
	const char *const *hosts;	/* borrowed, NULL at its end: whom we speak with */
	int	    out;		/* owned: standard output, whatever becomes of that; or -1 */
	pid_t	    group;		/* our processes', which is not asked for again */
	bool	    utf8;		/* the terminal shows characters beyond ASCII */
	bool	    ascii;		/* what is said comes to a terminal that may show nothing else */
	bool	    partial;		/* others move some of it, and how much nobody knows */
	bool	    mixed;		/* what is shown and what is said come to a terminal both */
	bool	    heard;		/* why what ends next has failed is counted already */
	struct journal errors;		/* standard error */
};

/*
 * Shared from here on, and nothing counted.  For FORM, which is TALLY_NONE where standard output is
 * no terminal, unless it is TALLY_JSON.  0; -1 with errno.
 */
int	tally_open(struct tally *, enum tally_form, bool verbose, const char *const *hosts);
void	tally_close(struct tally *);

/* Whether anybody hears how much there is to move. */
bool	tally_wants_all(const struct tally *);

/*
 * What is counted now; false where it was being written all the while, and the numbers need not belong
 * together.
 */
bool	tally_read(const struct tally *, struct tally_count *);

/*
 * Counts, for whoever speaks with a host.  What there is to move, once somebody has found out, and before
 * anything does.
 */
void	tally_expect(struct tally *, uint64_t files, uint64_t bytes);
/* A file begins to move, which ends the one before; so much of it has. */
void	tally_begin_file(struct tally *, const char *path, size_t len, uint64_t size);
void	tally_move(struct tally *, uint64_t done);
/* It has arrived: what is known of it, if it was seen to begin. */
struct tally_file {
	bool	 known;
	uint64_t size;
	int64_t	 since;
};
struct tally_file tally_end_file(struct tally *);
/* All of it is sent, and does not move any more; later one of SIZE bytes that was has arrived. */
void	tally_send_file(struct tally *);
void	tally_arrive(struct tally *, uint64_t size);
/* Something has failed, and so has what moved; COUNTED: all of that is known. */
void	tally_fail(struct tally *, bool counted);
/* The other side says so: what ends next may do so for that. */
void	tally_hear(struct tally *);
void	tally_enter_dir(struct tally *);
void	tally_skip(struct tally *);

#endif
