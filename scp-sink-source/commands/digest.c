/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "commands/digest.h"

struct digest_kind {
	const char *name;
	size_t	    bytes;
	void	  (*begin)(union digest_state *);
	void	  (*add)(union digest_state *, const void *, size_t);
	void	  (*end)(union digest_state *, uint8_t *dst);
};

/* The library has a type and a name of its own for each. */
#define FUNCTIONS(kind, member, library) \
static void \
begin_##kind(union digest_state *s) \
{ \
	library##Init(&s->member); \
} \
 \
static void \
add_##kind(union digest_state *s, const void *p, size_t n) \
{ \
	library##Update(&s->member, p, n); \
} \
 \
static void \
end_##kind(union digest_state *s, uint8_t *dst) \
{ \
	library##Final(dst, &s->member); \
}

#define KIND(kind, library) \
	{ #kind "sum", library##_DIGEST_LENGTH, begin_##kind, add_##kind, end_##kind }

FUNCTIONS(md5, md5, MD5)
FUNCTIONS(sha1, sha1, SHA1)
FUNCTIONS(sha256, sha2, SHA256)
FUNCTIONS(sha384, sha2, SHA384)
FUNCTIONS(sha512, sha2, SHA512)

static const struct digest_kind kinds[] = {
	KIND(md5, MD5), KIND(sha1, SHA1), KIND(sha256, SHA256), KIND(sha384, SHA384),
	KIND(sha512, SHA512),
};

bool
digest_begin(struct digest *d, const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		d->kind = &kinds[i];
		d->kind->begin(&d->state);
		return true;
	}
	return false;
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	d->kind->add(&d->state, p, n);
}

void
digest_end(struct digest *d, char hex[DIGEST_HEX])
{
	uint8_t sum[SHA512_DIGEST_LENGTH];

	d->kind->end(&d->state, sum);
	for (size_t i = 0; i < d->kind->bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}
