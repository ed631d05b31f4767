/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "dirs.h"
#include "paths/sticky.h"
#include "uploading.h"

START_TEST(several_links_are_written_in_place)
{
	put_file("f", "the old one", 0600);
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
	assert_in_place("f", "new");
	assert_content("g", "new");
	assert_in_place("f", "");
	assert_in_place("g", "and much longer than before");
	ck_assert_uint_eq(stat_of("f").st_nlink, 2);
}
END_TEST

START_TEST(file_of_another_is_written_in_place)
{
	if (lacks_root("files of others"))
		return;
	put_file("f", "the old one", 0666);
	ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER, 0), 0);
	become_user();
	assert_in_place("f", "new");
}
END_TEST

START_TEST(directory_that_we_may_not_write_has_its_files_written_in_place)
{
	become_user();
	put_file("f", "the old one", 0644);
	ck_assert_int_eq(fchmod(unit_fd, 0555), 0);
	assert_in_place("f", "new");
	ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
}
END_TEST

START_TEST(mount_point_is_written_in_place)
{
	if (!unshare_mounts())
		return;
	put_file("f", "below", 0644);
	put_file("over", "the old one", 0644);
	ck_assert_int_eq(mount(PATH_IN("over"), PATH_IN("f"), NULL, MS_BIND, NULL), 0);
	assert_in_place("f", "new");
	ck_assert_int_eq(umount2(PATH_IN("f"), MNT_DETACH), 0);
	assert_content("f", "below");
	assert_content("over", "new");
}
END_TEST

START_TEST(running_program_is_replaced)
{
	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		pid_t pid = run_program("prog");
		ino_t before;

		if (pid == -1)
			return;
		before = stat_of("prog").st_ino;
		init(&up, named);
		put(&up, "prog", "new", 0644);
		assert_content("prog", "new");
		ck_assert_uint_eq(mode_of("prog"), 0755);
		ck_assert_uint_ne(stat_of("prog").st_ino, before);
		assert_entries(1);
		end_program(pid);
	}
}
END_TEST

START_TEST(running_program_with_two_names_is_busy)
{
	struct upload up;
	pid_t pid = run_program("prog");
	off_t size;

	if (pid == -1)
		return;
	size = stat_of("prog").st_size;
	ck_assert_int_eq(linkat(unit_fd, "prog", unit_fd, "other", 0), 0);
	init(&up, false);
	assert_refused(&up, unit_fd, "prog", 3, UPLOAD_REGULAR, ETXTBSY);
	ck_assert_int_eq(stat_of("prog").st_size, size);
	assert_entries(2);
	end_program(pid);
}
END_TEST

START_TEST(file_that_we_may_not_write_is_not_replaced)
{
	static const mode_t closed[] = { 0444, 0400, 0555, 0000, 0077 };

	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(closed); i++) {
			ino_t before;

			put_file("f", "old", closed[i]);
			before = stat_of("f").st_ino;
			assert_refused(&up, unit_fd, "f", 3, UPLOAD_REGULAR, EACCES);
			ck_assert_uint_eq(stat_of("f").st_ino, before);
			ck_assert_uint_eq(mode_of("f"), closed[i]);
			ck_assert_int_eq(stat_of("f").st_size, 3);
			assert_entries(1);
			unlinkat(unit_fd, "f", 0);
		}
	}
}
END_TEST

START_TEST(what_is_no_file_is_refused_at_once)
{
	static const struct {
		const char *name;
		int	    regular, special;	/* the errno with either permission */
	} rows[] = {
		{ "dir", EISDIR, EISDIR },	{ "link", ELOOP, ELOOP },
		{ "dangling", ELOOP, ELOOP },	{ "to-dir", ELOOP, ELOOP },
		{ "loop", ELOOP, ELOOP },	{ "to-fifo", ELOOP, ELOOP },
		{ "fifo", ENXIO, ENXIO },	{ "socket", ENXIO, ENXIO },
	};

	ck_assert_int_eq(mkdirat(unit_fd, "dir", 0755), 0);
	put_file("file", "old", 0644);
	ck_assert_int_eq(symlinkat("file", unit_fd, "link"), 0);
	ck_assert_int_eq(symlinkat("nowhere", unit_fd, "dangling"), 0);
	ck_assert_int_eq(symlinkat("dir", unit_fd, "to-dir"), 0);
	ck_assert_int_eq(symlinkat("loop", unit_fd, "loop"), 0);
	ck_assert_int_eq(symlinkat("fifo", unit_fd, "to-fifo"), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	make_socket("socket");
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(rows); i++) {
			assert_refused(&up, unit_fd, rows[i].name, 5, UPLOAD_REGULAR,
			    rows[i].regular);
			assert_refused(&up, unit_fd, rows[i].name, 5, UPLOAD_SPECIAL,
			    rows[i].special);
		}
	}
	assert_entries(9);
	assert_content("file", "old");
	ck_assert(!exists("nowhere"));
	ck_assert(S_ISLNK(stat_of("link").st_mode));
}
END_TEST

