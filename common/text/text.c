/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "text/text.h"
#include "text/utf8.h"

#define ELISION "..."

enum {
	PIECE_MAX = 6,		/* one escape or one character, NUL included */
	REASON_SHARE = 300,	/* bytes of a message that its reason may take from a long path */
	TAIL_SHARE = 2		/* of a path that is shortened, one part in this many is its end */
};

/* What files, filesystems and sockets give that C libraries have different words for. */
static const struct {
	int	    err;
	const char *text;
} errors[] = {
	{ EIO, "Input/output error" },
	{ ENOMEM, "Cannot allocate memory" },
	{ EBUSY, "Device or resource busy" },
	{ EXDEV, "Invalid cross-device link" },
	{ EMFILE, "Too many open files" },
	{ ENOTTY, "Inappropriate ioctl for device" },
	{ ESPIPE, "Illegal seek" },
	{ ERANGE, "Numerical result out of range" },
	{ EDEADLK, "Resource deadlock avoided" },
	{ ENAMETOOLONG, "File name too long" },
	{ ELOOP, "Too many levels of symbolic links" },
	{ EBADE, "Invalid exchange" },
	{ ETIME, "Timer expired" },
	{ EREMOTE, "Object is remote" },
	{ EOVERFLOW, "Value too large for defined data type" },
	{ EILSEQ, "Invalid or incomplete multibyte or wide character" },
	{ EUSERS, "Too many users" },
	{ ENOTSOCK, "Socket operation on non-socket" },
	{ EMSGSIZE, "Message too long" },
	{ EOPNOTSUPP, "Operation not supported" },
	{ EADDRINUSE, "Address already in use" },
	{ EADDRNOTAVAIL, "Cannot assign requested address" },
	{ ENETUNREACH, "Network is unreachable" },
	{ ENETRESET, "Network dropped connection on reset" },
	{ ECONNABORTED, "Software caused connection abort" },
	{ EISCONN, "Transport endpoint is already connected" },
	{ ENOTCONN, "Transport endpoint is not connected" },
	{ ESHUTDOWN, "Cannot send after transport endpoint shutdown" },
	{ ETIMEDOUT, "Connection timed out" },
	{ EHOSTUNREACH, "No route to host" },
	{ EINPROGRESS, "Operation now in progress" },
	{ EUCLEAN, "Structure needs cleaning" },
	{ EDQUOT, "Disk quota exceeded" },
	{ EHWPOISON, "Memory page has hardware error" },
};

/*
 * What does something instead of being seen: controls; line and paragraph separators, which break a
 * line; Unicode's Bidi_Control, which turns what stands around it; and the byte order mark.
 */
static const struct {
	uint32_t first, last;	/* code points */
} unshown[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x061c, 0x061c }, { 0x200e, 0x200f }, { 0x2028, 0x202e },
	{ 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
};

/* How many bytes from S on are nearly all that there is, and stand for themselves. */
static size_t
plain_length(const char *s, size_t left)
{
	size_t n = 0;

	while (n < left && s[n] >= 0x20 && s[n] < 0x7f)
		n++;
	return n;
}

/* Length of the character at S, or 0 where there is none that may be shown as it is. */
static size_t
printable_length(const char *s, size_t left)
{
	uint32_t code;
	size_t n = utf8_take(s, left, &code);

	for (size_t i = 0; n > 0 && i < sizeof(unshown) / sizeof(unshown[0]); i++)
		if (code >= unshown[i].first && code <= unshown[i].last)
			return 0;
	return n;
}

static void
escape_byte(char piece[PIECE_MAX], char byte)
{
	snprintf(piece, PIECE_MAX, "\\%03o", (unsigned char)byte);
}

/* Writes what one piece of SRC looks like; returns how many bytes of SRC it stands for. */
static size_t
next_piece(char piece[PIECE_MAX], const char *src, size_t left)
{
	size_t n = printable_length(src, left);

	if (n == 0) {
		escape_byte(piece, src[0]);
		return 1;
	}
	memcpy(piece, src, n);
	piece[n] = '\0';
	return n;
}

size_t
text_escape(char *dst, size_t cap, const char *src, size_t len)
{
	size_t used = 0;

	for (size_t at = 0; at < len;) {
		char piece[PIECE_MAX];
		size_t most = cap - 1 - used < len - at ? cap - 1 - used : len - at;
		size_t taken = plain_length(src + at, most), n;

		memcpy(dst + used, src + at, taken);
		used += taken;
		at += taken;
		if (at == len)
			break;
		taken = next_piece(piece, src + at, len - at);
		n = strlen(piece);
		if (used + n >= cap)
			break;
		memcpy(dst + used, piece, n);
		used += n;
		at += taken;
	}
	dst[used] = '\0';
	return used;
}

size_t
text_ascii(char *dst, size_t cap, const char *src, size_t len)
{
	size_t used = 0, n = 0;

	for (size_t at = 0; at < len; at++, used += n) {
		char piece[PIECE_MAX] = { src[at] };

		if ((unsigned char)src[at] >= 0x80)
			escape_byte(piece, src[at]);
		n = strlen(piece);
		if (used + n >= cap)
			break;
		memcpy(dst + used, piece, n);
	}
	dst[used] = '\0';
	return used;
}

