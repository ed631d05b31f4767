/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include "uploading.h"

/* What has been synced, and what that fails with; 0: it works. */
static struct {
	int files, dirs, file_err, dir_err;
} syncs;

/* In place of the library's. */
int
fsync(int fd)
{
	struct stat st;
	bool is_dir = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

	*(is_dir ? &syncs.dirs : &syncs.files) += 1;
	errno = is_dir ? syncs.dir_err : syncs.file_err;
	return errno != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

START_TEST(nothing_is_seen_before_the_end)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		ck_assert(!upload_is_in_place(&up));
		fill(&up, "he");
		ck_assert(!exists("f"));
		assert_entries(named);
		if (named) {
			ck_assert_int_eq(up.temp.name[0], '.');
			ck_assert(exists(up.temp.name));
		} else {
			ck_assert_str_eq(up.temp.name, "");
		}
		fill(&up, "llo");
		commit(&up, &nothing);
		assert_content("f", "hello");
		assert_entries(1);

		begin(&up, "f", 0644, 5);
		ck_assert(!upload_is_in_place(&up));
		fill(&up, "othe");
		assert_content("f", "hello");
		assert_entries(1 + named);
		fill(&up, "r");
		commit(&up, &nothing);
		assert_content("f", "other");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(file_that_appeared_meanwhile_is_replaced)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		put_file("f", "somebody else's, and longer", 0600);
		fill(&up, "hello");
		commit(&up, &nothing);
		assert_content("f", "hello");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(link_that_appeared_meanwhile_is_not_followed)
{
	put_file("victim", "old", 0600);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(symlinkat("victim", unit_fd, "f"), 0);
		fill(&up, "hello");
		commit(&up, &nothing);
		ck_assert(S_ISREG(stat_of("f").st_mode));
		assert_content("f", "hello");
		assert_content("victim", "old");
		assert_entries(2);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

/* Uploads to "f", which is a directory by the time of the commit. */
static void
commit_onto_directory(struct upload *up)
{
	const char *what = "untouched";

	ck_assert_int_eq(mkdirat(unit_fd, "f", 0755), 0);
	fill(up, "hello");
	ck_assert_int_eq(upload_commit(up, &nothing, &what), -1);
	ck_assert_msg(errno == EISDIR || errno == EEXIST || errno == ENOTEMPTY, "got %s",
	    strerror(errno));
	ck_assert_ptr_null(what);
	upload_end(up);
	assert_entries(1);
	ck_assert_int_eq(unlinkat(unit_fd, "f", AT_REMOVEDIR), 0);
}

START_TEST(directory_that_appeared_meanwhile_stays)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 5);
		commit_onto_directory(&up);
		put_file("f", "old", 0644);
		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(unlinkat(unit_fd, "f", 0), 0);
		commit_onto_directory(&up);
	}
}
END_TEST

START_TEST(file_that_went_away_meanwhile_is_made)
{
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		put_file("f", "old", 0640);
		init(&up, named);
		begin(&up, "f", 0644, 5);
		ck_assert_int_eq(unlinkat(unit_fd, "f", 0), 0);
		fill(&up, "hello");
		commit(&up, &nothing);
		assert_content("f", "hello");
		ck_assert_uint_eq(mode_of("f"), 0640);
		assert_entries(1);
	}
}
END_TEST

START_TEST(attributes_are_set_last_and_exactly)
{
	static const struct timespec times[2] = { { 1000000001, 123456789 },
	    { 1000000002, 987654321 } };
	static const mode_t wanted[] = { 0777, 0604, 0000, 04755, 02070, 01777 };

	become_user();
	umask(077);
	for (int way = 0; way < 6; way++) {
		struct attrs a = { .has_mode = true, .has_times = true };
		struct upload up;

		init(&up, way % 2 == 1);
		memcpy(a.times, times, sizeof(times));
		for (size_t i = 0; i < COUNT(wanted); i++) {
			struct stat st;

			if (way >= 2)
				put_file("f", "the old one", 0640);
			if (way >= 4)
				ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
			begin(&up, "f", 0644, 5);
			fill(&up, "hello");
			a.mode = wanted[i];
			commit(&up, &a);
			st = stat_of("f");
			ck_assert_msg(mode_of("f") == wanted[i], "way %d: expected %04o, got %04o",
			    way,
			    (unsigned)wanted[i], mode_of("f"));
			ck_assert_int_eq(st.st_size, 5);
			ck_assert_int_eq(st.st_atim.tv_sec, times[0].tv_sec);
			ck_assert_int_eq(st.st_atim.tv_nsec, times[0].tv_nsec);
			ck_assert_int_eq(st.st_mtim.tv_sec, times[1].tv_sec);
			ck_assert_int_eq(st.st_mtim.tv_nsec, times[1].tv_nsec);
			unlinkat(unit_fd, "f", 0);
			unlinkat(unit_fd, "g", 0);
			assert_entries(0);
		}
	}
}
END_TEST

START_TEST(omitted_times_stay_new)
{
	struct attrs a = { .has_times = true, .times = { { 0, UTIME_OMIT }, { 5, 0 } } };
	struct upload up;

	init(&up, false);
	begin(&up, "f", 0644, 0);
	commit(&up, &a);
	ck_assert_int_eq(stat_of("f").st_mtim.tv_sec, 5);
	ck_assert_int_gt(stat_of("f").st_atim.tv_sec, 1000000000);
}
END_TEST

