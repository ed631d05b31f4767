/* SPDX-License-Identifier: ISC */

#include "dirs.h"
#include "filter.h"
#include "mounts.h"
#include "policies.h"
#include "scp/nest.h"
#include "unit.h"

static struct nest nest;	/* too large for a stack */
static struct root root;
static struct policy policy;	/* a drop-in's, unless the test says otherwise */
static const struct attrs plain = { .mode = 0755 };

/* Aims at PATH in the directory of the test; what came of it. */
static int
aim(const char *path)
{
	ck_assert_int_eq(fchdir(unit_fd), 0);
	ck_assert_int_eq(root_open(&root), 0);
	nest_init(&nest, &root, &policy);
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

START_TEST(what_the_client_is_not_told_of_is_outermost)
{
	const char *what;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(aim("d"), 0);
	ck_assert(!nest_is_untold(&nest) && !nest_is_shut(&nest));
	nest_enter_untold(&nest);
	nest_enter_untold(&nest);
	ck_assert(nest_is_untold(&nest) && !nest_is_shut(&nest));
	nest_enter_refused(&nest, EACCES);
	nest_enter_refused(&nest, EDQUOT);
	for (int i = 0; i < 2; i++) {
		ck_assert(!nest_is_untold(&nest) && nest_is_shut(&nest));
		ck_assert_int_eq(nest_dir(&nest), -1);
		ck_assert_int_eq(errno, EACCES);
		ck_assert_int_eq(nest_leave(&nest, &what), 0);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert(nest_is_untold(&nest) && !nest_is_shut(&nest));
		ck_assert_int_eq(nest_leave(&nest, &what), 0);
	}
	ck_assert(!nest_is_untold(&nest) && is_in("d"));
	ck_assert_int_eq(nest_enter(&nest, "x", &plain), 0);
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
	policy.symlinks = SYMLINKS_NEVER;
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

/* Where everybody may put one, nobody's link is followed but ours and the directory's owner's. */
START_TEST(a_trap_is_no_choice_of_the_clients)
{
	static const struct { mode_t mode; uid_t owner, link; bool trap; } rows[] = {
		{ 01777, 0, STRANGER, true },	{ 01777, STRANGER, STRANGER, false },
		{ 01777, NOBODY, STRANGER, true },	{ 01777, STRANGER, 0, false },
		{ 0777, 0, STRANGER, false },	{ 01775, 0, STRANGER, false },
		{ 01773, 0, STRANGER, true },
	};
	struct place p;

	if (lacks_root("links of others"))
		return;
	put_file("file", "", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(symlinkat("../file", unit_fd, "d/link"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* When we look it is a choice; what the kernel would make of that is its own affair. */
		ck_assert_int_eq(fchownat(unit_fd, "d", 0, 0, 0), 0);
		ck_assert_int_eq(fchmodat(unit_fd, "d", 0755, 0), 0);
		ck_assert_int_eq(fchownat(unit_fd, "d/link", rows[i].link, 0, AT_SYMLINK_NOFOLLOW),
		    0);
		ck_assert_int_eq(aim("d/link"), ENOTDIR);
		ck_assert_int_eq(fchownat(unit_fd, "d", rows[i].owner, 0, 0), 0);
		ck_assert_int_eq(fchmodat(unit_fd, "d", rows[i].mode, 0), 0);
		errno = 0;
		ck_assert_msg(nest_follow(&nest, nest_name(&nest, "f"), &p) ==
		    (rows[i].trap ? -1 : 0), "row %zu", i);
		ck_assert_int_eq(errno, rows[i].trap ? EACCES : errno);
		place_close(&p);
		end();
	}
}
END_TEST

/* What is judged is what is followed, whoever has its name by now. */
START_TEST(the_link_that_was_aimed_at_is_the_one_that_is_followed)
{
	struct place p;

	put_file("file", "", 0644);
	put_file("other", "", 0644);
	ck_assert_int_eq(symlinkat("file", unit_fd, "link"), 0);
	ck_assert_int_eq(aim("link"), ENOTDIR);
	ck_assert_int_eq(unlinkat(unit_fd, "link", 0), 0);
	ck_assert_int_eq(symlinkat("other", unit_fd, "link"), 0);
	ck_assert_int_eq(nest_follow(&nest, nest_name(&nest, "f"), &p), 0);
	ck_assert_str_eq(p.leaf, "file");
	place_close(&p);
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

/* The same in a confined root, which is the directory of the test; with FOLLOW, through links. */
static int
aim_confined(const char *path, bool follow)
{
	const char *what = "";

	policy.symlinks = follow ? SYMLINKS_BENEATH : SYMLINKS_NEVER;
	ck_assert_msg(root_confine(&root, unit_path, "", "", follow, &what) == 0, "%s: %s", what,
	    strerror(errno));
	nest_init(&nest, &root, &policy);
	return nest_aim(&nest, path);
}

/* What confined targets are about: in the root, and what links in it lead to. */
static void
make_confined(void)
{
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "d/sub", 0755), 0);
	put_file("file", "old", 0644);
	put_file("d/file", "old", 0644);
	make_link("to-dir", "d");
	make_link("to-sub", "to-dir/./sub/");
	make_link("to-file", "file");
	make_link("twice", "to-file");
	make_link("to-new", "d/fresh");
	make_link("to-none", "no/such");
	make_link("d/up", "../file");
	make_link("d/up-and-down", "../to-dir/sub");
	make_link("to-out", "..");
	make_link("to-file-out", "../../etc/passwd");
	make_link("to-new-out", "../scp-unit-nobody");
	make_link("d/out", "../../scp-unit-nobody");
	make_link("to-absolute", "/etc");
	make_link("to-own", unit_path);
	make_link("loop", "loop");
}

/* One way to be asked for a target; each is tried with links and without. */
struct confined_aim {
	const char *path;
	int	    err;	/* with links; 0: a directory */
	const char *at;		/* the directory, or what holds the entry; NULL: nothing can be */
	const char *leaf;
	bool	    link;	/* without links it is ELOOP, and nothing can be there */
};

static const struct confined_aim confined_aims[] = {
	/* Directories. */
	{ ".", 0, ".", NULL, false },		{ "/", 0, ".", NULL, false },
	{ "d", 0, "d", NULL, false },		{ "/d//", 0, "d", NULL, false },
	{ "./d/./sub", 0, "d/sub", NULL, false },
	{ "d/sub/..", 0, "d", NULL, false },	{ "d/..", 0, ".", NULL, false },
	{ "to-dir", 0, "d", NULL, true },	{ "to-dir/", 0, "d", NULL, true },
	{ "to-dir/sub", 0, "d/sub", NULL, true }, { "to-sub", 0, "d/sub", NULL, true },
	{ "d/up-and-down", 0, "d/sub", NULL, true },

	/* A ".." is a matter of text, whatever it stands behind. */
	{ "no/../d", 0, "d", NULL, false },	{ "file/../d", 0, "d", NULL, false },
	{ "to-sub/..", 0, ".", NULL, false },	{ "to-out/../d", 0, "d", NULL, false },

	/* Entries. */
	{ "new", ENOENT, ".", "new", false },	{ "/new", ENOENT, ".", "new", false },
	{ "d/new", ENOENT, "d", "new", false },	{ "d/../new", ENOENT, ".", "new", false },
	{ "file", ENOTDIR, ".", "file", false }, { "/d/file", ENOTDIR, "d", "file", false },
	{ "to-dir/new", ENOENT, "d", "new", true },
	{ "to-file", ENOTDIR, ".", "file", true }, { "twice", ENOTDIR, ".", "file", true },
	{ "d/up", ENOTDIR, ".", "file", true },	{ "to-dir/up", ENOTDIR, ".", "file", true },
	{ "to-new", ENOENT, "d", "fresh", true },

	/* Nothing there, and nothing can be. */
	{ "", ENOENT, NULL, NULL, false },	{ "no/such", ENOENT, NULL, NULL, false },
	{ "file/x", ENOTDIR, NULL, NULL, false }, { "to-none", ENOENT, NULL, NULL, true },
	{ "to-file/x", ENOTDIR, NULL, NULL, true }, { "loop", ELOOP, NULL, NULL, true },
	{ "loop/x", ELOOP, NULL, NULL, true },

	/* Out of the root. */
	{ "..", EXDEV, NULL, NULL, false },	{ "../", EXDEV, NULL, NULL, false },
	{ "/..", EXDEV, NULL, NULL, false },	{ "d/../..", EXDEV, NULL, NULL, false },
	{ "../x", EXDEV, NULL, NULL, false },	{ "d/../../d", EXDEV, NULL, NULL, false },
	{ "no/../../x", EXDEV, NULL, NULL, false },
	{ "/../tmp", EXDEV, NULL, NULL, false },
	{ "to-out", EXDEV, NULL, NULL, true },	{ "to-out/x", EXDEV, NULL, NULL, true },
	{ "to-file-out", EXDEV, NULL, NULL, true },
	{ "to-new-out", EXDEV, NULL, NULL, true }, { "d/out", EXDEV, NULL, NULL, true },
	{ "to-absolute", EXDEV, NULL, NULL, true },
	{ "to-absolute/passwd", EXDEV, NULL, NULL, true },
	{ "to-own", EXDEV, NULL, NULL, true },	{ "to-own/new", EXDEV, NULL, NULL, true },
};

static void
check_confined_aim(const struct confined_aim *a, bool follow)
{
	bool closed = a->link && !follow;
	int wanted = closed ? ELOOP : a->err, got = aim_confined(a->path, follow);

	ck_assert_msg(got == wanted, "\"%s\"%s: expected %s, got %s", a->path,
	    follow ? "" : ", no links", strerror(wanted), strerror(got));
	ck_assert_int_eq(nest_is_at_target(&nest), wanted != 0);
	if (closed || a->at == NULL) {
		ck_assert_int_eq(nest_dir(&nest), -1);
		ck_assert_int_eq(errno, wanted);
		ck_assert_int_eq(nest_enter(&nest, "x", &plain), -1);
		ck_assert_int_eq(errno, wanted);
	} else {
		ck_assert_msg(is_in(a->at), "\"%s\": expected to be in \"%s\"", a->path, a->at);
		ck_assert_str_eq(nest_name(&nest, "other"), a->leaf != NULL ? a->leaf : "other");
	}
	end();
}

START_TEST(targets_in_a_confined_root)
{
	int before = count_descriptors(), entries;

	make_confined();
	entries = count_entries(".");
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(confined_aims); i++)
		for (int follow = 0; follow <= 1; follow++)
			check_confined_aim(&confined_aims[i], follow != 0);
	ck_assert_int_eq(count_descriptors(), before);
	ck_assert_int_eq(count_entries("."), entries);
}
END_TEST

/* The root's own path, where a client says it, is the root. */
START_TEST(absolute_paths_that_begin_with_the_root)
{
	char path[PATH_MAX];

	make_confined();
	for (int follow = 0; follow <= 1; follow++) {
		ck_assert_int_eq(aim_confined(unit_path, follow != 0), 0);
		ck_assert(is_in("."));
		end();
		snprintf(path, sizeof(path), "%s/d/new", unit_path);
		ck_assert_int_eq(aim_confined(path, follow != 0), ENOENT);
		ck_assert(is_in("d"));
		ck_assert_str_eq(nest_name(&nest, "other"), "new");
		end();
		/* At a component's end only: this is a path in the root, which is not there. */
		snprintf(path, sizeof(path), "%s-x/new", unit_path);
		ck_assert_int_eq(aim_confined(path, follow != 0), ENOENT);
		ck_assert_int_eq(nest_dir(&nest), -1);
		end();
		snprintf(path, sizeof(path), "%s/../x", unit_path);
		ck_assert_int_eq(aim_confined(path, follow != 0), EXDEV);
		ck_assert_int_eq(nest_dir(&nest), -1);
		end();
	}
}
END_TEST

START_TEST(a_new_directory_behind_a_link)
{
	const char *what;

	make_confined();
	if (lacks_kernel(_i))
		return;
	ck_assert_int_eq(aim_confined("to-new", true), ENOENT);
	ck_assert(!nest_is_new(&nest));
	ck_assert_int_eq(nest_enter(&nest, nest_name(&nest, "other"), &plain), 0);
	ck_assert(is_in("d/fresh"));
	ck_assert(nest_is_new(&nest));
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	end();
	/* Now it is there. */
	ck_assert_int_eq(aim_confined("to-new", true), 0);
	ck_assert(is_in("d/fresh"));
	end();
}
END_TEST

/* Below the target nothing is followed, whoever's it is and wherever it leads. */
static const char *const links_below[] = {
	"to-dir", "to-sub", "to-file", "twice", "to-new", "to-none", "to-out", "to-file-out",
	"to-new-out", "to-absolute", "to-own", "loop",
};

START_TEST(no_links_below_a_confined_target)
{
	struct place p;

	make_confined();
	if (geteuid() == 0)
		ck_assert_int_eq(fchownat(unit_fd, "to-sub", STRANGER, STRANGER,
		    AT_SYMLINK_NOFOLLOW), 0);
	if (lacks_kernel(_i))
		return;
	for (size_t i = 0; i < COUNT(links_below); i++)
		for (int follow = 0; follow <= 1; follow++) {
			ck_assert_int_eq(aim_confined(".", follow != 0), 0);
			ck_assert_int_eq(nest_enter(&nest, links_below[i], &plain), -1);
			ck_assert_int_eq(errno, ELOOP);
			ck_assert_int_eq(nest_follow(&nest, links_below[i], &p), -1);
			ck_assert_int_eq(errno, ELOOP);
			ck_assert(is_in("."));
			end();
		}
	ck_assert_int_eq(aim_confined(".", true), 0);
	ck_assert_int_eq(nest_enter(&nest, "d", &plain), 0);
	ck_assert(!nest_is_new(&nest));
	ck_assert_int_eq(nest_enter(&nest, "up-and-down", &plain), -1);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(nest_enter(&nest, "up", &plain), -1);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(nest_enter(&nest, "file", &plain), -1);
	ck_assert_int_ne(errno, 0);
	ck_assert(is_in("d"));
	end();
	ck_assert(!exists("d/fresh"));
}
END_TEST

/* Whatever a link takes the place of once we have looked, it is not followed. */
START_TEST(links_that_came_later_to_a_confined_target)
{
	static const char *const targets[] = { "late", "to-late", "to-file" };
	struct place p;

	make_confined();
	make_link("to-late", "late");
	for (size_t i = 0; i < COUNT(targets); i++) {
		char leaf[NAME_MAX + 1];

		ck_assert_int_ne(aim_confined(targets[i], true), 0);
		strcpy(leaf, nest_name(&nest, "other"));
		(void)unlinkat(unit_fd, leaf, 0);
		make_link(leaf, "d");
		ck_assert_int_eq(nest_follow(&nest, leaf, &p), -1);
		ck_assert_int_eq(errno, ELOOP);
		ck_assert_int_eq(nest_enter(&nest, leaf, &plain), -1);
		ck_assert_int_eq(errno, ELOOP);
		end();
		ck_assert_int_eq(unlinkat(unit_fd, leaf, 0), 0);
	}
}
END_TEST

/* Of the whole system, a policy may have it that nothing is followed below the target. */
START_TEST(no_links_by_policy)
{
	struct place p;

	make_confined();
	policy.symlinks = SYMLINKS_NEVER;
	ck_assert_int_eq(aim("."), 0);
	for (size_t i = 0; i < COUNT(links_below); i++) {
		ck_assert_int_eq(nest_enter(&nest, links_below[i], &plain), -1);
		ck_assert_int_eq(errno, ELOOP);
		ck_assert_int_eq(nest_follow(&nest, links_below[i], &p), -1);
		ck_assert_int_eq(errno, ELOOP);
	}
	end();
}
END_TEST

START_TEST(what_is_new_is_known)
{
	const char *what;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(aim("d"), 0);
	ck_assert(!nest_is_new(&nest));
	ck_assert_int_eq(nest_enter(&nest, "a", &plain), 0);
	ck_assert(nest_is_new(&nest));
	ck_assert_int_eq(nest_enter(&nest, "b", &plain), 0);
	ck_assert(nest_is_new(&nest));
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	ck_assert(nest_is_new(&nest));
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	ck_assert(!nest_is_new(&nest));
	ck_assert_int_eq(nest_enter(&nest, "a", &plain), 0);
	ck_assert(!nest_is_new(&nest));
	ck_assert_int_eq(nest_enter(&nest, "b", &plain), 0);
	ck_assert(!nest_is_new(&nest));
	ck_assert_int_eq(nest_enter(&nest, "c", &plain), 0);
	ck_assert(nest_is_new(&nest));
	end();
}
END_TEST

/* What is there may be filled, but there is nothing new: by its loop index, in a confined root. */
START_TEST(no_new_directories)
{
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "d/sub", 0755), 0);
	policy.mkdir = POLICY_NO;
	ck_assert_int_eq(_i == 0 ? aim("d") : aim_confined("d", false), 0);
	ck_assert_int_eq(nest_enter(&nest, "new", &plain), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(nest_enter(&nest, "sub", &plain), 0);
	ck_assert(!nest_is_new(&nest));
	ck_assert(is_in("d/sub"));
	end();
	ck_assert_int_eq(_i == 0 ? aim("new") : aim_confined("new", false), ENOENT);
	ck_assert_int_eq(nest_enter(&nest, nest_name(&nest, "x"), &plain), -1);
	ck_assert_int_eq(errno, ENOENT);
	end();
	ck_assert_int_eq(count_entries("."), 1);
	ck_assert_int_eq(count_entries("d"), 1);
}
END_TEST

/* Also of what a link leads to: by its loop index. */
START_TEST(attributes_that_may_not_be_overwritten)
{
	const char *what, *name = _i == 0 ? "sub" : "link";
	struct attrs wanted = { .has_mode = true, .mode = 0777, .has_times = true,
		.times = { { .tv_sec = 1 }, { .tv_sec = 1 } } };
	struct stat st;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "d/sub", 0700), 0);
	ck_assert_int_eq(fchmodat(unit_fd, "d/sub", 0750, 0), 0);
	ck_assert_int_eq(symlinkat("sub", unit_fd, "d/link"), 0);
	policy.overwrite = OVERWRITE_NO;
	ck_assert_int_eq(aim("d"), 0);
	ck_assert_int_eq(nest_enter(&nest, name, &wanted), 0);
	ck_assert(is_in("d/sub"));
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	ck_assert_uint_eq(mode_of("d/sub"), 0750);
	ck_assert_int_eq(fstatat(unit_fd, "d/sub", &st, 0), 0);
	ck_assert_int_gt(st.st_mtim.tv_sec, 1);
	/* The control: else they are. */
	policy.overwrite = OVERWRITE_YES;
	ck_assert_int_eq(nest_enter(&nest, name, &wanted), 0);
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	ck_assert_uint_eq(mode_of("d/sub"), 0777);
	ck_assert_int_eq(fstatat(unit_fd, "d/sub", &st, 0), 0);
	ck_assert_int_eq(st.st_mtim.tv_sec, 1);
	end();
}
END_TEST

