/* SPDX-License-Identifier: ISC */
#include <sys/xattr.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "paths/proc.h"
#include "paths/xattr.h"

enum {
	NAMES_MAX = 4096,	/* bytes of a file's names: with more it is not replaced */
	VALUE_MAX = 4096	/* bytes of a value, likewise */
};

struct names {
	char	text[NAMES_MAX];	/* each with its NUL */
	size_t	len;			/* bytes */
};

/* Of a descriptor that may be O_PATH: by its name in /proc, or else by itself. */
static ssize_t
list(int fd, char *text)
{
	ssize_t n = proc_listxattr(fd, text, NAMES_MAX);

	return n == -1 && errno == ENOENT ? flistxattr(fd, text, NAMES_MAX) : n;
}

static ssize_t
get(int fd, const char *name, char value[VALUE_MAX])
{
	ssize_t n = proc_getxattr(fd, name, value, VALUE_MAX);

	return n == -1 && errno == ENOENT ? fgetxattr(fd, name, value, VALUE_MAX) : n;
}

/* A filesystem without any has none. */
static int
take_names(ssize_t n, struct names *names)
{
	if (n == -1 && errno != ENOTSUP && errno != ENOSYS)
		return -1;
	names->len = n == -1 ? 0 : (size_t)n;
	return 0;
}

static bool
has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->len; i += strlen(names->text + i) + 1)
		if (strcmp(names->text + i, name) == 0)
			return true;
	return false;
}

/* What a file does not keep when it is written, or what is signed or measured of its content. */
static bool
goes_with_content(const char *name)
{
	return strcmp(name, "security.capability") == 0 || strcmp(name, "security.ima") == 0 ||
	    strcmp(name, "security.evm") == 0;
}

/* One attribute.  What the file was born with, such as a label, need not be given again. */
static int
copy(int fd, int from, const char *name, bool born)
{
	char value[VALUE_MAX], old[VALUE_MAX];
	ssize_t n = get(from, name, value), o;

	if (n == -1)
		return errno == ENODATA ? 0 : -1;
	o = born ? fgetxattr(fd, name, old, VALUE_MAX) : -1;
	if (o == n && memcmp(value, old, (size_t)n) == 0)
		return 0;
	return fsetxattr(fd, name, value, (size_t)n, 0);
}

int
xattr_copy(int fd, int from)
{
	struct names old, new;

	if (take_names(list(from, old.text), &old) == -1 ||
	    take_names(flistxattr(fd, new.text, NAMES_MAX), &new) == -1)
		return -1;
	if (has(&new, XATTR_ACL) && !has(&old, XATTR_ACL) && fremovexattr(fd, XATTR_ACL) == -1)
		return -1;
	for (size_t i = 0; i < old.len; i += strlen(old.text + i) + 1) {
		const char *name = old.text + i;

		if (!goes_with_content(name) && copy(fd, from, name, has(&new, name)) == -1)
			return -1;
	}
	return has(&old, XATTR_ACL);
}
