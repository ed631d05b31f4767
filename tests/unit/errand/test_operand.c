/* SPDX-License-Identifier: ISC */
#include "errand/operand.h"
#include "unit.h"

#define FORM "no such host form"
#define ESCAPE "a % is followed by two hexadecimal digits, and they are not 00"
#define PORT "a port is a number from 1 to 65535"
#define NAME "no user, and no host, is called so"

static const struct {
	const char *said, *user, *host, *path;
	unsigned    port;
} remote[] = {
	{ "host:x", "", "host", "x", 0 },
	{ "u@host:x", "u", "host", "x", 0 },
	{ "host:", "", "host", ".", 0 },
	{ "u@host:", "u", "host", ".", 0 },
	{ "host:/", "", "host", "/", 0 },
	{ "host:a:b", "", "host", "a:b", 0 },
	{ "host::", "", "host", ":", 0 },
	{ "host: x ", "", "host", " x ", 0 },
	{ "host:-x", "", "host", "-x", 0 },
	{ "host:~/x", "", "host", "~/x", 0 },
	{ "host:[a]:b", "", "host", "[a]:b", 0 },
	{ "host:%41+", "", "host", "%41+", 0 },
	{ "h\303\266st:\377", "", "h\303\266st", "\377", 0 },
	/* Colons of a host are in brackets. */
	{ "[::1]:x", "", "::1", "x", 0 },
	{ "[host]:x", "", "host", "x", 0 },
	{ "u@[::1]:", "u", "::1", ".", 0 },
	{ "u@[fe80::1%eth0]:x", "u", "fe80::1%eth0", "x", 0 },
	{ "[::1]:[::2]:x", "", "::1", "[::2]:x", 0 },
	{ "a[b]:x", "", "a[b]", "x", 0 },
	/* The user is what stands before the last @ before the colon. */
	{ "@host:x", "", "host", "x", 0 },
	{ "@[::1]:x", "", "::1", "x", 0 },
	{ "a@b:c@d:e", "a", "b", "c@d:e", 0 },
	{ "a@b@c:d", "a@b", "c", "d", 0 },
	{ "a@b@[::1]:d", "a@b", "::1", "d", 0 },
	{ "DOM\\me@host:x", "DOM\\me", "host", "x", 0 },
	{ "me you@host:x", "me you", "host", "x", 0 },
	/* What looks like a URI of others is none here. */
	{ "SCP://h/x", "", "SCP", "//h/x", 0 },
	{ "sftp://h/x", "", "sftp", "//h/x", 0 },
	{ "scp:/h/x", "", "scp", "/h/x", 0 },
	{ "scp:", "", "scp", ".", 0 },
	/* One, its path is relative unless it begins with a second slash. */
	{ "scp://h", "", "h", ".", 0 },
	{ "scp://h/", "", "h", ".", 0 },
	{ "scp://h/p/q", "", "h", "p/q", 0 },
	{ "scp://h//p", "", "h", "/p", 0 },
	{ "scp://h//", "", "h", "/", 0 },
	{ "scp://h/p:q@r", "", "h", "p:q@r", 0 },
	{ "scp://h/~/x", "", "h", "~/x", 0 },
	{ "scp://u@h/x", "u", "h", "x", 0 },
	{ "scp://@h/x", "", "h", "x", 0 },
	{ "scp://a@b@h/x", "a@b", "h", "x", 0 },
	{ "scp://u%40x;k=v@h:2222/a%20b+c", "u@x", "h", "a b c", 2222 },
	{ "scp://u;k=v;l=%zz@h/x", "u", "h", "x", 0 },
	{ "scp://;k=v@h/x", "", "h", "x", 0 },
	{ "scp://u+v@h+i/x", "u+v", "h+i", "x", 0 },
	{ "scp://h:1/x", "", "h", "x", 1 },
	{ "scp://h:65535", "", "h", ".", 65535 },
	{ "scp://u@h:00022/x", "u", "h", "x", 22 },
	{ "scp://[::1]:22/p", "", "::1", "p", 22 },
	{ "scp://[::1]/p", "", "::1", "p", 0 },
	{ "scp://[::1]", "", "::1", ".", 0 },
	{ "scp://[fe80::1%25eth0]:22/p", "", "fe80::1%eth0", "p", 22 },
	/* What an escape stands for means nothing more. */
	{ "scp://h/a%2Fb%3a%5c%2a%2B", "", "h", "a/b:\\*+", 0 },
	{ "scp://h/%25%32%30", "", "h", "%20", 0 },
	{ "scp://h/%2b%7E%fF", "", "h", "+~\377", 0 },
	{ "scp://h%2ed/x", "", "h.d", "x", 0 },
	{ "scp://h/%0a", "", "h", "\n", 0 },
};

