/* SPDX-License-Identifier: ISC */
#include "errand/dial.h"
#include "vector.h"

#define SSH "ssh -x -oPermitLocalCommand=no -oClearAllForwardings=yes -oRemoteCommand=none " \
	"-oRequestTTY=no -oControlMaster=no "
#define SAFE "-oForwardAgent=no "
#define BATCH "-oBatchMode=yes "

static struct errand errand;
static struct dial dial;

/* Reads LINE, words between single blanks, whose last operand but one is then dialled. */
static void
read_line(const char *line)
{
	static struct vector v;
	const char *where, *why = "";

	make_vector(&v, line);
	ck_assert_msg(errand_parse(&errand, v.n, v.words, &where, &why) == 0, "\"%s\": \"%s\"", line,
	    why);
}

/* What was dialled, between single blanks. */
static const char *
dialled(void)
{
	static char line[2 * QUOTE_COMMAND_MAX];
	size_t n = 0;

	line[0] = '\0';
	for (size_t i = 0; i < dial.n; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s", i > 0 ? " " : "",
		    dial.argv[i]);
	ck_assert_ptr_null(dial.argv[dial.n]);
	return line;
}

static const struct {
	const char *line, *ssh, *dbclient;
} rows[] = {
	{ "scp h:x y", SSH SAFE "-- h COMMAND", "dbclient h COMMAND" },
	{ "scp u@h:x y", SSH SAFE "-l u -- h COMMAND", "dbclient -l u h COMMAND" },
	{ "scp [::1]:x y", SSH SAFE "-- ::1 COMMAND", "dbclient ::1 COMMAND" },
	{ "scp -P 2222 h:x y", SSH SAFE "-p 2222 -- h COMMAND", "dbclient -p 2222 h COMMAND" },
	/* A host's own port comes first. */
	{ "scp -P 2222 scp://u@h:22/x y", SSH SAFE "-p 22 -l u -- h COMMAND",
	    "dbclient -p 22 -l u h COMMAND" },
	{ "scp scp://a%40b@h/x y", SSH SAFE "-l a@b -- h COMMAND", "dbclient -l a@b h COMMAND" },
	/* What is passed on, in its order. */
	{ "scp -q -v -A h:x y", SSH "-q -v -A " SAFE "-- h COMMAND",
	    "dbclient -q -v -A h COMMAND" },
	{ "scp -oA=b -i k -c x -oC h:x y", SSH "-o A=b -i k -c x -o C " SAFE "-- h COMMAND",
	    "dbclient -o A=b -i k -c x -o C h COMMAND" },
	{ "scp -C -B h:x y", SSH "-C -oBatchMode=yes " SAFE "-- h COMMAND",
	    "dbclient -oCompression=yes -oBatchMode=yes h COMMAND" },
	{ "scp -4 h:x y", SSH "-4 " SAFE "-- h COMMAND", NULL },
	{ "scp -6 h:x y", SSH "-6 " SAFE "-- h COMMAND", NULL },
	{ "scp -F f h:x y", SSH "-F f " SAFE "-- h COMMAND", NULL },
	/* What is said on the line comes before what is ours. */
	{ "scp -oForwardAgent=yes h:x y", SSH "-o ForwardAgent=yes " SAFE "-- h COMMAND",
	    "dbclient -o ForwardAgent=yes h COMMAND" },
	/* What is not for the program is not said to it. */
	{ "scp -3rpdTO -l 8 -X ahead=no --exclude=x --update -S z h:x y", SSH SAFE "-- h COMMAND",
	    "dbclient h COMMAND" },
	/* Hops. */
	{ "scp -J a h:x y", SSH "-J a " SAFE "-- h COMMAND", "dbclient a,h/22 COMMAND" },
	{ "scp -J a:1,u@b:2 v@h:x y", SSH "-J a:1,u@b:2 " SAFE "-l v -- h COMMAND",
	    "dbclient a/1,u@b/2,v@h/22 COMMAND" },
	{ "scp -J [::1]:1,[::2] -P 3 h:x y", SSH "-J [::1]:1,[::2] " SAFE "-p 3 -- h COMMAND",
	    "dbclient ::1/1,::2,h/3 COMMAND" },
	/* As with ssh, the first counts, and none is none. */
	{ "scp -J none h:x y", SSH "-J none " SAFE "-- h COMMAND", "dbclient h COMMAND" },
};

START_TEST(the_words_that_reach_a_host)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int dropbear = 0; dropbear < 2; dropbear++) {
			const char *wanted = dropbear ? rows[i].dbclient : rows[i].ssh, *where,
			    *why;
			struct dial_way way = { dropbear ? "dbclient" : "ssh", dropbear, true };
			int end;

			read_line(rows[i].line);
			end = dial_host(&dial, &way, &errand, &errand.sources[0], "COMMAND", &where,
			    &why);
			ck_assert_msg(end == (wanted == NULL ? -1 : 0), "\"%s\": %d", rows[i].line,
			    end);
			if (wanted != NULL)
				ck_assert_str_eq(dialled(), wanted);
			dial_end(&dial);
			errand_end(&errand);
		}
}
END_TEST

