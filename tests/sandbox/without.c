/* SPDX-License-Identifier: ISC */
/*
 * Runs a program as if the kernel were an older one, or the container a stricter one:
 *
 *	without PART[,PART] COMMAND [ARGUMENT]...
 *
 * PART is landlock or seccomp.
 */
#include <sys/prctl.h>

#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

enum {
	LANDLOCK_CREATE_RULESET = 444	/* which libseccomp may not know */
};

static void
add(scmp_filter_ctx filter, int number, int call)
{
	int end = seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)number), call, 0);

	if (end != 0)
		errx(1, "a rule: %s", strerror(-end));
}

int
main(int argc, char *argv[])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 3 || filter == NULL)
		errx(2, "usage: without PART[,PART] COMMAND [ARGUMENT]...");
	if (strstr(argv[1], "landlock") != NULL)
		add(filter, ENOSYS, LANDLOCK_CREATE_RULESET);
	if (strstr(argv[1], "seccomp") != NULL) {
		add(filter, ENOSYS, SCMP_SYS(seccomp));
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) != 0)
			errx(1, "a rule");
	}
	if (seccomp_load(filter) != 0)
		errx(1, "the kernel has no seccomp itself");
	execv(argv[2], argv + 2);
	err(1, "%s", argv[2]);
}
