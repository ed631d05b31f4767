/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "originate/sources.h"
#include "unit.h"

enum {
	VERY_MANY = 100000	/* operands, of which no two are to be compared with one another */
};

static struct root root;
static struct sources sources;
static char refused[200];	/* what was, and why */

static void
complain(void *self, const char *said, const char *why)
{
	size_t len = strlen(refused);

	(void)self;
	snprintf(refused + len, sizeof(refused) - len, "%s: %s\n", said, why);
}

/* What is made of the N operands at OPERANDS. */
static void
find(struct operand *operands, int n, bool shell_text)
{
	const struct errand e = {
		.nsources = n, .sources = operands, .shell_text = shell_text, .recursive = true,
	};

	refused[0] = '\0';
	ck_assert_int_eq(root_open(&root), 0);
	ck_assert_int_eq(sources_find(&sources, &e, &root, complain, NULL), 0);
	root_close(&root);
}

static struct operand
at_host(const char *path)
{
	return (struct operand){ .remote = true, .said = path, .path = path };
}

START_TEST(the_same_name)
{
	struct operand some[] = {
		at_host("a/x"), at_host("xx"), at_host("b/x/"), at_host("x"), at_host("*"), at_host("*"),
		at_host("."), at_host("y/."), at_host("~"), at_host("xx"),
	};

	find(some, COUNT(some), false);
	ck_assert_str_eq(refused, "b/x/: another source has the same name\n"
	    "x: another source has the same name\nxx: another source has the same name\n");
	ck_assert_int_eq(sources.nremote, (int)COUNT(some) - 3);
	ck_assert_uint_eq(sources.refused, 3);
	ck_assert_str_eq(sources.remote[0]->path, "a/x");
	ck_assert_str_eq(sources.remote[1]->path, "xx");
	sources_end(&sources);
}
END_TEST

/* What a shell makes of it is not known. */
START_TEST(the_same_text_for_a_shell)
{
	struct operand some[] = { at_host("x"), at_host("x") };

	find(some, COUNT(some), true);
	ck_assert_str_eq(refused, "");
	sources_end(&sources);
}
END_TEST

/* One that is not taken is in nobody's way. */
START_TEST(the_same_name_here_and_there)
{
	struct operand some[] = {
		{ .said = "d/f", .path = "d/f" }, { .said = "f", .path = "f" }, at_host("f"), at_host("g"),
	};

	put_file("f", "", 0644);
	ck_assert_int_eq(fchdir(unit_fd), 0);
	find(some, COUNT(some), false);
	ck_assert_str_eq(refused, "d/f: No such file or directory\nf: another source has the same name\n");
	ck_assert_int_eq(sources.nlocal, 1);
	ck_assert_int_eq(sources.nremote, 1);
	sources_end(&sources);
}
END_TEST

START_TEST(very_many)
{
	struct operand *all = calloc(VERY_MANY, sizeof(*all));
	char (*paths)[16] = calloc(VERY_MANY, sizeof(*paths));

	ck_assert(all != NULL && paths != NULL);
	for (int i = 0; i < VERY_MANY; i++) {
		snprintf(paths[i], sizeof(paths[i]), "d/%d", (i * 7) % VERY_MANY);
		all[i] = at_host(paths[i]);
	}
	snprintf(paths[VERY_MANY - 1], sizeof(paths[0]), "e/0");
	find(all, VERY_MANY, false);
	ck_assert_str_eq(refused, "e/0: another source has the same name\n");
	sources_end(&sources);
	free(paths);
	free(all);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, the_same_name);
	tcase_add_test(t, the_same_text_for_a_shell);
	tcase_add_test(t, the_same_name_here_and_there);
	tcase_add_test(t, very_many);
}

int
main(void)
{
	return run_unit("sources", add);
}
