/* SPDX-License-Identifier: ISC */
#include "nest.h"
#include "unit.h"

static struct nest nest;	/* too large for a stack */
static struct root root;
static const struct attrs plain = { .mode = 0755 };

/* Aims at PATH in the directory of the test; what came of it. */
static int
aim(const char *path)
{
	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_int_eq(root_open(&root, "/"), 0);
	nest_init(&nest, &root, true);
	return nest_aim(&nest, path);
}

static void
end(void)
{
	nest_end(&nest);
	nest_end(&nest);
	root_close(&root);
}

/* True when the innermost directory is that of PATH. */
static bool
is_in(const char *path)
{
	struct stat here, there;

	ck_assert_int_eq(fstat(nest_dir(&nest), &here), 0);
	ck_assert_int_eq(fstatat(unit_fd, path, &there, 0), 0);
	return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

START_TEST(a_directory_holds_entries_by_their_own_names)
{
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(aim("d/"), 0);
	ck_assert(!nest_is_at_target(&nest));
	ck_assert_str_eq(nest_name(&nest, "f"), "f");
	ck_assert(is_in("d"));
	end();
}
END_TEST

static const struct {
	const char *path;
	int	    err;
	const char *holder;	/* NULL: nothing can be there, for the reason ERR */
	const char *leaf;
	bool	    slash;
} aims[] = {
	{ "new", ENOENT, ".", "new", false },
	{ "new/", ENOENT, ".", "new", true },
	{ "d/new", ENOENT, "d", "new", false },
	{ "file", ENOTDIR, ".", "file", false },
	{ "file/", ENOTDIR, ".", "file", true },
	{ "no/such", ENOENT, NULL, NULL, false },
	{ "file/x", ENOTDIR, NULL, NULL, false },
	{ "", ENOENT, NULL, NULL, false },
	{ "no/..", ENOENT, NULL, NULL, false },
};

START_TEST(anything_else_is_the_entry_itself)
{
	put_file("file", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_msg(aim(aims[_i].path) == aims[_i].err, "\"%s\": expected %s", aims[_i].path,
	    strerror(aims[_i].err));
	ck_assert(nest_is_at_target(&nest));
	if (aims[_i].holder != NULL) {
		ck_assert(is_in(aims[_i].holder));
		ck_assert_str_eq(nest_name(&nest, "other"), aims[_i].leaf);
		ck_assert_int_eq(nest.slash, aims[_i].slash);
	} else {
		ck_assert_int_eq(nest_dir(&nest), -1);
		ck_assert_int_eq(errno, aims[_i].err);
		ck_assert_int_eq(nest_enter(&nest, "x", &plain), -1);
		ck_assert_int_eq(errno, aims[_i].err);
	}
	end();
}
END_TEST

START_TEST(directories_are_entered_and_left)
{
	const char *what;

	ck_assert_int_eq(aim("new"), ENOENT);
	ck_assert_int_eq(nest_enter(&nest, nest_name(&nest, "other"), &plain), 0);
	ck_assert(!nest_is_at_target(&nest));
	ck_assert(is_in("new"));
	ck_assert_int_eq(nest_enter(&nest, nest_name(&nest, "a"), &plain), 0);
	ck_assert(is_in("new/a"));
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	ck_assert(is_in("new"));
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	ck_assert(nest_is_at_target(&nest));
	ck_assert_int_eq(nest_leave(&nest, &what), 1);
	end();
}
END_TEST

START_TEST(a_refused_directory_is_left_where_it_was_entered)
{
	const char *what;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(aim("d"), 0);
	nest_enter_refused(&nest, EDQUOT);
	nest_enter_refused(&nest, EACCES);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(nest_dir(&nest), -1);
		ck_assert_int_eq(errno, EDQUOT);
		ck_assert_int_eq(nest_enter(&nest, "x", &plain), -1);
		ck_assert_int_eq(errno, EDQUOT);
		ck_assert_int_eq(nest_leave(&nest, &what), 0);
	}
	ck_assert(is_in("d"));
	ck_assert_int_eq(count_entries("d"), 0);
	end();
}
END_TEST

START_TEST(a_link_is_followed_to_what_is_there_and_no_further)
{
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "other", 0755), 0);
	ck_assert_int_eq(symlinkat("../other", unit_fd, "d/link"), 0);
	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "d/dangling"), 0);
	put_file("d/file", "", 0644);
	ck_assert_int_eq(aim("d"), 0);
	ck_assert_int_eq(nest_enter(&nest, "dangling", &plain), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(nest_enter(&nest, "file", &plain), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(nest_enter(&nest, "link", &plain), 0);
	ck_assert(is_in("other"));
	end();

	ck_assert_int_eq(aim("d"), 0);
	nest.follow = false;
	ck_assert_int_eq(nest_enter(&nest, "link", &plain), -1);
	ck_assert_int_eq(errno, ELOOP);
	end();
}
END_TEST

/* The operand is the client's own choice; a link that somebody else put below it is not. */
START_TEST(links_of_others_are_followed_at_the_target_only)
{
	struct place p;

	if (lacks_root("links of others"))
		return;
	put_file("file", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(symlinkat("file", unit_fd, "link"), 0);
	ck_assert_int_eq(symlinkat("../file", unit_fd, "d/link"), 0);
	ck_assert_int_eq(fchownat(unit_fd, "link", STRANGER, STRANGER, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(fchownat(unit_fd, "d/link", STRANGER, STRANGER, AT_SYMLINK_NOFOLLOW), 0);

	ck_assert_int_eq(aim("link"), ENOTDIR);
	ck_assert_int_eq(nest_follow(&nest, nest_name(&nest, "f"), &p), 0);
	ck_assert_str_eq(p.leaf, "file");
	place_close(&p);
	end();

	ck_assert_int_eq(aim("d"), 0);
	ck_assert_int_eq(nest_follow(&nest, "link", &p), -1);
	ck_assert_int_eq(errno, EACCES);
	end();
}
END_TEST

/* Whoever puts a link in the target's place once we have looked has to be trusted like any other. */
START_TEST(a_link_that_came_later_is_no_choice_of_the_clients)
{
	struct place p;

	if (lacks_root("links of others"))
		return;
	put_file("file", "", 0644);
	ck_assert_int_eq(aim("link"), ENOENT);
	ck_assert_int_eq(symlinkat("file", unit_fd, "link"), 0);
	ck_assert_int_eq(nest_follow(&nest, nest_name(&nest, "f"), &p), 0);
	place_close(&p);
	ck_assert_int_eq(fchownat(unit_fd, "link", STRANGER, STRANGER, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(nest_follow(&nest, nest_name(&nest, "f"), &p), -1);
	ck_assert_int_eq(errno, EACCES);
	end();
}
END_TEST

START_TEST(no_descriptor_is_lost)
{
	int before = count_descriptors();

	for (int i = 0; i < 10; i++) {
		(void)aim(i % 2 == 0 ? "." : "new");
		ck_assert_int_eq(nest_enter(&nest, nest_name(&nest, "new"), &plain), 0);
		ck_assert_int_eq(nest_enter(&nest, "a", &plain), 0);
		ck_assert_int_eq(nest_enter(&nest, ".", &plain), 0);
		end();
	}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, a_directory_holds_entries_by_their_own_names);
	tcase_add_loop_test(t, anything_else_is_the_entry_itself, 0, (int)COUNT(aims));
	tcase_add_test(t, directories_are_entered_and_left);
	tcase_add_test(t, a_refused_directory_is_left_where_it_was_entered);
	tcase_add_test(t, a_link_is_followed_to_what_is_there_and_no_further);
	tcase_add_test(t, links_of_others_are_followed_at_the_target_only);
	tcase_add_test(t, a_link_that_came_later_is_no_choice_of_the_clients);
	tcase_add_test(t, no_descriptor_is_lost);
}

int
main(void)
{
	return run_unit("nest", add);
}