START_TEST(fifo_with_a_reader_is_written)
{
	struct upload up;
	struct attrs wanted = { .has_mode = true, .mode = 0777, .has_times = true };
	char got[16] = "";
	int reader;

	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0600), 0);
	reader = openat(unit_fd, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(reader, 0);
	init(&up, false);
	assert_refused(&up, unit_fd, "fifo", 5, UPLOAD_REGULAR, ENXIO);
	ck_assert_int_eq(upload_begin(&up, unit_fd, "fifo", 0644, 5, UPLOAD_SPECIAL), 0);
	ck_assert(!up.regular);
	/* Its reader may be slow: then writing waits. */
	ck_assert_int_eq(fcntl(up.fd, F_GETFL) & O_NONBLOCK, 0);
	fill(&up, "hello");
	commit(&up, &wanted);
	ck_assert_int_eq(read(reader, got, sizeof(got) - 1), 5);
	ck_assert_str_eq(got, "hello");
	ck_assert_uint_eq(mode_of("fifo"), 0600);
	ck_assert_int_ne(stat_of("fifo").st_mtim.tv_sec, 0);
	assert_entries(1);
	close(reader);
}
END_TEST

/* Root could do harm to the real /dev/null: it has one of its own. */
START_TEST(device_is_written_and_stays_what_it_is)
{
	struct attrs wanted = { .has_mode = true, .mode = 0600, .has_times = true };
	int dirfd = unit_fd, fd;
	struct stat before, after;
	struct upload up;

	if (geteuid() == 0)
		ck_assert_int_eq(mknodat(unit_fd, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
	else
		dirfd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(dirfd, "null", O_WRONLY | O_CLOEXEC);
	if (fd == -1) {
		printf("SKIP: no devices here: %s\n", strerror(errno));
		return;
	}
	ck_assert_int_eq(fstat(fd, &before), 0);
	close(fd);
	init(&up, false);
	assert_refused(&up, dirfd, "null", 5, UPLOAD_REGULAR, ENXIO);
	ck_assert_int_eq(upload_begin(&up, dirfd, "null", 0644, 5, UPLOAD_SPECIAL), 0);
	ck_assert_int_eq((int)up.way, (int)UPLOAD_IN_PLACE);
	ck_assert(!up.regular);
	fill(&up, "hello");
	commit(&up, &wanted);
	ck_assert_int_eq(fstatat(dirfd, "null", &after, 0), 0);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_ne(after.st_mtim.tv_sec, 0);
}
END_TEST

START_TEST(device_takes_any_size)
{
	int dirfd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct upload up;

	init(&up, false);
	ck_assert_int_eq(upload_begin(&up, dirfd, "null", 0644, INT64_MAX, UPLOAD_SPECIAL), 0);
	upload_end(&up);
	close(dirfd);
}
END_TEST

/* What the kernel may be told to refuse, protected_regular, is refused unless it was told otherwise. */
START_TEST(traps_in_sticky_directories_are_refused)
{
	const struct {
		mode_t	    mode;
		uid_t	    owner;	/* of the directory */
		const char *name;
		int	    err;
		unsigned    sticky;
	} rows[] = {
		{ 01777, 0, "strangers", EACCES, STICKY_PROTECTED },
		{ 01777, STRANGER, "strangers", 0, STICKY_PROTECTED },
		{ 01777, 0, "ours", 0, STICKY_PROTECTED },
		{ 0777, 0, "strangers", 0, STICKY_PROTECTED },
		{ 01775, 0, "strangers", 0, STICKY_PROTECTED },
		{ 01777, 0, "strangers", 0, STICKY_OPEN },
		{ 01777, 0, "ours", 0, STICKY_OPEN },
		{ 01777, 0, "strangers", sticky_is_protected() ? EACCES : 0, STICKY_ASK },
	};

	if (lacks_root("files of others"))
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct upload up;
		int end, err;

		/* Made anew, and nowhere sticky: the kernel may refuse us as it refuses others. */
		ck_assert_int_eq(fchmod(unit_fd, 0755), 0);
		put_file("strangers", "theirs", 0666);
		put_file("ours", "ours", 0666);
		ck_assert_int_eq(fchownat(unit_fd, "strangers", STRANGER, STRANGER, 0), 0);
		ck_assert_int_eq(fchown(unit_fd, rows[i].owner, 0), 0);
		ck_assert_int_eq(fchmod(unit_fd, rows[i].mode), 0);
		policy.sticky = rows[i].sticky;
		upload_init(&up, &policy);
		end = upload_begin(&up, unit_fd, rows[i].name, 0644, 5, UPLOAD_REGULAR);
		err = end == -1 ? errno : 0;
		upload_end(&up);
		ck_assert_msg(err == rows[i].err, "row %zu: expected %s, got %s", i,
		    strerror(rows[i].err), strerror(err));
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, traps_in_sticky_directories_are_refused);
	tcase_add_test(t, several_links_are_written_in_place);
	tcase_add_test(t, file_of_another_is_written_in_place);
	tcase_add_test(t, directory_that_we_may_not_write_has_its_files_written_in_place);
	tcase_add_test(t, mount_point_is_written_in_place);
	tcase_add_test(t, running_program_is_replaced);
	tcase_add_test(t, running_program_with_two_names_is_busy);
	tcase_add_test(t, file_that_we_may_not_write_is_not_replaced);
	tcase_add_test(t, what_is_no_file_is_refused_at_once);
	tcase_add_test(t, fifo_with_a_reader_is_written);
	tcase_add_test(t, device_is_written_and_stays_what_it_is);
	tcase_add_test(t, device_takes_any_size);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("old", add);
}
