/* SPDX-License-Identifier: ISC */
#ifndef JOINED_H
#define JOINED_H

/* A session, and all that it joins; its client and its log can be read. */
#include <stdarg.h>

#include <bsd/unistd.h>

#include "log.h"
#include "policies.h"
#include "session/session.h"
#include "unit.h"

enum { LEVELS = 20 };		/* of the longest names: more than a path may have, and a record */

#define OUTSIDE "it is outside the root"

/* Too large for a stack. */
static struct session session;
static struct conn conn;
static struct request request;
static struct policy policy;
static struct root root;
static struct audit audit;

static char title[4096];	/* as it was set last */
static int titles;		/* how often it was set */

/* Takes the place of the library's, which has only as much room as the command line had. */
void
setproctitle(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(title, sizeof(title), fmt, args);
	va_end(args);
	titles++;
}

/* Joins the parts, of which the policy, the root and the log are as the test left them. */
static inline void
join(enum request_role role)
{
	request = (struct request){ .role = role };
	session_init(&session, &conn, &request, &policy, &root, &audit);
}

static inline void
init(enum request_role role, bool verbose)
{
	policy = drop_in_policy();
	root = (struct root){ .fd = -1, .start = -1 };
	audit_init(&audit, "u", NULL);
	join(role);
	request.verbose = verbose;
}

/* What BODY writes to descriptor 2, in a static buffer. */
static inline const char *
stderr_of(void (*body)(void))
{
	int saved = dup(STDERR_FILENO), out;

	put_file("stderr", "", 0600);
	out = openat(unit_fd, "stderr", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(saved, 0);
	ck_assert_int_ge(out, 0);
	fflush(stderr);
	ck_assert_int_eq(dup2(out, STDERR_FILENO), STDERR_FILENO);
	body();
	fflush(stderr);
	ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	close(out);
	return get_file("stderr");
}

/* What is in the pipe FD by now, in a static buffer. */
static inline const char *
said(int fd)
{
	static char text[4096];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

static inline void
connect_to(int ends[2], enum conn_turn turn, bool verbose)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	conn_init(&conn, -1, ends[1], turn, 0);
	init(REQUEST_SINK, verbose);
	trail_set(&session.trail, "d/f\033");
}

/* A directory as root, with START in it, where relative paths begin. */
static inline void
confine(const char *start)
{
	char path[PATH_MAX];
	const char *what;

	if (!exists("top")) {
		ck_assert_int_eq(mkdirat(unit_fd, "top", 0755), 0);
		ck_assert_int_eq(mkdirat(unit_fd, "top/s", 0755), 0);
		ck_assert_int_eq(mkdirat(unit_fd, "top/s/t", 0755), 0);
	}
	snprintf(path, sizeof(path), "%s/top", unit_path);
	policy = restricted_policy();
	audit_init(&audit, "u", NULL);
	ck_assert_int_eq(root_confine(&root, path, "", start, false, &what), 0);
}

static inline void
check_text(const char *about, const char *got, const char *wanted)
{
	bool same = got == NULL || wanted == NULL ? got == wanted : strcmp(got, wanted) == 0;

	ck_assert_msg(same,
	    "\"%s\": expected %s, got %s", about, wanted == NULL ? "no reason" : wanted,
	    got == NULL ? "no reason" : got);
}

/* Goes into so many directories with long names that the path is longer than a path may be. */
static inline void
go_deep(void)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (int i = 0; i < LEVELS; i++)
		trail_enter(&session.trail, name);
	ck_assert_uint_gt(session.trail.len, PATH_MAX);
}

/* A session whose client and whose log can be read. */
static inline void
listen_to(int ends[2], enum conn_turn turn, enum request_role role)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	conn_init(&conn, -1, ends[1], turn, 0);
	log_open();
	log_begin(&audit);
	join(role);
}

#endif
