/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include "deeds/overlay.h"
#include "unit.h"

enum {
	MOST = 300,		/* bytes that the model has room for */
	ROUNDS = 400,
	STEPS = 12
};

/* What the file should be. */
static struct {
	unsigned char bytes[MOST];
	size_t size;
} model;

static struct overlay o;
static int old, new;

static void
make(size_t size)
{
	char content[MOST];

	for (size_t i = 0; i < size; i++)
		content[i] = (char)('a' + i % 26);
	old = openat(unit_fd, "old", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	new = openat(unit_fd, "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(old, content, size), (ssize_t)size);
	memset(&model, 0, sizeof(model));
	memcpy(model.bytes, content, size);
	model.size = size;
	overlay_init(&o, old, size);
}

static void
put(size_t at, size_t n, char c)
{
	char buf[MOST];

	memset(buf, c, sizeof(buf));
	ck_assert_int_eq(overlay_prepare(&o, new, at), 0);
	ck_assert_int_eq(pwrite(new, buf, n, (off_t)at), (ssize_t)n);
	overlay_have_written(&o, at + n);
	memset(model.bytes + at, c, n);
	model.size = at + n > model.size ? at + n : model.size;
}

static void
cut(size_t size)
{
	ck_assert_int_eq(overlay_cut(&o, new, size), 0);
	if (size < model.size)
		memset(model.bytes + size, 0, model.size - size);
	model.size = size;
}

static void
check_whole(const char *about)
{
	unsigned char got[MOST + 1];
	struct stat st;

	ck_assert_msg(o.size == model.size, "%s: %zu bytes, not %zu", about, (size_t)o.size,
	    model.size);
	ck_assert_int_eq(overlay_complete(&o, new), 0);
	ck_assert_int_eq(fstat(new, &st), 0);
	ck_assert_msg(st.st_size == (off_t)model.size, "%s: the file has %zu bytes, not %zu", about,
	    (size_t)st.st_size, model.size);
	ck_assert_int_eq(pread(new, got, sizeof(got), 0), (ssize_t)model.size);
	ck_assert_msg(memcmp(got, model.bytes, model.size) == 0, "%s: other bytes", about);
}

static size_t
any(size_t below)
{
	return (size_t)rand() % below;
}

static void
step(char what[8])
{
	size_t at = any(MOST - 100), n = 1 + any(100);

	switch (any(4)) {
	case 0:
		cut(any(MOST));
		strcpy(what, "cut");
		break;
	case 1:
		ck_assert_int_eq(overlay_complete(&o, new), 0);
		strcpy(what, "all");
		break;
	default:
		put(any(3) == 0 ? 0 : at, n, (char)('A' + n % 26));
		strcpy(what, "put");
		break;
	}
}

/* Whatever is done in whatever order: it is what would have come of the old file itself. */
START_TEST(rule_45_behaves_as_the_old_file)
{
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		char about[STEPS * 8 + 32] = "", what[8];

		srand(seed);
		make(any(MOST - 100));
		for (size_t i = 0; i <= any(STEPS); i++) {
			step(what);
			strcat(strcat(about, " "), what);
		}
		snprintf(about + strlen(about), 16, " (%u)", seed);
		check_whole(about);
		close(old);
		close(new);
	}
}
END_TEST

/* Who overwrites all of it, as scp does, copies nothing: the old file need not even be readable. */
START_TEST(rule_45_copies_no_more_than_needed)
{
	make(100);
	close(old);
	o.old = openat(unit_fd, "old", O_WRONLY | O_CLOEXEC);
	put(0, 30, 'x');
	put(30, 30, 'y');
	cut(60);
	check_whole("overwritten and cut");
	ck_assert_int_eq(o.old, -1);

	make(100);
	close(old);
	o.old = openat(unit_fd, "old", O_WRONLY | O_CLOEXEC);
	put(0, 100, 'x');
	check_whole("overwritten");

	make(100);
	close(old);
	o.old = openat(unit_fd, "old", O_WRONLY | O_CLOEXEC);
	put(0, 10, 'x');
	ck_assert_int_eq(overlay_prepare(&o, new, 20), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(overlay_cut(&o, new, 20), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(overlay_complete(&o, new), -1);
	ck_assert_int_eq(errno, EACCES);
	cut(5);
	check_whole("cut");
}
END_TEST

/* What is not there is not copied either. */
START_TEST(rule_45_holes)
{
	const off_t size = (off_t)64 << 20;
	char got[4];
	struct stat st;

	make(3);
	ck_assert_int_eq(pwrite(old, "end", 3, size - 3), 3);
	overlay_init(&o, old, (uint64_t)size);
	ck_assert_int_eq(overlay_prepare(&o, new, 0), 0);
	ck_assert_int_eq(pwrite(new, "x", 1, 0), 1);
	overlay_have_written(&o, 1);
	ck_assert_int_eq(overlay_complete(&o, new), 0);
	ck_assert_int_eq(fstat(new, &st), 0);
	ck_assert_int_eq(st.st_size, size);
	ck_assert_int_eq(pread(new, got, 3, size - 3), 3);
	ck_assert_int_eq(memcmp(got, "end", 3), 0);
	ck_assert_int_eq(pread(new, got, 3, 0), 3);
	ck_assert_int_eq(memcmp(got, "xbc", 3), 0);
	ck_assert_msg(st.st_blocks < (8 << 20) / 512, "%lld blocks", (long long)st.st_blocks);
}
END_TEST

START_TEST(rule_45_somebody_cuts_the_old_file)
{
	make(100);
	ck_assert_int_eq(ftruncate(old, 50), 0);
	ck_assert_int_eq(overlay_complete(&o, new), -1);
	ck_assert_int_eq(errno, ESTALE);
}
END_TEST

/* In place of the library's: no call tries what cannot be read, for a filter may kill who makes one. */
static unsigned tried;

ssize_t
pread(int fd, void *buf, size_t n, off_t at)
{
	tried++;
	return (ssize_t)syscall(SYS_pread64, fd, buf, n, at);
}

off_t
lseek(int fd, off_t at, int from)
{
	tried++;
	return (off_t)syscall(SYS_lseek, fd, at, from);
}

START_TEST(rule_69_what_cannot_be_read_is_not_tried)
{
	static const int flags[] = { O_WRONLY, O_PATH };

	for (size_t i = 0; i < COUNT(flags); i++) {
		make(100);
		close(old);
		o.old = openat(unit_fd, "old", flags[i] | O_CLOEXEC);
		tried = 0;
		ck_assert_int_eq(overlay_complete(&o, new), -1);
		ck_assert_int_eq(errno, EACCES);
		ck_assert_uint_eq(tried, 0);
		close(o.old);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_45_behaves_as_the_old_file);
	tcase_add_test(t, rule_45_copies_no_more_than_needed);
	tcase_add_test(t, rule_45_holes);
	tcase_add_test(t, rule_45_somebody_cuts_the_old_file);
	tcase_add_test(t, rule_69_what_cannot_be_read_is_not_tried);
}

int
main(void)
{
	return run_unit("overlay", add);
}
