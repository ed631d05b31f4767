/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "errand/errand.h"
#include "rules/keys.h"
#include "vector.h"

enum {
	R = 1, P = 2, D = 4, V = 8, Q = 16, DIRECT = 32, O = 64, T = 128, UPDATE = 256, STEP = 512
};

static struct errand errand;	/* too large for a stack */

static int
parse(struct vector *v, const char *line, const char **where, const char **why)
{
	make_vector(v, line);
	return errand_parse(&errand, v->n, v->words, where, why);
}

static unsigned
flags_of(const struct errand *e)
{
	return (e->recursive ? R : 0) | (e->preserve ? P : 0) | (e->target_is_dir ? D : 0) |
	    (e->verbose ? V : 0) | (e->quiet ? Q : 0) | (e->direct ? DIRECT : 0) |
	    (e->shell_text ? O : 0) | (e->any_name ? T : 0) | (e->update ? UPDATE : 0) |
	    (e->lockstep ? STEP : 0);
}

/* All that is passed on, and all keys, as a line. */
static const char *
passed(const struct errand *e)
{
	static char line[VECTOR_LINE_MAX];
	size_t n = 0;

	line[0] = '\0';
	for (size_t i = 0; i < e->nflags; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "-%c%s%s ", e->flags[i].letter,
		    e->flags[i].value != NULL ? "=" : "",
		    e->flags[i].value != NULL ? e->flags[i].value : "");
	for (size_t i = 0; i < e->nkeys; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s%s ", e->keys[i].key,
		    e->keys[i].value != NULL ? "=" : "",
		    e->keys[i].value != NULL ? e->keys[i].value : "");
	return line;
}

static const struct {
	const char *line;
	unsigned    flags;
	const char *passed;
	int	    nsources;
} good[] = {
	{ "scp a b:", 0, "", 1 },
	{ "scp b: a", 0, "", 1 },
	{ "scp a b c", D, "", 2 },
	{ "scp a b c: d:", D, "", 3 },
	{ "scp -- a b:", 0, "", 1 },
	{ "scp -- -a b:", 0, "", 1 },
	{ "scp - b:", 0, "", 1 },
	{ "scp a -r", 0, "", 1 },
	{ "scp a -- b:", D, "", 2 },
	{ "scp -r a b:", R, "", 1 },
	{ "scp -rpd a b:", R | P | D, "", 1 },
	{ "scp -r -p -d -- a b:", R | P | D, "", 1 },
	{ "scp -q a b:", Q, "-q ", 1 },
	{ "scp -v a b:", V, "-v ", 1 },
	{ "scp -vvqv a b:", V | Q, "-v -v -q -v ", 1 },
	{ "scp -OT a b:", O | T, "", 1 },
	/* Whichever of both is said last. */
	{ "scp -3 a: b:", 0, "", 1 },
	{ "scp -R a: b:", DIRECT, "", 1 },
	{ "scp -R3 a: b:", 0, "", 1 },
	{ "scp -3R a: b:", DIRECT, "", 1 },
	{ "scp -R2 a: b:", DIRECT, "", 1 },
	{ "scp -2 a b:", 0, "", 1 },
	/* In the order in which they are said. */
	{ "scp -A -B -C -4 -6 a b:", 0, "-A -B -C -4 -6 ", 1 },
	{ "scp -64CBA a b:", 0, "-6 -4 -C -B -A ", 1 },
	{ "scp -oA=b -i k -c x -F f -J h -o C a b:", 0, "-o=A=b -i=k -c=x -F=f -J=h -o=C ", 1 },
	{ "scp -Cik -ro -t a b:", R, "-C -i=k -o=-t ", 1 },
	{ "scp -i -- a b:", 0, "-i=-- ", 1 },
	{ "scp -i  a b:", 0, "-i= ", 1 },
	{ "scp -X nrequests=1 -Xbuffer=32768 -X buffer=256K a b:", 0, "", 1 },
	{ "scp -X ahead=no a b:", STEP, "", 1 },
	{ "scp -X ahead=no -X ahead=yes a b:", 0, "", 1 },
	/* The policy's. */
	{ "scp --exclude=*.o a b:", 0, "deny=*.o ", 1 },
	{ "scp --exclude *.o --include=a --exclude= a b:", 0, "deny=*.o allow=a deny= ", 1 },
	{ "scp --exclude=a=b --exclude -t a b:", 0, "deny=a=b deny=-t ", 1 },
	{ "scp --update b: a", UPDATE | P, "", 1 },
	{ "scp --overwrite=no --replace atomic --sync=full --symlinks=never --hidden no b: a", 0,
	    "overwrite=no replace=atomic sync=full symlinks=never hidden=no ", 1 },
	{ "scp --mkdir=no --max-depth=3 --max-file-size=1M --max-session-bytes=1G --max-files=7 b: a", 0,
	    "mkdir=no max-depth=3 max-file-size=1M max-session-bytes=1G max-files=7 ", 1 },
	{ "scp --min-free=5% --rate=1M/s --idle-timeout=5m --max-duration=1h --umask=077 b: a", 0,
	    "min-free=5% rate=1M/s idle-timeout=5m max-duration=1h umask=077 ", 1 },
	{ "scp --file-mode=600 --dir-mode=700 --modes=inherit --times=ignore --group=g --sandbox=try b: a", 0,
	    "file-mode=600 dir-mode=700 modes=inherit times=ignore group=g sandbox=try ", 1 },
	/* Whether a value is a good one is for the policy to say. */
	{ "scp --umask=what b: a", 0, "umask=what ", 1 },
	{ "scp -r --umask=1 -p b: a", R | P, "umask=1 ", 1 },
};

