/* SPDX-License-Identifier: ISC */
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include <stddef.h>

enum {
	TEXT_MESSAGE_MAX = 500	/* bytes of one error text, NUL included */
};

/*
 * Copies LEN bytes of SRC to DST so that a terminal, a log and a line protocol can carry them:
 * valid UTF-8 passes, but each byte of a control (C0, DEL and the C1 code points), of what breaks a
 * line or turns it (U+2028, U+2029, the bidirectional controls) and of U+FEFF, and every byte that
 * is no UTF-8, becomes a backslash and three octal digits.  What does not fit in CAP (at least 1) is
 * left out whole, never half an escape or half a character.  NUL-terminated; returns the length.
 */
size_t	text_escape(char *dst, size_t cap, const char *src, size_t len);

/* The same of what was made by that, for whoever knows ASCII alone: every byte beyond that is escaped. */
size_t	text_ascii(char *dst, size_t cap, const char *src, size_t len);

/*
 * The same between double quotes, and so that it can be undone: besides, a backslash becomes two,
 * and a double quote gets one before it.  Where it does not fit in CAP (at least 4), as many whole
 * pieces as do are followed by "...".
 */
size_t	text_quote(char *dst, size_t cap, const char *src, size_t len);

/*
 * The same as a string of JSON, without its quotes.  What a reader of JSON gets is SRC with its
 * double quotes as they are, each backslash as two, and each byte that cannot be shown as one
 * backslash and three octal digits: undoing these gives SRC again, and whatever undoes text_quote
 * undoes this.
 */
size_t	text_quote_json(char *dst, size_t cap, const char *src, size_t len);

/*
 * What the error ERR is called, with every C library in the words of glibc, for clients look for
 * them.
 */
const char *text_error(int err);

/*
 * Writes "scp: PATH: WHAT: REASON" to DST, escaped; PATH and WHAT may be NULL and are then left out
 * with their colon.  Where it is too long, the middle of PATH gives way to "...", for people look
 * at both ends of it, and then REASON is cut.  Returns the length.  PROTOCOL rule 4.
 */
size_t	text_message(char dst[TEXT_MESSAGE_MAX], const char *path, const char *what,
	    const char *reason);
/* The same for a PATH of LEN bytes: what it costs does not depend on how long that is. */
size_t	text_message_at(char dst[TEXT_MESSAGE_MAX], const char *path, size_t len, const char *what,
	    const char *reason);

#endif
