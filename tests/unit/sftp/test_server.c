/* SPDX-License-Identifier: ISC */
/*
 * Whole sessions, in one process: what the client says is a file, and so is what it hears.  Tests have
 * the number of the rule that they are about.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <signal.h>

#include "policies.h"
#include "sftp/attributes.h"
#include "sftp/packet.h"
#include "sftp/server.h"
#include "sftp/status.h"
#include "unit.h"

enum {
	SAID_MAX = 4 << 20,
	HEARD_MAX = 8 << 20,
	DATA_MAX = 261120,
	LARGE = 600001,		/* bytes of a file */
	LARGE_WRITES = 5,
	BATCH = 10
};

static struct policy policy;
static struct root root;
static struct account account;
static struct audit audit;
static struct title title;
static struct deeds deeds;

static unsigned char said_bytes[SAID_MAX], heard_bytes[HEARD_MAX];
static struct reply said;	/* what the client says */
static size_t began;		/* where its last packet begins */
static struct packet heard;	/* what is left of what it hears */
static const char *why;

/* Somebody who has the test's directory, or the whole system from there on. */
static void
be(struct policy p)
{
	const char *what;

	policy = p;
	ck_assert_int_eq(fchdir(unit_fd), 0);
	if (p.restricted)
		ck_assert_int_eq(root_confine(&root, unit_path, "", "", false, &what), 0);
	else
		ck_assert_int_eq(root_open(&root), 0);
	account = (struct account){ .uid = geteuid(), .gid = getegid(), .ours = true };
	strcpy(account.name, "me");
	audit_init(&audit, "me", NULL);
	title_init(&title, "test");
	deeds_init(&deeds, &policy, &root, &account, &audit);
	reply_init(&said, said_bytes, sizeof(said_bytes));
}

/* One packet is said: its type and id, what the test puts behind them, and its end. */
static void
say(unsigned type, uint32_t id)
{
	began = said.len;
	reply_put_number(&said, 0);
	reply_put_byte(&said, (uint8_t)type);
	reply_put_number(&said, id);
}

static void
said_all(void)
{
	ck_assert(!said.full);
	reply_set_number(&said, began, (uint32_t)(said.len - began - PACKET_LENGTH));
}

static void
say_init(void)
{
	say(PACKET_INIT, 3);
	said_all();
}

static void
say_path(unsigned type, uint32_t id, const char *path)
{
	say(type, id);
	reply_put_text(&said, path);
	if (type == PACKET_MKDIR)
		reply_put_number(&said, 0);
	said_all();
}

static void
say_open(uint32_t id, const char *path, uint32_t flags)
{
	say(PACKET_OPEN, id);
	reply_put_text(&said, path);
	reply_put_number(&said, flags);
	reply_put_number(&said, 0);
	said_all();
}

/* The handle of slot SLOT, whose GENERATIONth user that is. */
static void
put_handle(uint32_t slot, uint32_t generation)
{
	reply_put_number(&said, 8);
	reply_put_number(&said, slot);
	reply_put_number(&said, generation);
}

static void
say_handle(unsigned type, uint32_t id, uint32_t slot, uint32_t generation)
{
	say(type, id);
	put_handle(slot, generation);
	said_all();
}

static void
say_read(uint32_t id, uint32_t slot, uint64_t offset, uint32_t n)
{
	say(PACKET_READ, id);
	put_handle(slot, 1);
	reply_put_wide(&said, offset);
	reply_put_number(&said, n);
	said_all();
}

static void
say_write(uint32_t id, uint32_t slot, uint64_t offset, const void *data, size_t n)
{
	say(PACKET_WRITE, id);
	put_handle(slot, 1);
	reply_put_wide(&said, offset);
	reply_put_string(&said, data, n);
	said_all();
}

static void
say_extended(uint32_t id, const char *name)
{
	say(PACKET_EXTENDED, id);
	reply_put_text(&said, name);
}

