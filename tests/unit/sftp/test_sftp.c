/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/wait.h>

#include "sftp/packet.h"
#include "sftp/sftp.h"
#include "unit.h"

static int ours, theirs;

#define WHY "use scp -O"

/* Declines whatever the N bytes of SAID ask for; what is answered is left to be read. */
static void
decline(const void *said, size_t n)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	theirs = ends[0];
	ours = ends[1];
	ck_assert_int_eq(write(theirs, said, n), (ssize_t)n);
	ck_assert_int_eq(shutdown(theirs, SHUT_WR), 0);
	sftp_decline(ours, ours, WHY);
	close(ours);
}

static void
expect(const void *wanted, size_t n)
{
	char got[4096];
	ssize_t len = 0, more;

	while ((more = read(theirs, got + len, sizeof(got) - (size_t)len)) > 0)
		len += more;
	close(theirs);
	ck_assert_msg((size_t)len == n && memcmp(got, wanted, n) == 0, "%zd bytes, expected %zu", len,
	    n);
}

#define DECLINE(said) decline((said), sizeof(said) - 1)
#define EXPECT(wanted) expect((wanted), sizeof(wanted) - 1)

#define INIT "\0\0\0\5\1\0\0\0\3"
#define HELLO "\0\0\0\5\2\0\0\0\3"
#define NO "\0\0\0\3\0\0\0\12" WHY "\0\0\0\0"

START_TEST(each_request_hears_why)
{
	DECLINE(INIT "\0\0\0\12\20\0\0\0\7\0\0\0\1." "\0\0\0\5\13\xff\0\0\1");
	EXPECT(HELLO "\0\0\0\x1b\145\0\0\0\7" NO "\0\0\0\x1b\145\xff\0\0\1" NO);
}
END_TEST

START_TEST(versions_are_those_that_are_spoken)
{
	DECLINE("\0\0\0\5\1\0\0\0\6");
	EXPECT(HELLO);
}
END_TEST

START_TEST(what_is_no_packet_ends_it)
{
	DECLINE("");
	EXPECT("");
	DECLINE("\0\0\0\4\1\0\0\0\3");
	EXPECT("");
	DECLINE("\0\4\0\1\1\0\0\0\3");
	EXPECT("");
	DECLINE("\xff\xff\xff\xff\1\0\0\0\3");
	EXPECT("");
	DECLINE(INIT "\0\0\0\12\20\0\0\0\7\0\0\0");	/* cut short */
	EXPECT(HELLO);
	DECLINE("GET / HTTP/1.0\r\n\r\n");
	EXPECT("");
}
END_TEST

START_TEST(long_packets_are_skipped)
{
	static char said[sizeof(INIT) - 1 + 4 + PACKET_MAX + sizeof(INIT) - 1];
	char *p = said;
	pid_t child;
	int ends[2], status;

	memcpy(p, INIT, sizeof(INIT) - 1);
	p += sizeof(INIT) - 1;
	memcpy(p, "\0\4\0\0\6\0\0\0\1", 9);
	p += 4 + PACKET_MAX;
	memcpy(p, INIT, sizeof(INIT) - 1);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		sftp_decline(ends[1], ends[1], WHY);
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(write(ends[0], said, sizeof(said)), (ssize_t)sizeof(said));
	ck_assert_int_eq(shutdown(ends[0], SHUT_WR), 0);
	theirs = ends[0];
	EXPECT(HELLO "\0\0\0\x1b\145\0\0\0\1" NO HELLO);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(enough_is_enough)
{
	char said[100 * 9];
	char got[4096];
	ssize_t n;

	for (int i = 0; i < 100; i++)
		memcpy(said + 9 * i, INIT, 9);
	decline(said, sizeof(said));
	n = recv(theirs, got, sizeof(got), MSG_WAITALL);
	ck_assert_int_eq(n, 9 * SFTP_REPLIES_MAX);
	close(theirs);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, each_request_hears_why);
	tcase_add_test(t, versions_are_those_that_are_spoken);
	tcase_add_test(t, what_is_no_packet_ends_it);
	tcase_add_test(t, long_packets_are_skipped);
	tcase_add_test(t, enough_is_enough);
}

int
main(void)
{
	return run_unit("sftp", add);
}