START_TEST(what_a_command_line_means)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		const char *where, *why = "untouched";
		struct vector v;

		ck_assert_msg(parse(&v, good[i].line, &where, &why) == 0, "\"%s\": \"%s\": \"%s\"",
		    good[i].line, where, why);
		ck_assert_msg(flags_of(&errand) == good[i].flags,
		    "\"%s\": expected flags %u, got %u",
		    good[i].line, good[i].flags, flags_of(&errand));
		ck_assert_msg(strcmp(passed(&errand), good[i].passed) == 0,
		    "\"%s\": expected \"%s\", got \"%s\"", good[i].line, good[i].passed,
		    passed(&errand));
		ck_assert_msg(errand.nsources == good[i].nsources,
		    "\"%s\": expected %d sources, got %d",
		    good[i].line, good[i].nsources, errand.nsources);
		ck_assert(errand_is_meant(v.n, v.words));
		/* They are the last words, in their order. */
		for (int n = 0; n < errand.nsources; n++)
			ck_assert_ptr_eq(errand.sources[n].said,
			    v.words[v.n - 1 - errand.nsources + n]);
		ck_assert_ptr_eq(errand.target.said, v.words[v.n - 1]);
		errand_end(&errand);
	}
}
END_TEST

START_TEST(values_that_are_numbers_and_words)
{
	static const struct {
		const char *line;
		uint64_t rate;
		unsigned port;
		const char *program;
		enum errand_progress progress;
	} rows[] = {
		{ "scp a b:", 0, 0, NULL, ERRAND_AUTO },
		{ "scp -l 8 a b:", 1024, 0, NULL, ERRAND_AUTO },
		{ "scp -l1 a b:", 128, 0, NULL, ERRAND_AUTO },
		{ "scp -l 104857600 a b:", 13421772800, 0, NULL, ERRAND_AUTO },
		{ "scp -l 8 -l 16 a b:", 2048, 0, NULL, ERRAND_AUTO },
		{ "scp -P 1 a b:", 0, 1, NULL, ERRAND_AUTO },
		{ "scp -P65535 a b:", 0, 65535, NULL, ERRAND_AUTO },
		{ "scp -rP 022 a b:", 0, 22, NULL, ERRAND_AUTO },
		{ "scp -S /bin/x a b:", 0, 0, "/bin/x", ERRAND_AUTO },
		{ "scp -Sx -Sy a b:", 0, 0, "y", ERRAND_AUTO },
		{ "scp --progress=auto a b:", 0, 0, NULL, ERRAND_AUTO },
		{ "scp --progress=none a b:", 0, 0, NULL, ERRAND_NONE },
		{ "scp --progress files a b:", 0, 0, NULL, ERRAND_FILES },
		{ "scp --progress=total a b:", 0, 0, NULL, ERRAND_TOTAL },
		{ "scp --progress=total --progress=json a b:", 0, 0, NULL, ERRAND_JSON },
		{ "scp -q a b:", 0, 0, NULL, ERRAND_NONE },
		{ "scp --progress=json -q a b:", 0, 0, NULL, ERRAND_JSON },
		{ "scp -q --progress=files a b:", 0, 0, NULL, ERRAND_NONE },
		{ "scp -q --progress=json a b:", 0, 0, NULL, ERRAND_JSON },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *where, *why;
		struct vector v;

		ck_assert_msg(parse(&v, rows[i].line, &where, &why) == 0, "\"%s\"", rows[i].line);
		ck_assert_msg(errand.rate == rows[i].rate && errand.port == rows[i].port &&
		    errand.progress == rows[i].progress, "\"%s\": got %llu, %u, %d", rows[i].line,
		    (unsigned long long)errand.rate, errand.port, (int)errand.progress);
		ck_assert_pstr_eq(errand.program, rows[i].program);
		errand_end(&errand);
	}
}
END_TEST

