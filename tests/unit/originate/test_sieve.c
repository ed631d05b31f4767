/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include "originate/sieve.h"
#include "unit.h"

static char out[SIEVE_ROOM];

/* What becomes of TEXT when it comes N bytes at a time. */
static const char *
sift(const char *text, size_t len, size_t n)
{
	static char all[4096];
	size_t have = 0;
	struct sieve s;

	sieve_init(&s);
	for (size_t at = 0; at < len; at += n) {
		size_t got = sieve_pass(&s, text + at, len - at < n ? len - at : n, out);

		memcpy(all + have, out, got);
		have += got;
	}
	n = sieve_pass(&s, text, 0, out);
	memcpy(all + have, out, n);
	all[have + n] = '\0';
	return all;
}

static const struct {
	const char *says, *shown;
} rows[] = {
	{ "", "" },
	{ "Permission denied\n", "Permission denied\n" },
	{ "a\tb\r\nc\n", "a\tb\nc\n" },
	{ "over\rwritten\n", "over\\015written\n" },
	{ "\033]0;title\a\n", "\\033]0;title\\007\n" },
	{ "gr\303\274\303\237e \342\202\254 \360\237\230\200\n", "gr\303\274\303\237e \342\202\254 \360\237\230\200\n" },
	{ "\302\233 \377\376 \303\n", "\\302\\233 \\377\\376 \\303\n" },
	{ "no end", "no end" },
	{ "half \342\202", "half \\342\\202" },
	{ "\r", "\\015" },
	{ "\r\r\n\n", "\\015\n\n" },
	{ "\342\200\256turned\n", "\\342\\200\\256turned\n" },
};

START_TEST(text_is_fit_for_a_terminal)
{
	for (size_t n = 1; n < 9; n++)
		ck_assert_str_eq(sift(rows[_i].says, strlen(rows[_i].says), n), rows[_i].shown);
}
END_TEST

START_TEST(a_full_piece_of_the_worst_fits)
{
	static char worst[SIEVE_PIECE];
	struct sieve s;

	memset(worst, 1, sizeof(worst));
	sieve_init(&s);
	ck_assert_uint_eq(sieve_pass(&s, "\342\202", 2, out), 0);
	ck_assert_uint_eq(sieve_pass(&s, worst, sizeof(worst), out), 4 * (2 + sizeof(worst)));
	ck_assert_uint_eq(sieve_pass(&s, worst, 0, out), 0);
}
END_TEST

static void
write_on(void *fd, const char *text, size_t len)
{
	const int *to = fd;

	if (len == 0 || write(*to, text, len) != (ssize_t)len)
		_exit(1);
}

/* What was said last is seen, and what comes is passed on before it is over. */
START_TEST(a_pipe_is_passed_on)
{
	int in[2], to[2];
	char got[64];
	int status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(to), 0);
	pid = fork();
	if (pid == 0) {
		close(in[1]);
		_exit(sieve_run(in[0], NULL, write_on, &to[1]) ? 0 : 1);
	}
	close(to[1]);
	ck_assert_int_eq(write(in[1], "password: ", 10), 10);
	n = read(to[0], got, sizeof(got));
	ck_assert_int_eq(n, 10);
	kill(pid, SIGINT);
	ck_assert_int_eq(write(in[1], "bye\a", 4), 4);
	close(in[1]);
	for (size_t have = 0; have < 7; have += (size_t)n) {
		n = read(to[0], got + have, sizeof(got) - have);
		ck_assert_int_gt(n, 0);
	}
	ck_assert_int_eq(memcmp(got, "bye\\007", 7), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(in[0]);
	close(to[0]);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, text_is_fit_for_a_terminal, 0, (int)COUNT(rows));
	tcase_add_test(t, a_full_piece_of_the_worst_fits);
	tcase_add_test(t, a_pipe_is_passed_on);
}

int
main(void)
{
	return run_unit("sieve", add);
}