/* It is one word, whatever is in it, and the last. */
START_TEST(a_command_is_one_word)
{
	const struct dial_way way = { "/opt/my ssh", false, true };
	const char *where, *why, *command = "scp -t a\\ b %s %n";

	read_line("scp h:x y");
	ck_assert_int_eq(dial_host(&dial, &way, &errand, &errand.sources[0], command, &where, &why),
	    0);
	ck_assert_str_eq(dial.argv[0], "/opt/my ssh");
	ck_assert_str_eq(dial.argv[dial.n - 1], command);
	ck_assert_str_eq(dial.argv[dial.n - 2], "h");
	dial_end(&dial);
	dial_end(&dial);
	errand_end(&errand);
}
END_TEST

/* By its loop index: dbclient, ssh. */
START_TEST(who_cannot_be_asked_is_not)
{
	static const char *const wanted[] = { "dbclient -A " BATCH "h COMMAND",
	    SSH "-A " SAFE BATCH "-- h COMMAND" };
	const struct dial_way way = { _i == 0 ? "dbclient" : "ssh", _i == 0, false };
	const char *where, *why;

	read_line("scp -A h:x y");
	ck_assert_int_eq(dial_host(&dial, &way, &errand, &errand.sources[0], "COMMAND", &where,
	    &why), 0);
	ck_assert_str_eq(dialled(), wanted[_i]);
	dial_end(&dial);
	errand_end(&errand);
}
END_TEST

START_TEST(what_dbclient_cannot_be_told)
{
	static const struct {
		const char *line, *where, *why;
	} refused[] = {
		{ "scp -4 h:x y", "-4", "dbclient has no such option" },
		{ "scp -q6 h:x y", "-6", "dbclient has no such option" },
		{ "scp -Ff h:x y", "-F", "dbclient has no such option" },
		{ "scp h^i:x y", "h^i:x", "a host of dbclient's has none of / ^ , @ %" },
		{ "scp [fe80::1%eth0]:x y", "[fe80::1%eth0]:x",
		    "a host of dbclient's has none of / ^ , @ %" },
		{ "scp -J a/1 h:x y", "-J", "a hop of dbclient's has none of / ^ %" },
		{ "scp -J ssh://a h:x y", "-J", "a hop of dbclient's has none of / ^ %" },
		/* It would be an option. */
		{ "scp -J -y h:x y", "-J", "a hop of dbclient's has none of / ^ %" },
		{ "scp -J a^b h:x y", "-J", "a hop of dbclient's has none of / ^ %" },
		{ "scp -J a b,c@h:x y", "b,c@h:x", "a hop of dbclient's has none of / ^ %" },
		{ "scp -J a scp://b%40c@h/x y", "scp://b%40c@h/x",
		    "a hop of dbclient's has none of / ^ %" },
	};
	const struct dial_way way = { "dbclient", true, true };

	for (size_t i = 0; i < COUNT(refused); i++) {
		const char *where = NULL, *why = NULL;

		read_line(refused[i].line);
		ck_assert_msg(dial_host(&dial, &way, &errand, &errand.sources[0], "COMMAND", &where,
		    &why) == -1,
		    "\"%s\"", refused[i].line);
		ck_assert_str_eq(why, refused[i].why);
		ck_assert_pstr_eq(where, refused[i].where);
		dial_end(&dial);
		errand_end(&errand);
	}
}
END_TEST

