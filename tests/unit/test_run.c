/* SPDX-License-Identifier: ISC */
/* A session that was taken over: what it can still do once it has begun, with all that it has. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <limits.h>
#include <signal.h>

#include <bsd/string.h>
#include <linux/openat2.h>

#include "cell/pin.h"
#include "locked.h"
#include "paths/proc.h"
#include "readers.h"
#include "run.h"
#include "sandbox.h"
#include "text/amount.h"
#include "unit.h"

enum {
	DONE = 0,
	PAGE_OF_PIN = 4096,
	STARTS = 3,		/* of the log's daemon while a session is there */
	NOT_BEGUN = 99
};

/* Under a sanitizer, what is not allowed fails instead. */
#ifdef SANITIZED
#define KILLED EPERM
#else
#define KILLED (-SIGSYS)
#endif

static struct service service;
static unsigned rename_right;	/* of a session that makes no directories or links, nor removes any */
static struct deadline deadline;
static int log_daemon, other_daemon;

static void
name_other(struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(name->sun_path, sizeof(name->sun_path), "%s/other", unit_path);
}

/* The log that the session has, and somebody who also has a socket, as a bus or an agent. */
static void
start_daemons(void)
{
	struct sockaddr_un name;

	ck_assert_int_eq(mkdirat(unit_fd, "in", 0755), 0);
	log_daemon = start_daemon();
	other_daemon = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	name_other(&name);
	ck_assert_int_eq(bind(other_daemon, (struct sockaddr *)&name, sizeof(name)), 0);
}

static int
begin(enum request_role role)
{
	static struct sockaddr_un name;
	const char *what;
	char root[PATH_MAX];

	/* They are somebody else's. */
	close(log_daemon);
	close(other_daemon);
	service_init(&service, NULL, (const char *[ACCOUNT_SAID]){ NULL, NULL });
	service.policy.restricted = true;
	service.policy.sandbox = SANDBOX_TRY;
	service.policy.idle_timeout = service.policy.max_duration = AMOUNT_NONE;
	service.request.role = role;
	if (role == REQUEST_SFTP) {
		service.policy.mkdir = POLICY_NO;
		service.policy.remove = RIGHT_NO;
		service.policy.make_links = POLICY_NO;
		service.policy.rename = rename_right;
	}
	snprintf(root, sizeof(root), "%s/in", unit_path);
	socket_name(&name);
	if (audit_to_syslog(&service.audit, name.sun_path, 0, AUDIT_TEXT, true) == -1 ||
	    root_confine(&service.root, root, "", "", false, &what) == -1)
		return -1;
	return run_time(&service, &deadline) == 0 ? run_begin(&service, "request") : -1;
}