static int
memory(const void *bytes, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Serves what comes from IN; what is heard is left to be taken. */
static int
serve_from(int in)
{
	int out = memory("", 0);
	ssize_t n;
	int end = sftp_serve(&deeds, &title, NULL, in, out, 0, &why);

	n = pread(out, heard_bytes, sizeof(heard_bytes), 0);
	ck_assert_int_ge(n, 0);
	ck_assert_int_lt(n, HEARD_MAX);
	packet_init(&heard, heard_bytes, (size_t)n);
	close(out);
	return end;
}

static int
serve(void)
{
	int in = memory(said_bytes, said.len), end = serve_from(in);

	close(in);
	return end;
}

/* The next packet that is heard, behind its type and id, which are these. */
static struct packet
hear(unsigned type, uint32_t id)
{
	struct packet_string body = packet_take_string(&heard);
	struct packet p;
	unsigned got;

	ck_assert(!heard.bad);
	packet_init(&p, body.at, body.len);
	got = packet_take_byte(&p);
	ck_assert_msg(got == type, "type %u, not %u", got, type);
	ck_assert_uint_eq(packet_take_number(&p), id);
	return p;
}

static void
hear_status(uint32_t id, enum status status)
{
	struct packet p = hear(PACKET_STATUS, id);
	uint32_t code = packet_take_number(&p);
	struct packet_string text = packet_take_string(&p), language = packet_take_string(&p);

	ck_assert_msg(code == status, "status %u \"%.*s\", not %u", code, (int)text.len,
	    (const char *)text.at, status);
	ck_assert_uint_eq(language.len, 0);
	ck_assert(!p.bad && p.at == p.end && text.len > 0);
}

static void
hear_handle(uint32_t id, uint32_t slot, uint32_t generation)
{
	struct packet p = hear(PACKET_HANDLE, id);

	ck_assert_uint_eq(packet_take_number(&p), 8);
	ck_assert_uint_eq(packet_take_number(&p), slot);
	ck_assert_uint_eq(packet_take_number(&p), generation);
	ck_assert(!p.bad && p.at == p.end);
}

static void
hear_data(uint32_t id, const void *data, size_t n)
{
	struct packet p = hear(PACKET_DATA, id);
	struct packet_string got = packet_take_string(&p);

	ck_assert_uint_eq(got.len, n);
	ck_assert(memcmp(got.at, data, n) == 0 && p.at == p.end);
}

static void
hear_name(uint32_t id, const char *name)
{
	struct packet p = hear(PACKET_NAME, id);
	struct packet_string once, twice;

	ck_assert_uint_eq(packet_take_number(&p), 1);
	once = packet_take_string(&p);
	twice = packet_take_string(&p);
	ck_assert_msg(packet_string_is(&once, name), "\"%.*s\", not \"%s\"", (int)once.len,
	    (const char *)once.at, name);
	ck_assert(packet_string_is(&twice, name) && packet_take_number(&p) == 0);
	ck_assert(!p.bad && p.at == p.end);
}

static void
hear_version(void)
{
	(void)hear(PACKET_VERSION, 3);
}

static void
hear_nothing(void)
{
	ck_assert_ptr_eq(heard.at, heard.end);
}

/* A session that begins, and one that has ended well. */
static void
begin(struct policy p)
{
	be(p);
	say_init();
}

static void
finish(void)
{
	ck_assert_int_eq(serve(), 0);
	ck_assert_ptr_null(why);
	hear_version();
}

static const char *
pattern(void)
{
	static char bytes[LARGE + 1];

	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (char)('a' + i % 23 + i / 4096 % 3);
	return bytes;
}

START_TEST(rule_6_input_may_end_between_packets)
{
	be(restricted_policy());
	ck_assert_int_eq(serve(), 0);
	hear_nothing();
	begin(restricted_policy());
	say_path(PACKET_REMOVE, 1, "nosuch");
	finish();
	hear_status(1, STATUS_NO_SUCH_FILE);
	hear_nothing();
}
END_TEST

START_TEST(rule_6_input_that_ends_in_a_packet)
{
	for (size_t cut = 1; cut < 14; cut++) {
		begin(restricted_policy());
		say_path(PACKET_STAT, 1, ".");
		said.len -= cut;
		ck_assert_int_eq(serve(), -1);
		ck_assert_str_eq(why, "the input ended in a packet");
		hear_version();
		hear_nothing();
	}
}
END_TEST

START_TEST(rule_9_wrong_lengths_end_the_session)
{
	static const uint32_t lengths[] = { 0, 1, 4, 262145, 0x80000000, UINT32_MAX };

	for (size_t i = 0; i < COUNT(lengths); i++) {
		begin(restricted_policy());
		reply_put_number(&said, lengths[i]);
		reply_put_wide(&said, 0);
		ck_assert_int_eq(serve(), -1);
		ck_assert_str_eq(why, "a packet of a wrong length");
		hear_version();
		hear_nothing();
	}
}
END_TEST

START_TEST(rule_9_the_largest_packet_is_one)
{
	static char junk[PACKET_MAX];

	begin(restricted_policy());
	for (uint32_t i = 0; i < 4; i++) {
		say(99, i);
		memcpy(reply_reserve(&said, PACKET_MAX - 5), junk, PACKET_MAX - 5);
		said_all();
	}
	finish();
	for (uint32_t i = 0; i < 4; i++)
		hear_status(i, STATUS_OP_UNSUPPORTED);
	hear_nothing();
}
END_TEST

START_TEST(rule_9_what_is_cut_short_is_bad_and_the_session_goes_on)
{
	static const unsigned char types[] = {
		PACKET_OPEN, PACKET_CLOSE, PACKET_READ, PACKET_WRITE, PACKET_LSTAT, PACKET_FSTAT,
		PACKET_SETSTAT, PACKET_FSETSTAT, PACKET_OPENDIR, PACKET_READDIR, PACKET_REMOVE,
		PACKET_MKDIR, PACKET_RMDIR, PACKET_REALPATH, PACKET_STAT, PACKET_RENAME, PACKET_READLINK,
		PACKET_SYMLINK, PACKET_EXTENDED,
	};

	begin(restricted_policy());
	for (uint32_t i = 0; i < COUNT(types); i++) {
		say(types[i], i);
		said_all();
		say(types[i], i);
		reply_put_number(&said, UINT32_MAX);
		reply_put_number(&said, 0);
		said_all();
	}
	finish();
	for (uint32_t i = 0; i < COUNT(types); i++) {
		hear_status(i, STATUS_BAD_MESSAGE);
		hear_status(i, STATUS_BAD_MESSAGE);
	}
	hear_nothing();
}
END_TEST

START_TEST(rule_9_no_nul_in_paths_and_names)
{
	begin(restricted_policy());
	say(PACKET_STAT, 1);
	reply_put_string(&said, "a\0b", 3);
	said_all();
	say(PACKET_EXTENDED, 2);
	reply_put_string(&said, "limits@openssh.com\0", 19);
	said_all();
	finish();
	hear_status(1, STATUS_BAD_MESSAGE);
	hear_status(2, STATUS_BAD_MESSAGE);
	hear_nothing();
}
END_TEST

START_TEST(rule_9_bytes_behind_the_last_field_are_ignored)
{
	begin(restricted_policy());
	say(PACKET_REALPATH, 1);
	reply_put_text(&said, "x");
	reply_put_text(&said, "more");
	said_all();
	finish();
	hear_name(1, "/x");
	hear_nothing();
}
END_TEST

START_TEST(rule_10_init_comes_first_and_once)
{
	be(restricted_policy());
	say_path(PACKET_STAT, 1, ".");
	ck_assert_int_eq(serve(), -1);
	ck_assert_ptr_nonnull(why);
	hear_nothing();
	begin(restricted_policy());
	say_init();
	say_path(PACKET_STAT, 1, ".");
	ck_assert_int_eq(serve(), -1);
	ck_assert_ptr_nonnull(why);
	hear_version();
	hear_nothing();
}
END_TEST

START_TEST(rule_10_any_version_is_three)
{
	be(restricted_policy());
	say(PACKET_INIT, 6);
	reply_put_text(&said, "some");
	reply_put_text(&said, "pair");
	said_all();
	finish();
	hear_nothing();
}
END_TEST

START_TEST(rule_11_unknown_types_are_answered)
{
	begin(restricted_policy());
	for (unsigned type = 21; type < 256; type++)
		if (type != PACKET_EXTENDED) {
			say(type, type);
			said_all();
		}
	say_extended(1, "nobody@example.org");
	said_all();
	finish();
	for (unsigned type = 21; type < 256; type++)
		if (type != PACKET_EXTENDED)
			hear_status(type, STATUS_OP_UNSUPPORTED);
	hear_status(1, STATUS_OP_UNSUPPORTED);
	hear_nothing();
}
END_TEST

/* A session of several kinds of requests; what it is answered. */
static void
say_something(void)
{
	begin(drop_in_policy());
	say_path(PACKET_MKDIR, 1, "d");
	say_open(2, "d/f", 2 | 8 | 16);
	say_write(3, 0, 0, "abc", 3);
	say_write(3, 0, 3, "def", 3);
	say_handle(PACKET_CLOSE, 4, 0, 1);
	say_path(PACKET_STAT, 5, "d/none");
	say_path(PACKET_REMOVE, 6, "d/f");
	say_path(PACKET_RMDIR, 7, "d");
}

static void
hear_something(void)
{
	hear_version();
	hear_status(1, STATUS_OK);
	hear_handle(2, 0, 1);
	hear_status(3, STATUS_OK);
	hear_status(3, STATUS_OK);
	hear_status(4, STATUS_OK);
	hear_status(5, STATUS_NO_SUCH_FILE);
	hear_status(6, STATUS_OK);
	hear_status(7, STATUS_OK);
	hear_nothing();
}

/* How what is said comes out of a pipe. */
enum coming {
	ONE_READ,	/* each piece is one read; */
	WRITTEN,	/* or as it is there; */
	LENT		/* each piece is a page of the pipe */
};

static bool
send_piece(int fd, enum coming how, unsigned char *from, size_t n)
{
	ssize_t sent = 1;

	for (; n > 0 && sent > 0; from += sent, n -= (size_t)sent) {
		const struct iovec lent = { from, n };

		sent = how == LENT ? vmsplice(fd, &lent, 1, 0) : write(fd, from, n);
	}
	return n == 0;
}

/* What is said comes in pieces of N bytes, and the session ends so. */
static int
come(enum coming how, size_t first, size_t n)
{
	int fds[2], status, end;
	pid_t child;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | (how == ONE_READ ? O_DIRECT : 0)), 0);
	child = fork();
	if (child == 0) {
		size_t at = 0, piece = first;

		/* Who is not heard any more is told so. */
		close(fds[0]);
		for (; at < said.len; at += piece, piece = n) {
			if (piece > said.len - at)
				piece = said.len - at;
			if (!send_piece(fds[1], how, said_bytes + at, piece))
				_exit(1);
		}
		_exit(0);
	}
	close(fds[1]);
	end = serve_from(fds[0]);
	close(fds[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	return end;
}

static void
come_in_pieces(size_t first, size_t n)
{
	ck_assert_int_eq(come(ONE_READ, first, n), 0);
}

START_TEST(rule_12_packets_may_be_split_anywhere)
{
	say_something();
	ck_assert_int_eq(serve(), 0);
	hear_something();
	for (size_t at = 1; at < said.len; at++) {
		say_something();
		come_in_pieces(at, 4096);
		hear_something();
	}
	say_something();
	come_in_pieces(1, 1);
	hear_something();
}
END_TEST

START_TEST(rule_13_replies_leave_at_once)
{
	int pair[2], in;
	ssize_t n;

	say_something();
	in = memory(said_bytes, said.len);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(sftp_serve(&deeds, &title, NULL, in, pair[0], 0, &why), 0);
	close(pair[0]);
	n = recv(pair[1], heard_bytes, sizeof(heard_bytes), 0);
	ck_assert_int_gt(n, 0);
	packet_init(&heard, heard_bytes, (size_t)n);
	hear_something();
	ck_assert_int_eq(recv(pair[1], heard_bytes, sizeof(heard_bytes), 0), 0);
	close(pair[1]);
	close(in);
}
END_TEST

START_TEST(rule_15_flags)
{
	put_file("f", "x", 0644);
	begin(drop_in_policy());
	say_open(1, "f", 64);
	say_open(2, "f", 0);
	say_read(3, 0, 0, 9);
	finish();
	hear_status(1, STATUS_BAD_MESSAGE);
	hear_handle(2, 0, 1);
	hear_data(3, "x", 1);
	hear_nothing();
}
END_TEST

START_TEST(rule_16_late_requests_do_not_meet_the_next_user)
{
	put_file("f", "x", 0644);
	begin(drop_in_policy());
	say_open(1, "f", 1);
	say_handle(PACKET_CLOSE, 2, 0, 1);
	say_handle(PACKET_CLOSE, 3, 0, 1);
	say_path(PACKET_OPENDIR, 4, ".");
	say_read(5, 0, 0, 1);
	say_handle(PACKET_FSTAT, 6, 0, 1);
	say_handle(PACKET_FSTAT, 7, 0, 2);
	say_handle(PACKET_READDIR, 8, 7, 7);
	say(PACKET_CLOSE, 9);
	reply_put_text(&said, "/etc/passwd");
	said_all();
	finish();
	hear_handle(1, 0, 1);
	hear_status(2, STATUS_OK);
	hear_status(3, STATUS_FAILURE);
	hear_handle(4, 0, 2);
	hear_status(5, STATUS_FAILURE);
	hear_status(6, STATUS_FAILURE);
	(void)hear(PACKET_ATTRS, 7);
	hear_status(8, STATUS_FAILURE);
	hear_status(9, STATUS_FAILURE);
	hear_nothing();
}
END_TEST

START_TEST(rule_16_kinds_of_handles)
{
	put_file("f", "x", 0644);
	begin(drop_in_policy());
	say_open(1, "f", 1);
	say_path(PACKET_OPENDIR, 2, ".");
	say_handle(PACKET_READDIR, 3, 0, 1);
	say_read(4, 1, 0, 1);
	say_write(5, 1, 0, "x", 1);
	finish();
	hear_handle(1, 0, 1);
	hear_handle(2, 1, 1);
	hear_status(3, STATUS_FAILURE);
	hear_status(4, STATUS_FAILURE);
	hear_status(5, STATUS_FAILURE);
	hear_nothing();
}
END_TEST

/* The extensions that are advertised, a blank behind each. */
static const char *
advertised(struct policy p)
{
	static char names[1000];
	struct packet v;

	begin(p);
	ck_assert_int_eq(serve(), 0);
	v = hear(PACKET_VERSION, 3);
	names[0] = '\0';
	while (v.at < v.end) {
		struct packet_string name = packet_take_string(&v), version = packet_take_string(&v);

		ck_assert(!v.bad && version.len == 1);
		strncat(names, (const char *)name.at, name.len);
		strncat(names, (const char *)version.at, 1);
		strcat(names, " ");
	}
	return names;
}

START_TEST(rule_20_what_the_account_may_use_is_advertised)
{
	struct policy p = drop_in_policy();

	ck_assert_str_eq(advertised(p), "posix-rename@openssh.com1 statvfs@openssh.com2 "
	    "fstatvfs@openssh.com2 hardlink@openssh.com1 fsync@openssh.com1 lsetstat@openssh.com1 "
	    "limits@openssh.com1 expand-path@openssh.com1 copy-data1 home-directory1 "
	    "users-groups-by-id@openssh.com1 ");
	p = restricted_policy();
	p.download_only = true;
	ck_assert_str_eq(advertised(p), "statvfs@openssh.com2 fstatvfs@openssh.com2 limits@openssh.com1 "
	    "expand-path@openssh.com1 home-directory1 ");
	p = restricted_policy();
	p.upload_only = true;
	p.reveal = POLICY_NO;
	ck_assert_ptr_null(strstr(advertised(p), "statvfs"));
	ck_assert_ptr_null(strstr(advertised(p), "copy-data"));
	ck_assert_ptr_nonnull(strstr(advertised(p), "fsync"));
}
END_TEST

START_TEST(rule_20_what_is_not_advertised_is_refused)
{
	struct policy p = restricted_policy();

	p.download_only = true;
	begin(p);
	say_extended(1, "posix-rename@openssh.com");
	reply_put_text(&said, "a");
	reply_put_text(&said, "b");
	said_all();
	say_extended(2, "users-groups-by-id@openssh.com");
	said_all();
	finish();
	hear_status(1, STATUS_PERMISSION_DENIED);
	hear_status(2, STATUS_PERMISSION_DENIED);
	hear_nothing();
}
END_TEST

START_TEST(rule_20_users_and_groups_by_id)
{
	struct packet p, q;
	struct packet_string names;

	begin(drop_in_policy());
	say_extended(1, "users-groups-by-id@openssh.com");
	reply_put_number(&said, 8);
	reply_put_number(&said, account.uid);
	reply_put_number(&said, 4294967294);
	reply_put_number(&said, 0);
	said_all();
	say_extended(2, "users-groups-by-id@openssh.com");
	reply_put_string(&said, "abc", 3);
	reply_put_number(&said, 0);
	said_all();
	finish();
	p = hear(PACKET_EXTENDED_REPLY, 1);
	names = packet_take_string(&p);
	ck_assert_uint_eq(packet_take_number(&p), 0);
	ck_assert(!p.bad && p.at == p.end);
	packet_init(&q, names.at, names.len);
	names = packet_take_string(&q);
	ck_assert(packet_string_is(&names, "me"));
	names = packet_take_string(&q);
	ck_assert(packet_string_is(&names, "") && !q.bad && q.at == q.end);
	hear_status(2, STATUS_BAD_MESSAGE);
	hear_nothing();
}
END_TEST

START_TEST(rule_21_room)
{
	struct packet p;

	begin(restricted_policy());
	say_extended(1, "statvfs@openssh.com");
	reply_put_text(&said, ".");
	said_all();
	finish();
	p = hear(PACKET_EXTENDED_REPLY, 1);
	for (int i = 0; i < 11; i++) {
		uint64_t n = packet_take_wide(&p);

		if (i == 8)
			ck_assert_uint_eq(n, 0);
		if (i == 0 || i == 1)
			ck_assert_uint_gt(n, 0);
	}
	ck_assert(!p.bad && p.at == p.end);
	hear_nothing();
}
END_TEST

START_TEST(rule_22_limits_are_never_0)
{
	struct packet p;

	begin(restricted_policy());
	say_extended(1, "limits@openssh.com");
	said_all();
	finish();
	p = hear(PACKET_EXTENDED_REPLY, 1);
	ck_assert_uint_eq(packet_take_wide(&p), 262144);
	ck_assert_uint_eq(packet_take_wide(&p), 261120);
	ck_assert_uint_eq(packet_take_wide(&p), 261120);
	ck_assert_uint_gt(packet_take_wide(&p), 0);
	ck_assert(!p.bad && p.at == p.end);
	hear_nothing();
}
END_TEST

START_TEST(rule_23_homes)
{
	static const struct {
		const char *path, *real;
	} rows[] = {
		{ "~", "/" }, { "~/x", "/x" }, { "~/../x", "/x" }, { "~me", "/" }, { "~me//x/", "/x" },
		{ "x~", "/x~" }, { "~root", NULL }, { "~nobody/x", NULL },
	};

	begin(restricted_policy());
	for (uint32_t i = 0; i < COUNT(rows); i++) {
		say_extended(i, "expand-path@openssh.com");
		reply_put_text(&said, rows[i].path);
		said_all();
	}
	say_extended(100, "home-directory");
	reply_put_text(&said, "");
	said_all();
	say_extended(101, "home-directory");
	reply_put_text(&said, "root");
	said_all();
	finish();
	for (uint32_t i = 0; i < COUNT(rows); i++)
		if (rows[i].real != NULL)
			hear_name(i, rows[i].real);
		else
			hear_status(i, STATUS_NO_SUCH_FILE);
	hear_name(100, "/");
	hear_status(101, STATUS_NO_SUCH_FILE);
	hear_nothing();
}
END_TEST

START_TEST(rule_32_reads)
{
	const char *bytes = pattern();

	put_file("f", bytes, 0644);
	begin(drop_in_policy());
	say_open(1, "f", 1);
	say_read(2, 0, 0, 10);
	say_read(3, 0, LARGE - 5, 32768);
	say_read(4, 0, LARGE, 1);
	say_read(5, 0, UINT64_MAX, 100000);
	say_read(6, 0, 1, 0);
	say_read(7, 0, 3, UINT32_MAX);
	say_read(8, 0, LARGE - 100000, 200000);
	say_read(9, 0, LARGE, 200000);
	for (uint32_t i = 0; i < 40; i++)
		say_read(10 + i, 0, i * 10000, 65535);
	finish();
	hear_handle(1, 0, 1);
	hear_data(2, bytes, 10);
	hear_data(3, bytes + LARGE - 5, 5);
	hear_status(4, STATUS_EOF);
	hear_status(5, STATUS_EOF);
	hear_data(6, "", 0);
	hear_data(7, bytes + 3, DATA_MAX);
	hear_data(8, bytes + LARGE - 100000, 100000);
	hear_status(9, STATUS_EOF);
	for (uint32_t i = 0; i < 40; i++)
		hear_data(10 + i, bytes + i * 10000, 65535);
	hear_nothing();
}
END_TEST

START_TEST(rule_73_writes_that_continue_each_other)
{
	const char *bytes = pattern();
	size_t at = 0;

	begin(drop_in_policy());
	say_open(1, "f", 2 | 8 | 16);
	say_open(1, "g", 2 | 8 | 16);
	for (uint32_t i = 0; i < 2 * BATCH; i++) {
		say_write(2 + i, i / BATCH, at, bytes + at, LARGE / 20);
		at = i == BATCH - 1 ? 0 : at + LARGE / 20;
	}
	say_write(98, 1, 0, "", 0);
	say_write(99, 1, 5, "#", 1);
	say_write(99, 1, 0, "+", 1);
	say_handle(PACKET_CLOSE, 100, 0, 1);
	say_handle(PACKET_CLOSE, 101, 1, 1);
	finish();
	hear_handle(1, 0, 1);
	hear_handle(1, 1, 1);
	for (uint32_t i = 0; i < 2 * BATCH; i++)
		hear_status(2 + i, STATUS_OK);
	hear_status(98, STATUS_OK);
	hear_status(99, STATUS_OK);
	hear_status(99, STATUS_OK);
	hear_status(100, STATUS_OK);
	hear_status(101, STATUS_OK);
	hear_nothing();
	for (int i = 0; i < 2; i++) {
		int fd = openat(unit_fd, i == 0 ? "f" : "g", O_RDONLY | O_CLOEXEC);

		ck_assert_int_eq(pread(fd, heard_bytes, LARGE, 0), BATCH * (LARGE / 20));
		if (i == 1) {
			ck_assert(heard_bytes[0] == '+' && heard_bytes[5] == '#');
			heard_bytes[0] = (unsigned char)bytes[0];
			heard_bytes[5] = (unsigned char)bytes[5];
		}
		ck_assert_mem_eq(heard_bytes, bytes, BATCH * (LARGE / 20));
		close(fd);
	}
}
END_TEST

START_TEST(rule_73_writes_that_fail_have_their_own_replies)
{
	put_file("f", "x", 0644);
	begin(drop_in_policy());
	say_open(1, "f", 1);
	for (uint32_t i = 0; i < BATCH; i++)
		say_write(2 + i, 0, i, "y", 1);
	finish();
	hear_handle(1, 0, 1);
	for (uint32_t i = 0; i < BATCH; i++) {
		struct packet p = hear(PACKET_STATUS, 2 + i);

		ck_assert_uint_ne(packet_take_number(&p), STATUS_OK);
	}
	hear_nothing();
	ck_assert_str_eq(get_file("f"), "x");
}
END_TEST

/* Whatever is written, without a client that says so. */
static char large_bytes[2 * LARGE_WRITES * DATA_MAX];

static void
say_large(uint32_t id, uint32_t slot, uint64_t offset)
{
	const char *from = pattern() + id % 7 * 997;

	say_write(id, slot, offset, from, DATA_MAX);
	if (slot == 0)
		memcpy(large_bytes + offset, from, DATA_MAX);
}

/* As many bytes, after which more like them need not be read. */
static void
say_many(uint32_t id)
{
	for (uint32_t i = 0; i < LARGE_WRITES; i++)
		say_large(id + i, 0, (uint64_t)i * DATA_MAX);
}

static void
hear_many(uint32_t id)
{
	for (uint32_t i = 0; i < LARGE_WRITES; i++)
		hear_status(id + i, STATUS_OK);
}

static void
check_large(const char *name, size_t size)
{
	int fd = openat(unit_fd, name, O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(pread(fd, heard_bytes, HEARD_MAX, 0), (ssize_t)size);
	ck_assert_mem_eq(heard_bytes, large_bytes, size);
	close(fd);
}

/* Large ones and small ones, some of which are nobody's, or must not be; and who is to hear of it. */
static void
say_large_and_small(void)
{
	begin(drop_in_policy());
	say_open(1, "f", 2 | 8 | 16);
	say_open(2, "old", 1);
	say_many(10);
	say_large(20, 7, 0);
	say_large(21, 1, 0);
	say_large(22, 0, 100);
	say_write(23, 0, 5, "small", 5);
	memcpy(large_bytes + 5, "small", 5);
	say_large(24, 0, 5000);
	say_handle(PACKET_FSTAT, 25, 0, 1);
	say_handle(99, 26, 0, 1);
	say_large(27, 0, LARGE_WRITES * DATA_MAX);
	/* What stands behind the data is passed over. */
	say(PACKET_WRITE, 28);
	put_handle(0, 1);
	reply_put_wide(&said, 0);
	reply_put_string(&said, pattern(), DATA_MAX);
	reply_put_text(&said, "more");
	said_all();
	memcpy(large_bytes, pattern(), DATA_MAX);
	/* Nor is there as much as is said. */
	say(PACKET_WRITE, 29);
	put_handle(0, 1);
	reply_put_wide(&said, 0);
	reply_put_number(&said, DATA_MAX + 1);
	memset(reply_reserve(&said, DATA_MAX), 'x', DATA_MAX);
	said_all();
	say_large(30, 0, 200000);
	say_handle(PACKET_CLOSE, 31, 0, 1);
	say_large(32, 7, 0);
	say_path(PACKET_STAT, 33, "none");
}

static void
hear_large_and_small(void)
{
	hear_version();
	hear_handle(1, 0, 1);
	hear_handle(2, 1, 1);
	hear_many(10);
	hear_status(20, STATUS_FAILURE);
	hear_status(21, STATUS_NO_SUCH_FILE);
	for (uint32_t id = 22; id < 25; id++)
		hear_status(id, STATUS_OK);
	(void)hear(PACKET_ATTRS, 25);
	hear_status(26, STATUS_OP_UNSUPPORTED);
	hear_status(27, STATUS_OK);
	hear_status(28, STATUS_OK);
	hear_status(29, STATUS_BAD_MESSAGE);
	hear_status(30, STATUS_OK);
	hear_status(31, STATUS_OK);
	hear_status(32, STATUS_FAILURE);
	hear_status(33, STATUS_NO_SUCH_FILE);
	hear_nothing();
	check_large("f", (LARGE_WRITES + 1) * DATA_MAX);
}

/* Whichever way it takes. */
START_TEST(rule_73_large_writes)
{
	static const size_t pieces[] = { 700, 4096, 65536, 262144 + 5, SAID_MAX };

	put_file("old", "x", 0644);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		say_large_and_small();
		ck_assert_int_eq(come(WRITTEN, 1 + i, pieces[i]), 0);
		hear_large_and_small();
	}
	/* More pieces of a WRITE than pages of a pipe. */
	say_large_and_small();
	ck_assert_int_eq(come(LENT, 1, 700), 0);
	hear_large_and_small();
	say_large_and_small();
	ck_assert_int_eq(serve(), 0);
	hear_large_and_small();
}
END_TEST

START_TEST(rule_53_large_writes_are_appended)
{
	put_file("f", "old", 0644);
	begin(drop_in_policy());
	say_open(1, "f", 2 | 4);
	for (uint32_t i = 0; i < LARGE_WRITES; i++) {
		say_large(10 + i, 9, 0);
		say_write(50 + i, 0, 0, pattern(), DATA_MAX);
		memcpy(large_bytes + 3 + (size_t)i * DATA_MAX, pattern(), DATA_MAX);
	}
	memcpy(large_bytes, "old", 3);
	say_handle(PACKET_CLOSE, 2, 0, 1);
	ck_assert_int_eq(come(WRITTEN, 1, 100000), 0);
	hear_version();
	hear_handle(1, 0, 1);
	for (uint32_t i = 0; i < LARGE_WRITES; i++) {
		hear_status(10 + i, STATUS_FAILURE);
		hear_status(50 + i, STATUS_OK);
	}
	hear_status(2, STATUS_OK);
	hear_nothing();
	check_large("f", 3 + LARGE_WRITES * DATA_MAX);
}
END_TEST

/* N more of them fail, and so does to close it, but the session is in step. */
static void
check_that_large_ones_fail(uint32_t slot, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		say_large(60 + i, slot, (uint64_t)(LARGE_WRITES + i) * DATA_MAX);
	say_handle(PACKET_CLOSE, 90, slot, 1);
	say_path(PACKET_STAT, 91, "none");
	ck_assert_int_eq(come(WRITTEN, 1, 100000), 0);
	hear_version();
	hear_handle(1, 0, 1);
	if (slot == 1)
		hear_handle(2, 1, 1);
	hear_many(10);
	for (uint32_t i = 0; i < n; i++)
		hear_status(60 + i, STATUS_FAILURE);
	hear_status(90, STATUS_FAILURE);
	hear_status(91, STATUS_NO_SUCH_FILE);
	hear_nothing();
}

START_TEST(rule_47_large_writes_that_fail)
{
	struct policy p = drop_in_policy();

	p.max_file_size = LARGE_WRITES * DATA_MAX + 1000;
	begin(p);
	say_open(1, "f", 2 | 8);
	say_many(10);
	check_that_large_ones_fail(0, 3);
	ck_assert(!exists("f"));
}
END_TEST

/* A part of it was written. */
START_TEST(rule_47_large_writes_that_do_not_fit)
{
	struct rlimit had, most;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &had), 0);
	most = (struct rlimit){ LARGE_WRITES * DATA_MAX + 1000, had.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	begin(drop_in_policy());
	say_open(1, "f", 2 | 8);
	say_many(10);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &most), 0);
	check_that_large_ones_fail(0, 3);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &had), 0);
	ck_assert(!exists("f"));
}
END_TEST