static const char *const local[] = {
	"", ".", "x", "/", "/x", "-x", "-", ":x", ":", "::1:x", "./a:b", "a/b:c", "/a:b", "../a:b",
	"x/",
	"[a:b", "u@[a:b", "[::1:x", "[a]b:c", "[a/b]:c", "u@[a/b]:c", "[/]:c", "scp/:x", "a@b", "@",
	"[]", "~",
	"C\\x", "a b", "\303\266", "\377", "*",
};

static const struct {
	const char *said, *why;
} refused[] = {
	/* Nobody is there. */
	{ "@:x", FORM }, { "u@:x", FORM }, { "[]:x", FORM }, { "u@[]:x", FORM },
	{ "scp://", FORM }, { "scp:///", FORM }, { "scp:///p", FORM }, { "scp://u@/p", FORM },
	{ "scp://u@:22/p", FORM }, { "scp://[]/p", FORM },
	/* Without brackets, nobody knows which colon is whose. */
	{ "scp://::1/x", FORM }, { "scp://a:b:22/x", FORM }, { "scp://[::1/x", FORM },
	{ "scp://::1]/x", FORM },
	{ "scp://[::1]x/x", FORM }, { "scp://x[::1]/x", FORM }, { "scp://[[::1]]/x", FORM },
	{ "scp://[a][b]/x", FORM }, { "scp://[/x", FORM }, { "scp://]/x", FORM },
	{ "scp://h:/x", PORT }, { "scp://h:0/x", PORT }, { "scp://h:65536", PORT },
	{ "scp://h:-1/x", PORT },
	{ "scp://h:+1/x", PORT }, { "scp://h: 1/x", PORT }, { "scp://h:22x/x", PORT },
	{ "scp://h:ssh/x", PORT },
	{ "scp://h:18446744073709551638/x", PORT }, { "scp://[::1]:/x", PORT },
	{ "scp://u@h:2%32/x", PORT },
	{ "scp://h/%", ESCAPE }, { "scp://h/%2", ESCAPE }, { "scp://h/%2g", ESCAPE },
	{ "scp://h/%g2", ESCAPE },
	{ "scp://h/%00", ESCAPE }, { "scp://h/a%", ESCAPE }, { "scp://h/%%20", ESCAPE },
	{ "scp://h/% 1", ESCAPE },
	{ "scp://u%@h/x", ESCAPE }, { "scp://u%00@h/x", ESCAPE }, { "scp://h%0/x", ESCAPE },
	{ "scp://[fe80::1%eth0]/x", ESCAPE },
	/* Options. */
	{ "-h:x", NAME }, { "u@-h:x", NAME }, { "-u@h:x", NAME }, { "[-h]:x", NAME },
	{ "-oProxyCommand=id:x", NAME },
	{ "scp://%2dh/x", NAME }, { "scp://%2Du@h/x", NAME }, { "a -oB=c@h:x", NAME }, { "u -l@h:x",
	    NAME },
	/* What a host cannot have, and may be part of a URI. */
	{ "a$b:x", NAME }, { "a\\b:x", NAME }, { "a,b:x", NAME }, { "a b:x", NAME }, { "a\tb:x",
	    NAME },
	{ "scp://h%2fx/y", NAME }, { "scp://h%40x/y", NAME }, { "scp://ssh%3a%2f%2fx/y", NAME },
	/* It would quote what comes behind it. */
	{ "u\\@h:x", NAME }, { "scp://u%5c@h/x", NAME },
	{ "scp://u%3bv@h/x", NAME }, { "scp://u%0a@h/x", NAME }, { "scp://h%7f/x", NAME },
};

static void
check_remote(const char *said, const char *user, const char *host, const char *path, unsigned port)
{
	struct operand o;
	const char *why = "untouched";

	ck_assert_msg(operand_parse(&o, said, &why) == 0, "\"%s\": \"%s\"", said, why);
	ck_assert_msg(o.remote && strcmp(o.user, user) == 0 && strcmp(o.host, host) == 0 &&
	    strcmp(o.path, path) == 0 && o.port == port,
	    "\"%s\": expected <%s> <%s> <%s> %u, got %s <%s> <%s> <%s> %u", said, user, host, path,
	    port,
	    o.remote ? "remote" : "local", o.user, o.host, o.path, o.port);
	ck_assert_ptr_eq(o.said, said);
	operand_end(&o);
	ck_assert_ptr_null(o.text);
}

static void
check_refused(const char *said, const char *wanted)
{
	struct operand o;
	const char *why = NULL;
	int end = operand_parse(&o, said, &why);

	ck_assert_msg(end == -1, "\"%s\": expected \"%s\", got <%s> <%s> <%s>", said, wanted,
	    o.user, o.host,
	    o.path);
	ck_assert_msg(strcmp(why, wanted) == 0, "\"%s\": expected \"%s\", got \"%s\"", said, wanted,
	    why);
	ck_assert_ptr_null(o.text);
}

