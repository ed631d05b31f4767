/* SPDX-License-Identifier: ISC */
#include "dirs.h"
#include "paths/follow.h"
#include "unit.h"

enum {
	LINKS_MAX = 40		/* that the kernel follows */
};

static struct root root;

static void
begin(void)
{
	make_things();
	ck_assert_int_eq(root_open(&root), 0);
}

static const struct {
	const char *target, *dir, *leaf;	/* of the link; NULL: none */
	int	    err;
} follows[] = {
	{ "f", ".", "f", 0 },
	{ "./f", ".", "f", 0 },
	{ "d/g", "d", "g", 0 },
	{ "d//.///g", "d", "g", 0 },
	{ "d", ".", "d", 0 },
	{ "d/", "d", ".", 0 },
	{ "d/sub/../g", "d", "g", 0 },
	{ "/dev/null", "/dev", "null", 0 },
	{ "//dev//null", "/dev", "null", 0 },
	/* There need not be anything, but the way there must be. */
	{ "none", ".", "none", 0 },
	{ "d/none", "d", "none", 0 },
	{ "/none-of-this", "/", "none-of-this", 0 },
	{ "none/x", NULL, NULL, ENOENT },
	{ "none/..", NULL, NULL, ENOENT },
	{ "f/x", NULL, NULL, ENOTDIR },
	{ "f/..", NULL, NULL, ENOTDIR },
	/* Directories without a name. */
	{ ".", ".", ".", 0 },
	{ "..", "..", ".", 0 },
	{ "../", "..", ".", 0 },
	{ "d/.", "d", ".", 0 },
	{ "d/..", ".", ".", 0 },
	{ "d/sub/..//", "d", ".", 0 },
	{ "/", "/", ".", 0 },
	{ "/..", "/", ".", 0 },
	/* Links on the way, at its end, and to links. */
	{ "link", ".", "d", 0 },
	{ "link/", ".", "d", 0 },
	{ "link/g", "d", "g", 0 },
	{ "link/none", "d", "none", 0 },
	{ "link/..", ".", ".", 0 },
	{ "link/sub/../../link/g", "d", "g", 0 },
	{ "to-link", "d", "g", 0 },
	{ "d/back", "d", "g", 0 },
	{ "d/up", ".", "f", 0 },
	{ "d/home/f", ".", "f", 0 },
	{ "to-none", ".", "none", 0 },
	{ "to-dev/null", "/dev", "null", 0 },
	{ "to-root", "/", ".", 0 },
	{ "to-root/dev/x", "/dev", "x", 0 },
	/* No end. */
	{ "x", NULL, NULL, ELOOP },
	{ "loop", NULL, NULL, ELOOP },
	{ "loop/x", NULL, NULL, ELOOP },
	{ "ping", NULL, NULL, ELOOP },
	{ "d/grow/x", NULL, NULL, ELOOP },
};

static void
expect_place(const struct place *p, int end, const char *dir, const char *leaf, const char *what)
{
	ck_assert_msg(end == 0, "%s: expected \"%s\" in \"%s\", got errno %d", what, leaf, dir,
	    errno);
	expect_dir(p->dirfd, dir, what);
	expect_o_path(p->dirfd);
	ck_assert_msg(strcmp(p->leaf, leaf) == 0, "%s: expected leaf \"%s\", got \"%s\"", what,
	    leaf, p->leaf);
}

START_TEST(where_links_lead)
{
	begin();
	make_link("to-link", "link/g");
	make_link("d/back", "../d/g");
	make_link("d/up", "../f");
	make_link("d/home", "..");
	make_link("to-none", "none");
	make_link("to-dev", "/dev");
	make_link("to-root", "/");
	make_link("ping", "pong");
	make_link("pong", "ping");
	make_link("d/grow", "grow/more");
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++)
		for (int trust = FOLLOW_ANY; trust <= FOLLOW_OWN; trust++) {
			int before = count_open(), end;
			struct place p = { .dirfd = 77, .owned = true };

			make_link("x", follows[i].target);
			errno = 0;
			end = follow_link(&root, unit_fd, "x", (enum follow_trust)trust, &p);
			if (follows[i].dir == NULL)
				ck_assert_msg(end == -1 && errno == follows[i].err && p.dirfd == -1,
				    "\"%s\": expected errno %d, got %d, %d", follows[i].target,
				    follows[i].err, end, errno);
			else
				expect_place(&p, end, follows[i].dir, follows[i].leaf,
				    follows[i].target);
			place_close(&p);
			ck_assert_int_eq(p.dirfd, -1);
			place_close(&p);
			ck_assert_msg(count_open() == before, "\"%s\": a descriptor leaks",
			    follows[i].target);
			ck_assert_int_eq(unlinkat(unit_fd, "x", 0), 0);
		}
}
END_TEST