START_TEST(rule_47_large_writes_to_what_is_no_file)
{
	begin(drop_in_policy());
	say_open(1, "f", 2 | 8);
	say_open(2, "/dev/full", 2);
	say_many(10);
	check_that_large_ones_fail(1, 3);
}
END_TEST

START_TEST(rule_6_input_that_ends_in_a_large_write)
{
	static const size_t missing[] = { 1, 1000, DATA_MAX - 1, DATA_MAX, DATA_MAX + 5 };

	for (size_t i = 0; i < COUNT(missing); i++) {
		begin(drop_in_policy());
		say_open(1, "f", 2 | 8);
		say_many(10);
		say_large(50, 0, LARGE_WRITES * DATA_MAX);
		said.len -= missing[i];
		ck_assert_int_eq(come(WRITTEN, 1, 100000), -1);
		ck_assert_str_eq(why, "the input ended in a packet");
		ck_assert(!exists("f"));
	}
}
END_TEST

/* Hears N replies, and what comes along with them. */
static bool
listen_for(int from, uint32_t n)
{
	static size_t len, at;	/* of what was heard, and of that what is done with */
	static uint32_t packets;

	while (packets < n) {
		ssize_t got = read(from, heard_bytes + len, sizeof(heard_bytes) - len);
		struct packet p;

		if (got <= 0)
			return false;
		len += (size_t)got;
		packet_init(&p, heard_bytes + at, len - at);
		for (; (void)packet_take_string(&p), !p.bad; packets++)
			at = (size_t)(p.at - heard_bytes);
	}
	return true;
}