static const struct {
	const char *line;
	const char *command;	/* or NULL where it is refused */
} direct[] = {
	{ "scp -R h:x i:y", "scp x i:y" },
	{ "scp -R u@h:x v@i:y", "scp x v@i:y" },
	{ "scp -R h: i:", "scp . i:." },
	{ "scp -Rrpvqd -l 8 -P 3 h:x i:y", "scp -v -r -p -d -q -l 8 -P 3 x i:y" },
	{ "scp -R h:x h:y i:z", "scp -d x i:z" },
	/* Its port is the target's. */
	{ "scp -R scp://h:1/x scp://i:2/y", "scp -P 2 x i:y" },
	{ "scp -R -P 3 scp://h:1/x i:y", "scp -P 3 x i:y" },
	{ "scp -R scp://h:1/x i:y", "scp x i:y" },
	/* No operand of another host, and no option. */
	{ "scp -R h:a:b i:y", "scp ./a:b i:y" },
	{ "scp -R h:a/b:c i:y", "scp a/b:c i:y" },
	{ "scp -R h:-a:b i:y", "scp ./-a:b i:y" },
	{ "scp -R h:scp://j/x i:y", "scp ./scp://j/x i:y" },
	{ "scp -R h:-x i:y", "scp ./-x i:y" },
	{ "scp -R h:*:x i:y", "scp ./*:x i:y" },
	/* Nor is what a pattern may stand for, such as a:b. */
	{ "scp -R h:a* i:y", "scp ./a* i:y" },
	{ "scp -R h:a?b/x i:y", "scp ./a?b/x i:y" },
	{ "scp -R h:a[:]b i:y", "scp ./a[:]b i:y" },
	{ "scp -R h:/a* i:y", "scp /a* i:y" },
	{ "scp -R h:~/a* i:y", "scp ~/a* i:y" },
	{ "scp -R scp://h/a+$(id) i:y", "scp a\\ \\$\\(id\\) i:y" },
	{ "scp -R h:~/x i:~/y", "scp ~/x i:\\~/y" },
	/* Text of the shell's. */
	{ "scp -RO h:$x i:y", "scp $x i:y" },
	{ "scp -RO h:-x i:y", "scp -- -x i:y" },
	/* Who and where is no text for a shell either. */
	{ "scp -R h:x $HOME@i:y", "scp x \\$HOME@i:y" },
	{ "scp -R h:x *@i:y", "scp x \\*@i:y" },
	{ "scp -R h:x ~@i*:y", "scp x \\~@i\\*:y" },
	{ "scp -R h:x u@[::1]:y", "scp x u@\\[::1\\]:y" },
	{ "scp -R h:x a\\b@i:y", "scp x a\\\\b@i:y" },
	/* What a shell of the target's might take for something else. */
	{ "scp -R h:x scp://i/a+b", NULL },
	{ "scp -R h:x i:$HOME", NULL },
	{ "scp -R h:x i:a;b", NULL },
	{ "scp -R h:x i:a*", NULL },
	{ "scp -RO h:x i:a'b", NULL },
	{ "scp -R h:x i:a~b", NULL },
	{ "scp -R h:x i:~(a)/b", NULL },
	{ "scp -R h:x i:~a/b", "scp x i:\\~a/b" },
	{ "scp -R h:x i:-y", "scp x i:-y" },
	{ "scp -R h:x i:\303\266\377", "scp x i:\303\266\377" },
	/* Half a letter that csh takes for a blank, and a blank of fish's. */
	{ "scp -R h:x i:\303\240", NULL },
	{ "scp -R h:x i:a\342\200\203b", NULL },
};

START_TEST(what_a_host_is_asked_to_copy_itself)
{
	const struct dial_way way = { "ssh", false, true };

	for (size_t i = 0; i < COUNT(direct); i++) {
		const char *where, *why = "";
		int end;

		read_line(direct[i].line);
		end = dial_direct(&dial, &way, &errand, &errand.sources[0], &where, &why);
		ck_assert_msg(end == (direct[i].command == NULL ? -1 : 0), "\"%s\": \"%s\"",
		    direct[i].line, why);
		if (end == 0) {
			ck_assert_str_eq(dial.argv[dial.n - 1], direct[i].command);
			ck_assert_str_eq(dial.argv[dial.n - 2], errand.sources[0].host);
		} else {
			ck_assert_str_eq(why, "its path may mean something to a shell: use -3");
			ck_assert_str_eq(where, errand.target.said);
		}
		dial_end(&dial);
		errand_end(&errand);
	}
}
END_TEST

/* By its loop index: the source's, the same as text for a shell, the target's. */
START_TEST(a_path_that_is_too_long)
{
	static char path[QUOTE_COMMAND_MAX + 1], here[] = "x";
	const struct dial_way way = { "ssh", false, true };
	const char *where, *why = "";

	memset(path, 'x', QUOTE_COMMAND_MAX);
	read_line(_i == 1 ? "scp -RO h:x i:y" : "scp -R h:x i:y");
	errand.sources[0].path = _i < 2 ? path : here;
	errand.target.path = _i < 2 ? here : path;
	ck_assert_int_eq(dial_direct(&dial, &way, &errand, &errand.sources[0], &where, &why), -1);
	ck_assert_str_eq(why, "its path is too long");
	dial_end(&dial);
	errand_end(&errand);
}
END_TEST

START_TEST(as_many_options_as_there_can_be)
{
	const struct dial_way way = { "ssh", false, false };
	static char line[VECTOR_LINE_MAX];
	const char *where, *why;
	char *to = stpcpy(line, "scp");

	for (int i = 0; i < ERRAND_FLAGS_MAX; i++)
		to = stpcpy(to, " -oX");
	stpcpy(to, " -P 1 u@h:x y");
	read_line(line);
	ck_assert_int_eq(dial_host(&dial, &way, &errand, &errand.sources[0], "COMMAND", &where,
	    &why), 0);
	dial_end(&dial);
	errand_end(&errand);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, the_words_that_reach_a_host);
	tcase_add_test(t, a_command_is_one_word);
	tcase_add_loop_test(t, who_cannot_be_asked_is_not, 0, 2);
	tcase_add_test(t, what_dbclient_cannot_be_told);
	tcase_add_test(t, what_a_host_is_asked_to_copy_itself);
	tcase_add_loop_test(t, a_path_that_is_too_long, 0, 3);
	tcase_add_test(t, as_many_options_as_there_can_be);
}

int
main(void)
{
	return run_unit("dial", add);
}