/* A relative target begins where its link is, not where the working directory is. */
START_TEST(links_begin_where_they_are)
{
	struct place p;
	int fd, end;

	begin();
	make_link("d/sub/x", "../g");
	make_link("d/sub/y", "new");
	ck_assert_int_eq(chdir("/"), 0);
	fd = openat(unit_fd, "d/sub", O_PATH | O_DIRECTORY | O_CLOEXEC);
	end = follow_link(&root, fd, "x", FOLLOW_OWN, &p);
	expect_place(&p, end, "d", "g", "../g");
	place_close(&p);
	end = follow_link(&root, fd, "y", FOLLOW_OWN, &p);
	expect_place(&p, end, "d/sub", "new", "new");
	place_close(&p);
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	close(fd);
}
END_TEST

/* As many as the kernel follows, and no more. */
START_TEST(chains_of_links)
{
	char name[16], target[16];

	begin();
	make_link("c1", "f");
	for (int n = 1; n <= LINKS_MAX + 2; n++) {
		struct place p;
		int end, fd;

		snprintf(name, sizeof(name), "c%d", n);
		snprintf(target, sizeof(target), "c%d", n - 1);
		if (n > 1)
			make_link(name, target);
		fd = openat(unit_fd, name, O_RDONLY | O_CLOEXEC);
		errno = 0;
		end = follow_link(&root, unit_fd, name, FOLLOW_OWN, &p);
		ck_assert_msg((end == 0) == (fd != -1), "chain of %d: expected %d, got %d", n,
		    fd != -1 ? 0 : -1, end);
		if (end == -1)
			ck_assert_int_eq(errno, ELOOP);
		else
			expect_place(&p, end, ".", "f", name);
		place_close(&p);
		close(fd);
	}
}
END_TEST

START_TEST(links_to_long_names)
{
	static char target[4001];
	struct place p;
	int end, before;

	begin();
	before = count_open();
	memset(target, 'n', NAME_MAX);
	make_link("longest", target);
	end = follow_link(&root, unit_fd, "longest", FOLLOW_OWN, &p);
	expect_place(&p, end, ".", target, "the longest name");
	place_close(&p);
	target[NAME_MAX] = 'n';
	make_link("longer", target);
	errno = 0;
	ck_assert_int_eq(follow_link(&root, unit_fd, "longer", FOLLOW_OWN, &p), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	place_close(&p);
	for (size_t i = 0; i < sizeof(target) - 3; i += 2)
		memcpy(target + i, "./", 2);
	strcpy(target + sizeof(target) - 3, "f");
	make_link("far", target);
	end = follow_link(&root, unit_fd, "far", FOLLOW_OWN, &p);
	expect_place(&p, end, ".", "f", "a long target");
	place_close(&p);
	/* Two of them do not fit in any path together, and need not. */
	make_link("further", "far");
	end = follow_link(&root, unit_fd, "further", FOLLOW_OWN, &p);
	expect_place(&p, end, ".", "f", "a link to a long target");
	place_close(&p);
	ck_assert_int_eq(count_open(), before);
}
END_TEST

/* Whose links a user follows: his own and root's, wherever on the way they are. */
static const struct {
	const char *link;
	uid_t	    user;
	int	    err;	/* under FOLLOW_OWN; 0: none */
} trusts[] = {
	{ "by-root", 0, 0 },		{ "by-nobody", 0, EACCES },
	{ "by-root", NOBODY, 0 },	{ "by-nobody", NOBODY, 0 },
	{ "via-root", 0, 0 },		{ "via-nobody", 0, EACCES },
	{ "via-root", NOBODY, 0 },	{ "via-nobody", NOBODY, 0 },
	{ "to-root", NOBODY, 0 },	{ "to-nobody", NOBODY, 0 },
	{ "by-somebody", 0, EACCES },	{ "by-somebody", NOBODY, EACCES },
	{ "via-somebody", 0, EACCES },	{ "via-somebody", NOBODY, EACCES },
	{ "to-somebody", 0, EACCES },	{ "to-somebody", NOBODY, EACCES },
	{ "up-somebody", 0, EACCES },	{ "up-somebody", NOBODY, EACCES },
};

START_TEST(links_of_other_users)
{
	static const struct { const char *name, *target; uid_t owner; } links[] = {
		{ "by-root", "d/g", 0 },
		{ "by-nobody", "d/g", NOBODY },
		{ "by-somebody", "d/g", STRANGER },
		{ "dir-root", "d", 0 },
		{ "dir-nobody", "d", NOBODY },
		{ "dir-somebody", "d", STRANGER },
		{ "via-root", "dir-root/g", 0 },
		{ "via-nobody", "dir-nobody/g", 0 },
		{ "via-somebody", "dir-somebody/g", 0 },
		{ "to-root", "by-root", 0 },
		{ "to-nobody", "by-nobody", 0 },
		{ "to-somebody", "by-somebody", 0 },
		{ "up-somebody", "dir-somebody/../d/g", 0 },
	};

	if (lacks_root("nobody else makes links"))
		return;
	begin();
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		make_link(links[i].name, links[i].target);
		ck_assert_int_eq(fchownat(unit_fd, links[i].name, links[i].owner, links[i].owner,
		    AT_SYMLINK_NOFOLLOW), 0);
	}
	/* Who owns the directories and what is in them does not matter. */
	ck_assert_int_eq(fchownat(unit_fd, "d", STRANGER, STRANGER, 0), 0);
	for (size_t i = 0; i < sizeof(trusts) / sizeof(trusts[0]); i++) {
		int before, end;
		struct place p;

		become(trusts[i].user);
		before = count_open();
		errno = 0;
		end = follow_link(&root, unit_fd, trusts[i].link, FOLLOW_OWN, &p);
		if (trusts[i].err != 0)
			ck_assert_msg(end == -1 && errno == trusts[i].err && p.dirfd == -1,
			    "%s as %u: expected errno %d, got %d, %d", trusts[i].link,
			    trusts[i].user, trusts[i].err, end, errno);
		else
			expect_place(&p, end, "d", "g", trusts[i].link);
		place_close(&p);
		end = follow_link(&root, unit_fd, trusts[i].link, FOLLOW_ANY, &p);
		expect_place(&p, end, "d", "g", trusts[i].link);
		place_close(&p);
		ck_assert_int_eq(count_open(), before);
	}
	become(0);
}
END_TEST