/* Says half of a large WRITE more, and nothing until it has heard of all before. */
static bool
talk_and_listen(int to, int from)
{
	size_t half = said.len - DATA_MAX / 2;

	return send_piece(to, WRITTEN, said_bytes, half) && listen_for(from, 2 + LARGE_WRITES) &&
	    send_piece(to, WRITTEN, said_bytes + half, said.len - half) &&
	    listen_for(from, 3 + LARGE_WRITES);
}

START_TEST(rule_13_no_reply_waits_for_a_large_write)
{
	int to[2], from[2], status;
	pid_t child;

	begin(drop_in_policy());
	say_open(1, "f", 2 | 8);
	say_many(10);
	say_large(50, 0, 0);
	ck_assert(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		close(to[0]);
		close(from[1]);
		_exit(!talk_and_listen(to[1], from[0]));
	}
	close(to[1]);
	close(from[0]);
	ck_assert_int_eq(sftp_serve(&deeds, &title, NULL, to[0], from[1], 0, &why), 0);
	close(to[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(from[1]);
}
END_TEST

START_TEST(rule_35_listings_come_in_replies_that_any_client_takes)
{
	char name[200];
	unsigned entries = 0;
	bool ended = false;

	memset(name, 'n', sizeof(name));
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "d/%03d", i);
		name[5] = 'x';
		name[150] = '\0';
		put_file(name, "", 0644);
	}
	begin(drop_in_policy());
	say_path(PACKET_OPENDIR, 1, "d");
	for (uint32_t i = 0; i < 10; i++)
		say_handle(PACKET_READDIR, 2, 0, 1);
	finish();
	hear_handle(1, 0, 1);
	for (uint32_t i = 0; i < 10; i++) {
		struct packet_string body = packet_take_string(&heard);
		struct packet p;
		uint32_t n;

		packet_init(&p, body.at, body.len);
		ended = packet_take_byte(&p) == PACKET_STATUS;
		ck_assert_uint_le(body.len + 4, 32768);
		(void)packet_take_number(&p);
		n = packet_take_number(&p);
		if (ended) {
			ck_assert_uint_eq(n, STATUS_EOF);
			continue;
		}
		ck_assert_uint_gt(n, 0);
		entries += n;
		for (; n > 0; n--) {
			struct wish w;
			struct packet_string file = packet_take_string(&p), line = packet_take_string(&p);

			attributes_take(&p, &w);
			ck_assert(w.has_size && w.has_owner && w.attrs.has_mode && w.attrs.has_times);
			ck_assert(line.len > file.len);
			ck_assert_mem_eq(line.at + line.len - file.len, file.at, file.len);
		}
		ck_assert(!p.bad && p.at == p.end);
	}
	ck_assert(ended);
	ck_assert_uint_eq(entries, 302);
	hear_nothing();
}
END_TEST

