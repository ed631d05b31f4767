/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "liars.h"
#include "paths/fold.h"

/* Gives the file FROM the second name TO. */
static void
link_as(const char *from, const char *to)
{
	ck_assert_msg(linkat(unit_fd, from, unit_fd, to, 0) == 0, "%s: %s", to, strerror(errno));
}

START_TEST(what_the_type_says)
{
	int held = openat(unit_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	put_file("a", "", 0600);
	type_said = TYPE_VFAT;
	ck_assert(fold_is_in(held, "a"));
	ck_assert(fold_is_in(held, "new"));
	/* Where flags say it, they are asked for, though the directory is only held. */
	type_said = TYPE_EXT4;
	ck_assert(!fold_is_in(held, "a"));
	ck_assert(!fold_is_in(held, "new"));
	close(held);
	ck_assert(fold_is_in(-1, "a"));
}
END_TEST

/* Where nobody says it, what is there does: two names of one file are as good as one that folds. */
START_TEST(what_another_spelling_finds)
{
	static const unsigned long types[] = { TYPE_FUSE, (unsigned long)-1 };

	put_file("a", "", 0600);
	put_file("1b", "", 0600);
	put_file("1B", "", 0600);
	put_file("c", "", 0600);
	put_file("123", "", 0600);
	link_as("c", "C");
	for (size_t i = 0; i < COUNT(types); i++) {
		type_said = types[i];
		ck_assert(!fold_is_in(unit_fd, "a"));
		ck_assert(!fold_is_in(unit_fd, "1b"));
		ck_assert(fold_is_in(unit_fd, "c"));
		/* What cannot be told counts as such a one. */
		ck_assert(fold_is_in(unit_fd, "new"));
		ck_assert(fold_is_in(unit_fd, "123"));
	}
}
END_TEST

/* Who may not read a directory may not ask for its flags, either. */
START_TEST(who_may_not_read)
{
	int dirfd;

	make_dir("d");
	put_file("d/a", "", 0600);
	ck_assert_int_eq(fchmodat(unit_fd, "d", 0711, 0), 0);
	if (geteuid() == 0)
		become(NOBODY);
	else
		ck_assert_int_eq(fchmodat(unit_fd, "d", 0300, 0), 0);
	dirfd = openat(unit_fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dirfd, 0);
	type_said = TYPE_EXT4;
	ck_assert(!fold_is_in(dirfd, "a"));
	ck_assert(fold_is_in(dirfd, "new"));
	close(dirfd);
	if (geteuid() != NOBODY)
		ck_assert_int_eq(fchmodat(unit_fd, "d", 0700, 0), 0);
	else
		become(0);
}
END_TEST

struct seen {
	unsigned    n;
	char	    names[8][NAME_MAX + 1];
	const char *stop;		/* at this one */
};

static bool
note(void *context, const char *entry)
{
	struct seen *s = context;

	ck_assert_uint_lt(s->n, COUNT(s->names));
	snprintf(s->names[s->n++], sizeof(s->names[0]), "%s", entry);
	return s->stop != NULL && strcmp(entry, s->stop) == 0;
}

/* "d/f" is a name that finds a file whose entry here is another. */
START_TEST(which_name_it_is)
{
	struct seen s = { .n = 0 };

	make_dir("d");
	put_file("d/f", "", 0600);
	for (int i = 0; i < 500; i++) {
		char name[16];

		snprintf(name, sizeof(name), "other%d", i);
		put_file(name, "", 0600);
	}
	/* It has no entry at all: that is not told. */
	ck_assert_int_eq(fold_find(unit_fd, "d/f", note, &s), -1);
	link_as("d/f", "mine");
	ck_assert_int_eq(fold_find(unit_fd, "d/f", note, &s), 0);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_str_eq(s.names[0], "mine");
	s = (struct seen){ .stop = "mine" };
	ck_assert_int_eq(fold_find(unit_fd, "d/f", note, &s), 1);
	/* Each of several is judged. */
	link_as("d/f", "again");
	s = (struct seen){ .n = 0 };
	ck_assert_int_eq(fold_find(unit_fd, "d/f", note, &s), 0);
	ck_assert_uint_eq(s.n, 2);
}
END_TEST

START_TEST(what_finds_itself_or_nothing)
{
	struct seen s = { .n = 0 };

	put_file("f", "", 0600);
	ck_assert_int_eq(fold_find(unit_fd, "f", note, &s), 0);
	ck_assert_int_eq(fold_find(unit_fd, "nothing", note, &s), 0);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_int_eq(fold_find(-1, "f", note, &s), -1);
}
END_TEST

START_TEST(nothing_stays_open)
{
	struct seen s = { .n = 0 };
	int before = count_open();

	put_file("f", "", 0600);
	(void)fold_is_in(unit_fd, "f");
	(void)fold_find(unit_fd, "f", note, &s);
	(void)fold_find(unit_fd, "nothing", note, &s);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, what_the_type_says);
	tcase_add_test(t, what_another_spelling_finds);
	tcase_add_test(t, who_may_not_read);
	tcase_add_test(t, which_name_it_is);
	tcase_add_test(t, what_finds_itself_or_nothing);
	tcase_add_test(t, nothing_stays_open);
}

int
main(void)
{
	return run_unit("fold", add);
}
