/* SPDX-License-Identifier: ISC */
#include "ask/request.h"
#include "vector.h"

enum {
	R = 1, P = 2, D = 4, V = 8,	/* what may be asked for, as one number */
	ANY = 1				/* no letter that anybody types:
	    which one is not promised */
};

static unsigned
flags_of(const struct request *r)
{
	return (r->recursive ? R : 0) | (r->preserve ? P : 0) | (r->target_is_dir ? D : 0) |
	    (r->verbose ? V : 0);
}

static const struct {
	const char	 *line;
	enum request_role role;
	unsigned	  flags;
	uint64_t	  rate;
	const char	 *operands;	/* what is left of the line */
} good[] = {
	/* Bundled, split, reordered: one request. */
	{ "scp -rpt x", REQUEST_SINK, R | P, 0, "x" },
	{ "scp -tpr x", REQUEST_SINK, R | P, 0, "x" },
	{ "scp -r -p -t x", REQUEST_SINK, R | P, 0, "x" },
	{ "scp -t -v -r -p x", REQUEST_SINK, R | P | V, 0, "x" },
	{ "scp -t -rp -d -- x", REQUEST_SINK, R | P | D, 0, "x" },
	{ "scp -prdvqt x", REQUEST_SINK, R | P | D | V, 0, "x" },
	{ "scp -pf x", REQUEST_SOURCE, P, 0, "x" },
	{ "scp -f x", REQUEST_SOURCE, 0, 0, "x" },
	{ "scp -rf x", REQUEST_SOURCE, R, 0, "x" },
	{ "scp -d -f x", REQUEST_SOURCE, D, 0, "x" },
	{ "scp -t x", REQUEST_SINK, 0, 0, "x" },
	{ "scp -ttt -t x", REQUEST_SINK, 0, 0, "x" },
	{ "scp -f -ff x", REQUEST_SOURCE, 0, 0, "x" },
	{ "-t -t x", REQUEST_SINK, 0, 0, "x" },

	/* Each of them alone. */
	{ "scp -t -r x", REQUEST_SINK, R, 0, "x" },
	{ "scp -t -p x", REQUEST_SINK, P, 0, "x" },
	{ "scp -t -d x", REQUEST_SINK, D, 0, "x" },
	{ "scp -t -v x", REQUEST_SINK, V, 0, "x" },
	{ "scp -t -q x", REQUEST_SINK, 0, 0, "x" },

	/* Where options end. */
	{ "scp -t -- -r", REQUEST_SINK, 0, 0, "-r" },
	{ "scp -f -- -- -t", REQUEST_SOURCE, 0, 0, "-- -t" },
	{ "scp -f --", REQUEST_SOURCE, 0, 0, NULL },
	{ "scp -t -", REQUEST_SINK, 0, 0, "-" },
	{ "scp -t - -r", REQUEST_SINK, 0, 0, "- -r" },
	{ "scp -t x -r", REQUEST_SINK, 0, 0, "x -r" },
	{ "scp -t x -f", REQUEST_SINK, 0, 0, "x -f" },
	{ "scp -t x -- y", REQUEST_SINK, 0, 0, "x -- y" },
	{ "scp -t x -Z", REQUEST_SINK, 0, 0, "x -Z" },
	{ "scp -t  -r", REQUEST_SINK, 0, 0, " -r" },
	{ "scp -t ", REQUEST_SINK, 0, 0, "" },
	{ "scp -f c a b  a ~ *", REQUEST_SOURCE, 0, 0, "c a b  a ~ *" },

	/* No server's command line. */
	{ "scp", REQUEST_NONE, 0, 0, NULL },
	{ "scp --", REQUEST_NONE, 0, 0, NULL },
	{ "scp -rv", REQUEST_NONE, R | V, 0, NULL },
	{ "scp a b:", REQUEST_NONE, 0, 0, "a b:" },
	{ "scp -- -t x", REQUEST_NONE, 0, 0, "-t x" },
	{ "scp - -t", REQUEST_NONE, 0, 0, "- -t" },
	{ "scp x -t", REQUEST_NONE, 0, 0, "x -t" },

	/* Without effect, by themselves and in clusters. */
	{ "scp -1 -2 -3 -4 -6 -A -B -C -O -R -T -q -s -t x", REQUEST_SINK, 0, 0, "x" },
	{ "scp -12346ABCORTqst x", REQUEST_SINK, 0, 0, "x" },
	{ "scp -f -12346ABCORTqs x", REQUEST_SOURCE, 0, 0, "x" },
	{ "scp -P 22 -i a -o b -c e -F g -S /bin/false -J h -X i=1 -D /j -t x", REQUEST_SINK, 0, 0,
	    "x" },
	{ "scp -P22 -ia -ob -ce -Fg -S/bin/false -Jh -Xi=1 -D/j -t x", REQUEST_SINK, 0, 0, "x" },
	{ "scp -t -rP 22 x", REQUEST_SINK, R, 0, "x" },
	{ "scp -vofoo=bar -t x", REQUEST_SINK, V, 0, "x" },

	/* An argument is an argument, whatever it looks like. */
	{ "scp -t -o -f x", REQUEST_SINK, 0, 0, "x" },
	{ "scp -t -of x", REQUEST_SINK, 0, 0, "x" },
	{ "scp -t -i -- -r x", REQUEST_SINK, R, 0, "x" },
	{ "scp -t -c - -r x", REQUEST_SINK, R, 0, "x" },
	{ "scp -t -S  -r x", REQUEST_SINK, R, 0, "x" },
	{ "scp -t -F x", REQUEST_SINK, 0, 0, NULL },
	{ "scp -c-t -Dt -X-rf -f x", REQUEST_SOURCE, 0, 0, "x" },

	/* A kilobit has 1024 bits, as it always had here. */
	{ "scp -l 8 -t x", REQUEST_SINK, 0, 1024, "x" },
	{ "scp -l8 -t x", REQUEST_SINK, 0, 1024, "x" },
	{ "scp -l 1 -t x", REQUEST_SINK, 0, 128, "x" },
	{ "scp -rl 100 -f x", REQUEST_SOURCE, R, 12800, "x" },
	{ "scp -rl100 -pf x", REQUEST_SOURCE, R | P, 12800, "x" },
	{ "scp -t -l 00008 x", REQUEST_SINK, 0, 1024, "x" },
	{ "scp -t -l 104857600 x", REQUEST_SINK, 0, 13421772800, "x" },
};