START_TEST(what_is_at_a_host)
{
	for (size_t i = 0; i < COUNT(remote); i++)
		check_remote(remote[i].said, remote[i].user, remote[i].host, remote[i].path,
		    remote[i].port);
}
END_TEST

START_TEST(what_is_here)
{
	for (size_t i = 0; i < COUNT(local); i++) {
		struct operand o;
		const char *why = "untouched";

		ck_assert_msg(operand_parse(&o, local[i], &why) == 0, "\"%s\": \"%s\"", local[i],
		    why);
		ck_assert_msg(!o.remote, "\"%s\": host <%s>", local[i], o.host);
		ck_assert_str_eq(o.path, local[i]);
		ck_assert_str_eq(o.host, "");
		ck_assert_str_eq(o.user, "");
		ck_assert_uint_eq(o.port, 0);
		operand_end(&o);
	}
}
END_TEST

START_TEST(what_is_refused)
{
	for (size_t i = 0; i < COUNT(refused); i++)
		check_refused(refused[i].said, refused[i].why);
}
END_TEST

/* Every byte, within a user, within a host, and as an escape of both. */
START_TEST(bytes_that_no_name_has)
{
	for (int c = 1; c <= 255; c++) {
		bool control = c < ' ' || c == 127, shell = strchr("'`\";&<>|(){}", c) != NULL;
		char said[64];

		/* They say where a name ends. */
		if (strchr("/:@[]", c) != NULL)
			continue;
		snprintf(said, sizeof(said), "u%cu@host:x", c);
		if (control || shell) {
			check_refused(said, NAME);
		} else {
			const char user[] = { 'u', (char)c, 'u', '\0' };

			check_remote(said, user, "host", "x", 0);
		}
		snprintf(said, sizeof(said), "h%ct:x", c);
		if (control || shell || strchr("$\\, ", c) != NULL) {
			check_refused(said, NAME);
			snprintf(said, sizeof(said), "scp://h%%%02xt/x", (unsigned)c);
			check_refused(said, NAME);
		} else {
			const char host[] = { 'h', (char)c, 't', '\0' };

			check_remote(said, "", host, "x", 0);
		}
	}
}
END_TEST

START_TEST(a_long_one_is_an_operand_like_another)
{
	enum { LONG = 100000 };
	static char said[LONG + 1], path[LONG + 1];

	memset(said, 'x', LONG);
	memset(path, 'x', LONG - 2);
	said[1] = ':';
	check_remote(said, "", "x", path, 0);
	said[1] = '@';
	said[LONG - 2] = ':';
	path[LONG - 4] = '\0';
	check_remote(said, "x", path, "x", 0);
}
END_TEST

START_TEST(descriptors_of_ours)
{
	static const struct {
		const char *said;
		int	    fd;
	} rows[] = {
		{ "/dev/stdin", 0 }, { "/dev/stdout", 1 }, { "/dev/stderr", 2 }, { "/dev/fd/0", 0 },
		{ "/dev/fd/17", 17 }, { "/proc/self/fd/3", 3 }, { "/dev/fd/2147483647", 2147483647 },
		{ "/dev/stdou", -1 }, { "/dev/stdout/", -1 }, { "/dev/stdoutx", -1 }, { "dev/stdout", -1 },
		{ "/dev/fd", -1 }, { "/dev/fd/", -1 }, { "/dev/fd/x", -1 }, { "/dev/fd/1x", -1 },
		{ "/dev/fd/-1", -1 }, { "/dev/fd/+1", -1 }, { "/dev/fd/ 1", -1 }, { "/dev/fd/1/2", -1 },
		{ "/dev/fd/2147483648", -1 }, { "/dev/fd/18446744073709551617", -1 }, { "", -1 }, { "/dev/null", -1 },
		/* Somebody else's. */
		{ "host:/dev/stdout", -1 }, { "scp://host//dev/stdout", -1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct operand o;
		const char *why;

		ck_assert_int_eq(operand_parse(&o, rows[i].said, &why), 0);
		ck_assert_msg(operand_descriptor(&o) == rows[i].fd, "\"%s\": expected %d, got %d", rows[i].said,
		    rows[i].fd, operand_descriptor(&o));
		operand_end(&o);
	}
}
END_TEST

START_TEST(one_that_was_not_read_ends_all_the_same)
{
	struct operand o = { .text = NULL };

	operand_end(&o);
	operand_end(&o);
	ck_assert_str_eq(o.path, "");
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_is_at_a_host);
	tcase_add_test(t, what_is_here);
	tcase_add_test(t, what_is_refused);
	tcase_add_test(t, bytes_that_no_name_has);
	tcase_add_test(t, a_long_one_is_an_operand_like_another);
	tcase_add_test(t, descriptors_of_ours);
	tcase_add_test(t, one_that_was_not_read_ends_all_the_same);
}

int
main(void)
{
	return run_unit("operand", add);
}
