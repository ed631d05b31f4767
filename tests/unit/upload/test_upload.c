/* SPDX-License-Identifier: ISC */
#include "uploading.h"

enum {
	K = 1024,
	ROUNDS = 100
};

START_TEST(directory_without_permission_takes_no_new_file)
{
	static const struct {
		mode_t mode;
		int    err;
	} rows[] = { { 0555, EACCES }, { 0500, EACCES }, { 0600, EACCES }, { 0000, EACCES } };

	become_user();
	for (int named = 0; named <= 1; named++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct upload up;

			init(&up, named);
			ck_assert_int_eq(fchmod(unit_fd, rows[i].mode), 0);
			assert_refused(&up, unit_fd, "f", 3, UPLOAD_REGULAR, rows[i].err);
		}
		ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
		assert_entries(0);
	}
}
END_TEST

START_TEST(too_long_a_name)
{
	char name[300];
	struct upload up;

	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		name[255] = 'n';
		assert_refused(&up, unit_fd, name, 5, UPLOAD_REGULAR, ENAMETOOLONG);
		assert_entries(0);
		name[255] = '\0';
		put(&up, name, "hello", 0644);
		put(&up, name, "again", 0644);
		assert_content(name, "again");
		assert_entries(1);
		unlinkat(unit_fd, name, 0);
	}
}
END_TEST

START_TEST(size_that_cannot_fit)
{
	static const uint64_t sizes[] = { UINT64_MAX, UINT64_MAX - 4095, INT64_MAX,
	    (uint64_t)1 << 62 };

	put_file("one", "old", 0644);
	put_file("two", "old", 0644);
	ck_assert_int_eq(linkat(unit_fd, "two", unit_fd, "three", 0), 0);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(sizes); i++) {
			assert_refused(&up, unit_fd, "new", sizes[i], UPLOAD_REGULAR, ENOSPC);
			assert_refused(&up, unit_fd, "one", sizes[i], UPLOAD_REGULAR, ENOSPC);
			assert_refused(&up, unit_fd, "two", sizes[i], UPLOAD_REGULAR, ENOSPC);
		}
	}
	assert_entries(3);
	assert_content("one", "old");
	assert_content("two", "old");
}
END_TEST

START_TEST(small_filesystem)
{
	struct upload up;
	int dirfd = mount_small("size=64k");

	if (dirfd == -1)
		return;
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		assert_refused(&up, dirfd, "f", 64 * K + 1, UPLOAD_REGULAR, ENOSPC);
		put_bytes(&up, dirfd, "f", 64 * K);
		assert_refused(&up, dirfd, "g", 1, UPLOAD_REGULAR, ENOSPC);
		/* Old and new do not fit at once: the old one stays, or is written in place. */
		policy.replace = REPLACE_ATOMIC;
		assert_refused(&up, dirfd, "f", 4 * K, UPLOAD_REGULAR, ENOSPC);
		policy.replace = REPLACE_AUTO;
		put_bytes(&up, dirfd, "f", 64 * K);
		ck_assert_int_eq(count_entries("small"), 1);
		/* In place there is the room that the old content has. */
		ck_assert_int_eq(linkat(dirfd, "f", dirfd, "g", 0), 0);
		put_bytes(&up, dirfd, "f", 64 * K);
		assert_refused(&up, dirfd, "f", 64 * K + 1, UPLOAD_REGULAR, ENOSPC);
		put_bytes(&up, dirfd, "f", 32 * K);
		put_bytes(&up, dirfd, "h", 32 * K);
		ck_assert_int_eq(count_entries("small"), 3);
		unlinkat(dirfd, "f", 0);
		unlinkat(dirfd, "g", 0);
		unlinkat(dirfd, "h", 0);
	}
	unmount_small(dirfd);
}
END_TEST

START_TEST(end_without_commit_leaves_no_trace)
{
	put_file("old", "old", 0640);
	for (int named = 0; named <= 1; named++) {
		struct stat before = stat_of("old"), after;
		struct upload up;

		init(&up, named);
		begin(&up, "new", 0644, 5);
		fill(&up, "hello");
		upload_end(&up);
		ck_assert_int_eq(up.fd, -1);
		begin(&up, "old", 0644, 5);
		fill(&up, "hello");
		upload_end(&up);
		upload_end(&up);
		assert_entries(1);
		assert_content("old", "old");
		after = stat_of("old");
		ck_assert_uint_eq(after.st_ino, before.st_ino);
		ck_assert_uint_eq(after.st_mode, before.st_mode);
		ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	}
}
END_TEST

START_TEST(end_in_place_before_any_byte_leaves_the_content)
{
	struct upload up;

	put_file("f", "old", 0640);
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
	init(&up, false);
	begin(&up, "f", 0644, 0);
	upload_end(&up);
	assert_content("f", "old");
	assert_entries(2);
}
END_TEST

