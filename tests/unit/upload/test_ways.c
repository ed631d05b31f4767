/* SPDX-License-Identifier: ISC */
#include "uploading.h"

enum {
	K = 1024
};

/* As assert_in_place, for what is replaced: another inode, and the old one as LINK is untouched. */
static void
assert_replaced(const char *name, const char *content, const char *link)
{
	for (int named = 0; named <= 1; named++) {
		struct stat before = stat_of(name);
		int entries = count_entries(".");
		char old[64];
		struct upload up;

		ck_assert_ptr_nonnull(get_file(name));
		strcpy(old, get_file(name));
		init(&up, named);
		begin(&up, name, 0644, strlen(content));
		ck_assert(!upload_is_in_place(&up));
		fill(&up, content);
		assert_content(name, old);
		commit(&up, &nothing);
		ck_assert_uint_ne(stat_of(name).st_ino, before.st_ino);
		assert_content(name, content);
		assert_entries(entries);
		if (link != NULL) {
			ck_assert_uint_eq(stat_of(link).st_ino, before.st_ino);
			assert_content(link, old);
			/* And again, as it was. */
			ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);
			ck_assert_int_eq(linkat(unit_fd, link, unit_fd, name, 0), 0);
		}
	}
}

/* Refused at once, as one of SIZE bytes, and NAME is as it was. */
static void
assert_kept(const char *name, int err)
{
	struct stat before = stat_of(name), after;
	int entries = count_entries(".");

	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		assert_refused(&up, unit_fd, name, 5, UPLOAD_REGULAR, err);
		after = stat_of(name);
		ck_assert_uint_eq(after.st_ino, before.st_ino);
		ck_assert_uint_eq(after.st_mode, before.st_mode);
		ck_assert_uint_eq(after.st_nlink, before.st_nlink);
		ck_assert_int_eq(after.st_size, before.st_size);
		ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
		assert_entries(entries);
	}
}

/* Whatever else the policy says, in either kind of account. */
static void
try_without_overwriting(void)
{
	policy.overwrite = OVERWRITE_NO;
	for (unsigned replace = REPLACE_AUTO; replace <= REPLACE_IN_PLACE; replace++) {
		policy.replace = replace;
		assert_kept("f", EEXIST);
		assert_kept("one", EEXIST);
		assert_kept("closed", EEXIST);
		assert_kept("dir", EISDIR);
		assert_kept("link", ELOOP);
		assert_kept("fifo", ENXIO);
	}
}

START_TEST(nothing_is_overwritten)
{
	become_user();
	put_file("f", "old", 0644);
	put_linked("one", "two", "old", 0644);
	put_file("closed", "old", 0444);
	ck_assert_int_eq(mkdirat(unit_fd, "dir", 0755), 0);
	ck_assert_int_eq(symlinkat("f", unit_fd, "link"), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	try_without_overwriting();
	policy = restricted_policy();
	try_without_overwriting();
	assert_content("f", "old");
	assert_content("two", "old");
}
END_TEST

START_TEST(where_nothing_is_overwritten_new_files_are_made)
{
	policy.overwrite = OVERWRITE_NO;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "hello", 0644);
		assert_content("f", "hello");
		assert_refused(&up, unit_fd, "f", 5, UPLOAD_REGULAR, EEXIST);
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(file_that_appeared_meanwhile_is_not_overwritten)
{
	policy.overwrite = OVERWRITE_NO;
	put_file("victim", "old", 0600);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		put_file("f", "theirs", 0600);
		fill(&up, "hello");
		assert_not_committed(&up, EEXIST);
		assert_content("f", "theirs");
		unlinkat(unit_fd, "f", 0);

		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(symlinkat("victim", unit_fd, "f"), 0);
		fill(&up, "hello");
		assert_not_committed(&up, EEXIST);
		ck_assert(S_ISLNK(stat_of("f").st_mode));
		assert_content("victim", "old");
		assert_entries(2);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

/* A thing that is no file has nothing that could be overwritten. */
START_TEST(fifo_is_written_whatever_is_overwritten)
{
	static const unsigned ways[] = { OVERWRITE_NO, OVERWRITE_BACKUP };
	char got[16] = "";
	int reader;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	reader = openat(unit_fd, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct upload up;

		policy.overwrite = ways[i];
		policy.sync = SYNC_FULL;
		init(&up, false);
		ck_assert_int_eq(upload_begin(&up, unit_fd, "fifo", 0644, 5, UPLOAD_SPECIAL), 0);
		fill(&up, "hello");
		commit(&up, &nothing);
		ck_assert_int_eq(read(reader, got, sizeof(got) - 1), 5);
		assert_entries(1);
	}
	close(reader);
}
END_TEST

START_TEST(backups_are_kept)
{
	static const mode_t kept[] = { 0644, 0600, 0200, 0755 };

	become_user();
	policy.overwrite = OVERWRITE_BACKUP;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "0", 0644);
		assert_entries(1);
		for (size_t i = 0; i < COUNT(kept); i++) {
			char name[16], content[2] = { (char)('1' + i), '\0' };
			struct stat before, after;

			ck_assert_int_eq(fchmodat(unit_fd, "f", kept[i], 0), 0);
			before = stat_of("f");
			put(&up, "f", content, 0600);
			snprintf(name, sizeof(name), "f.~%zu~", i + 1);
			after = stat_of(name);
			ck_assert_uint_eq(after.st_ino, before.st_ino);
			ck_assert_uint_eq(after.st_mode, before.st_mode);
			ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
			ck_assert_uint_eq(after.st_nlink, 1);
			/* The new one is what it would be without a backup. */
			ck_assert_uint_eq(mode_of("f"), kept[i]);
			assert_entries((int)i + 2);
		}
		for (size_t i = 0; i <= COUNT(kept); i++) {
			char name[16];

			snprintf(name, sizeof(name), i == 0 ? "f" : "f.~%zu~", i);
			ck_assert_int_eq(unlinkat(unit_fd, name, 0), 0);
		}
	}
}
END_TEST