START_TEST(bounds_a_thousand_handles_at_most)
{
	struct packet p;
	unsigned handles = 0, refused = 0;

	put_file("f", "x", 0644);
	begin(drop_in_policy());
	for (uint32_t i = 0; i < 1010; i++)
		say_open(i, "f", 1);
	ck_assert_int_eq(serve(), 0);
	hear_version();
	while (heard.at < heard.end) {
		struct packet_string body = packet_take_string(&heard);

		packet_init(&p, body.at, body.len);
		if (packet_take_byte(&p) == PACKET_HANDLE)
			handles++;
		else
			refused++;
	}
	ck_assert(handles > 0 && handles <= 1000 && refused == 1010 - handles);
	ck_assert_int_lt(count_descriptors(), 50);
}
END_TEST

START_TEST(rule_50_what_is_not_closed_is_not_kept)
{
	begin(restricted_policy());
	say_open(1, "f", 2 | 8 | 16);
	say_write(2, 0, 0, "abc", 3);
	finish();
	hear_handle(1, 0, 1);
	hear_status(2, STATUS_OK);
	hear_nothing();
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

/* Who reads slowly, through a pipe, hears the same. */
START_TEST(rule_74_large_reads_through_pipes)
{
	const char *bytes = pattern();
	int fds[2], in, status;
	size_t len = 0;
	ssize_t n;
	pid_t child;

	put_file("f", bytes, 0644);
	begin(drop_in_policy());
	say_open(1, "f", 1);
	for (uint32_t i = 0; i < 20; i++) {
		say_read(2 + i, 0, i * 4097, 150000 + i);
		say_read(2 + i, 0, i, 10);
	}
	in = memory(said_bytes, said.len);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		_exit(sftp_serve(&deeds, &title, NULL, in, fds[1], 0, &why) != 0);
	}
	close(fds[1]);
	while ((n = read(fds[0], heard_bytes + len, 7919)) > 0)
		len += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	packet_init(&heard, heard_bytes, len);
	hear_version();
	hear_handle(1, 0, 1);
	for (uint32_t i = 0; i < 20; i++) {
		hear_data(2 + i, bytes + i * 4097, 150000 + i);
		hear_data(2 + i, bytes + i, 10);
	}
	hear_nothing();
	close(fds[0]);
	close(in);
}
END_TEST