static const char usage[] = "usage: scp [option ...] source ... target";
static const char sftp[] = "SFTP is spoken by sftp(1), not by this scp";
static const char no_argument[] = "option requires an argument";
static const char no_rate[] = "the limit is no number of kbit/s";
static const char no_port[] = "a port is a number from 1 to 65535";
static const char no_setting[] = "it takes nrequests=N, buffer=N or ahead=no";
static const char no_progress[] = "it takes auto, none, files, total or json";
static const char unknown[] = "there is no such option";
static const char served[] = "only after --serve";

static const struct {
	const char *line, *where, *why;
} bad[] = {
	/* Too few to be copied. */
	{ "scp", NULL, usage }, { "scp a", NULL, usage }, { "scp -r", NULL, usage }, { "scp --",
	    NULL, usage },
	{ "scp -r -- a", NULL, usage }, { "scp -i a b:", NULL, usage }, { "scp --umask 1 b:", NULL,
	    usage },
	/* What is for a server. */
	{ "scp -t a b:", "-t", usage }, { "scp -rf a b:", "-f", usage },
	/* What is not spoken. */
	{ "scp -s a b:", "-s", sftp }, { "scp -rsp a b:", "-s", sftp }, { "scp -D x a b:", "-D",
	    sftp },
	{ "scp -1 a b:", "-1", "this version of the protocol is not spoken" },
	/* What nobody knows. */
	{ "scp -Z a b:", "-Z", "unknown option" }, { "scp -rZp a b:", "-Z", "unknown option" },
	{ "scp -r- a b:", "--", "unknown option" }, { "scp -\n a b:", "-\n", "unknown option" },
	{ "scp -5 a b:", "-5", "unknown option" }, { "scp -h a b:", "-h", "unknown option" },
	{ "scp --what a b:", "--what", unknown }, { "scp --what=x a b:", "--what=x", unknown },
	{ "scp --umas=077 a b:", "--umas=077", unknown }, { "scp --umaskk=077 a b:", "--umaskk=077",
	    unknown },
	{ "scp --update=yes a b:", "--update=yes", unknown }, { "scp --=x a b:", "--=x", unknown },
	{ "scp --progres=json a b:", "--progres=json", unknown }, { "scp --EXCLUDE=x a b:",
	    "--EXCLUDE=x", unknown },
	{ "scp --a-word-that-is-longer-than-all-that-there-are a b:",
	    "--a-word-that-is-longer-than-all-that-there-are", unknown },
	/* What concerns others, and what has another name here. */
	{ "scp --root=/ a b:", "--root=/", served }, { "scp --upload-only a b:", "--upload-only",
	    served },
	{ "scp --log none a b:", "--log", served }, { "scp --originate=yes a b:", "--originate=yes",
	    served },
	{ "scp --deny=x a b:", "--deny=x", served }, { "scp --allow=x a b:", "--allow=x", served },
	/* What is missing. */
	{ "scp -i", "-i", no_argument }, { "scp -rc", "-c", no_argument }, { "scp -o", "-o",
	    no_argument },
	{ "scp -F", "-F", no_argument }, { "scp -J", "-J", no_argument }, { "scp -l", "-l",
	    no_argument },
	{ "scp -P", "-P", no_argument }, { "scp -S", "-S", no_argument }, { "scp -X", "-X",
	    no_argument },
	{ "scp -D", "-D", no_argument },
	/* What is no value. */
	{ "scp -l 0 a b:", "-l", no_rate }, { "scp -l -1 a b:", "-l", no_rate }, { "scp -l x a b:",
	    "-l", no_rate },
	{ "scp -l+1 a b:", "-l", no_rate }, { "scp -l  a b:", "-l", no_rate }, { "scp -l 1.5 a b:",
	    "-l", no_rate },
	{ "scp -l 104857601 a b:", "-l", no_rate },
	{ "scp -P 0 a b:", "-P", no_port }, { "scp -P 65536 a b:", "-P", no_port },
	{ "scp -P x a b:", "-P", no_port },
	{ "scp -P +1 a b:", "-P", no_port }, { "scp -rP22x a b:", "-P", no_port },
	{ "scp -X x a b:", "-X", no_setting }, { "scp -X ahead=maybe a b:", "-X", no_setting },
	{ "scp -X ahead a b:", "-X", no_setting }, { "scp -X  a b:", "-X", no_setting },
	{ "scp -X nrequests=0 a b:", "-X", "nrequests is a number" },
	{ "scp -X nrequests= a b:", "-X", "nrequests is a number" },
	{ "scp -X buffer=x a b:", "-X", "buffer is a size" }, { "scp -X buffer= a b:", "-X",
	    "buffer is a size" },
	{ "scp --progress=x a b:", "--progress=x", no_progress }, { "scp --progress= a b:",
	    "--progress=", no_progress },
	{ "scp --progress", "--progress", no_progress }, { "scp --progress a b:", "--progress",
	    no_progress },
	/* Operands, wherever they stand. */
	{ "scp @:a b", "@:a", "no such host form" }, { "scp a @:b", "@:b", "no such host form" },
	{ "scp a b scp://h:0/c d", "scp://h:0/c", no_port }, { "scp a -b:c", "-b:c",
	    "no user, and no host, is called so" },
};