START_TEST(backup_of_what_appeared_meanwhile)
{
	policy.overwrite = OVERWRITE_BACKUP;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		put_file("f", "theirs", 0604);
		fill(&up, "hello");
		commit(&up, &nothing);
		assert_content("f", "hello");
		assert_content("f.~1~", "theirs");
		ck_assert_uint_eq(mode_of("f.~1~"), 0604);
		assert_entries(2);
		unlinkat(unit_fd, "f", 0);
		unlinkat(unit_fd, "f.~1~", 0);
	}
}
END_TEST

/* In place there is nothing left to keep: then everything is replaced, whatever REPLACE says. */
START_TEST(with_backups_nothing_is_written_in_place)
{
	policy.overwrite = OVERWRITE_BACKUP;
	for (unsigned replace = REPLACE_AUTO; replace <= REPLACE_IN_PLACE; replace++)
		for (int restricted = 0; restricted <= 1; restricted++) {
			struct upload up;

			policy.restricted = restricted != 0;
			policy.replace = replace;
			put_linked("f", "g", "old", 0644);
			init(&up, restricted == 0);
			begin(&up, "f", 0644, 3);
			ck_assert(!upload_is_in_place(&up));
			fill(&up, "new");
			commit(&up, &nothing);
			assert_content("f", "new");
			assert_content("g", "old");
			assert_content("f.~1~", "old");
			ck_assert_uint_eq(stat_of("g").st_nlink, 2);
			assert_entries(3);
			unlinkat(unit_fd, "f", 0);
			unlinkat(unit_fd, "g", 0);
			unlinkat(unit_fd, "f.~1~", 0);
		}
}
END_TEST

START_TEST(backup_of_a_file_of_another)
{
	struct upload up;

	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	umask(027);
	policy.overwrite = OVERWRITE_BACKUP;
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		put(&up, "f", "new", 0664);
		assert_content("f", "new");
		ck_assert_uint_eq(stat_of("f").st_uid, NOBODY);
		ck_assert_uint_eq(mode_of("f"), 0640);
		assert_content("f.~1~", "the old one");
		ck_assert_uint_eq(stat_of("f.~1~").st_uid, STRANGER);
		ck_assert_uint_eq(mode_of("f.~1~"), 0666);
		assert_entries(2);
		ck_assert_int_eq(renameat(unit_fd, "f.~1~", unit_fd, "f"), 0);
	}
}
END_TEST

START_TEST(where_there_can_be_no_backup_the_old_file_stays)
{
	char name[NAME_MAX + 1];

	policy.overwrite = OVERWRITE_BACKUP;
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		put_file(name, "old", 0644);
		init(&up, named);
		begin(&up, name, 0644, 5);
		fill(&up, "hello");
		assert_not_committed(&up, ENAMETOOLONG);
		assert_content(name, "old");
		assert_entries(1);
		unlinkat(unit_fd, name, 0);
	}
	become_user();
	put_file("f", "old", 0644);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_kept("f", EACCES);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
}
END_TEST

/* Always in one step: what cannot be kept is given up, and nothing is written in place. */
START_TEST(always_replaced)
{
	policy.replace = REPLACE_ATOMIC;
	put_file("f", "old", 0640);
	assert_replaced("f", "new", NULL);
	ck_assert_uint_eq(mode_of("f"), 0640);
	put_linked("one", "two", "old", 0606);
	assert_replaced("one", "new", "two");
	ck_assert_uint_eq(mode_of("one"), 0606);
}
END_TEST