/* What a link says and what is behind it in another one's are one path, which has its length. */
START_TEST(links_too_long_together)
{
	static char near[PATH_MAX], behind[PATH_MAX];
	struct place p;
	int end, before;

	begin();
	before = count_open();
	for (size_t i = 0; i < PATH_MAX / 2; i += 2)
		memcpy(near + i, "./", 2);
	strcpy(near + PATH_MAX / 2, "d");
	make_link("near", near);
	/* "near/" and "./" and so on: "g" is what just fits, or does not. */
	for (size_t len = PATH_MAX / 2 - 4; len < PATH_MAX / 2; len++) {
		char name[16];

		memset(behind, '/', sizeof(behind));
		memcpy(behind, "near/", 5);
		for (size_t i = 5; i + 1 < 5 + len - 1; i += 2)
			memcpy(behind + i, "./", 2);
		strcpy(behind + 5 + len - 1, "g");
		snprintf(name, sizeof(name), "x%zu", len);
		make_link(name, behind);
		errno = 0;
		end = follow_link(&root, unit_fd, name, FOLLOW_OWN, &p);
		if (strlen(near) + 1 + len < PATH_MAX) {
			expect_place(&p, end, "d", "g", "what fits");
		} else {
			ck_assert_int_eq(end, -1);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			ck_assert_int_eq(p.dirfd, -1);
		}
		place_close(&p);
	}
	ck_assert_int_eq(count_open(), before);
}
END_TEST

/* What is no link leads to itself. */
START_TEST(what_is_no_link)
{
	static const char *const names[] = { "f", "d", "none" };
	struct place p;
	int end;

	begin();
	for (size_t i = 0; i < COUNT(names); i++) {
		end = follow_link(&root, unit_fd, names[i], FOLLOW_OWN, &p);
		expect_place(&p, end, ".", names[i], names[i]);
		place_close(&p);
	}
}
END_TEST

/* Where the kernel would not go, nor do links, whoever has made them. */
START_TEST(links_into_what_may_not_be_searched)
{
	struct place p = { .dirfd = 77, .owned = true };
	int before;

	become_user();
	begin();
	make_link("x", "d/sub/new");
	ck_assert_int_eq(fchmodat(unit_fd, "d", 0600, 0), 0);
	before = count_open();
	for (int trust = FOLLOW_ANY; trust <= FOLLOW_OWN; trust++) {
		errno = 0;
		ck_assert_int_eq(follow_link(&root, unit_fd, "x", (enum follow_trust)trust, &p),
		    -1);
		ck_assert_int_eq(errno, EACCES);
		ck_assert_int_eq(p.dirfd, -1);
	}
	ck_assert_int_eq(count_open(), before);
}
END_TEST

START_TEST(no_directory_to_begin_in)
{
	struct place p = { .dirfd = 77, .owned = true };
	int fd;

	begin();
	fd = openat(unit_fd, "f", O_RDONLY | O_CLOEXEC);
	errno = 0;
	ck_assert_int_eq(follow_link(&root, fd, "x", FOLLOW_ANY, &p), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(p.dirfd, -1);
	close(fd);
	ck_assert_int_eq(follow_link(&root, fd, "x", FOLLOW_ANY, &p), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(p.dirfd, -1);
	place_close(&p);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, where_links_lead);
	tcase_add_test(t, links_begin_where_they_are);
	tcase_add_test(t, chains_of_links);
	tcase_add_test(t, links_to_long_names);
	tcase_add_test(t, links_too_long_together);
	tcase_add_test(t, links_of_other_users);
	tcase_add_test(t, links_into_what_may_not_be_searched);
	tcase_add_test(t, what_is_no_link);
	tcase_add_test(t, no_directory_to_begin_in);
}

int
main(void)
{
	return run_unit("follow", add);
}
