/* SPDX-License-Identifier: ISC */
#ifndef SFTP_PACKET_H
#define SFTP_PACKET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The packets of SFTP as bytes: pure.  A packet is its length, its type and the rest; numbers have the
 * most significant byte first, and a string has its length before it.  SFTP rules 8, 9.
 */
enum {
	PACKET_LENGTH = 4,		/* bytes of the length that a packet begins with */
	PACKET_MAX = 262144,		/* behind its length */
	PACKET_MIN = 5,			/* a type, and an id or a version */
	PACKET_SPOKEN = 3,		/* the version that every client knows */
	PACKET_NUMBER = 4		/* bytes of a number, or of a string's length */
};

enum packet_type {
	PACKET_INIT = 1, PACKET_VERSION, PACKET_OPEN, PACKET_CLOSE, PACKET_READ, PACKET_WRITE,
	PACKET_LSTAT, PACKET_FSTAT, PACKET_SETSTAT, PACKET_FSETSTAT, PACKET_OPENDIR, PACKET_READDIR,
	PACKET_REMOVE, PACKET_MKDIR, PACKET_RMDIR, PACKET_REALPATH, PACKET_STAT, PACKET_RENAME,
	PACKET_READLINK, PACKET_SYMLINK,
	PACKET_STATUS = 101, PACKET_HANDLE, PACKET_DATA, PACKET_NAME, PACKET_ATTRS,
	PACKET_EXTENDED = 200, PACKET_EXTENDED_REPLY
};

/*
 * What is left to be read of one packet.  What reaches beyond its end is all 0 and empty, and so is
 * whatever is asked for after that.
 */
struct packet {
	const unsigned char *at, *end;	/* borrowed */
	bool		     bad;	/* something was not there, or not as it must be */
	bool		     too_long;	/* that is all: a path */
};

struct packet_string {
	const unsigned char *at;	/* borrowed: LEN bytes of the packet, without a NUL */
	size_t		     len;
};

/* LEN bytes behind the packet's length. */
void	packet_init(struct packet *, const void *, size_t len);

uint8_t	 packet_take_byte(struct packet *);
uint32_t packet_take_number(struct packet *);
uint64_t packet_take_wide(struct packet *);
struct packet_string packet_take_string(struct packet *);
/* A string as text; bad with a NUL in it, too long as a path may not be: then DST is "". */
void	packet_take_path(struct packet *, char dst[PATH_MAX]);
/* A name of the protocol's own: bad with a NUL in it. */
bool	packet_string_is(const struct packet_string *, const char *name);

/*
 * A reply that is being built: appends are bounded, and once one does not fit none does.
 */
struct reply {
	unsigned char *bytes;		/* borrowed */
	size_t	       len, cap;
	bool	       full;		/* something did not fit */
};

void	reply_init(struct reply *, void *bytes, size_t cap);
void	reply_put_byte(struct reply *, uint8_t);
void	reply_put_number(struct reply *, uint32_t);
void	reply_put_wide(struct reply *, uint64_t);
void	reply_put_string(struct reply *, const void *, size_t len);
void	reply_put_text(struct reply *, const char *);
/* Room for N bytes that somebody else fills in, or NULL. */
void   *reply_reserve(struct reply *, size_t n);
/* Writes over the number that was put at AT. */
void	reply_set_number(struct reply *, size_t at, uint32_t);

#endif