START_TEST(rule_26_what_a_command_line_means)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct vector v, left = { .n = 0 };
		struct request r;
		const char *why = "untouched";
		char option = 'u';
		int end;

		make_vector(&v, good[i].line);
		if (good[i].operands != NULL)
			make_vector(&left, good[i].operands);
		end = request_parse(&r, v.n, v.words, REQUEST_OWN, &why, &option);
		ck_assert_msg(end == 0, "\"%s\": expected to be accepted, got \"%s\" -- %c",
		    good[i].line, why,
		    option);
		ck_assert_msg(r.role == good[i].role, "\"%s\": expected role %d, got %d",
		    good[i].line,
		    (int)good[i].role, (int)r.role);
		ck_assert_msg(flags_of(&r) == good[i].flags, "\"%s\": expected flags %u, got %u",
		    good[i].line,
		    good[i].flags, flags_of(&r));
		ck_assert_msg(r.rate == good[i].rate, "\"%s\": expected rate %llu, got %llu",
		    good[i].line,
		    (unsigned long long)good[i].rate, (unsigned long long)r.rate);
		ck_assert_msg(r.npaths == left.n, "\"%s\": expected %d operands, got %d",
		    good[i].line, left.n,
		    r.npaths);
		for (int n = 0; n < left.n; n++)
			ck_assert_msg(strcmp(r.paths[n], left.words[n]) == 0,
			    "\"%s\": expected operand %d \"%s\", got \"%s\"", good[i].line, n,
			    left.words[n],
			    r.paths[n]);
	}
}
END_TEST

