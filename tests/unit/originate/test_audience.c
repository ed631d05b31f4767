/* SPDX-License-Identifier: ISC */
#include "originate/audience.h"
#include "vector.h"

static struct errand errand;

/* Reads LINE, the words behind the command. */
static void
read_errand(const char *line)
{
	static struct vector v;
	char text[256];
	const char *where, *why;

	snprintf(text, sizeof(text), "scp %s", line);
	make_vector(&v, text);
	if (errand_parse(&errand, v.n, v.words, &where, &why) == -1)
		ck_abort_msg("\"%s\": %s: %s", line, where, why);
}

START_TEST(forms)
{
	static const struct {
		const char     *line;
		enum tally_form form;
	} rows[] = {
		{ "a h:", TALLY_FILES },
		{ "h:a .", TALLY_FILES },
		{ "a b c d e f g h:", TALLY_FILES },
		{ "a b c d e f g i h:", TALLY_TOTAL },
		{ "-r a h:", TALLY_TOTAL },
		{ "h:* .", TALLY_TOTAL },
		{ "h:a? .", TALLY_TOTAL },
		/* The local shell has looked for others. */
		{ "a* h:", TALLY_FILES },
		{ "--progress=auto a h:", TALLY_FILES },
		{ "--progress=total a h:", TALLY_TOTAL },
		{ "--progress=files -r a h:", TALLY_FILES },
		{ "--progress=none a h:", TALLY_NONE },
		{ "--progress=json a h:", TALLY_JSON },
		{ "-q a h:", TALLY_NONE },
		{ "-v a h:", TALLY_NONE },
		{ "-q --progress=total a h:", TALLY_NONE },
		{ "-qv --progress=json a h:", TALLY_JSON },
		/* What is wanted there is the file. */
		{ "--progress=json h:a /dev/stdout", TALLY_NONE },
		{ "h:a /dev/fd/1", TALLY_NONE },
		{ "h:a /dev/stderr", TALLY_FILES },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_errand(rows[i].line);
		ck_assert_msg(audience_form(&errand) == rows[i].form, "%s: expected %d, got %d",
		    rows[i].line, rows[i].form, audience_form(&errand));
		errand_end(&errand);
	}
}
END_TEST

START_TEST(hosts)
{
	static const struct {
		const char *line, *hosts;
	} rows[] = {
		{ "a h:", "h," },
		{ "h:a .", "h," },
		{ "h:a u@g:b h:c x u@h:", "h,g," },
		{ "a b", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char **found;
		char text[64] = "";

		read_errand(rows[i].line);
		found = audience_hosts(&errand);
		for (const char **h = found; *h != NULL; h++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s,", *h);
		ck_assert_str_eq(text, rows[i].hosts);
		free(found);
		errand_end(&errand);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, forms);
	tcase_add_test(t, hosts);
}

int
main(void)
{
	return run_unit("audience", add);
}