static void
say_size(uint32_t id, const char *path, uint64_t size)
{
	say(PACKET_SETSTAT, id);
	reply_put_text(&said, path);
	reply_put_number(&said, 1);
	reply_put_wide(&said, size);
	said_all();
}

/* However many there are, each hears what it asked for. */
START_TEST(rule_74_reads_that_continue_each_other)
{
	const char *bytes = pattern();
	uint32_t at = 0;

	put_file("f", bytes, 0644);
	begin(drop_in_policy());
	say_open(1, "f", 1);
	say_open(2, "f", 1);
	for (uint32_t i = 0; i < 2 * BATCH; i++, at += 25000 + i)
		say_read(10 + i, i / (BATCH / 2) % 2, at, 25000 + i);
	/* Not the next, and from there on. */
	say_read(50, 0, 7, 20000);
	say_read(51, 0, 20007, 261120);
	say_read(52, 0, 281127, 261120);
	/* It is shorter than it was. */
	say_size(60, "f", 100000);
	for (uint32_t i = 0; i < 5; i++)
		say_read(61 + i, 1, 10000 + i * 30000, 30000);
	finish();
	hear_handle(1, 0, 1);
	hear_handle(2, 1, 1);
	at = 0;
	for (uint32_t i = 0; i < 2 * BATCH; i++, at += 25000 + i)
		hear_data(10 + i, bytes + at, 25000 + i);
	hear_data(50, bytes + 7, 20000);
	hear_data(51, bytes + 20007, 261120);
	hear_data(52, bytes + 281127, 261120);
	hear_status(60, STATUS_OK);
	for (uint32_t i = 0; i < 3; i++)
		hear_data(61 + i, bytes + 10000 + (size_t)i * 30000, 30000);
	hear_status(64, STATUS_EOF);
	hear_status(65, STATUS_EOF);
	hear_nothing();
}
END_TEST