START_TEST(file_of_another_is_replaced_always)
{
	struct upload up;

	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	put_file("g", "the old one", 0660);
	ck_assert_int_eq(fchownat(unit_fd, "g", NOBODY, STRANGER, 0), 0);
	become_user();
	umask(022);
	policy.replace = REPLACE_ATOMIC;
	policy.file_mode.must = 0020;
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		put(&up, "f", "new", 0600);
		ck_assert_uint_eq(stat_of("f").st_uid, NOBODY);
		ck_assert_uint_eq(stat_of("f").st_gid, NOBODY);
		assert_content("f", "new");
		put(&up, "g", "new", 0604);
		ck_assert_uint_eq(stat_of("g").st_gid, NOBODY);
		assert_content("g", "new");
		/* They are new to everybody the first time, and ours to keep as they are then. */
		ck_assert_uint_eq(mode_of("f"), 0620);
		ck_assert_uint_eq(mode_of("g"), 0624);
		assert_entries(2);
	}
}
END_TEST

START_TEST(directory_that_we_may_not_write_has_nothing_replaced)
{
	become_user();
	put_file("f", "old", 0644);
	policy.replace = REPLACE_ATOMIC;
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_kept("f", EACCES);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
	assert_content("f", "old");
}
END_TEST

/* Neither way is left: nothing may be written in place, and nothing can be replaced. */
START_TEST(mount_point_is_not_replaced)
{
	if (!unshare_mounts())
		return;
	put_file("f", "below", 0644);
	put_file("over", "old", 0644);
	ck_assert_int_eq(mount(PATH_IN("over"), PATH_IN("f"), NULL, MS_BIND, NULL), 0);
	policy.replace = REPLACE_ATOMIC;
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		int end;

		init(&up, named);
		end = upload_begin(&up, unit_fd, "f", 0644, 3, UPLOAD_REGULAR);
		ck_assert(end == 0 || errno == EBUSY);
		if (end == 0) {
			fill(&up, "new");
			assert_not_committed(&up, EBUSY);
		}
		assert_content("f", "old");
		assert_entries(2);
	}
	ck_assert_int_eq(umount2(PATH_IN("f"), MNT_DETACH), 0);
	assert_content("f", "below");
}
END_TEST

START_TEST(running_program_with_two_names_is_replaced)
{
	struct upload up;
	pid_t pid = run_program("prog");
	ino_t before;

	if (pid == -1)
		return;
	before = stat_of("prog").st_ino;
	ck_assert_int_eq(linkat(unit_fd, "prog", unit_fd, "other", 0), 0);
	policy.replace = REPLACE_ATOMIC;
	init(&up, false);
	put(&up, "prog", "new", 0644);
	assert_content("prog", "new");
	ck_assert_uint_eq(stat_of("other").st_ino, before);
	assert_entries(2);
	end_program(pid);
}
END_TEST

START_TEST(always_in_place)
{
	become_user();
	policy.replace = REPLACE_IN_PLACE;
	put_file("f", "the old one", 0640);
	assert_in_place("f", "new");
	put_linked("one", "two", "the old one", 0604);
	assert_in_place("one", "new");
	assert_content("two", "new");
	policy.restricted = true;
	assert_in_place("f", "newer");
	/* What is not there cannot be written in place. */
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "new", 0644, 5);
		ck_assert(!upload_is_in_place(&up));
		fill(&up, "hello");
		ck_assert(!exists("new"));
		commit(&up, &nothing);
		assert_content("new", "hello");
		unlinkat(unit_fd, "new", 0);
	}
}
END_TEST

START_TEST(running_program_is_busy_in_place)
{
	pid_t pid = run_program("prog");

	if (pid == -1)
		return;
	policy.replace = REPLACE_IN_PLACE;
	assert_kept("prog", ETXTBSY);
	end_program(pid);
}
END_TEST

/* The other links may be anywhere, out of the root for instance. */
START_TEST(restricted_several_links_are_never_written)
{
	policy = restricted_policy();
	put_linked("f", "g", "old", 0604);
	assert_replaced("f", "new", "g");
	ck_assert_uint_eq(mode_of("f"), 0604);
	policy.replace = REPLACE_ATOMIC;
	assert_replaced("f", "new", "g");
	policy.replace = REPLACE_IN_PLACE;
	assert_kept("f", EMLINK);
	assert_content("g", "old");
}
END_TEST