static size_t
next_quoted(char piece[PIECE_MAX], const char *src, size_t left)
{
	if (src[0] != '\\' && src[0] != '"')
		return next_piece(piece, src, left);
	snprintf(piece, PIECE_MAX, "\\%c", src[0]);
	return 1;
}

/* Before a double quote, JSON wants the backslash itself: any other is one of ours, and doubled. */
static size_t
next_in_json(char piece[PIECE_MAX], const char *src, size_t left)
{
	char quoted[PIECE_MAX];
	size_t taken = next_quoted(quoted, src, left), n = 0;

	for (const char *q = quoted; *q != '\0'; q++) {
		if (*q == '\\' && src[0] != '"')
			piece[n++] = '\\';
		piece[n++] = *q;
	}
	piece[n] = '\0';
	return taken;
}

/* Writes all of SRC, a piece at a time as NEXT has them, or what fits and that there is more. */
static size_t
quote(char *dst, size_t cap, const char *src, size_t len,
    size_t (*next)(char[PIECE_MAX], const char *, size_t))
{
	size_t used = 0, sure = 0;	/* up to where there is room for an elision */

	assert(cap >= sizeof(ELISION));
	for (size_t at = 0; at < len;) {
		char piece[PIECE_MAX];
		size_t taken = next(piece, src + at, len - at), n = strlen(piece);

		if (used + n >= cap)
			return sure + strlcpy(dst + sure, ELISION, cap - sure);
		memcpy(dst + used, piece, n);
		used += n;
		at += taken;
		if (used + sizeof(ELISION) <= cap)
			sure = used;
	}
	dst[used] = '\0';
	return used;
}

size_t
text_quote(char *dst, size_t cap, const char *src, size_t len)
{
	return quote(dst, cap, src, len, next_quoted);
}

size_t
text_quote_json(char *dst, size_t cap, const char *src, size_t len)
{
	return quote(dst, cap, src, len, next_in_json);
}

const char *
text_error(int err)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].err == err)
			return errors[i].text;
	return strerror(err);
}

/* Length of all of SRC once escaped. */
static size_t
escaped_length(const char *src, size_t len)
{
	size_t total = 0;
	char piece[PIECE_MAX];

	for (size_t at = 0; at < len; total += strlen(piece)) {
		size_t plain = plain_length(src + at, len - at);

		at += plain;
		total += plain;
		if (at == len)
			break;
		at += next_piece(piece, src + at, len - at);
	}
	return total;
}

/* The earliest place from which the rest of SRC, escaped, fits in ROOM bytes. */
static size_t
tail_start(const char *src, size_t len, size_t room)
{
	size_t at = len > room ? len - room : 0;

	/* Not inside a character: its last bytes alone would be shown as escapes. */
	for (int i = 1; i < UTF8_BYTES_MAX && at < len && utf8_is_inner(src[at]); i++)
		at++;
	while (at < len && escaped_length(src + at, len - at) > room) {
		char piece[PIECE_MAX];

		at += next_piece(piece, src + at, len - at);
	}
	return at;
}

/* Escapes PATH into DST of CAP bytes, its middle left out where it is too long. */
static size_t
escape_path(char *dst, size_t cap, const char *path, size_t len)
{
	size_t room, used, tail;

	/* An escape is never shorter than what it stands for, which settles long paths cheaply. */
	if (len < cap && escaped_length(path, len) < cap)
		return text_escape(dst, cap, path, len);
	room = cap - sizeof(ELISION);
	used = text_escape(dst, room - room / TAIL_SHARE + 1, path, len);
	used += strlcpy(dst + used, ELISION, cap - used);
	tail = tail_start(path, len, room / TAIL_SHARE);
	return used + text_escape(dst + used, cap - used, path + tail, len - tail);
}

/* Appends escaped TEXT, then END as it is. */
static size_t
append(char *dst, size_t cap, size_t used, const char *text, const char *end)
{
	used += text_escape(dst + used, cap - used, text, strlen(text));
	return used + text_escape(dst + used, cap - used, end, strlen(end));
}

/* How much of a message with PATH the reason may take: what the path leaves, or a fair share. */
static size_t
reason_cap(const char *path, size_t len, size_t room)
{
	if (path == NULL)
		return room;
	if (len < room)
		len = escaped_length(path, len) + strlen(": ");
	return len + REASON_SHARE < room ? room - len : REASON_SHARE;
}

size_t
text_message_at(char dst[TEXT_MESSAGE_MAX], const char *path, size_t len, const char *what,
    const char *reason)
{
	char why[TEXT_MESSAGE_MAX];
	size_t used = append(dst, TEXT_MESSAGE_MAX, 0, "scp", ": "), whylen = 0;
	size_t cap = reason_cap(path, len, TEXT_MESSAGE_MAX - used);

	if (what != NULL)
		whylen = append(why, cap, whylen, what, ": ");
	whylen = append(why, cap, whylen, reason, "");
	if (path != NULL) {
		size_t room = TEXT_MESSAGE_MAX - used - whylen - strlen(": ");

		used += escape_path(dst + used, room, path, len);
		used = append(dst, TEXT_MESSAGE_MAX, used, "", ": ");
	}
	memcpy(dst + used, why, whylen + 1);
	return used + whylen;
}

size_t
text_message(char dst[TEXT_MESSAGE_MAX], const char *path, const char *what, const char *reason)
{
	return text_message_at(dst, path, path != NULL ? strlen(path) : 0, what, reason);
}