/* How many came at once is nothing that they are judged by. */
START_TEST(rule_74_reads_that_are_too_many)
{
	const char *bytes = pattern();
	struct policy p = drop_in_policy();
	static char short_of[3 * 32768 + 1];

	memcpy(short_of, bytes, sizeof(short_of) - 1);
	put_file("f", short_of, 0644);
	p.max_session_bytes = 100000;
	begin(p);
	say_open(1, "f", 1);
	say_read(2, 0, 0, 32768);
	for (uint32_t i = 0; i < 3; i++)
		say_read(3 + i, 0, i * 32768, 32768);
	say_read(6, 0, 0, 1696);
	say_read(7, 0, 0, 1);
	finish();
	hear_handle(1, 0, 1);
	hear_data(2, bytes, 32768);
	hear_data(3, bytes, 32768);
	hear_data(4, bytes + 32768, 32768);
	hear_status(5, STATUS_FAILURE);
	hear_data(6, bytes, 1696);
	hear_status(7, STATUS_FAILURE);
	hear_nothing();
}
END_TEST

/* Nobody reads before all is done: what was read is what there was then. */
START_TEST(rule_12_what_is_read_is_older_than_what_is_written_behind_it)
{
	const char *bytes = pattern();
	struct policy p = drop_in_policy();
	int fds[2], in;
	ssize_t n;

	put_file("f", bytes, 0644);
	p.replace = REPLACE_IN_PLACE;
	begin(p);
	say_open(1, "f", 1);
	say_open(2, "f", 2);
	say_read(3, 0, 0, 100000);
	say_write(4, 1, 5000, "#####", 5);
	in = memory(said_bytes, said.len);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_ge(fcntl(fds[1], F_SETPIPE_SZ, 524288), 524288);
	ck_assert_int_eq(sftp_serve(&deeds, &title, NULL, in, fds[1], 0, &why), 0);
	close(fds[1]);
	close(in);
	n = read(fds[0], heard_bytes, sizeof(heard_bytes));
	close(fds[0]);
	ck_assert_int_gt(n, 100000);
	packet_init(&heard, heard_bytes, (size_t)n);
	hear_version();
	hear_handle(1, 0, 1);
	hear_handle(2, 1, 1);
	hear_data(3, bytes, 100000);
	hear_status(4, STATUS_OK);
	hear_nothing();
	ck_assert_int_eq(strncmp(get_file("f") + 5000, "#####", 5), 0);
}
END_TEST

START_TEST(rule_33_no_write_beyond_what_a_file_can_hold)
{
	static const uint64_t offsets[] = { INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };

	for (size_t i = 0; i < COUNT(offsets); i++) {
		begin(drop_in_policy());
		say_open(1, "f", 2 | 8);
		say_write(2, 0, offsets[i], "ab", 2);
		say_handle(PACKET_CLOSE, 3, 0, 1);
		finish();
		hear_handle(1, 0, 1);
		hear_status(2, STATUS_FAILURE);
		hear_status(3, STATUS_FAILURE);
		hear_nothing();
		ck_assert(!exists("f"));
	}
}
END_TEST

START_TEST(rule_24_copy_data)
{
	put_file("f", "0123456789", 0644);
	begin(drop_in_policy());
	say_open(1, "f", 1);
	say_open(2, "g", 2 | 8 | 16);
	say_extended(3, "copy-data");
	put_handle(0, 1);
	reply_put_wide(&said, 4);
	reply_put_wide(&said, 0);
	put_handle(1, 1);
	reply_put_wide(&said, 2);
	said_all();
	say_extended(4, "copy-data");
	put_handle(0, 1);
	reply_put_wide(&said, 0);
	reply_put_wide(&said, 0);
	put_handle(0, 1);
	reply_put_wide(&said, 2);
	said_all();
	say_extended(5, "copy-data");
	put_handle(0, 1);
	reply_put_wide(&said, 0);
	said_all();
	say_extended(6, "fsync@openssh.com");
	put_handle(1, 1);
	said_all();
	say_handle(PACKET_CLOSE, 7, 1, 1);
	finish();
	hear_handle(1, 0, 1);
	hear_handle(2, 1, 1);
	hear_status(3, STATUS_OK);
	hear_status(4, STATUS_FAILURE);
	hear_status(5, STATUS_BAD_MESSAGE);
	hear_status(6, STATUS_OK);
	hear_status(7, STATUS_OK);
	hear_nothing();
	ck_assert_mem_eq(get_file("g"), "\0\000456789", 9);
}
END_TEST

