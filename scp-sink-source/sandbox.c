/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include <bsd/string.h>

#include "cell/syscalls.h"
#include "sandbox.h"

#ifdef SANITIZED
#include <sanitizer/lsan_interface.h>

/* Who looks for leaks at the end of a process looks at it as a debugger does. */
static bool is_locked_up;

int
__lsan_is_turned_off(void)
{
	return is_locked_up;
}
#endif

/*
 * No debugger of the same user, no core file, no other process, and no privileges by a set-user-ID
 * program.  Root is not bound by the number of processes.
 */
static int
drop_the_rest(void)
{
	const struct rlimit none = { 0, 0 };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	    setrlimit(RLIMIT_CORE, &none) == 0 && setrlimit(RLIMIT_NPROC, &none) == 0 ? 1 : -1;
}

/* Whether to go on after a part of which there is GOT: more than 0, 0 for none, or -1 with errno. */
static bool
goes_on(const struct sandbox *s, int got, const char *part, const char **what)
{
	if (got > 0 || !s->required)
		return true;
	if (got == 0)
		errno = ENOSYS;
	*what = part;
	return false;
}

/* IN_FORCE, of a version of Landlock, 0 or less where there is none, and of seccomp. */
static void
describe(char in_force[SANDBOX_TEXT_MAX], int landlock, bool seccomp)
{
	/* What a version has no word for, in the order of those that have one. */
	static const struct {
		int	    version;
		const char *word;
	} later[] = {
		{ LANDLOCK_TRUNCATE, "truncate" }, { LANDLOCK_TCP, "tcp" },
		{ LANDLOCK_IOCTL, "ioctl" }, { LANDLOCK_SCOPE, "scope" },
	};
	size_t n;

	if (landlock <= 0) {
		strlcpy(in_force, seccomp ? "seccomp; missing: landlock" : "none", SANDBOX_TEXT_MAX);
		return;
	}
	n = (size_t)snprintf(in_force, SANDBOX_TEXT_MAX, "landlock %d%s", landlock,
	    seccomp ? ", seccomp" : "; missing: seccomp");
	for (size_t i = 0; !seccomp && i < sizeof(later) / sizeof(later[0]); i++)
		if (landlock < later[i].version)
			n += (size_t)snprintf(in_force + n, SANDBOX_TEXT_MAX - n, ", %s", later[i].word);
	assert(n < SANDBOX_TEXT_MAX);
}

int
sandbox_enter(const struct sandbox *s, char in_force[SANDBOX_TEXT_MAX], const char **what)
{
	struct syscalls calls = {
		.read = (s->rights & LANDLOCK_READ) != 0,
		.write = (s->rights & ~(unsigned)LANDLOCK_READ) != 0,
		.anywhere = s->anywhere, .terminal = s->terminal,
		.links = (s->rights & LANDLOCK_LINKS) != 0,
		.log = s->log, .address = s->address, .size = s->size,
	};
	int landlock, seccomp;

#ifdef SANITIZED
	is_locked_up = true;
#endif
	/* The log's times: their zone is in a file that cannot be read later. */
	tzset();
	if (!goes_on(s, drop_the_rest(), "limits", what))
		return -1;
	landlock = landlock_enter(s->root, s->rights);
	if (!goes_on(s, landlock, "landlock", what))
		return -1;
	/* Before it knew of that, openat2 emptied files for whoever may only read them. */
	calls.openat2 = landlock >= LANDLOCK_TRUNCATE;
	seccomp = syscalls_restrict(&calls);
	if (!goes_on(s, seccomp, "seccomp", what))
		return -1;
	describe(in_force, landlock, seccomp > 0);
	return 0;
}