/* Commits to "f", and expects that everything but the attributes works. */
static void
commit_without(const struct attrs *wanted, const char *unset, int err)
{
	const char *what = "untouched";
	struct upload up;
	int end;

	init(&up, false);
	begin(&up, "f", 0644, 5);
	fill(&up, "hello");
	end = upload_commit(&up, wanted, &what);
	ck_assert_msg(end == -1 && errno == err, "expected %s, got %d, %s", strerror(err), end,
	    strerror(errno));
	ck_assert_ptr_nonnull(what);
	ck_assert_str_eq(what, unset);
	upload_end(&up);
	assert_content("f", "hello");
	assert_entries(1);
}

START_TEST(attributes_that_cannot_be_set_lose_no_data)
{
	static const struct attrs mode = { .has_mode = true, .mode = 0600 };
	static const struct attrs times = { .has_times = true };
	static const struct attrs both = { .has_mode = true, .mode = 0600, .has_times = true };

	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	commit_without(&mode, "set mode", EPERM);
	commit_without(&times, "set times", EPERM);
	commit_without(&both, "set mode", EPERM);
	ck_assert_uint_eq(mode_of("f"), 0666);
}
END_TEST

START_TEST(times_that_are_none_lose_no_data)
{
	static const struct attrs none = { .has_times = true,
	    .times = { { 0, 2000000000 }, { 0, 0 } } };

	commit_without(&none, "set times", EINVAL);
	commit_without(&none, "set times", EINVAL);	/* over the file that is there now */
}
END_TEST

/* By its loop index: not at all, files, files and directories. */
START_TEST(what_is_synced)
{
	struct upload up;

	policy.sync = (unsigned)_i;
	put_linked("two", "names", "old", 0644);
	for (int named = 0; named <= 1; named++) {
		init(&up, named);
		put(&up, "f", "new", 0644);
		ck_assert_int_eq(syncs.files, _i > 0);
		ck_assert_int_eq(syncs.dirs, _i == SYNC_FULL);
		put(&up, "f", "newer", 0600);
		assert_content("f", "newer");
		ck_assert_int_eq(syncs.files, 2 * (_i > 0));
		ck_assert_int_eq(syncs.dirs, 2 * (_i == SYNC_FULL));
		/* In place no name is new. */
		put(&up, "two", "newest", 0644);
		assert_content("names", "newest");
		ck_assert_int_eq(syncs.files, 3 * (_i > 0));
		ck_assert_int_eq(syncs.dirs, 2 * (_i == SYNC_FULL));
		unlinkat(unit_fd, "f", 0);
		syncs.files = syncs.dirs = 0;
	}
}
END_TEST

/* What is not on the disk must not be called so, nor take the place of what is. */
START_TEST(what_cannot_be_synced_is_not_there)
{
	policy.sync = _i == 0 ? SYNC_FILE : SYNC_FULL;
	syncs.file_err = EIO;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		begin(&up, "f", 0644, 3);
		fill(&up, "new");
		assert_not_committed(&up, EIO);
		assert_entries(0);
		put_file("f", "old", 0644);
		begin(&up, "f", 0644, 3);
		fill(&up, "new");
		assert_not_committed(&up, EIO);
		assert_content("f", "old");
		assert_entries(1);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

START_TEST(names_that_cannot_be_synced_lose_no_data)
{
	policy.sync = SYNC_FULL;
	syncs.dir_err = EIO;
	commit_without(&nothing, "sync", EIO);
	commit_without(&nothing, "sync", EIO);	/* over the file that is there now */
}
END_TEST

START_TEST(rule_57_published)
{
	struct upload up;
	struct upload_manner manner = { .create = true, .keep = true, .readable = true };
	int before = count_descriptors();
	const char *what;

	for (int named = 0; named < 2; named++) {
		put_file("f", "older", 0640);
		init(&up, named);
		open_any(&up, "f", manner);
		fill(&up, "new");
		ck_assert_int_eq(upload_publish(&up, &nothing, &what), 0);
		assert_content("f", "new");
		ck_assert(upload_is_in_place(&up));
		fill(&up, "est");
		assert_content("f", "newest");
		commit(&up, &nothing);
		assert_content("f", "newest");
		assert_entries(1);
	}
	/* Where that fails, it is over. */
	policy.overwrite = OVERWRITE_NO;
	init(&up, false);
	open_any(&up, "g", manner);
	put_file("g", "theirs", 0644);
	ck_assert_int_eq(upload_publish(&up, &nothing, &what), -1);
	ck_assert_int_eq(errno, EEXIST);
	upload_end(&up);
	assert_content("g", "theirs");
	assert_entries(2);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, nothing_is_seen_before_the_end);
	tcase_add_test(t, file_that_appeared_meanwhile_is_replaced);
	tcase_add_test(t, link_that_appeared_meanwhile_is_not_followed);
	tcase_add_test(t, directory_that_appeared_meanwhile_stays);
	tcase_add_test(t, file_that_went_away_meanwhile_is_made);
	tcase_add_test(t, attributes_are_set_last_and_exactly);
	tcase_add_test(t, omitted_times_stay_new);
	tcase_add_test(t, attributes_that_cannot_be_set_lose_no_data);
	tcase_add_test(t, times_that_are_none_lose_no_data);
	tcase_add_test(t, rule_57_published);
	tcase_add_loop_test(t, what_is_synced, 0, 3);
	tcase_add_loop_test(t, what_cannot_be_synced_is_not_there, 0, 2);
	tcase_add_test(t, names_that_cannot_be_synced_lose_no_data);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("commit", add);
}
