/* SPDX-License-Identifier: ISC */
#ifndef LOG_H
#define LOG_H

/* The administrator's log of a test: text records in a file that has no name. */
#include <sys/mman.h>

#include "log/audit.h"
#include "unit.h"

static int log_fd = -1;

/* Begins an empty log. */
static inline void
log_open(void)
{
	if (log_fd != -1)
		close(log_fd);
	log_fd = memfd_create("log", MFD_CLOEXEC);
	ck_assert_int_ge(log_fd, 0);
}

/* Has AUDIT write to it what is said of a user who is of no interest. */
static inline void
log_begin(struct audit *audit)
{
	audit_init(audit, "u", NULL);
	if (log_fd != -1)
		audit_to_fd(audit, log_fd, AUDIT_TEXT, false);
}

/* A log that is required, and that nobody reads: each record fails. */
static inline void
log_begin_broken(struct audit *audit)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	audit_init(audit, "u", NULL);
	audit_to_fd(audit, ends[1], AUDIT_TEXT, true);
}

/* All that was written so far, in a static buffer. */
static inline const char *
log_text(void)
{
	static char text[1 << 16];
	ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

/* A '#' stands for a number, which may have a point in it. */
static inline bool
log_matches(const char *wanted, const char *got)
{
	for (; *wanted != '\0'; wanted++) {
		size_t n = *wanted == '#' ? strspn(got, "0123456789.") : *wanted == *got;

		if (n == 0)
			return false;
		got += n;
	}
	return *got == '\0';
}

/* Forgets what was written so far, also while somebody is about to write more. */
static inline void
log_clear(void)
{
	ck_assert_int_eq(ftruncate(log_fd, 0), 0);
	ck_assert_int_eq(lseek(log_fd, 0, SEEK_SET), 0);
}

/* The log is WANTED, as above, and is then empty again. */
static inline void
log_is(const char *wanted)
{
	const char *got = log_text();

	ck_assert_msg(log_matches(wanted, got), "expected the log\n%sgot\n%s", wanted, got);
	log_clear();
}

#endif