START_TEST(bits_of_the_policy)
{
	const char *what;

	umask(077);
	policy.dir_mode.must = 02070;
	ck_assert_int_eq(aim_confined("new", false), ENOENT);
	ck_assert_int_eq(nest_enter(&nest, nest_name(&nest, "x"), &plain), 0);
	ck_assert_int_eq(nest_enter(&nest, "sub", &plain), 0);
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	ck_assert_int_eq(nest_leave(&nest, &what), 0);
	end();
	ck_assert_uint_eq(mode_of("new"), 02770);
	ck_assert_uint_eq(mode_of("new/sub"), 02770);
}
END_TEST

/* What the kernel makes up is out of a confined root, although it is mounted in it. */
static void
check_kernels_filesystem(void)
{
	static const char *const out[] = { "k", "k/uuid", "k/uuid/x", "k/new", "to-k", "to-k/new",
	    "to-uuid", "to-new" };
	int before = count_descriptors();

	for (size_t i = 0; i < COUNT(out); i++) {
		ck_assert_int_ne(aim_confined(out[i], true), 0);
		ck_assert_msg(nest_dir(&nest) == -1, "\"%s\": expected nothing", out[i]);
		ck_assert_int_eq(nest_enter(&nest, "x", &plain), -1);
		end();
	}
	ck_assert_int_eq(aim_confined("k", true), EXDEV);
	end();
	ck_assert_int_eq(aim_confined("to-uuid", true), EXDEV);
	end();
	ck_assert_int_eq(aim_confined(".", true), 0);
	ck_assert_int_eq(nest_enter(&nest, "k", &plain), -1);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert(is_in("."));
	end();
	ck_assert_int_eq(count_descriptors(), before);
	/* On the whole system that is the administrator's own affair. */
	ck_assert_int_eq(aim("."), 0);
	ck_assert_int_eq(nest_enter(&nest, "k", &plain), 0);
	end();
}

