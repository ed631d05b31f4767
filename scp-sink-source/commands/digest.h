/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_DIGEST_H
#define COMMANDS_DIGEST_H

#include <sys/types.h>

#include <md5.h>
#include <sha1.h>
#include <sha2.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sums of bytes that somebody else can compare: pure. */
enum {
	DIGEST_HEX = 2 * SHA512_DIGEST_LENGTH + 1	/* any sum as digits, NUL included */
};

union digest_state {
	MD5_CTX	 md5;
	SHA1_CTX sha1;
	SHA2_CTX sha2;
};

struct digest {
	const struct digest_kind *kind;
	union digest_state	  state;
};

/*
 * Of no bytes yet.  NAME is that of the program that everybody has for it: "md5sum", "sha1sum",
 * "sha256sum", "sha384sum" or "sha512sum"; false for any other.
 */
bool	digest_begin(struct digest *, const char *name);
void	digest_add(struct digest *, const void *, size_t);
void	digest_end(struct digest *, char hex[DIGEST_HEX]);

#endif