START_TEST(what_is_refused)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *where = "untouched", *why = "untouched";
		struct vector v;

		ck_assert_msg(parse(&v, bad[i].line, &where, &why) == -1, "\"%s\": accepted",
		    bad[i].line);
		ck_assert_msg(strcmp(why, bad[i].why) == 0, "\"%s\": expected \"%s\", got \"%s\"",
		    bad[i].line,
		    bad[i].why, why);
		ck_assert_msg(bad[i].where == NULL ? where == NULL : where != NULL &&
		    strcmp(where, bad[i].where) == 0, "\"%s\": expected \"%s\", got \"%s\"",
		    bad[i].line,
		    bad[i].where, where);
		errand_end(&errand);
	}
}
END_TEST

/* Whoever asks for a server's half does not get the other one, and the other way round. */
START_TEST(who_asks_for_what)
{
	static const char *const servers[] = {
		"scp -t x", "scp -f x", "scp -rpt x", "scp -r -p -t -- x", "scp -v -rf x y",
		"scp -i k -t x",
		"scp -ik -t x", "scp -o -t -f x", "scp -tZ x", "scp -Zt x", "scp --umask 1 -t x",
		"scp --umask=1 -t x",
		"scp --exclude -f -t x", "scp --update -t x", "scp --what -t x",
		"scp -P 1 -S s -X x -D d -l 1 -ft",
	};
	static const char *const others[] = {
		"scp", "scp x", "scp a b", "scp -r a b", "scp -- -t x", "scp - -t", "scp x -t",
		"scp a -f b",
		"scp -i -t x", "scp -it x", "scp -o -f a b", "scp -Zri -t a b", "scp -D -t x",
		"scp -X -f x",
		"scp --exclude -t a b", "scp --progress -t a b", "scp -l -t a", "scp -P",
		"scp --umask",
	};
	struct vector v;

	for (size_t i = 0; i < COUNT(servers); i++) {
		make_vector(&v, servers[i]);
		ck_assert_msg(!errand_is_meant(v.n, v.words), "\"%s\"", servers[i]);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		make_vector(&v, others[i]);
		ck_assert_msg(errand_is_meant(v.n, v.words), "\"%s\"", others[i]);
	}
	ck_assert(errand_is_meant(0, (char *const[]){ NULL }));
}
END_TEST