static const struct {
	const char *line;
	char	    option;
} bad[] = {
	/* Two directions, in any spelling. */
	{ "scp -tf x", ANY },		{ "scp -ft x", ANY },
	{ "scp -t -f x", ANY },		{ "scp -f -t x", ANY },
	{ "scp -rft x", ANY },		{ "scp -t -rf x", ANY },
	{ "scp -tvrpf", ANY },		{ "scp -t -P 22 -vf x", ANY },
	{ "scp -f -l 8 -qt x", ANY },	{ "scp -ftf x", ANY },

	/* No option of anybody's, or none that a server has use for. */
	{ "scp -Z -t x", 'Z' },		{ "scp -t -Z x", 'Z' },
	{ "scp -tZ x", 'Z' },		{ "scp -rZp -t x", 'Z' },
	{ "scp --help", '-' },		{ "scp --version", '-' },
	{ "scp -t-- x", '-' },		{ "scp -t --x", '-' },
	{ "scp -5 -t x", '5' },		{ "scp -h", 'h' },
	{ "scp -t -a x", 'a' },		{ "scp -t -\n x", '\n' },
	{ "scp -t -\xff x", '\xff' },

	/* Options that lack their argument. */
	{ "scp -t -l", 'l' },		{ "scp -tl", 'l' },
	{ "scp -t -c", 'c' },		{ "scp -t -D", 'D' },
	{ "scp -t -F", 'F' },		{ "scp -t -i", 'i' },
	{ "scp -t -J", 'J' },		{ "scp -t -o", 'o' },
	{ "scp -t -P", 'P' },		{ "scp -t -S", 'S' },
	{ "scp -t -X", 'X' },		{ "scp -trpX", 'X' },

	/* What is no limit. */
	{ "scp -l 0 -t x", 'l' },	{ "scp -l0 -t x", 'l' },
	{ "scp -l -1 -t x", 'l' },	{ "scp -l-1 -t x", 'l' },
	{ "scp -l x -t x", 'l' },	{ "scp -l 8x -t x", 'l' },
	{ "scp -l8x -t x", 'l' },	{ "scp -lt x", 'l' },
	{ "scp -l  -t x", 'l' },	{ "scp -l 0x10 -t x", 'l' },
	{ "scp -l 1.5 -t x", 'l' },	{ "scp -t -l -f x", 'l' },
	{ "scp -l 104857601 -t x", 'l' },
	{ "scp -l 9223372036854775808 -t x", 'l' },
	{ "scp -l 18446744073709551624 -t x", 'l' },
	{ "scp -l 99999999999999999999999 -t x", 'l' },
};

START_TEST(rule_26_what_is_refused)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vector v;
		struct request r;
		const char *why = NULL;
		char option = ANY;
		int end;

		make_vector(&v, bad[i].line);
		end = request_parse(&r, v.n, v.words, REQUEST_OWN, &why, &option);
		ck_assert_msg(end == -1, "\"%s\": expected -1, got %d", bad[i].line, end);
		ck_assert_msg(why != NULL && *why != '\0', "\"%s\": expected a reason, got none",
		    bad[i].line);
		ck_assert_msg(bad[i].option == ANY || option == bad[i].option,
		    "\"%s\": expected the letter %d, got %d", bad[i].line, bad[i].option, option);
	}
}
END_TEST

START_TEST(rule_26_reasons_tell_mistakes_apart)
{
	static const char *const lines[] = { "scp -t -f x", "scp -Z", "scp -t -l",
	    "scp -l x -t y" };
	enum { N = sizeof(lines) / sizeof(lines[0]) };
	const char *why[N] = { NULL };

	for (size_t i = 0; i < N; i++) {
		struct vector v;
		struct request r;
		char option;

		make_vector(&v, lines[i]);
		ck_assert_int_eq(request_parse(&r, v.n, v.words, REQUEST_OWN, &why[i],
		    &option), -1);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(why[i], why[j]);
	}
}
END_TEST

START_TEST(success_names_no_option)
{
	struct vector v;
	struct request r;
	const char *why;
	char option = 'u';

	make_vector(&v, "scp -rpt x");
	ck_assert_int_eq(request_parse(&r, v.n, v.words, REQUEST_OWN, &why, &option), 0);
	ck_assert_int_eq(option, '\0');
}
END_TEST

