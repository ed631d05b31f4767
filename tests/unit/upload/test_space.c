/* SPDX-License-Identifier: ISC */
#include "liars.h"
#include "mounts.h"
#include "policies.h"
#include "unit.h"
#include "upload/space.h"

enum {
	K = 1024,
	PAGE = 4096		/* bytes of a block of tmpfs */
};

static struct policy policy;	/* a drop-in's, unless the test says otherwise */
static struct space space;	/* nothing known, at first */

/* A file in the directory that takes SIZE bytes, open for writing. */
static int
new_file(int dirfd, const char *name, size_t size)
{
	static const char bytes[PAGE];
	int fd = openat(dirfd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	for (; size > 0; size -= sizeof(bytes))
		ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	return fd;
}

static void
fits(int fd, uint64_t size, bool in_place)
{
	ck_assert_msg(space_check(&space, &policy, fd, size, in_place) == 0,
	    "%ju bytes, in place %d: expected that they fit, got %s", (uintmax_t)size, in_place,
	    strerror(errno));
}

static void
does_not_fit(int fd, uint64_t size, bool in_place)
{
	int end = space_check(&space, &policy, fd, size, in_place);

	ck_assert_msg(end == -1 && errno == ENOSPC,
	    "%ju bytes, in place %d: expected -1 and ENOSPC, got %d and %s", (uintmax_t)size,
	    in_place, end, end == 0 ? "nothing" : strerror(errno));
}

static const struct {
	uint64_t size;
	unsigned percent;
	uint64_t room;		/* of 400 KiB, for the first file */
} reserves[] = {
	{ 0, 0, 400 * K },	{ 1, 0, 396 * K },		{ 4096, 0, 396 * K },
	{ 4097, 0, 392 * K },	{ 100 * K, 0, 300 * K },	{ 400 * K, 0, 0 },
	{ 401 * K, 0, 0 },	{ UINT64_MAX, 0, 0 },		{ INT64_MAX, 0, 0 },
	{ 0, 1, 396 * K },	{ 0, 25, 300 * K },		{ 0, 100, 0 },
	/* Whichever is more. */
	{ 100 * K, 50, 200 * K }, { 200 * K, 25, 200 * K },	{ 200 * K, 50, 200 * K },
	{ 1, 100, 0 },		{ UINT64_MAX, 100, 0 },
};

START_TEST(what_must_stay_free)
{
	int dirfd = mount_small("size=400k"), fd;

	if (dirfd == -1)
		return;
	fd = new_file(dirfd, "f", 0);
	for (size_t i = 0; i < COUNT(reserves); i++) {
		policy.min_free = reserves[i].size;
		policy.min_free_percent = reserves[i].percent;
		fits(fd, reserves[i].room, false);
		does_not_fit(fd, reserves[i].room + 1, false);
		does_not_fit(fd, UINT64_MAX, false);
		does_not_fit(fd, UINT64_MAX - 8191, false);
		/* What is empty needs no room. */
		fits(fd, 0, false);
	}
	close(fd);
	unmount_small(dirfd);
}
END_TEST

/* A share of few blocks is a share all the same. */
START_TEST(what_must_stay_free_of_very_little)
{
	int dirfd = mount_small("size=64k"), fd;

	if (dirfd == -1)
		return;
	fd = new_file(dirfd, "f", 0);
	policy.min_free_percent = 50;
	fits(fd, 32 * K, false);
	does_not_fit(fd, 32 * K + 1, false);
	close(fd);
	unmount_small(dirfd);
}
END_TEST

/* What is overwritten in place is room; beside it, it is not. */
START_TEST(what_is_overwritten)
{
	int dirfd = mount_small("size=400k"), fd;

	if (dirfd == -1)
		return;
	fd = new_file(dirfd, "f", 300 * K);
	fits(fd, 100 * K, false);
	does_not_fit(fd, 100 * K + 1, false);
	fits(fd, 400 * K, true);
	does_not_fit(fd, 400 * K + 1, true);
	policy.min_free = 50 * K;
	/* Fifty KiB are thirteen blocks. */
	fits(fd, 348 * K, true);
	does_not_fit(fd, 348 * K + 1, true);
	close(fd);
	unmount_small(dirfd);
}
END_TEST

/* Plenty of room is asked for once, until much of it is used up or we go elsewhere. */
START_TEST(plenty_of_room)
{
	const uint64_t share = (uint64_t)256 << 20;
	int dirfd = mount_small("size=2g"), fd;

	if (dirfd == -1)
		return;
	fd = new_file(dirfd, "f", 0);
	fits(fd, PAGE, false);
	resize_small("size=4k");
	fits(fd, 2 * PAGE, false);
	fits(fd, 2 * PAGE, false);
	does_not_fit(fd, share, false);
	/* Now that it was asked for, there is no plenty any more. */
	does_not_fit(fd, 2 * PAGE, false);
	resize_small("size=2g");
	fits(fd, PAGE, false);
	resize_small("size=4k");
	space_forget(&space);
	does_not_fit(fd, 2 * PAGE, false);
	close(fd);
	unmount_small(dirfd);
}
END_TEST

/* Many files that are small take as much as one that is large. */
START_TEST(plenty_of_room_is_used_up)
{
	int dirfd = mount_small("size=2g"), fd, files = 0;

	if (dirfd == -1)
		return;
	fd = new_file(dirfd, "f", 0);
	fits(fd, PAGE, false);
	resize_small("size=4k");
	while (files < 10000 && space_check(&space, &policy, fd, 1 << 20, false) == 0)
		files++;
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_msg(files > 100 && files <= 256, "expected 100 to 256 files, got %d", files);
	close(fd);
	unmount_small(dirfd);
}
END_TEST

/* Where it is little, or some of it is promised, it is asked for every time. */
START_TEST(little_room_is_asked_for)
{
	static const struct { const char *size; uint64_t free; unsigned percent; } rows[] = {
		{ "size=1000m", 0, 0 }, { "size=2g", 1, 0 }, { "size=2g", 0, 1 },
	};
	int dirfd = mount_small(rows[_i].size), fd;

	if (dirfd == -1)
		return;
	fd = new_file(dirfd, "f", 0);
	policy.min_free = rows[_i].free;
	policy.min_free_percent = rows[_i].percent;
	fits(fd, PAGE, false);
	resize_small("size=4k");
	does_not_fit(fd, 2 * PAGE, false);
	close(fd);
	unmount_small(dirfd);
}
END_TEST

/* Filesystems that the kernel makes up have no blocks at all, and cannot be full. */
START_TEST(who_cannot_say_has_room)
{
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	fits(fd, INT64_MAX, false);
	close(fd);
	fits(-1, INT64_MAX, false);
}
END_TEST

/* What grows is asked for as it does, an eighth of the room at a time, and only where some must stay free. */
START_TEST(growth)
{
	int dirfd = mount_small("size=400k"), fd;
	uint64_t granted = 0, before;
	struct statvfs fs;

	if (dirfd == -1)
		return;
	fd = new_file(dirfd, "f", 0);
	ck_assert_int_eq(space_check_growth(&policy, fd, 0, UINT64_MAX, &granted), 0);
	policy.min_free = 80 * K;
	ck_assert_int_eq(space_check_growth(&policy, fd, 0, 320 * K + 1, &granted), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_uint_eq(granted, 0);
	ck_assert_int_eq(space_check_growth(&policy, fd, 0, 4 * K, &granted), 0);
	/* Of 316 KiB in 79 blocks, nine. */
	ck_assert_uint_eq(granted, 40 * K);
	/* Nobody asks, though it is gone. */
	close(new_file(dirfd, "g", 320 * K));
	ck_assert_int_eq(space_check_growth(&policy, fd, 0, 40 * K, &granted), 0);
	ck_assert_int_eq(space_check_growth(&policy, fd, 40 * K, 40 * K + 1, &granted), -1);
	/* What does not grow needs nothing. */
	ck_assert_int_eq(space_check_growth(&policy, fd, 300 * K, 300 * K, &granted), 0);
	ck_assert_int_eq(space_look(&policy, fd, &fs), 0);
	ck_assert_uint_eq(fs.f_bavail, 0);
	before = fs.f_favail;
	ck_assert_uint_gt(before, 0);
	policy.min_free_percent = 10;
	ck_assert_int_eq(space_look(&policy, fd, &fs), 0);
	ck_assert_uint_eq(fs.f_favail, before - (fs.f_files + 9) / 10);
	close(fd);
	unmount_small(dirfd);
}
END_TEST

/* Of two that ask at once the second sees what the first will take. */
START_TEST(room_is_taken_at_once)
{
	int dirfd = mount_small("size=400k"), first, second;
	bool taken = false;

	if (dirfd == -1)
		return;
	policy.min_free = 100 * K;
	first = new_file(dirfd, "f", 0);
	second = new_file(dirfd, "g", 0);
	fits(first, 200 * K, false);
	fits(second, 200 * K, false);
	ck_assert_int_eq(space_take(&policy, first, 200 * K, &taken), 0);
	ck_assert(taken);
	ck_assert_int_eq(space_take(&policy, second, 200 * K, &taken), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(ftruncate(second, 0), 0);
	/* Where nothing is kept free nothing is taken ahead. */
	policy.min_free = 0;
	ck_assert_int_eq(space_take(&policy, second, 100 * K, &taken), 0);
	ck_assert(taken);
	policy.min_free = 200 * K;
	ck_assert_int_eq(space_keep(&policy, second), 0);
	policy.min_free = 201 * K;
	ck_assert_int_eq(space_keep(&policy, second), -1);
	close(first);
	close(second);
	unmount_small(dirfd);
}
END_TEST

/* Of the number of files, too. */
START_TEST(files_are_kept_free)
{
	int dirfd = mount_small("size=4m,nr_inodes=20");
	bool taken;

	if (dirfd == -1)
		return;
	policy.min_free_percent = 50;
	for (int i = 0; i < 20; i++) {
		char name[16];
		int fd;

		snprintf(name, sizeof(name), "f%d", i);
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (i < 8)
			ck_assert_int_eq(space_take(&policy, fd, 0, &taken), 0);
		if (i > 10)
			ck_assert_int_eq(fd == -1 ? -1 : space_take(&policy, fd, 0, &taken), -1);
		close(fd);
	}
	unmount_small(dirfd);
}
END_TEST

/* Whatever a filesystem says, no sum of it is small because it is too large. */
START_TEST(numbers_that_are_too_large)
{
	struct statfs fs = { .f_type = TYPE_TMPFS, .f_bsize = 1, .f_frsize = 1, .f_blocks = UINT64_MAX };
	uint64_t granted = 0;
	int fd = new_file(unit_fd, "f", 0);

	filesystem_said = &fs;
	policy = drop_in_policy();
	policy.min_free = UINT64_MAX;
	fs.f_bfree = fs.f_bavail = 1 << 30;
	does_not_fit(fd, 1 << 20, false);
	does_not_fit(fd, UINT64_MAX, false);
	ck_assert_int_eq(space_obstacle(&policy, fd, 1 << 20), ENOSPC);
	policy.min_free = 0;
	/* What is there in place is room, but not less than none, and it does not wrap either. */
	size_lies = true;
	blocks_said = -1;
	fs.f_bfree = fs.f_bavail = 4096;
	does_not_fit(fd, 8192, true);
	blocks_said = INT64_MAX;
	fs.f_bfree = fs.f_bavail = UINT64_MAX - 4096;
	fits(fd, UINT64_MAX - 512, true);
	size_lies = false;
	/* Nor is what need not be asked for again. */
	fs.f_frsize = 1 << 21;
	space = (struct space){ .spare = 0 };
	fits(fd, 1, false);
	ck_assert_uint_eq(space.spare, UINT64_MAX);
	policy.min_free = 1;
	ck_assert_int_eq(space_check_growth(&policy, fd, 0, 1 << 20, &granted), 0);
	ck_assert_uint_eq(granted, UINT64_MAX);
	filesystem_said = NULL;
	close(fd);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, numbers_that_are_too_large);
	policy = drop_in_policy();
	tcase_add_test(t, what_must_stay_free);
	tcase_add_test(t, what_must_stay_free_of_very_little);
	tcase_add_test(t, room_is_taken_at_once);
	tcase_add_test(t, files_are_kept_free);
	tcase_add_test(t, what_is_overwritten);
	tcase_add_test(t, plenty_of_room);
	tcase_add_test(t, plenty_of_room_is_used_up);
	tcase_add_loop_test(t, little_room_is_asked_for, 0, 3);
	tcase_add_test(t, who_cannot_say_has_room);
	tcase_add_test(t, growth);
}

int
main(void)
{
	return run_unit("space", add);
}