START_TEST(an_empty_vector_asks_for_nothing)
{
	const char *where, *why;

	ck_assert_int_eq(errand_parse(&errand, 0, (char *const[]){ NULL }, &where, &why), -1);
	ck_assert_str_eq(why, usage);
	errand_end(&errand);
	errand_end(&errand);
}
END_TEST

/* The policy knows all of them, and that each has a value, by the names that it has there. */
START_TEST(keys_are_the_policys)
{
	const char *where, *why;
	struct vector v;

	for (size_t i = 0; i < COUNT(good); i++) {
		if (strstr(good[i].line, " --") == NULL)
			continue;
		ck_assert_int_eq(parse(&v, good[i].line, &where, &why), 0);
		for (size_t n = 0; n < errand.nkeys; n++)
			ck_assert_msg(keys_takes_value(errand.keys[n].key) == 1, "%s",
			    errand.keys[n].key);
		errand_end(&errand);
	}
}
END_TEST

/* What is said of one is said of the word that it stands in. */
START_TEST(keys_know_where_they_stand)
{
	const char *where, *why;
	struct vector v;

	ck_assert_int_eq(parse(&v, "scp -r --umask=077 --exclude x b: a", &where, &why), 0);
	ck_assert_ptr_eq(errand.keys[0].said, v.words[2]);
	ck_assert_ptr_eq(errand.keys[1].said, v.words[3]);
	ck_assert_ptr_eq(errand.keys[1].value, v.words[4]);
	errand_end(&errand);
	/* One that has no value keeps none. */
	ck_assert_int_eq(parse(&v, "scp --umask", &where, &why), -1);
	ck_assert_ptr_null(errand.keys[0].value);
	errand_end(&errand);
}
END_TEST