START_TEST(end_is_always_safe)
{
	struct upload up;

	upload_init(&up, &policy);
	upload_end(&up);
	upload_end(&up);
	put(&up, "f", "hello", 0644);
	upload_end(&up);
	assert_content("f", "hello");
}
END_TEST

START_TEST(zero_bytes)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "", 0644);
		assert_content("f", "");
		put_file("f", "the old one", 0644);
		put(&up, "f", "", 0644);
		assert_content("f", "");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(no_descriptor_is_lost)
{
	int before = count_descriptors();

	become_user();
	ck_assert_int_eq(mkdirat(unit_fd, "dir", 0755), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	put_file("closed", "", 0444);
	put_file("two", "", 0644);
	ck_assert_int_eq(linkat(unit_fd, "two", unit_fd, "names", 0), 0);
	for (int i = 0; i < ROUNDS; i++) {
		const char *what;
		struct upload up;

		init(&up, i % 2 == 1);
		begin(&up, "new", 0644, 1);
		upload_end(&up);
		put(&up, "f", "x", 0644);
		begin(&up, "f", 0644, 1);
		upload_end(&up);
		put(&up, "two", "x", 0644);
		begin(&up, "two", 0644, 1);
		upload_end(&up);
		assert_refused(&up, unit_fd, "dir", 1, UPLOAD_SPECIAL, EISDIR);
		assert_refused(&up, unit_fd, "fifo", 1, UPLOAD_SPECIAL, ENXIO);
		assert_refused(&up, unit_fd, "closed", 1, UPLOAD_REGULAR, EACCES);
		assert_refused(&up, unit_fd, "f", UINT64_MAX, UPLOAD_REGULAR, ENOSPC);
		begin(&up, "gone", 0644, 1);
		ck_assert_int_eq(mkdirat(unit_fd, "gone", 0755), 0);
		ck_assert_int_eq(upload_commit(&up, &nothing, &what), -1);
		upload_end(&up);
		ck_assert_int_eq(unlinkat(unit_fd, "gone", AT_REMOVEDIR), 0);
	}
	ck_assert_int_eq(count_descriptors(), before);
	assert_entries(6);
}
END_TEST

START_TEST(descriptors_close_on_exec)
{
	static const char *const names[] = { "new", "old", "two" };

	put_file("old", "", 0644);
	put_file("two", "", 0644);
	ck_assert_int_eq(linkat(unit_fd, "two", unit_fd, "names", 0), 0);
	for (size_t i = 0; i < COUNT(names); i++)
		for (int named = 0; named <= 1; named++) {
			struct upload up;

			init(&up, named);
			begin(&up, names[i], 0644, 1);
			ck_assert_int_ne(fcntl(up.fd, F_GETFD) & FD_CLOEXEC, 0);
			upload_end(&up);
		}
}
END_TEST

/* What one directory cannot do is remembered, and asked of it once. */
START_TEST(names_once_are_names_for_good)
{
	struct upload up;

	init(&up, true);
	put(&up, "f", "one", 0644);
	ck_assert(up.temp.named_only);
	begin(&up, "g", 0644, 3);
	ck_assert_int_eq((int)up.way, (int)UPLOAD_NAMED);
	upload_end(&up);
	ck_assert(up.temp.named_only);
}
END_TEST

/* Whatever a policy refuses, nothing stays open, and nothing is left in the directory. */
START_TEST(no_descriptor_is_lost_to_a_policy)
{
	int before = count_descriptors();

	put_file("f", "old", 0644);
	put_linked("two", "names", "old", 0644);
	for (int i = 0; i < ROUNDS; i++) {
		struct upload up;

		policy = restricted_policy();
		init(&up, i % 2 == 1);
		policy.replace = REPLACE_IN_PLACE;
		assert_refused(&up, unit_fd, "two", 1, UPLOAD_REGULAR, EMLINK);
		policy.overwrite = OVERWRITE_NO;
		assert_refused(&up, unit_fd, "f", 1, UPLOAD_REGULAR, EEXIST);
		policy.overwrite = OVERWRITE_BACKUP;
		policy.min_free_percent = 100;
		assert_refused(&up, unit_fd, "two", 1, UPLOAD_REGULAR, ENOSPC);
		assert_refused(&up, unit_fd, "new", 1, UPLOAD_REGULAR, ENOSPC);
		policy.min_free_percent = 0;
		policy.sync = SYNC_FULL;
		put(&up, "f", "x", 0644);
		unlinkat(unit_fd, "f.~1~", 0);
		assert_entries(3);
	}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(rule_44_opened_anew)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .exclusive = true, .readable = true };
	const char *what;
	char c;

	init(&up, false);
	open_any(&up, "f", manner);
	ck_assert(!upload_is_in_place(&up));
	ck_assert_int_eq(pwrite(up.fd, "x", 1, 2), 1);
	ck_assert_int_eq(pread(up.fd, &c, 1, 2), 1);
	commit(&up, &nothing);
	ck_assert_int_eq(stat_of("f").st_size, 3);
	ck_assert_int_eq(upload_open(&up, unit_fd, "f", 0644, 0, &manner), -1);
	ck_assert_int_eq(errno, EEXIST);
	manner = (struct upload_manner){ .keep = true };
	ck_assert_int_eq(upload_open(&up, unit_fd, "g", 0644, 0, &manner), -1);
	ck_assert_int_eq(errno, ENOENT);
	/* Somebody was faster. */
	manner = (struct upload_manner){ .create = true, .exclusive = true };
	open_any(&up, "g", manner);
	put_file("g", "theirs", 0644);
	ck_assert_int_eq(upload_commit(&up, &nothing, &what), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_ptr_null(what);
	upload_end(&up);
	assert_content("g", "theirs");
	assert_entries(2);
}
END_TEST

START_TEST(rule_44_old_content_is_held)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .keep = true, .readable = true };
	int before = count_descriptors();
	char c;

	put_file("f", "older", 0640);
	for (int named = 0; named < 2; named++) {
		init(&up, named);
		open_any(&up, "f", manner);
		ck_assert(!upload_is_in_place(&up) && up.old != -1);
		ck_assert_uint_eq(up.old_size, 5);
		ck_assert_int_eq(pread(up.old, &c, 1, 0), 1);
		ck_assert_int_eq(upload_turn_in_place(&up), 0);
		ck_assert(upload_is_in_place(&up) && up.old == -1);
		ck_assert_int_eq(pwrite(up.fd, "O", 1, 0), 1);
		commit(&up, &nothing);
		assert_content("f", "Older");
		open_any(&up, "f", manner);
		ck_assert_int_eq(pwrite(up.fd, "new", 3, 0), 3);
		commit(&up, &nothing);
		assert_content("f", "new");
		ck_assert_uint_eq(mode_of("f"), 0640);
		open_any(&up, "f", manner);
		upload_end(&up);
		assert_entries(1);
		put_file("f", "older", 0640);
	}
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(rule_44_in_place)
{
	struct upload up;
	struct upload_manner manner = { .keep = true, .in_place = true, .readable = true };
	struct stat st;

	put_file("f", "older", 0640);
	st = stat_of("f");
	init(&up, false);
	open_any(&up, "f", manner);
	ck_assert(upload_is_in_place(&up));
	ck_assert_int_eq(pwrite(up.fd, "O", 1, 0), 1);
	commit(&up, &nothing);
	assert_content("f", "Older");
	ck_assert_uint_eq(stat_of("f").st_ino, st.st_ino);
	/* What is not kept is gone at once. */
	manner.keep = false;
	open_any(&up, "f", manner);
	assert_content("f", "");
	upload_end(&up);
	policy.replace = REPLACE_ATOMIC;
	put_file("f", "older", 0640);
	manner.keep = true;
	open_any(&up, "f", manner);
	ck_assert(!upload_is_in_place(&up) && up.forced);
	upload_end(&up);
}
END_TEST