START_TEST(operands_are_borrowed_and_in_order)
{
	struct vector v;
	struct request r;
	const char *why;
	char option;

	make_vector(&v, "scp -f -v c a b");
	ck_assert_int_eq(request_parse(&r, v.n, v.words, REQUEST_OWN, &why, &option), 0);
	ck_assert_int_eq(r.npaths, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_eq(r.paths[i], v.words[3 + i]);
}
END_TEST

START_TEST(an_empty_vector_is_no_server)
{
	char *none[] = { NULL };
	struct request r = { .role = REQUEST_SINK, .npaths = 7 };
	const char *why;
	char option;

	ck_assert_int_eq(request_parse(&r, 0, none, REQUEST_OWN, &why, &option), 0);
	ck_assert_int_eq((int)r.role, (int)REQUEST_NONE);
	ck_assert_int_eq(r.npaths, 0);
}
END_TEST

START_TEST(nothing_is_left_of_an_earlier_request)
{
	struct request r;
	struct vector v;
	const char *why;
	char option;

	make_vector(&v, "scp -rpdv -l 8 -t x");
	ck_assert_int_eq(request_parse(&r, v.n, v.words, REQUEST_OWN, &why, &option), 0);
	make_vector(&v, "scp -f");
	ck_assert_int_eq(request_parse(&r, v.n, v.words, REQUEST_OWN, &why, &option), 0);
	ck_assert_int_eq((int)r.role, (int)REQUEST_SOURCE);
	ck_assert_uint_eq(flags_of(&r), 0);
	ck_assert_uint_eq(r.rate, 0);
	ck_assert_int_eq(r.npaths, 0);
}
END_TEST

/* What a client's string may say: the same as on a command line. */
static const char *const served[] = {
	"scp -t x", "scp -f x", "scp -t", "scp -f --", "scp -rpt x", "scp -tpr x",
	"scp -t -v -r -p x", "scp -t -rp -d -- x", "scp -prdvqt x", "scp -qvdrpf x y",
	"scp -ttt -t x", "scp -f -ff x", "scp -t -l 8 x", "scp -t -l8 x", "scp -l8 -t x",
	"scp -l 8 -t x", "scp -tl 8 x", "scp -rl100 -pf x", "scp -tqvl100 x",
	"scp -t -l 104857600 x", "scp -t -- -r", "scp -t -- -f", "scp -t -- -o", "scp -f -- --",
	"scp -t x -f", "scp -t x -o y", "scp -t - -S", "scp -t ", "scp -f a b  c * ~ {a,b}",
	"scp -t host:b", "/usr/bin/scp -t x", "-t -f x",
	/* What neither takes an argument nor changes anything. */
	"scp -C -t x", "scp -p -C -f x", "scp -1 -2 -3 -4 -6 -A -B -C -O -T -q -t x",
	"scp -123 -t x", "scp -rpC3 -t x", "scp -t -qB x", "scp -Bt x", "scp -46ABCOTqf x",
};

START_TEST(rule_26_a_clients_string_says_the_same)
{
	for (size_t i = 0; i < COUNT(served); i++) {
		struct request own, foreign;
		struct vector v;
		const char *why;
		char option = 'u';

		make_vector(&v, served[i]);
		ck_assert_int_eq(request_parse(&own, v.n, v.words, REQUEST_OWN, &why, &option), 0);
		ck_assert_msg(request_parse(&foreign, v.n, v.words, REQUEST_FOREIGN, &why,
		    &option) == 0, "\"%s\": expected to be accepted, got \"%s\" -- %c", served[i],
		    why, option);
		ck_assert_int_eq(option, '\0');
		ck_assert_int_eq((int)foreign.role, (int)own.role);
		ck_assert_uint_eq(flags_of(&foreign), flags_of(&own));
		ck_assert_uint_eq(foreign.rate, own.rate);
		ck_assert_int_eq(foreign.npaths, own.npaths);
		ck_assert_ptr_eq(foreign.paths, own.paths);
	}
}
END_TEST

static const struct {
	const char *line;
	char	    option;		/* '\0': none is meant */
} not_served[] = {
	/* No direction: a copy of our own, to or from anywhere. */
	{ "scp", '\0' },			{ "scp --", '\0' },
	{ "scp a b", '\0' },			{ "scp a host:b", '\0' },
	{ "scp host:a b", '\0' },		{ "scp -r a host:b", '\0' },
	{ "scp -l 8 a host:b", '\0' },		{ "scp -rpdvq", '\0' },
	{ "scp -- -t x", '\0' },		{ "scp - -t", '\0' },
	{ "scp x -t", '\0' },			{ "scp  -t", '\0' },
	{ "scp -r -- -f x", '\0' },		{ "-t", '\0' },

	/* Both, in any spelling. */
	{ "scp -tf x", ANY },			{ "scp -ft x", ANY },
	{ "scp -t -f x", ANY },			{ "scp -f -t x", ANY },
	{ "scp -rft x", ANY },			{ "scp -t -rf x", ANY },
	{ "scp -ftf x", ANY },			{ "scp -tl 8 -qf x", ANY },
	{ "scp -tpf", ANY },			{ "scp -f -v -t -- x", ANY },

	/* What only a client's side knows, and says something of how. */
	{ "scp -S /bin/sh -t x", 'S' },		{ "scp -t -S /bin/sh x", 'S' },
	{ "scp -S/bin/sh -t x", 'S' },		{ "scp -tS/bin/sh x", 'S' },
	{ "scp -oProxyCommand=id -t x", 'o' },	{ "scp -o ProxyCommand=id -f x", 'o' },
	{ "scp -t -o -f x", 'o' },		{ "scp -t -of x", 'o' },
	{ "scp -F /tmp/config -t x", 'F' },	{ "scp -D /bin/sh -f x", 'D' },
	{ "scp -X nrequests=1 -t x", 'X' },	{ "scp -J host -t x", 'J' },
	{ "scp -i key -t x", 'i' },		{ "scp -P 22 -t x", 'P' },
	{ "scp -c none -t x", 'c' },		{ "scp -s -t x", 's' },
	{ "scp -R -t x", 'R' },			{ "scp -t -qBs x", 's' },
	{ "scp -S", 'S' },			{ "scp -t -o", 'o' },

	/* What nobody knows. */
	{ "scp -Z -t x", 'Z' },			{ "scp -tZ x", 'Z' },
	{ "scp --serve -t x", '-' },		{ "scp -t --root=/ x", '-' },
	{ "scp -t-- x", '-' },			{ "scp -t -\xff x", '\xff' },
	{ "scp -t -\n x", '\n' },		{ "scp -5 -t x", '5' },

	/* What is no limit. */
	{ "scp -t -l", 'l' },			{ "scp -tl", 'l' },
	{ "scp -l -t x", 'l' },			{ "scp -lt x", 'l' },
	{ "scp -t -l 0 x", 'l' },		{ "scp -t -l-8 x", 'l' },
	{ "scp -t -l 8k x", 'l' },		{ "scp -t -l  x", 'l' },
	{ "scp -t -l 104857601 x", 'l' },
};

/* Asserts that the words of V are no request of a client's, because of OPTION. */
static void
assert_not_served(struct vector *v, const char *line, char wanted)
{
	struct request r;
	const char *why = NULL;
	char option = 'u';
	int end = request_parse(&r, v->n, v->words, REQUEST_FOREIGN, &why, &option);

	ck_assert_msg(end == -1, "\"%s\": expected -1, got %d", line, end);
	ck_assert_msg(why != NULL && *why != '\0', "\"%s\": expected a reason, got none", line);
	ck_assert_msg(wanted == ANY || option == wanted, "\"%s\": expected the letter %d, got %d",
	    line, wanted, option);
}

START_TEST(rule_26_what_a_clients_string_may_not_say)
{
	for (size_t i = 0; i < COUNT(not_served); i++) {
		struct vector v;

		make_vector(&v, not_served[i].line);
		assert_not_served(&v, not_served[i].line, not_served[i].option);
	}
}
END_TEST

/* Every byte as an option: by itself, before and behind -t, and at both ends of a cluster. */
static const char *const around[] = { "scp -? -t x", "scp -t -? x", "scp -?t x", "scp -t? x",
    "scp -rp?qt x", "scp -r -?p -t -- x" };

START_TEST(rule_26_every_letter_is_on_the_list_or_refused)
{
	for (size_t i = 0; i < COUNT(around); i++)
		for (int c = 1; c <= 255; c++) {
			struct request r;
			struct vector v;
			char *at, option;
			const char *why;

			if (c == ' ' || strchr("-fl", c) != NULL)
				continue;	/* They have tests of their own. */
			make_vector(&v, around[i]);
			for (int n = 0; n < v.n; n++)
				if ((at = strchr(v.words[n], '?')) != NULL)
					*at = (char)c;
			if (strchr("dpqrtv12346ABCOT", c) == NULL)
				assert_not_served(&v, around[i], (char)c);
			else
				ck_assert_int_eq(request_parse(&r, v.n, v.words, REQUEST_FOREIGN,
				    &why, &option), 0);
		}
}
END_TEST

/*
 * Writes the letters as clusters that end where CUTS has a bit, and LIMIT in front of the WHEREth
 * letter if a cluster begins there: true when it does.
 */
static bool
write_spelling(struct vector *v, const char *letters, unsigned cuts, const char *limit,
    size_t where)
{
	char line[VECTOR_LINE_MAX] = "scp", *p = line + strlen(line);
	bool inside = false, limited = false;

	for (size_t i = 0; letters[i] != '\0'; i++) {
		if (!inside && i == where) {
			p = stpcpy(p, limit);
			limited = true;
		}
		if (!inside)
			p = stpcpy(p, " -");
		*p++ = letters[i];
		inside = (cuts & 1U << i) == 0;
	}
	stpcpy(p, " x");
	make_vector(v, line);
	return limited;
}

/* The next order of the letters: false when that was the last. */
static bool
next_order(char *letters)
{
	size_t n = strlen(letters), i = n - 1, k = n - 1;
	char c;

	while (i > 0 && letters[i - 1] >= letters[i])
		i--;
	if (i == 0)
		return false;
	while (letters[k] <= letters[i - 1])
		k--;
	c = letters[i - 1], letters[i - 1] = letters[k], letters[k] = c;
	for (k = n - 1; i < k; i++, k--)
		c = letters[i], letters[i] = letters[k], letters[k] = c;
	return true;
}

static void
assert_asks_for_all(struct vector *v, enum request_role role, uint64_t rate)
{
	struct request r;
	const char *why;
	char option;

	ck_assert_int_eq(request_parse(&r, v->n, v->words, REQUEST_FOREIGN, &why, &option), 0);
	ck_assert_int_eq((int)r.role, (int)role);
	ck_assert_uint_eq(flags_of(&r), R | P | D | V);
	ck_assert_uint_eq(r.rate, rate);
	ck_assert_int_eq(r.npaths, 1);
	ck_assert_str_eq(r.paths[0], "x");
}

/* By its loop index: an upload, a download. */
START_TEST(rule_26_order_and_clusters_mean_nothing)
{
	static const char *const sorted[] = { "dpqrtv", "dfpqrv" };
	static const char *const limits[] = { " -l 8", " -l8" };
	enum { CUTS = 32, ORDERS = 720 };
	char letters[8];
	int orders = 0;

	strcpy(letters, sorted[_i]);
	do {
		for (unsigned cuts = 0; cuts < CUTS; cuts++)
			for (size_t where = 0; where < strlen(letters); where++) {
				struct vector v;
				bool limited = write_spelling(&v, letters, cuts,
				    limits[(cuts + where) % 2], where);

				assert_asks_for_all(&v, _i == 0 ? REQUEST_SINK : REQUEST_SOURCE,
				    limited ? 1024 : 0);
			}
		orders++;
	} while (next_order(letters));
	ck_assert_int_eq(orders, ORDERS);
}
END_TEST

START_TEST(rule_26_reasons_tell_a_clients_mistakes_apart)
{
	static const char *const lines[] = { "scp a host:b", "scp -t -f x", "scp -S y -t x",
	    "scp -Z -t x", "scp -t -l", "scp -l x -t y" };
	const char *why[COUNT(lines)] = { NULL };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct vector v;
		struct request r;
		char option;

		make_vector(&v, lines[i]);
		ck_assert_int_eq(request_parse(&r, v.n, v.words, REQUEST_FOREIGN, &why[i],
		    &option), -1);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(why[i], why[j]);
	}
}
END_TEST

