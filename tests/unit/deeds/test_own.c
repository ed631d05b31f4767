/* SPDX-License-Identifier: ISC */
#include <time.h>

#include "deeds/own.h"
#include "unit.h"

enum {
	TRIES = 5,		/* files, until one has the number of another */
	TICK = 20 * 1000 * 1000	/* nanoseconds in which the kernel's clock of files moves on */
};

static struct own own;	/* too large for a stack */

static void
add_own(const char *plain, dev_t dev, ino_t ino)
{
	own_add(&own, plain, &(struct birth){ .dev = dev, .ino = ino });
}

/* Of what has no birth nothing is looked at. */
static bool
has(const char *plain, dev_t dev, ino_t ino)
{
	return own_has(&own, plain, &(struct stat){ .st_dev = dev, .st_ino = ino }, -1, "");
}

/* The names in the directory PLAIN, a blank behind each, in a static buffer. */
static const char *
names_in(const char *plain)
{
	static char names[4096];
	const char *name;
	uint64_t at = 0;

	names[0] = '\0';
	while ((name = own_next(&own, plain, &at)) != NULL) {
		strcat(names, name);
		strcat(names, " ");
	}
	return names;
}

START_TEST(rule_58_own_is_a_path_and_an_inode)
{
	own_init(&own);
	ck_assert(!has("a", 1, 2));
	add_own("a", 1, 2);
	ck_assert(has("a", 1, 2));
	ck_assert(!has("a", 1, 3));
	ck_assert(!has("a", 2, 2));
	ck_assert(!has("b", 1, 2));
	ck_assert(!has("a/a", 1, 2));
	/* What was there before has gone. */
	add_own("a", 1, 3);
	ck_assert(has("a", 1, 3));
	ck_assert(!has("a", 1, 2));
	ck_assert_str_eq(names_in(""), "a ");
}
END_TEST

/* An inode is used again; what is in it then was born later. */
START_TEST(rule_58_an_inode_that_is_used_again_is_not_own)
{
	struct birth b, later;
	struct stat st;
	int fd;

	own_init(&own);
	put_file("f", "", 0600);
	ck_assert_int_eq(birth_look(unit_fd, "f", &b), 0);
	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	ck_assert(b.dev == st.st_dev && b.ino == st.st_ino);
	if (b.born == 0) {
		printf("SKIP: no births on this filesystem\n");
		return;
	}
	own_add(&own, "f", &b);
	ck_assert(own_has(&own, "f", &st, unit_fd, "f"));
	fd = openat(unit_fd, "f", O_RDONLY | O_CLOEXEC);
	ck_assert(own_has(&own, "f", &st, fd, ""));
	close(fd);
	/* Whatever is done to it, it is the same. */
	ck_assert_int_eq(fchmodat(unit_fd, "f", 0644, 0), 0);
	ck_assert_int_eq(renameat(unit_fd, "f", unit_fd, "g"), 0);
	ck_assert(own_has(&own, "f", &st, unit_fd, "g"));
	later = b;
	later.born--;
	own_add(&own, "f", &later);
	ck_assert(!own_has(&own, "f", &st, unit_fd, "g"));
	/* And what has gone is not, nor what is there by now. */
	own_add(&own, "f", &b);
	ck_assert(!own_has(&own, "f", &st, unit_fd, "f"));
	put_file("f", "", 0600);
	ck_assert(!own_has(&own, "f", &st, unit_fd, "f"));
}
END_TEST

/* The same as it happens, where the filesystem gives numbers again at once. */
START_TEST(rule_58_an_inode_that_is_given_again)
{
	struct birth b, again = { .ino = 0 };
	struct stat st;

	own_init(&own);
	put_file("f", "", 0600);
	ck_assert_int_eq(birth_look(unit_fd, "f", &b), 0);
	own_add(&own, "f", &b);
	for (int i = 0; i < TRIES && again.ino != b.ino; i++) {
		ck_assert_int_eq(unlinkat(unit_fd, "f", 0), 0);
		nanosleep(&(struct timespec){ .tv_nsec = TICK }, NULL);
		put_file("f", "", 0600);
		ck_assert_int_eq(birth_look(unit_fd, "f", &again), 0);
	}
	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	if (b.born == 0 || again.ino != b.ino)
		printf("SKIP: no births here, or no number of an inode again\n");
	else
		ck_assert(!own_has(&own, "f", &st, unit_fd, "f"));
}
END_TEST

START_TEST(rule_58_what_goes_is_forgotten_with_what_lies_in_it)
{
	own_init(&own);
	add_own("d", 1, 1);
	add_own("d/x", 1, 2);
	add_own("d/e/y", 1, 3);
	add_own("dd", 1, 4);
	own_forget(&own, "d");
	ck_assert(!has("d", 1, 1));
	ck_assert(!has("d/x", 1, 2));
	ck_assert(!has("d/e/y", 1, 3));
	/* Components, not the beginnings of names. */
	ck_assert(has("dd", 1, 4));
}
END_TEST