START_TEST(rule_54_made_under_its_name)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .keep = true, .partial = true };

	policy.replace = REPLACE_ATOMIC;
	policy.overwrite = OVERWRITE_BACKUP;
	policy.file_mode.must = 0060;
	init(&up, false);
	open_any(&up, "f.part", manner);
	ck_assert(upload_is_in_place(&up));
	ck_assert_uint_eq(mode_of("f.part"), 0664);
	fill(&up, "half");
	upload_end(&up);
	assert_content("f.part", "half");
	open_any(&up, "f.part", manner);
	ck_assert(upload_is_in_place(&up));
	ck_assert_int_eq(pwrite(up.fd, " and half", 9, 4), 9);
	commit(&up, &nothing);
	assert_content("f.part", "half and half");
	assert_entries(1);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, directory_without_permission_takes_no_new_file);
	tcase_add_test(t, too_long_a_name);
	tcase_add_test(t, size_that_cannot_fit);
	tcase_add_test(t, small_filesystem);
	tcase_add_test(t, end_without_commit_leaves_no_trace);
	tcase_add_test(t, end_in_place_before_any_byte_leaves_the_content);
	tcase_add_test(t, end_is_always_safe);
	tcase_add_test(t, rule_44_opened_anew);
	tcase_add_test(t, rule_44_old_content_is_held);
	tcase_add_test(t, rule_44_in_place);
	tcase_add_test(t, rule_54_made_under_its_name);
	tcase_add_test(t, zero_bytes);
	tcase_add_test(t, no_descriptor_is_lost);
	tcase_add_test(t, descriptors_close_on_exec);
	tcase_add_test(t, names_once_are_names_for_good);
	tcase_add_test(t, no_descriptor_is_lost_to_a_policy);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("upload", add);
}
