/* SPDX-License-Identifier: ISC */
#ifndef ACLS_H
#define ACLS_H

/* ACLs of what is in the test's directory, as texts. */
#include <acl/libacl.h>
#include <sys/acl.h>

#include "mounts.h"

/* The ACL of NAME, of TYPE; the caller frees it with acl_free. */
static inline char *
acl_of(const char *name, acl_type_t type)
{
	acl_t acl = acl_get_file(PATH_IN(name), type);
	char *text;

	ck_assert_msg(acl != NULL, "%s: %s", name, strerror(errno));
	text = acl_to_any_text(acl, NULL, ',', TEXT_ABBREVIATE | TEXT_NUMERIC_IDS);
	ck_assert_ptr_nonnull(text);
	acl_free(acl);
	return text;
}

/* False, and said so, where the filesystem has no ACLs. */
static inline bool
set_acl(const char *name, acl_type_t type, const char *text)
{
	acl_t acl = acl_from_text(text);
	int end;

	ck_assert_msg(acl != NULL, "%s: %s", text, strerror(errno));
	end = acl_set_file(PATH_IN(name), type, acl);
	acl_free(acl);
	if (end == -1 && errno == ENOTSUP) {
		printf("SKIP: no ACLs on this filesystem\n");
		return false;
	}
	ck_assert_msg(end == 0, "%s: %s", text, strerror(errno));
	return true;
}

#endif