/* Where that cannot be had without losing the owner, he is lost; else the file is refused. */
START_TEST(restricted_several_links_of_another)
{
	if (lacks_root("files of others"))
		return;
	put_linked("f", "g", "old", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	umask(022);
	policy = restricted_policy();
	assert_replaced("f", "new", "g");
	ck_assert_uint_eq(stat_of("g").st_uid, STRANGER);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_kept("f", EACCES);
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
	assert_content("g", "old");
}
END_TEST

/* All that is as in any other account: a file with one name is written where it must be. */
START_TEST(restricted_single_files)
{
	policy = restricted_policy();
	put_file("f", "old", 0640);
	assert_replaced("f", "new", NULL);
	ck_assert_uint_eq(mode_of("f"), 0640);
	if (geteuid() == 0) {
		put_file("theirs", "the old one", 0666);
		ck_assert_int_eq(fchownat(unit_fd, "theirs", STRANGER, STRANGER, 0), 0);
		become_user();
		assert_in_place("theirs", "new");
	}
	put_file("closed", "the old one", 0644);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_in_place("closed", "new");
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
}
END_TEST

/* By its loop index: each way to overwrite and to replace. */
START_TEST(restricted_mount_point_is_busy)
{
	if (!unshare_mounts())
		return;
	put_file("f", "below", 0644);
	put_file("over", "old", 0644);
	ck_assert_int_eq(mount(PATH_IN("over"), PATH_IN("f"), NULL, MS_BIND, NULL), 0);
	policy = restricted_policy();
	policy.overwrite = _i / 3 == 0 ? OVERWRITE_YES : OVERWRITE_BACKUP;
	policy.replace = (unsigned)_i % 3;
	assert_kept("f", EBUSY);
	assert_content("over", "old");
	ck_assert_int_eq(umount2(PATH_IN("f"), MNT_DETACH), 0);
	assert_content("f", "below");
}
END_TEST

/* Old and new are there at once, unless it is written in place: what is overwritten is room. */
START_TEST(what_must_stay_free_beside_old_files)
{
	int dirfd = mount_small("size=400k");
	struct upload up;

	if (dirfd == -1)
		return;
	policy.min_free = 100 * K;
	policy.replace = REPLACE_ATOMIC;
	init(&up, false);
	put_bytes(&up, dirfd, "f", 100 * K);
	assert_refused(&up, dirfd, "f", 200 * K + 1, UPLOAD_REGULAR, ENOSPC);
	put_bytes(&up, dirfd, "f", 200 * K);
	assert_refused(&up, dirfd, "f", 100 * K + 1, UPLOAD_REGULAR, ENOSPC);
	policy.replace = REPLACE_AUTO;
	assert_refused(&up, dirfd, "f", 300 * K + 1, UPLOAD_REGULAR, ENOSPC);
	put_bytes(&up, dirfd, "f", 300 * K);
	policy.replace = REPLACE_IN_PLACE;
	assert_refused(&up, dirfd, "f", 300 * K + 1, UPLOAD_REGULAR, ENOSPC);
	put_bytes(&up, dirfd, "f", 300 * K);
	put_bytes(&up, dirfd, "f", 300 * K);
	put_bytes(&up, dirfd, "f", 100 * K);
	/* A backup stays. */
	policy.overwrite = OVERWRITE_BACKUP;
	put_bytes(&up, dirfd, "f", 200 * K);
	assert_refused(&up, dirfd, "f", 1, UPLOAD_REGULAR, ENOSPC);
	ck_assert_int_eq(count_entries("small"), 2);
	unmount_small(dirfd);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, nothing_is_overwritten);
	tcase_add_test(t, where_nothing_is_overwritten_new_files_are_made);
	tcase_add_test(t, file_that_appeared_meanwhile_is_not_overwritten);
	tcase_add_test(t, fifo_is_written_whatever_is_overwritten);
	tcase_add_test(t, backups_are_kept);
	tcase_add_test(t, backup_of_what_appeared_meanwhile);
	tcase_add_test(t, with_backups_nothing_is_written_in_place);
	tcase_add_test(t, backup_of_a_file_of_another);
	tcase_add_test(t, where_there_can_be_no_backup_the_old_file_stays);
	tcase_add_test(t, always_replaced);
	tcase_add_test(t, file_of_another_is_replaced_always);
	tcase_add_test(t, directory_that_we_may_not_write_has_nothing_replaced);
	tcase_add_test(t, mount_point_is_not_replaced);
	tcase_add_test(t, running_program_with_two_names_is_replaced);
	tcase_add_test(t, always_in_place);
	tcase_add_test(t, running_program_is_busy_in_place);
	tcase_add_test(t, restricted_several_links_are_never_written);
	tcase_add_test(t, restricted_several_links_of_another);
	tcase_add_test(t, restricted_single_files);
	tcase_add_loop_test(t, restricted_mount_point_is_busy, 0, 6);
	tcase_add_test(t, what_must_stay_free_beside_old_files);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("ways", add);
}