START_TEST(rule_34_no_size_through_a_link)
{
	put_file("f", "abc", 0644);
	begin(drop_in_policy());
	say_extended(1, "lsetstat@openssh.com");
	reply_put_text(&said, "f");
	reply_put_number(&said, 1);
	reply_put_wide(&said, 0);
	said_all();
	finish();
	hear_status(1, STATUS_BAD_MESSAGE);
	hear_nothing();
	ck_assert_str_eq(get_file("f"), "abc");
}
END_TEST

static void
say_two(unsigned type, uint32_t id, const char *one, const char *other)
{
	say(type, id);
	reply_put_text(&said, one);
	reply_put_text(&said, other);
	said_all();
}

START_TEST(rule_39_both_ways_to_rename)
{
	put_file("a", "A", 0644);
	put_file("b", "B", 0644);
	begin(drop_in_policy());
	say_two(PACKET_RENAME, 1, "a", "b");
	say_extended(2, "posix-rename@openssh.com");
	reply_put_text(&said, "a");
	reply_put_text(&said, "b");
	said_all();
	say_two(PACKET_RENAME, 3, "b", "c");
	finish();
	hear_status(1, STATUS_FAILURE);
	hear_status(2, STATUS_OK);
	hear_status(3, STATUS_OK);
	hear_nothing();
	ck_assert_str_eq(get_file("c"), "A");
}
END_TEST

START_TEST(rule_41_the_text_of_a_link_comes_first)
{
	begin(drop_in_policy());
	say_two(PACKET_SYMLINK, 1, "text", "link");
	say_path(PACKET_READLINK, 2, "link");
	finish();
	hear_status(1, STATUS_OK);
	hear_name(2, "text");
	hear_nothing();
}
END_TEST

START_TEST(rule_37_modes_of_directories)
{
	begin(drop_in_policy());
	say(PACKET_MKDIR, 1);
	reply_put_text(&said, "d");
	reply_put_number(&said, 4);
	reply_put_number(&said, 0107750);
	said_all();
	say_path(PACKET_MKDIR, 2, "e");
	finish();
	hear_status(1, STATUS_OK);
	hear_status(2, STATUS_OK);
	hear_nothing();
	ck_assert_uint_eq(mode_of("d"), 0750);
	ck_assert_uint_eq(mode_of("e"), 0755);
}
END_TEST

START_TEST(rule_68_nobody_hears_of_what_is_not_in_the_log)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	begin(drop_in_policy());
	audit_to_fd(&audit, fds[1], AUDIT_TEXT, true);
	say_open(1, "f", 2 | 8 | 16);
	say_write(2, 0, 0, "abc", 3);
	say_handle(PACKET_CLOSE, 3, 0, 1);
	say_path(PACKET_STAT, 4, ".");
	ck_assert_int_eq(serve(), -1);
	hear_version();
	hear_handle(1, 0, 1);
	hear_status(2, STATUS_OK);
	hear_nothing();
	close(fds[1]);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_6_input_may_end_between_packets);
	tcase_add_test(t, rule_6_input_that_ends_in_a_packet);
	tcase_add_test(t, rule_9_wrong_lengths_end_the_session);
	tcase_add_test(t, rule_9_the_largest_packet_is_one);
	tcase_add_test(t, rule_9_what_is_cut_short_is_bad_and_the_session_goes_on);
	tcase_add_test(t, rule_9_no_nul_in_paths_and_names);
	tcase_add_test(t, rule_9_bytes_behind_the_last_field_are_ignored);
	tcase_add_test(t, rule_10_init_comes_first_and_once);
	tcase_add_test(t, rule_10_any_version_is_three);
	tcase_add_test(t, rule_11_unknown_types_are_answered);
	tcase_add_test(t, rule_12_packets_may_be_split_anywhere);
	tcase_add_test(t, rule_13_replies_leave_at_once);
	tcase_add_test(t, rule_15_flags);
	tcase_add_test(t, rule_16_late_requests_do_not_meet_the_next_user);
	tcase_add_test(t, rule_16_kinds_of_handles);
	tcase_add_test(t, rule_20_what_the_account_may_use_is_advertised);
	tcase_add_test(t, rule_20_what_is_not_advertised_is_refused);
	tcase_add_test(t, rule_20_users_and_groups_by_id);
	tcase_add_test(t, rule_21_room);
	tcase_add_test(t, rule_22_limits_are_never_0);
	tcase_add_test(t, rule_23_homes);
	tcase_add_test(t, rule_32_reads);
	tcase_add_test(t, rule_73_writes_that_continue_each_other);
	tcase_add_test(t, rule_73_writes_that_fail_have_their_own_replies);
	tcase_add_test(t, rule_73_large_writes);
	tcase_add_test(t, rule_53_large_writes_are_appended);
	tcase_add_test(t, rule_47_large_writes_that_fail);
	tcase_add_test(t, rule_47_large_writes_that_do_not_fit);
	tcase_add_test(t, rule_47_large_writes_to_what_is_no_file);
	tcase_add_test(t, rule_6_input_that_ends_in_a_large_write);
	tcase_add_test(t, rule_13_no_reply_waits_for_a_large_write);
	tcase_add_test(t, rule_35_listings_come_in_replies_that_any_client_takes);
	tcase_add_test(t, bounds_a_thousand_handles_at_most);
	tcase_add_test(t, rule_50_what_is_not_closed_is_not_kept);
	tcase_add_test(t, rule_74_large_reads_through_pipes);
	tcase_add_test(t, rule_74_reads_that_continue_each_other);
	tcase_add_test(t, rule_74_reads_that_are_too_many);
	tcase_add_test(t, rule_12_what_is_read_is_older_than_what_is_written_behind_it);
	tcase_add_test(t, rule_33_no_write_beyond_what_a_file_can_hold);
	tcase_add_test(t, rule_24_copy_data);
	tcase_add_test(t, rule_34_no_size_through_a_link);
	tcase_add_test(t, rule_39_both_ways_to_rename);
	tcase_add_test(t, rule_41_the_text_of_a_link_comes_first);
	tcase_add_test(t, rule_37_modes_of_directories);
	tcase_add_test(t, rule_68_nobody_hears_of_what_is_not_in_the_log);
}

int
main(void)
{
	return run_unit("server", add);
}
