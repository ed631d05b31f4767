/* SPDX-License-Identifier: ISC */
#ifndef SERVE_H
#define SERVE_H

/*
 * A server for tests that are its client, and what both halves are tested with.  It is a process of
 * its own, in the test's directory, and dies with the test at the latest.  What it returned and how
 * many errors it counted is known when it has ended, and that descriptor 2 stayed empty.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <limits.h>
#include <sched.h>
#include <signal.h>

#include "log.h"
#include "policies.h"
#include "session/session.h"
#include "unit.h"

#define SAY(s)	 say(s, sizeof(s) - 1)

/* Why something is refused by a policy. */
#define HIDDEN	 "names that begin with a dot are not allowed"
#define DENIED	 "this name is not allowed"
#define OUTSIDE	 "it is outside the root"
#define NO_LINKS "symbolic links are not followed here"

enum wires { PIPES, SOCKETS, PACKETS };	/* PACKETS: one write is one read */

/* Too large for a stack. */
static struct session session;
static struct conn conn;
static struct policy policy;	/* all zero: that of a drop-in */
static struct audit audit;

static struct {
	enum wires wires;
	uid_t	   uid;		/* whom the server becomes; 0: nobody else */
	rlim_t	   file_size;	/* bytes; 0: no limit */
	rlim_t	   descriptors;	/* to begin with; 0: as they are */
	const char *root;	/* in the test's directory, or "/"; NULL: the whole system */
	const char *start;	/* beneath that; NULL: its top */
	const char *proc;	/* where the server sees /proc, and nobody else does; or NULL */
	bool	   broken_log;	/* a log that is required cannot be written */
	rlim_t	   log_room;	/* bytes of a log that is required; 0: as much as it takes */
} setup;

/* What the server says of itself, where both see it. */
static struct outcome {
	int	 end;
	unsigned errors;
} *outcome;

static pid_t server = -1;
static int to = -1, from = -1;	/* the client's ends */
static int errors_fd = -1;	/* the server's descriptor 2 */

static inline void
own(const char *name, uid_t uid)
{
	if (geteuid() == 0)
		ck_assert_int_eq(fchownat(unit_fd, name, uid, uid, AT_SYMLINK_NOFOLLOW), 0);
}

/* Has the server be a user whom permissions bind; the test's directory is his then. */
static inline void
serve_a_user(void)
{
	if (geteuid() != 0)
		return;
	setup.uid = NOBODY;
	ck_assert_int_eq(fchown(unit_fd, NOBODY, NOBODY), 0);
}

/* The same in a restricted account, whose root is a directory "top" of that user. */
static inline void
confine(void)
{
	serve_a_user();
	policy = restricted_policy();
	setup.root = "top";
	put_dir("top", 0755);
	own("top", setup.uid);
	log_open();
}

static inline void
add_rule(bool allow, const char *pattern)
{
	struct policy_rule *r = &policy.rules[policy.nrules++];

	*r = (struct policy_rule){ .allow = allow };
	strcpy(r->pattern, pattern);
}

/* PATH, in which a '%' at the beginning stands for the test's directory. */
static inline const char *
path_of(const char *path)
{
	static char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", path[0] == '%' ? unit_path : "",
	    path + (path[0] == '%'));
	return whole;
}

static inline void
serve_as(uid_t uid)
{
	if (setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 ||
	    setresuid(uid, uid, uid) == -1 || prctl(PR_SET_DUMPABLE, 1) == -1)
		_exit(100);
}

static inline void
serve_within(__rlimit_resource_t what, rlim_t value)
{
	struct rlimit l;

	if (value == 0)
		return;
	if (getrlimit(what, &l) == -1)
		_exit(101);
	l.rlim_cur = value;
	if (setrlimit(what, &l) == -1)
		_exit(102);
}

/* Mounts /proc on a directory of the test's, for this process and its children alone. */
static inline bool
mount_proc_here(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", unit_path, name);
	return unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("/proc", path, NULL, MS_BIND, NULL) == 0;
}