/* What every copy, those that come here, and nobody obeys: each is refused where it would be ignored. */
START_TEST(keys_are_obeyed_or_refused)
{
	static const char all[] = "exclude include hidden max-depth max-file-size max-session-bytes max-files rate "
	    "idle-timeout max-duration sandbox ";
	static const char here[] = "overwrite replace sync symlinks mkdir min-free umask file-mode dir-mode modes "
	    "times group update ";
	static const char within[] = "not of what stays here: cp(1) copies that";
	static const char apart[] = "not with -R: hosts copy by themselves there";
	static const char only[] = "only of what comes here from a host";
	static const struct {
		const char *operands, *of_all, *of_here;
	} rows[] = {
		{ "h:x .", NULL, NULL }, { "h:x i:y .", NULL, NULL },
		{ "x h:", NULL, only }, { "h:x i:", NULL, only }, { "-3 h:x i:", NULL, only },
		{ "-R x h:", NULL, only }, { "-R h:x .", NULL, NULL },
		{ "-R h:x i:", apart, apart }, { "-R h:x y i:", apart, apart },
		{ "x y", within, within }, { "h:x y .", within, within },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int n = 0; n < 2; n++) {
			const char *wanted = n == 0 ? rows[i].of_all : rows[i].of_here, *where, *why;
			char words[sizeof(all) + sizeof(here)], *rest = words, *word;
			struct vector v;

			strcpy(words, n == 0 ? all : here);
			while (*(word = strsep(&rest, " ")) != '\0') {
				char line[200], said[40];

				snprintf(said, sizeof(said), "--%s%s", word, strcmp(word, "update") == 0
				    ? "" : "=x");
				snprintf(line, sizeof(line), "scp %s %s", said, rows[i].operands);
				ck_assert_msg(parse(&v, line, &where, &why) == (wanted == NULL ? 0 : -1),
				    "\"%s\"", line);
				ck_assert_pstr_eq(why, wanted);
				if (wanted != NULL)
					ck_assert_str_eq(where, said);
				errand_end(&errand);
			}
		}
}
END_TEST

/* By its loop index: options that are passed on, keys.  One fewer than too many is not too many. */
START_TEST(there_is_an_end_of_them)
{
	static const char *const each[] = { " -C", " --rate=1" };
	const int most = _i == 0 ? ERRAND_FLAGS_MAX : ERRAND_KEYS_MAX;
	static char line[VECTOR_LINE_MAX];
	const char *where, *why;
	struct vector v;

	for (int more = 0; more < 2; more++) {
		char *to = stpcpy(line, "scp");

		for (int n = 0; n < most + more; n++)
			to = stpcpy(to, each[_i]);
		stpcpy(to, " a b:");
		ck_assert_int_eq(parse(&v, line, &where, &why), -more);
		if (more > 0)
			ck_assert_str_eq(why, "too many options");
		errand_end(&errand);
	}
}
END_TEST

/* Every byte as an option: it is known, or named. */
START_TEST(every_letter_is_on_the_list_or_refused)
{
	for (int c = 1; c <= 255; c++) {
		char line[] = "scp -? a b:", *at = strchr(line, '?');
		const char *where, *why;
		struct vector v;
		int end;

		if (c == ' ' || c == '-')
			continue;
		*at = (char)c;
		end = parse(&v, line, &where, &why);
		if (strchr("rpdR32OTqvABC46", c) != NULL) {
			ck_assert_msg(end == 0, "-%c: %s", c, why);
		} else {
			ck_assert_msg(end == -1, "-%c", c);
			/* With an argument, it takes the operand. */
			if (strchr("cFiJoS", c) != NULL)
				ck_assert_str_eq(why, usage);
			else
				ck_assert_msg(where[0] == '-' && where[1] == (char)c &&
				    where[2] == '\0',
				    "-%c: %s", c, where);
		}
		errand_end(&errand);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_a_command_line_means);
	tcase_add_test(t, values_that_are_numbers_and_words);
	tcase_add_test(t, what_is_refused);
	tcase_add_test(t, who_asks_for_what);
	tcase_add_test(t, an_empty_vector_asks_for_nothing);
	tcase_add_test(t, keys_are_the_policys);
	tcase_add_test(t, keys_know_where_they_stand);
	tcase_add_test(t, keys_are_obeyed_or_refused);
	tcase_add_loop_test(t, there_is_an_end_of_them, 0, 2);
	tcase_add_test(t, every_letter_is_on_the_list_or_refused);
}

int
main(void)
{
	return run_unit("errand", add);
}