START_TEST(nothing_goes_into_a_kernels_filesystem)
{
	ck_assert_int_eq(mkdirat(unit_fd, "k", 0755), 0);
	make_link("to-k", "k");
	make_link("to-uuid", "k/uuid");
	make_link("to-new", "k/new");
	if (!unshare_mounts())
		return;
	/* A small part of it: whoever tidies up behind a test that failed walks through it. */
	ck_assert_int_eq(mount("/proc/sys/kernel/random", PATH_IN("k"), NULL, MS_BIND, NULL), 0);
	if (!lacks_kernel(_i))
		check_kernels_filesystem();
	ck_assert_int_eq(umount2(PATH_IN("k"), MNT_DETACH), 0);
}
END_TEST

/* A filesystem like any other is as good as the root's own. */
START_TEST(another_filesystem_is_served)
{
	ck_assert_int_eq(mkdirat(unit_fd, "m", 0755), 0);
	if (!unshare_mounts())
		return;
	ck_assert_int_eq(mount("none", PATH_IN("m"), "tmpfs", 0, "size=64k"), 0);
	ck_assert_int_eq(aim_confined(".", false), 0);
	ck_assert_int_eq(nest_enter(&nest, "m", &plain), 0);
	ck_assert_int_eq(nest_enter(&nest, "new", &plain), 0);
	ck_assert(is_in("m/new"));
	end();
	ck_assert_int_eq(aim_confined("m/new", false), 0);
	end();
	ck_assert_int_eq(umount2(PATH_IN("m"), MNT_DETACH), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, a_directory_holds_entries_by_their_own_names);
	tcase_add_loop_test(t, anything_else_is_the_entry_itself, 0, (int)COUNT(aims));
	tcase_add_test(t, directories_are_entered_and_left);
	tcase_add_test(t, a_refused_directory_is_left_where_it_was_entered);
	tcase_add_test(t, what_the_client_is_not_told_of_is_outermost);
	tcase_add_test(t, a_link_is_followed_to_what_is_there_and_no_further);
	tcase_add_test(t, links_of_others_are_followed_at_the_target_only);
	tcase_add_test(t, a_link_that_came_later_is_no_choice_of_the_clients);
	tcase_add_test(t, a_trap_is_no_choice_of_the_clients);
	tcase_add_test(t, the_link_that_was_aimed_at_is_the_one_that_is_followed);
	tcase_add_test(t, no_descriptor_is_lost);
	tcase_add_loop_test(t, targets_in_a_confined_root, 0, KERNELS);
	tcase_add_test(t, absolute_paths_that_begin_with_the_root);
	tcase_add_loop_test(t, a_new_directory_behind_a_link, 0, KERNELS);
	tcase_add_loop_test(t, no_links_below_a_confined_target, 0, KERNELS);
	tcase_add_test(t, links_that_came_later_to_a_confined_target);
	tcase_add_test(t, no_links_by_policy);
	tcase_add_test(t, what_is_new_is_known);
	tcase_add_loop_test(t, no_new_directories, 0, 2);
	tcase_add_loop_test(t, attributes_that_may_not_be_overwritten, 0, 2);
	tcase_add_test(t, bits_of_the_policy);
	tcase_add_loop_test(t, nothing_goes_into_a_kernels_filesystem, 0, KERNELS);
	tcase_add_test(t, another_filesystem_is_served);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("nest", add);
}