START_TEST(an_empty_string_of_a_client_is_no_request)
{
	char *none[] = { NULL };
	struct request r;
	const char *why = NULL;
	char option = 'u';

	ck_assert_int_eq(request_parse(&r, 0, none, REQUEST_FOREIGN, &why, &option), -1);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(option, '\0');
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_26_what_a_command_line_means);
	tcase_add_test(t, rule_26_what_is_refused);
	tcase_add_test(t, rule_26_reasons_tell_mistakes_apart);
	tcase_add_test(t, success_names_no_option);
	tcase_add_test(t, operands_are_borrowed_and_in_order);
	tcase_add_test(t, an_empty_vector_is_no_server);
	tcase_add_test(t, nothing_is_left_of_an_earlier_request);
	tcase_add_test(t, rule_26_a_clients_string_says_the_same);
	tcase_add_test(t, rule_26_what_a_clients_string_may_not_say);
	tcase_add_test(t, rule_26_every_letter_is_on_the_list_or_refused);
	tcase_add_loop_test(t, rule_26_order_and_clusters_mean_nothing, 0, 2);
	tcase_add_test(t, rule_26_reasons_tell_a_clients_mistakes_apart);
	tcase_add_test(t, an_empty_string_of_a_client_is_no_request);
}

int
main(void)
{
	return run_unit("request", add);
}