static inline int
serve_below(struct root *root)
{
	char path[PATH_MAX];
	const char *what, *first = setup.start != NULL ? setup.start : "";

	if (setup.root == NULL)
		return root_open(root);
	snprintf(path, sizeof(path), "%s/%s", setup.root[0] == '/' ? "" : unit_path,
	    setup.root[0] == '/' ? "" : setup.root);
	return root_confine(root, path, "", first, policy.symlinks == SYMLINKS_BENEATH, &what);
}

static inline void
serve_with_log(void)
{
	if (setup.broken_log)
		log_begin_broken(&audit);
	else
		log_begin(&audit);
	if (setup.log_room != 0) {
		audit.required = true;
		serve_within(RLIMIT_FSIZE, setup.log_room);
	}
}

/* The server's life: RUN serves the session. */
static inline _Noreturn void
serve(const struct request *request, enum conn_turn turn, int in, int out, int (*run)(void))
{
	struct root root;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	serve_within(RLIMIT_FSIZE, setup.file_size);
	serve_within(RLIMIT_NOFILE, setup.descriptors);
	if (setup.proc != NULL && !mount_proc_here(setup.proc))
		_exit(104);
	if (setup.uid != 0)
		serve_as(setup.uid);
	if (chdir(unit_path) == -1 || serve_below(&root) == -1 ||
	    dup2(errors_fd, STDERR_FILENO) == -1)
		_exit(103);
	conn_init(&conn, in, out, turn, 0);
	serve_with_log();
	session_init(&session, &conn, request, &policy, &root, &audit);
	outcome->end = run();
	outcome->errors = session.errors;
	_exit(0);
}

static inline void
make_wires(int ours[2], int theirs[2])
{
	int in[2], out[2];

	if (setup.wires == SOCKETS) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in), 0);
		ours[0] = ours[1] = in[0];
		theirs[0] = theirs[1] = in[1];
		return;
	}
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	if (setup.wires == PACKETS)
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out), 0);
	else
		ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ours[0] = out[0];
	ours[1] = in[1];
	theirs[0] = in[0];
	theirs[1] = out[1];
}

/* Starts a server; returns a copy of its own input, which is the caller's to close. */
static inline int
start_server(const struct request *request, enum conn_turn turn, int (*run)(void))
{
	int ours[2], theirs[2];

	if (outcome == NULL) {
		signal(SIGPIPE, SIG_IGN);
		outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		ck_assert(outcome != MAP_FAILED);
		if (policy.max_depth == 0)
			policy = drop_in_policy();
	}
	*outcome = (struct outcome){ .end = 77 };
	errors_fd = memfd_create("stderr", MFD_CLOEXEC);
	ck_assert_int_ge(errors_fd, 0);
	make_wires(ours, theirs);
	fflush(stdout);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0) {
		close(ours[0]);
		close(ours[1]);
		serve(request, turn, theirs[0], theirs[1], run);
	}
	if (theirs[1] != theirs[0])
		close(theirs[1]);
	from = ours[0];
	to = ours[1];
	return theirs[0];
}

/* The client has nothing more to say. */
static inline void
hang_up(void)
{
	if (setup.wires == SOCKETS)
		shutdown(to, SHUT_WR);
	else
		close(to);
}

/* The server ends by itself, and is not told that we are done. */
static inline void
await_server(void)
{
	char text[4096];
	int status;
	ssize_t n;

	ck_assert_int_eq(waitpid(server, &status, 0), server);
	n = pread(errors_fd, text, sizeof(text), 0);
	ck_assert_msg(n == 0, "expected nothing on stderr, got \"%.*s\"", (int)n, text);
	close(errors_fd);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server ended with %#x",
	    (unsigned)status);
}

/* Bytes as C would have them, the middle of long ones left out, in one of a few static buffers. */
static inline const char *
show(const char *bytes, size_t n)
{
	static char shown[4][16384];
	static int next;
	char *text = shown[next++ % 4];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (i == 2000 && n > 4000) {
			used += (size_t)sprintf(text + used, " ... ");
			i = n - 1900;
		}
		if (c >= 0x20 && c < 0x7f)
			text[used++] = (char)c;
		else
			used += (size_t)sprintf(text + used, "\\%03o", c);
	}
	text[used] = '\0';
	return text;
}

#endif