START_TEST(rule_58_what_moves_is_own_where_it_is_then)
{
	own_init(&own);
	add_own("new/old", 1, 9);
	add_own("d", 1, 1);
	add_own("d/x", 1, 2);
	add_own("dd", 1, 4);
	own_move(&own, "d", "new");
	ck_assert(has("new", 1, 1));
	ck_assert(has("new/x", 1, 2));
	ck_assert(has("dd", 1, 4));
	ck_assert(!has("d", 1, 1));
	ck_assert(!has("d/x", 1, 2));
	/* What was there gave way. */
	ck_assert(!has("new/old", 1, 9));
	own_move(&own, "new", "new");
	ck_assert(has("new/x", 1, 2));
	own_move(&own, "nothing", "new");
	ck_assert(!has("new", 1, 1));
}
END_TEST

START_TEST(rule_62_a_directory_lists_what_lies_directly_in_it)
{
	uint64_t at = 0;

	own_init(&own);
	add_own("a", 1, 1);
	add_own("d/x", 1, 2);
	add_own("d/e/y", 1, 3);
	add_own("d/z", 1, 4);
	ck_assert_str_eq(names_in(""), "a ");
	ck_assert_str_eq(names_in("d"), "x z ");
	ck_assert_str_eq(names_in("d/e"), "y ");
	ck_assert_str_eq(names_in("e"), "");
	/* Whatever goes or comes meanwhile, nothing is skipped or comes twice. */
	ck_assert_str_eq(own_next(&own, "d", &at), "x");
	own_forget(&own, "a");
	own_forget(&own, "d/x");
	add_own("d/new", 1, 5);
	ck_assert_str_eq(own_next(&own, "d", &at), "z");
	ck_assert_str_eq(own_next(&own, "d", &at), "new");
	ck_assert_ptr_null(own_next(&own, "d", &at));
}
END_TEST

START_TEST(rule_58_the_last_ones_are_remembered)
{
	char path[64];

	own_init(&own);
	for (unsigned i = 0; i < 2 * OWN_MAX; i++) {
		snprintf(path, sizeof(path), "d/%u", i);
		add_own(path, 1, i);
	}
	ck_assert_uint_ge(own.n, OWN_MAX);
	for (unsigned i = 0; i < 2 * OWN_MAX; i++) {
		snprintf(path, sizeof(path), "d/%u", i);
		ck_assert_msg(has(path, 1, i) == (i >= 2 * OWN_MAX - own.n), "%u", i);
	}
}
END_TEST

/* However many there were. */
START_TEST(they_take_little_memory)
{
	size_t most = 0;
	char path[64];

	own_init(&own);
	for (unsigned i = 0; i < 20 * OWN_MAX; i++) {
		snprintf(path, sizeof(path), "d/f%06u", i);
		add_own(path, 1, i);
		most = own.used > most ? own.used : most;
	}
	ck_assert_uint_ge(own.n, OWN_MAX);
	ck_assert_uint_lt(most, OWN_BYTES / 3);
}
END_TEST

/* The longest paths, so that their texts are squeezed, and the oldest of them give way. */
START_TEST(rule_58_their_paths_have_a_bound)
{
	char path[PATH_MAX], moved[PATH_MAX];
	const unsigned n = 5000;

	own_init(&own);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	for (unsigned i = 0; i < n; i++) {
		snprintf(path + 4000, 90, "%u", i);
		add_own(path, 1, i);
		ck_assert(has(path, 1, i));
		ck_assert_uint_le(own.used, OWN_BYTES);
	}
	ck_assert_uint_gt(own.n, 100);
	/* Those that are left are the last ones, and say what they are. */
	for (unsigned i = 0; i < own.n; i++) {
		snprintf(path + 4000, 90, "%u", n - own.n + i);
		ck_assert(has(path, 1, n - own.n + i));
	}
	/* Moved often enough, each has many texts, of which one counts. */
	own_init(&own);
	add_own("d/x", 1, 1);
	for (unsigned i = 0; i < n; i++) {
		memset(moved, 'y', 1000);
		snprintf(moved + 1000, 90, "%u", i);
		own_move(&own, i == 0 ? "d" : path, moved);
		strcpy(path, moved);
	}
	strcat(path, "/x");
	ck_assert(has(path, 1, 1));
	/* What nobody can say any more is forgotten. */
	memset(moved, 'z', PATH_MAX - 2);
	moved[PATH_MAX - 2] = '\0';
	path[strlen(path) - 2] = '\0';
	own_move(&own, path, moved);
	ck_assert_uint_eq(own.n, 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_58_own_is_a_path_and_an_inode);
	tcase_add_test(t, rule_58_an_inode_that_is_used_again_is_not_own);
	tcase_add_test(t, rule_58_an_inode_that_is_given_again);
	tcase_add_test(t, rule_58_what_goes_is_forgotten_with_what_lies_in_it);
	tcase_add_test(t, rule_58_what_moves_is_own_where_it_is_then);
	tcase_add_test(t, rule_62_a_directory_lists_what_lies_directly_in_it);
	tcase_add_test(t, rule_58_the_last_ones_are_remembered);
	tcase_add_test(t, they_take_little_memory);
	tcase_add_test(t, rule_58_their_paths_have_a_bound);
}

int
main(void)
{
	return run_unit("own", add);
}
