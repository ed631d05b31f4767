/* SPDX-License-Identifier: ISC */
#include <stdarg.h>

#include <bsd/unistd.h>

#include "title.h"
#include "unit.h"

static char shown[4096];	/* as it was set last */
static struct title title;

/* Takes the place of the library's, which has only as much room as the command line had. */
void
setproctitle(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(shown, sizeof(shown), fmt, args);
	va_end(args);
}

START_TEST(what_is_done_and_where)
{
	title_init(&title, "receiving");
	title_show(&title, "d/f and more", strlen("d/f"));
	ck_assert_str_eq(shown, "receiving d/f");
	ck_assert(!title.detailed);
	title_show_percent(&title, "d/g and more", strlen("d/g"), 25);
	ck_assert_str_eq(shown, "receiving d/g 25%");
	ck_assert(title.detailed);
	ck_assert_uint_eq(title.percent, 25);
	title_show(&title, "", 0);
	ck_assert_str_eq(shown, "receiving ");
	ck_assert(!title.detailed);
}
END_TEST

START_TEST(control_bytes_are_escaped)
{
	static const char path[] = "a\n\033[1mb";

	title_init(&title, "sending");
	title_show_percent(&title, path, strlen(path), 0);
	ck_assert_str_eq(shown, "sending a\\012\\033[1mb 0%");
}
END_TEST

START_TEST(the_end_of_a_long_path_is_shown)
{
	char path[2000];

	memset(path, 'd', sizeof(path));
	strcpy(path + sizeof(path) - sizeof("/leaf"), "/leaf");
	title_init(&title, "receiving");
	title_show_percent(&title, path, strlen(path), 0);
	ck_assert_uint_lt(strlen(shown), 400);
	ck_assert_int_eq(strncmp(shown, "receiving ddd", strlen("receiving ddd")), 0);
	ck_assert_ptr_nonnull(strstr(shown, "ddd/leaf 0%"));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_is_done_and_where);
	tcase_add_test(t, control_bytes_are_escaped);
	tcase_add_test(t, the_end_of_a_long_path_is_shown);
}

int
main(void)
{
	return run_unit("title", add);
}
