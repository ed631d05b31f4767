/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "cell/landlock.h"

/*
 * The kernel's interface, which never changes, but grows: the header of the machine that we are
 * built on may know less of it than the kernel that we run on.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444	/* the same numbers everywhere */
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

enum {
	ASK_VERSION = 1,	/* flag of create_ruleset */
	PATH_BENEATH = 1	/* type of a rule */
};

enum right {			/* bits, in the order in which the kernel learned of them */
	EXECUTE,
	WRITE_FILE,
	READ_FILE,
	READ_DIR,
	REMOVE_DIR,
	REMOVE_FILE,
	MAKE_CHAR,
	MAKE_DIR,
	MAKE_REG,
	MAKE_SOCK,
	MAKE_FIFO,
	MAKE_BLOCK,
	MAKE_SYM,
	REFER,
	TRUNCATE,
	IOCTL_DEV
};

struct ruleset {		/* what is forbidden unless a rule allows it */
	uint64_t fs, net, scoped;
};

struct __attribute__((packed)) beneath_rule {
	uint64_t allowed;
	int32_t	 dirfd;
};

/* How many bits of each kind a version has, and how much of the struct it wants to see. */
static const struct version {
	unsigned fs, net, scoped;
	size_t	 size;
} versions[] = {
	{ REFER, 0, 0, offsetof(struct ruleset, net) },
	{ TRUNCATE, 0, 0, offsetof(struct ruleset, net) },
	{ IOCTL_DEV, 0, 0, offsetof(struct ruleset, net) },
	{ IOCTL_DEV, 2, 0, offsetof(struct ruleset, scoped) },
	{ IOCTL_DEV + 1, 2, 0, offsetof(struct ruleset, scoped) },
	{ IOCTL_DEV + 1, 2, 2, sizeof(struct ruleset) },
};

enum {
	VERSIONS = sizeof(versions) / sizeof(versions[0])
};

#define BIT(right) (UINT64_C(1) << (right))

/* Renaming and linking within one directory needs no REFER. */
static const struct {
	enum landlock_right right;
	uint64_t	    bits;
} meanings[] = {
	{ LANDLOCK_READ, BIT(READ_FILE) | BIT(READ_DIR) },
	{ LANDLOCK_WRITE, BIT(WRITE_FILE) | BIT(READ_DIR) | BIT(REMOVE_FILE) | BIT(MAKE_REG) |
	    BIT(TRUNCATE) },
	{ LANDLOCK_DIRS, BIT(REMOVE_DIR) | BIT(MAKE_DIR) },
	{ LANDLOCK_MOVE, BIT(REFER) | BIT(MAKE_SYM) | BIT(MAKE_FIFO) | BIT(MAKE_SOCK) },
	{ LANDLOCK_LINKS, BIT(MAKE_SYM) },
};

static uint64_t
bits_of(unsigned rights)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if ((rights & meanings[i].right) != 0)
			bits |= meanings[i].bits;
	return bits;
}

static uint64_t
first_bits(unsigned n)
{
	return BIT(n) - 1;
}

/* A set of rules with its one rule, or, where nothing is ALLOWED, which is none, without: a descriptor, or -1. */
static int
make_ruleset(const struct version *v, int dirfd, uint64_t allowed)
{
	struct ruleset set = {
		.fs = first_bits(v->fs), .net = first_bits(v->net), .scoped = first_bits(v->scoped),
	};
	struct beneath_rule rule = { .allowed = allowed & set.fs, .dirfd = dirfd };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &set, v->size, 0), saved;

	if (fd == -1 || allowed == 0 || syscall(SYS_landlock_add_rule, fd, PATH_BENEATH, &rule, 0) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
landlock_enter(int dirfd, unsigned rights)
{
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	int fd, end, saved;

	if (version < 1)
		return version == -1 && errno != ENOSYS && errno != EOPNOTSUPP ? -1 : 0;
	fd = make_ruleset(&versions[version < VERSIONS ? version - 1 : VERSIONS - 1], dirfd,
	    bits_of(rights));
	if (fd == -1)
		return -1;
	end = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (end == 0)
		end = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	saved = errno;
	close(fd);
	errno = saved;
	if (end == -1)
		return -1;
	return version < VERSIONS ? version : VERSIONS;
}