/* How a session that began and does it ends: its exit status, or a negative signal. */
static int
end_of(enum request_role role, int (*deed)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(begin(role) == 0 ? deed() : NOT_BEGUN);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
log_fd(void)
{
	return service.audit.journal.fd;
}

static char *
log_address(void)
{
	return (char *)(uintptr_t)service.audit.journal.address;
}

static int
error_of(long end)
{
	return end == -1 ? errno : DONE;
}

static int
open_a_socket(void)
{
	return error_of(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int
connect_to_another(void)
{
	struct sockaddr_un name;

	name_other(&name);
	return error_of(connect(log_fd(), (struct sockaddr *)&name, sizeof(name)));
}

static int
send_to_another(void)
{
	struct sockaddr_un name;

	name_other(&name);
	return error_of(sendto(log_fd(), "x", 1, 0, (struct sockaddr *)&name, sizeof(name)));
}

static int
connect_a_part(void)
{
	return error_of(connect(log_fd(), (void *)log_address(), 3));
}

static int
connect_what_else(void)
{
	return error_of(connect(STDIN_FILENO, (void *)log_address(),
	    sizeof(struct sockaddr_un)));
}

static int
make_it_writable(void)
{
	return error_of(mprotect(log_address(), PAGE_OF_PIN, PROT_READ | PROT_WRITE));
}

static int
make_more_writable(void)
{
	return error_of(mprotect(log_address() - PAGE_OF_PIN, (size_t)2 * PAGE_OF_PIN,
	    PROT_READ | PROT_WRITE));
}

static int
take_it_away(void)
{
	return error_of(munmap(log_address(), PAGE_OF_PIN));
}

static int
forget_it(void)
{
	return error_of(madvise(log_address(), PAGE_OF_PIN, MADV_DONTNEED));
}

static int
move_it(void)
{
	return mremap(log_address(), PAGE_OF_PIN, PAGE_OF_PIN, MREMAP_MAYMOVE) == MAP_FAILED
	    ? errno : DONE;
}

static int
move_there(void)
{
	void *page = mmap(NULL, PAGE_OF_PIN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mremap(page, PAGE_OF_PIN, PAGE_OF_PIN, MREMAP_MAYMOVE | MREMAP_FIXED, log_address()) ==
	    MAP_FAILED ? errno : DONE;
}

static int
map_there(void)
{
	return mmap(log_address(), PAGE_OF_PIN, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ? errno : DONE;
}

static int
read_there(void)
{
	struct stat *there = (struct stat *)(void *)log_address();

	return (int)syscall(SYS_fstat, unit_fd, there) == -1 ? errno : DONE;
}

static int
signal_who_started_us(void)
{
	return error_of(fcntl(log_fd(), F_SETOWN, getppid()));
}

static int
empty_by_reading(void)
{
	return error_of(openat(unit_fd, "in/f", O_RDONLY | O_TRUNC | O_CLOEXEC));
}

static int
open_by(int dirfd, const char *name, uint64_t flags)
{
	struct open_how how = { .flags = flags };

	return error_of(syscall(SYS_openat2, dirfd, name, &how, sizeof(how)));
}

static int
empty_by_reading_2(void)
{
	return open_by(unit_fd, "in/f", O_RDONLY | O_TRUNC | O_CLOEXEC);
}

static int
empty_by_nothing_2(void)
{
	return open_by(unit_fd, "in/f", O_WRONLY | O_RDWR | O_TRUNC | O_CLOEXEC);
}

static int
empty_outside_2(void)
{
	return open_by(unit_fd, "out", O_WRONLY | O_RDWR | O_TRUNC | O_CLOEXEC);
}

static int
write_2(void)
{
	return open_by(unit_fd, "in/f", O_WRONLY | O_CLOEXEC);
}

static int
make_2(void)
{
	struct open_how how = { .flags = O_WRONLY | O_CREAT | O_CLOEXEC, .mode = 0600 };

	return error_of(syscall(SYS_openat2, unit_fd, "in/new", &how, sizeof(how)));
}

static int
read_2(void)
{
	return open_by(unit_fd, "in/f", O_RDONLY | O_CLOEXEC);
}

static int
read_1(void)
{
	return error_of(openat(unit_fd, "in/f", O_RDONLY | O_CLOEXEC));
}

static const struct {
	const char	 *what;
	int		(*deed)(void);
	enum request_role role;
	int		  end;
	int		  before;	/* the same where Landlock cannot judge what openat2 does */
} rows[] = {
	{ "socket", open_a_socket, REQUEST_SINK, KILLED, KILLED },
	{ "connect", connect_to_another, REQUEST_SINK, KILLED, KILLED },
	{ "sendto", send_to_another, REQUEST_SINK, KILLED, KILLED },
	{ "a shorter address", connect_a_part, REQUEST_SINK, KILLED, KILLED },
	{ "another descriptor", connect_what_else, REQUEST_SINK, KILLED, KILLED },
	{ "mprotect", make_it_writable, REQUEST_SINK, KILLED, KILLED },
	{ "mprotect from below", make_more_writable, REQUEST_SINK, KILLED, KILLED },
	{ "munmap", take_it_away, REQUEST_SINK, KILLED, KILLED },
	{ "madvise", forget_it, REQUEST_SINK, KILLED, KILLED },
	{ "mremap from it", move_it, REQUEST_SINK, KILLED, KILLED },
	{ "mremap to it", move_there, REQUEST_SINK, KILLED, KILLED },
	{ "mmap", map_there, REQUEST_SINK, EEXIST, EEXIST },
	{ "a call that fills it in", read_there, REQUEST_SINK, EFAULT, EFAULT },
	{ "a signal", signal_who_started_us, REQUEST_SOURCE, KILLED, KILLED },
	{ "O_TRUNC", empty_by_reading, REQUEST_SOURCE, KILLED, KILLED },
	{ "openat2 O_TRUNC", empty_by_reading_2, REQUEST_SOURCE, EACCES, ENOSYS },
	{ "openat2 3, O_TRUNC", empty_by_nothing_2, REQUEST_SOURCE, EACCES, ENOSYS },
	{ "openat2 to write", write_2, REQUEST_SOURCE, EACCES, ENOSYS },
	{ "openat2 to make", make_2, REQUEST_SOURCE, EACCES, ENOSYS },
	{ "openat2 outside", empty_outside_2, REQUEST_SOURCE, EACCES, ENOSYS },
	{ "openat2 to empty what is outside", empty_outside_2, REQUEST_SINK, EACCES, ENOSYS },
	{ "openat2 to read", read_2, REQUEST_SINK, EACCES, ENOSYS },
	{ "openat to read", read_1, REQUEST_SINK, EACCES, EACCES },
	{ "openat to read", read_1, REQUEST_SOURCE, DONE, DONE },
};

/* The version of Landlock that the first record tells of, 0 for none; -1 without seccomp. */
static int
version_of(const char *record)
{
	const char *text = strstr(record, " sandbox \"");
	int version = 0;

	ck_assert_ptr_nonnull(text);
	(void)sscanf(text, " sandbox \"landlock %d", &version);
	return strstr(text, "missing: seccomp") != NULL || strstr(text, "none") != NULL ? -1 : version;
}

START_TEST(a_session_that_was_taken_over)
{
	int got, version, wanted;

	start_daemons();
	put_file("in/f", "hello", 0644);
	put_file("out", "hello", 0644);
	got = end_of(rows[_i].role, rows[_i].deed);
	version = version_of(receive(log_daemon));
	if (version == -1) {
		printf("SKIP: this kernel has no seccomp\n");
		return;
	}
	wanted = version < LANDLOCK_TRUNCATE ? rows[_i].before : rows[_i].end;
	ck_assert_msg(got == wanted, "%s: expected %d, got %d", rows[_i].what, wanted, got);
	ck_assert_str_eq(get_file("in/f"), "hello");
	ck_assert_str_eq(get_file("out"), "hello");
	ck_assert(!exists("in/new"));
	ck_assert(!has_record(other_daemon));
}
END_TEST

/* As before Linux 6.6: of a directory that may not be read, and is held all the same. */
static int
change_a_mode(void)
{
	int fd = openat(unit_fd, "in", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd == -1 ? errno : error_of(proc_chmod(fd, 0751));
}

START_TEST(a_mode_without_the_latest_call)
{
	struct stat st;

	start_daemons();
	ck_assert_int_eq(end_of(REQUEST_SINK, change_a_mode), DONE);
	ck_assert_int_eq(fstatat(unit_fd, "in", &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0751);
}
END_TEST

static int
make_a_directory(void)
{
	return error_of(mkdirat(unit_fd, "in/new", 0755));
}

static int
rename_a_directory(void)
{
	return error_of(renameat(unit_fd, "in/d", unit_fd, "in/e"));
}

/* The only way in which one is made there. */
static int
rename_a_link(void)
{
	return error_of(renameat(unit_fd, "in/l", unit_fd, "in/m"));
}

static int
make_a_link(void)
{
	return error_of(symlinkat("f", unit_fd, "in/n"));
}

static int
read_and_write(void)
{
	return error_of(openat(unit_fd, "in/f", O_RDWR | O_CLOEXEC));
}

static int
write_outside(void)
{
	return error_of(openat(unit_fd, "out", O_WRONLY | O_CLOEXEC));
}

/* A session over SFTP does both, beneath the root; directories are renamed where that is all there is. */
START_TEST(rule_69_both_directions)
{
	static const struct {
		const char *what;
		int	  (*deed)(void);
		unsigned    rename;
		int	    end;
	} both[] = {
		{ "read and write", read_and_write, RIGHT_YES, DONE },
		{ "outside", write_outside, RIGHT_YES, EACCES },
		{ "rename", rename_a_directory, RIGHT_OWN, DONE },
		{ "rename", rename_a_directory, RIGHT_NO, EACCES },
		{ "rename a link", rename_a_link, RIGHT_OWN, DONE },
		{ "rename a link", rename_a_link, RIGHT_NO, EACCES },
		{ "make a link", make_a_link, RIGHT_OWN, KILLED },
		{ "mkdir", make_a_directory, RIGHT_NO, EACCES },
	};

	start_daemons();
	put_file("in/f", "hello", 0644);
	put_file("out", "hello", 0644);
	for (size_t i = 0; i < COUNT(both); i++) {
		int got;

		(void)unlinkat(unit_fd, "in/e", AT_REMOVEDIR);
		ck_assert(mkdirat(unit_fd, "in/d", 0755) == 0 || errno == EEXIST);
		(void)unlinkat(unit_fd, "in/m", 0);
		ck_assert(symlinkat("f", unit_fd, "in/l") == 0 || errno == EEXIST);
		rename_right = both[i].rename;
		got = end_of(REQUEST_SFTP, both[i].deed);
		if (version_of(receive(log_daemon)) <= 0) {
			printf("SKIP: this kernel has no Landlock\n");
			return;
		}
		ck_assert_msg(got == both[i].end, "%s: expected %d, got %d", both[i].what,
		    both[i].end, got);
	}
}
END_TEST

/* A session that writes a record each time that it is told to, of which so many arrive. */
static pid_t
write_records(int told, int begun, int wanted)
{
	pid_t pid = fork();
	int written = 0;
	char byte;

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	if (begin(REQUEST_SINK) == -1)
		_exit(NOT_BEGUN);
	for (int i = 0; i < STARTS; i++) {
		if (write(begun, "x", 1) != 1 || read(told, &byte, 1) != 1)
			_exit(1);
		written += journal_write(&service.audit.journal, "record", 6) == 0;
	}
	_exit(written == wanted ? DONE : 2);
}

static void
expect_records(int wanted)
{
	int begun[2], told[2], status;
	char byte;
	pid_t pid;

	start_daemons();
	ck_assert_int_eq(pipe2(begun, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
	pid = write_records(told[0], begun[1], wanted);
	for (int i = 0; i < STARTS; i++) {
		ck_assert_int_eq(read(begun[0], &byte, 1), 1);
		close(log_daemon);
		log_daemon = start_daemon();
		ck_assert_int_eq(write(told[1], "x", 1), 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(receive(log_daemon), wanted > 0 ? "record" : "");
}

/* In the sandbox, too. */
START_TEST(a_log_that_starts_anew_is_found)
{
	expect_records(STARTS);
}
END_TEST

/* Where the place of its address is taken nobody is looked for, and the session goes on. */
START_TEST(a_log_that_could_not_be_pinned)
{
	ck_assert_ptr_nonnull(pin_bytes("x", 2));
	expect_records(0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, a_session_that_was_taken_over, 0, (int)COUNT(rows));
	tcase_add_test(t, a_mode_without_the_latest_call);
	tcase_add_test(t, rule_69_both_directions);
	tcase_add_test(t, a_log_that_starts_anew_is_found);
	tcase_add_test(t, a_log_that_could_not_be_pinned);
}

int
main(void)
{
	return run_unit("run", add);
}
