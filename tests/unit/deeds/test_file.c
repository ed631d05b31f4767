/* SPDX-License-Identifier: ISC */
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <signal.h>

#include "liars.h"
#include "mounts.h"
#include "opened.h"
#include "text/amount.h"

enum {
	READ = FILE_READ, WRITE = FILE_WRITE, APPEND = FILE_APPEND, CREATE = FILE_CREATE,
	TRUNCATE = FILE_TRUNCATE, EXCLUSIVE = FILE_EXCLUSIVE
};

static struct file other;

static const char *
read_file(struct file *f, uint64_t offset, size_t n)
{
	static char buf[4096];
	size_t got;

	must(file_read(&deeds, f, offset, buf, n, &got, &answer), "read");
	buf[got] = '\0';
	return buf;
}

START_TEST(rule_30_reading)
{
	put_file("f", "content", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	ck_assert_int_eq(symlinkat("f", unit_fd, "link"), 0);
	start_drop_in();
	open_file(&file, "f", READ);
	ck_assert_str_eq(read_file(&file, 0, 100), "content");
	close_file(&file);
	open_file(&file, "link", 0);
	ck_assert_str_eq(read_file(&file, 3, 2), "te");
	close_file(&file);
	check_failed(try_open(&file, "d", READ), EISDIR, "directory");
	check_failed(try_open(&file, "f/", READ), ENOENT, "slash");
	check_failed(try_open(&file, "none", READ), ENOENT, "nothing");
	/* Nobody waits for its writer. */
	open_file(&file, "fifo", READ);
	close_file(&file);
	check_log("close \"");
	ck_assert_ptr_null(strstr(the_log(), "none"));
}
END_TEST

/* A file that says it has less than nothing is neither read nor gone on with. */
START_TEST(rule_30_a_size_that_is_none)
{
	put_file("f", "content", 0644);
	start_drop_in();
	size_lies = true;
	size_said = -1;
	check_failed(try_open(&file, "f", READ), EOVERFLOW, "read");
	check_failed(try_open(&file, "f", WRITE), EOVERFLOW, "write");
	check_failed(try_open(&file, "f", WRITE | CREATE | TRUNCATE), EOVERFLOW, "write over it");
	size_lies = false;
	open_file(&file, "f", READ);
	ck_assert_str_eq(read_file(&file, 0, 100), "content");
	/* While it is open: what is counted is what is read. */
	size_lies = true;
	ck_assert_str_eq(read_file(&file, 3, 2), "te");
	size_lies = false;
	close_file(&file);
}
END_TEST

START_TEST(rule_30_reading_beneath_a_root)
{
	put_file("f", "content", 0644);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	ck_assert_int_eq(symlinkat("f", unit_fd, "link"), 0);
	start_restricted();
	open_file(&file, "/f", READ);
	ck_assert_str_eq(read_file(&file, 0, 100), "content");
	close_file(&file);
	check_failed(try_open(&file, "/", READ), EISDIR, "top");
	check_failed(try_open(&file, "fifo", READ), ENXIO, "FIFO");
	check_failed(try_open(&file, "link", READ), ELOOP, "link");
	ck_assert_uint_eq(deeds.usage.files, 1);
}
END_TEST

enum kind {
	NOTHING, A_FIFO, A_LINK, A_DIRECTORY, KINDS
};

static const struct {
	const char *what;
	int	    err;
} kinds[KINDS] = {
	[NOTHING] = { "nothing", ENOENT }, [A_FIFO] = { "FIFO", ENXIO },
	[A_LINK] = { "link", ELOOP }, [A_DIRECTORY] = { "directory", EISDIR },
};

static void
put_kind(int kind)
{
	if (kind == A_FIFO)
		ck_assert_int_eq(mkfifoat(unit_fd, "d/f", 0644), 0);
	if (kind == A_LINK)
		ck_assert_int_eq(symlinkat("/etc/passwd", unit_fd, "d/f"), 0);
	if (kind == A_DIRECTORY)
		ck_assert_int_eq(mkdirat(unit_fd, "d/f", 0755), 0);
}

/* What a client looks at it opens in one step; what has its place by then is judged as anything is. */
START_TEST(rule_30_what_was_looked_at)
{
	struct stat st;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	start_restricted();
	for (int kind = 0; kind < KINDS; kind++) {
		put_file("d/f", "content", 0644);
		must(deeds_look(&deeds, "/d/f", DEEDS_FOLLOW, &st, &answer), "look");
		ck_assert_str_eq(deeds.regular, "d/f");
		ck_assert_int_eq(unlinkat(unit_fd, "d/f", 0), 0);
		check_failed((put_kind(kind), try_open(&file, "d/f", READ)), kinds[kind].err,
		    kinds[kind].what);
		(void)unlinkat(unit_fd, "d/f", kind == A_DIRECTORY ? AT_REMOVEDIR : 0);
	}
	put_file("d/f", "another", 0644);
	open_file(&file, "d/f", READ);
	ck_assert_str_eq(read_file(&file, 0, 100), "another");
	close_file(&file);
	/* A slash is no less one, and a name that is denied is. */
	check_failed(try_open(&file, "d/f/", READ), ENOENT, "slash");
	policy.rules[policy.nrules++] = (struct policy_rule){ .pattern = "f" };
	check_failed(try_open(&file, "d/f", READ), EACCES, "denied");
	ck_assert_uint_eq(deeds.usage.files, 1);
}
END_TEST

/* OPEN may make or empty what is then only read; that is an upload, judged and committed as one. */
START_TEST(rule_30_reading_what_is_made)
{
	put_file("f", "content", 0644);
	start_drop_in();
	open_file(&file, "new", READ | CREATE);
	check_content("new", "");
	ck_assert_str_eq(read_file(&file, 0, 10), "");
	close_file(&file);
	open_file(&file, "f", READ | CREATE);
	ck_assert_str_eq(read_file(&file, 0, 10), "content");
	close_file(&file);
	check_failed(try_open(&file, "f", READ | CREATE | EXCLUSIVE), EEXIST, "exclusively");
	open_file(&file, "f", READ | TRUNCATE);
	check_content("f", "");
	check_failed(try_write(&file, 0, "x"), EBADF, "what is only read");
	close_file(&file);
	ck_assert_uint_eq(deeds.usage.files, 3);
}
END_TEST

START_TEST(rule_30_downloads_alone)
{
	static const unsigned flags[] = {
		WRITE, READ | CREATE, READ | TRUNCATE, READ | APPEND, READ | EXCLUSIVE,
		WRITE | CREATE | TRUNCATE,
	};

	put_file("f", "content", 0644);
	policy = restricted_policy();
	policy.download_only = true;
	start();
	for (size_t i = 0; i < COUNT(flags); i++) {
		check_failed(try_open(&file, "f", flags[i]), EACCES, "upload");
		ck_assert_str_eq(answer.text, "uploads are not allowed");
		check_failed(try_open(&file, "no/such/f", flags[i]), EACCES, "nowhere");
	}
	check_content("f", "content");
	open_file(&file, "f", READ);
	check_failed(file_set(&deeds, &file, &(struct wish){ .attrs = { .has_mode = true,
	    .mode = 0600 } }, &answer), EACCES, "mode");
	close_file(&file);
	ck_assert_uint_eq(mode_of("f"), 0644);
}
END_TEST

START_TEST(rule_31_mode_and_size)
{
	struct file_wish wish = { .flags = WRITE | CREATE | TRUNCATE, .has_mode = true,
	    .mode = 0104766, .has_size = true, .size = 3 };

	start_drop_in();
	must(file_open(&deeds, &file, "f", &wish, &answer), "open");
	write_file(&file, 0, "12345");
	close_file(&file);
	check_content("f", "12345");
	ck_assert_uint_eq(mode_of("f"), 0744);
	wish.size = 100;
	must(file_open(&deeds, &file, "f", &wish, &answer), "open");
	write_file(&file, 0, "1");
	close_file(&file);
	check_content("f", "1");
	check_log("remark \"fewer bytes than announced\"");
	policy.max_file_size = 50;
	check_failed(file_open(&deeds, &file, "f", &wish, &answer), EDQUOT, "size");
	ck_assert_str_eq(answer.text, "larger than allowed");
	check_content("f", "1");
}
END_TEST

START_TEST(rule_32_ends)
{
	put_file("f", "content", 0644);
	start_drop_in();
	open_file(&file, "f", READ);
	ck_assert_str_eq(read_file(&file, 5, 100), "nt");
	ck_assert_str_eq(read_file(&file, 7, 100), "");
	ck_assert_str_eq(read_file(&file, 0, 0), "");
	ck_assert_str_eq(read_file(&file, INT64_MAX, 100), "");
	ck_assert_str_eq(read_file(&file, (uint64_t)INT64_MAX + 1, 100), "");
	ck_assert_str_eq(read_file(&file, UINT64_MAX, 100), "");
	ck_assert_uint_eq(deeds.usage.bytes, 2);
	close_file(&file);
}
END_TEST

/* In place of the library's: how often it was called, and bytes that a filesystem gives at once. */
static unsigned reads;
static size_t most = SIZE_MAX;

ssize_t
pread(int fd, void *buf, size_t n, off_t offset)
{
	reads++;
	return (ssize_t)syscall(SYS_pread64, fd, buf, n < most ? n : most, offset);
}

START_TEST(rule_32_short_reads)
{
	put_file("f", "content", 0644);
	start_drop_in();
	open_file(&file, "f", READ);
	reads = 0;
	ck_assert_str_eq(read_file(&file, 0, 100), "content");
	ck_assert_str_eq(read_file(&file, 7, 100), "");
	ck_assert_uint_eq(reads, 2);
	most = 2;
	ck_assert_str_eq(read_file(&file, 0, 100), "content");
	close_file(&file);
	/* What has grown since is there, for who goes on asking. */
	most = SIZE_MAX;
	open_file(&file, "f", READ);
	put_file("f", "content and more", 0644);
	ck_assert_str_eq(read_file(&file, 0, 10), "content an");
	ck_assert_str_eq(read_file(&file, 10, 100), "d more");
	close_file(&file);
}
END_TEST

START_TEST(rule_33_writing)
{
	struct iovec pieces[] = { { (void *)(uintptr_t)"ab", 2 }, { (void *)(uintptr_t)"", 0 },
	    { (void *)(uintptr_t)"cde", 3 } };
	struct stat st;

	start_drop_in();
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	must(file_write(&deeds, &file, 3, pieces, 3, &answer), "pieces");
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 8);
	close_file(&file);
	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	ck_assert_int_eq(st.st_size, 8);
	ck_assert_str_eq(get_file("f"), "");
	ck_assert_str_eq(get_file("f") + 3, "abcde");
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	check_failed(try_write(&file, INT64_MAX, "x"), EFBIG, "beyond");
	check_failed(file_close(&deeds, &file, &answer), EFBIG, "close");
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	check_failed(try_write(&file, UINT64_MAX, "x"), EFBIG, "around");
	check_failed(file_close(&deeds, &file, &answer), EFBIG, "close");
	ck_assert_str_eq(get_file("f") + 3, "abcde");
}
END_TEST

START_TEST(rule_33_appending)
{
	put_file("f", "old", 0644);
	start_drop_in();
	open_file(&file, "f", WRITE | APPEND);
	write_file(&file, 0, "+");
	write_file(&file, 100, "+");
	close_file(&file);
	check_content("f", "old++");
	open_file(&file, "new", WRITE | CREATE | APPEND);
	write_file(&file, 7, "a");
	write_file(&file, 0, "b");
	close_file(&file);
	check_content("new", "ab");
	policy.replace = REPLACE_ATOMIC;
	open_file(&file, "f", WRITE | APPEND);
	write_file(&file, 0, "!");
	check_content("f", "old++");
	close_file(&file);
	check_content("f", "old++!");
}
END_TEST

START_TEST(rule_43_judged_when_opened)
{
	static const struct {
		const char *name;
		unsigned flags;
		int err;
	} rows[] = {
		{ "d", WRITE | CREATE | TRUNCATE, EISDIR },
		{ "d/", WRITE | CREATE | TRUNCATE, EISDIR },
		{ "f/", WRITE | CREATE | TRUNCATE, ENOENT },
		{ "link", WRITE | CREATE | TRUNCATE, ELOOP },
		{ "fifo", WRITE | CREATE | TRUNCATE, ENXIO },
		{ "f", WRITE | CREATE | EXCLUSIVE, EEXIST },
		{ "none", WRITE, ENOENT },
		{ "none", WRITE | TRUNCATE, ENOENT },
		{ "none/f", WRITE | CREATE, ENOENT },
		{ "", WRITE | CREATE, EISDIR },
		{ ".hidden", WRITE | CREATE, EACCES },
		{ "sealed", WRITE | CREATE, EACCES },
		{ "closed/f", WRITE | CREATE, EACCES },
	};

	if (lacks_root("somebody whom permissions bind"))
		return;
	put_file("f", "old", 0644);
	put_file("sealed", "old", 0444);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	ck_assert_int_eq(mkdirat(unit_fd, "closed", 0555), 0);
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	ck_assert_int_eq(symlinkat("f", unit_fd, "link"), 0);
	become_user();
	start_restricted();
	for (size_t i = 0; i < COUNT(rows); i++)
		check_failed(try_open(&file, rows[i].name, rows[i].flags), rows[i].err,
		    rows[i].name);
	ck_assert_ptr_null(strstr(the_log(), "none"));
	policy.overwrite = OVERWRITE_NO;
	check_failed(try_open(&file, "f", WRITE | CREATE), EEXIST, "overwrite no");
	ck_assert_uint_eq(deeds.usage.files, 0);
	ck_assert_int_eq(count_entries("."), 6);
	check_content("f", "old");
}
END_TEST

/* Whether the way is in place, when it is opened and after a first WRITE. */
START_TEST(rule_44_ways)
{
	static const struct {
		unsigned flags, replace, overwrite;
		uint64_t offset;	/* of the first WRITE */
		bool at_open, in_place;
		const char *then, *closed;	/* what is there before it is closed, and then */
	} rows[] = {
		{ WRITE | CREATE | TRUNCATE, REPLACE_AUTO, 0, 0, false, false, "oldest", "x" },
		{ WRITE | TRUNCATE, REPLACE_AUTO, 0, 0, false, false, "oldest", "x" },
		{ WRITE | TRUNCATE, REPLACE_IN_PLACE, 0, 0, true, true, "x", "x" },
		{ WRITE, REPLACE_AUTO, 0, 0, true, true, "xldest", "xldest" },
		{ WRITE | READ, REPLACE_AUTO, 0, 2, true, true, "olxest", "olxest" },
		{ WRITE | CREATE | APPEND, REPLACE_AUTO, 0, 0, true, true, "oldestx", "oldestx" },
		{ WRITE | CREATE, REPLACE_AUTO, 0, 0, false, false, "oldest", "xldest" },
		{ WRITE | CREATE, REPLACE_AUTO, 0, 6, false, true, "oldestx", "oldestx" },
		{ WRITE | CREATE, REPLACE_IN_PLACE, 0, 0, true, true, "xldest", "xldest" },
		{ WRITE | CREATE, REPLACE_ATOMIC, 0, 6, false, false, "oldest", "oldestx" },
		{ WRITE, REPLACE_ATOMIC, 0, 2, false, false, "oldest", "olxest" },
		{ WRITE | CREATE | APPEND, REPLACE_ATOMIC, 0, 0, false, false, "oldest", "oldestx" },
		{ WRITE, REPLACE_AUTO, OVERWRITE_BACKUP, 2, false, false, "oldest", "olxest" },
		{ WRITE, REPLACE_IN_PLACE, OVERWRITE_BACKUP, 2, false, false, "oldest", "olxest" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file("f", "oldest", 0644);
		(void)unlinkat(unit_fd, "f.~1~", 0);
		policy = drop_in_policy();
		policy.replace = rows[i].replace;
		policy.overwrite = rows[i].overwrite;
		start();
		open_file(&file, "f", rows[i].flags);
		ck_assert_msg(upload_is_in_place(&file.upload) == rows[i].at_open, "row %zu: open", i);
		write_file(&file, rows[i].offset, "x");
		ck_assert_msg(upload_is_in_place(&file.upload) == rows[i].in_place, "row %zu", i);
		ck_assert_msg(file.pending == !rows[i].in_place, "row %zu: pending", i);
		check_content("f", rows[i].then);
		close_file(&file);
		check_content("f", rows[i].closed);
		ck_assert_int_eq(exists("f.~1~"), rows[i].overwrite == OVERWRITE_BACKUP);
		ck_assert_ptr_null(deeds.pending);
		root_close(&root);
	}
}
END_TEST

/* What a file opened by FLAGS should become, whatever way it takes. */
struct expected {
	char   bytes[256];
	size_t size;
};

static void
change_any(struct expected *e, unsigned flags, bool *published)
{
	size_t at = (size_t)rand() % 60, n = 1 + (size_t)rand() % 40;
	char data[64] = "";
	struct stat st;

	switch (rand() % 6) {
	case 0:
		must(try_size(&file, at), "size");
		if (at < e->size)
			memset(e->bytes + at, 0, sizeof(e->bytes) - at);
		e->size = at;
		break;
	case 1:
		must(file_look(&deeds, &file, &st, &answer), "look");
		ck_assert_int_eq(st.st_size, (off_t)e->size);
		break;
	case 2:
		ck_assert_str_eq(read_file(&file, e->size, 10), "");
		(void)read_file(&file, 0, 256);
		break;
	case 3:
		must(rand() % 4 == 0 ? (*published = true, file_publish(&deeds, &file, &answer)) : 0,
		    "publish");
		break;
	default:
		at = rand() % 3 == 0 ? 0 : at;
		memset(data, 'A' + rand() % 26, n);
		write_file(&file, at, data);
		at = (flags & APPEND) != 0 ? e->size : at;
		memcpy(e->bytes + at, data, n);
		e->size = at + n > e->size ? at + n : e->size;
	}
}

static void
check_expected(const struct expected *e, unsigned seed)
{
	struct stat st;

	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	ck_assert_msg(st.st_size == (off_t)e->size && memcmp(get_file("f"), e->bytes, e->size) == 0,
	    "seed %u: %lld bytes, expected %zu", seed, (long long)st.st_size, e->size);
}

/* New, replaced, copied or in place: it comes to the same. */
START_TEST(rule_44_every_way_comes_to_the_same)
{
	static const unsigned flags[] = { WRITE, WRITE | CREATE, WRITE | APPEND, WRITE | TRUNCATE,
	    WRITE | CREATE | APPEND, WRITE | CREATE | TRUNCATE };
	static const unsigned replaces[] = { REPLACE_AUTO, REPLACE_ATOMIC, REPLACE_IN_PLACE };
	static const char old[] = "the old content of the file";

	start_drop_in();
	audit_close(&audit);
	for (unsigned seed = 0; seed < 2000; seed++) {
		struct expected e = { .size = 0 };
		unsigned flag = flags[seed % COUNT(flags)];
		bool there = (flag & CREATE) == 0 || seed % 4 != 0, published = false;

		srand(seed);
		policy.replace = replaces[rand() % 3];
		(void)unlinkat(unit_fd, "f", 0);
		if (there)
			put_file("f", old, 0644);
		if (there && (flag & TRUNCATE) == 0)
			memcpy(e.bytes, old, e.size = sizeof(old) - 1);
		open_file(&file, "f", READ | flag);
		for (int i = rand() % 6; i >= 0; i--)
			change_any(&e, flag, &published);
		if (published)
			check_expected(&e, seed);
		close_file(&file);
		check_expected(&e, seed);
		ck_assert_int_eq(count_entries("."), 1);
	}
}
END_TEST

/* In a restricted account the other names of a file may be anywhere. */
START_TEST(rule_44_several_links)
{
	put_file("f", "old", 0644);
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "g", 0), 0);
	start_restricted();
	open_file(&file, "f", WRITE | APPEND);
	write_file(&file, 0, "!");
	close_file(&file);
	check_content("f", "old!");
	check_content("g", "old");
	start_drop_in();
	ck_assert_int_eq(linkat(unit_fd, "f", unit_fd, "h", 0), 0);
	open_file(&file, "f", WRITE | CREATE);
	ck_assert(upload_is_in_place(&file.upload));
	write_file(&file, 0, "O");
	close_file(&file);
	check_content("h", "Old!");
}
END_TEST

START_TEST(rule_45_reads_and_sizes)
{
	struct stat st;

	put_file("f", "oldest", 0640);
	start_drop_in();
	open_file(&file, "f", READ | WRITE | CREATE);
	ck_assert_str_eq(read_file(&file, 0, 100), "oldest");
	ck_assert(file.undecided);
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 6);
	write_file(&file, 0, "ab");
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 6);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_str_eq(read_file(&file, 0, 100), "abdest");
	check_content("f", "oldest");
	must(try_size(&file, 3), "size");
	ck_assert_str_eq(read_file(&file, 0, 100), "abd");
	must(try_size(&file, 4), "size");
	close_file(&file);
	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	ck_assert_int_eq(st.st_size, 4);
	check_content("f", "abd");
	ck_assert_uint_eq(mode_of("f"), 0640);
}
END_TEST

/* scp's own way, where nothing may be read: it is told nothing either. */
START_TEST(rule_45_uploads_alone)
{
	struct stat st;

	put_file("f", "oldest", 0644);
	start_blind();
	open_file(&file, "f", WRITE | CREATE);
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 0);
	write_file(&file, 0, "new");
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 3);
	must(try_size(&file, 3), "size");
	close_file(&file);
	check_content("f", "new");
	put_file("g", "oldest", 0644);
	open_file(&file, "g", WRITE | CREATE);
	write_file(&file, 0, "new");
	check_failed(file_close(&deeds, &file, &answer), EACCES, "without a size");
	check_content("g", "oldest");
	open_file(&file, "g", WRITE | CREATE);
	write_file(&file, 0, "new");
	check_failed(try_write(&file, 5, "new"), EACCES, "beyond what is known");
	check_failed(try_size(&file, 1), EACCES, "spoilt");
	check_failed(file_close(&deeds, &file, &answer), EACCES, "spoilt");
	check_content("g", "oldest");
	ck_assert_int_eq(count_entries("."), 2);
}
END_TEST

START_TEST(rule_46_as_scp_does)
{
	struct wish both = { .attrs = { .has_mode = true, .mode = 0100604, .has_times = true,
	    .times = { { .tv_sec = 100 }, { .tv_sec = 200 } } } };
	struct stat st;

	put_file("f", "longer than what comes", 0644);
	start_drop_in();
	open_file(&file, "f", WRITE | CREATE);
	write_file(&file, 0, "what ");
	write_file(&file, 5, "comes");
	check_content("f", "longer than what comes");
	must(try_size(&file, 10), "size");
	must(file_set(&deeds, &file, &both, &answer), "set");
	close_file(&file);
	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0604);
	ck_assert_int_eq(st.st_atim.tv_sec, 100);
	ck_assert_int_eq(st.st_mtim.tv_sec, 200);
	check_content("f", "what comes");
	check_log("bytes read 0 written 10 seconds");
}
END_TEST

START_TEST(rule_47_spoilt)
{
	put_file("f", "old", 0644);
	policy = drop_in_policy();
	policy.max_file_size = 5;
	start();
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	write_file(&file, 0, "12345");
	check_failed(try_write(&file, 5, "6"), EDQUOT, "too large");
	check_failed(try_write(&file, 0, "1"), EDQUOT, "then");
	check_failed(try_size(&file, 1), EDQUOT, "then");
	check_failed(file_sync(&deeds, &file, &answer), EDQUOT, "then");
	check_failed(file_close(&deeds, &file, &answer), EDQUOT, "close");
	ck_assert_str_eq(answer.text, "larger than allowed");
	check_content("f", "old");
	ck_assert_int_eq(count_entries("."), 1);
	ck_assert_uint_eq(deeds.errors, 1);
	check_log("forced close");
	check_log("written 5 seconds");
	check_log("reason \"larger than allowed\"");
	/* In place it cannot be undone, and is told all the same. */
	open_file(&file, "f", WRITE);
	write_file(&file, 0, "O");
	check_failed(try_size(&file, 6), EDQUOT, "size");
	check_failed(file_close(&deeds, &file, &answer), EDQUOT, "close");
	check_content("f", "Old");
}
END_TEST

/* Pieces that came at once are judged as if they had not. */
START_TEST(rule_47_of_pieces_what_fits)
{
	struct iovec pieces[] = { { (void *)(uintptr_t)"abc", 3 }, { (void *)(uintptr_t)"de", 2 },
	    { (void *)(uintptr_t)"f", 1 } };

	policy = drop_in_policy();
	policy.max_file_size = 5;
	start();
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	check_failed(file_write(&deeds, &file, 0, pieces, 3, &answer), EDQUOT, "one too many");
	ck_assert_uint_eq(file.written, 5);
	check_failed(file_close(&deeds, &file, &answer), EDQUOT, "close");
	policy.max_file_size = AMOUNT_NONE;
	policy.max_session_bytes = deeds.usage.bytes + 3;
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	check_failed(file_write(&deeds, &file, 0, pieces, 3, &answer), EDQUOT, "two too many");
	ck_assert_uint_eq(file.written, 3);
	check_failed(file_write(&deeds, &file, 0, pieces, 3, &answer), EDQUOT, "then");
	check_failed(file_close(&deeds, &file, &answer), EDQUOT, "close");
	ck_assert_int_eq(count_entries("."), 0);
}
END_TEST

START_TEST(rule_47_session_and_room)
{
	put_file("f", "0123456789", 0644);
	policy = drop_in_policy();
	policy.max_session_bytes = 12;
	start();
	open_file(&file, "new", WRITE | CREATE);
	write_file(&file, 0, "12345678");
	open_file(&other, "f", READ);
	ck_assert_str_eq(read_file(&other, 6, 100), "6789");
	check_failed(file_may_read(&deeds, &other, 0, 1, &answer), EDQUOT, "read");
	ck_assert_str_eq(read_file(&other, 10, 100), "");
	close_file(&other);
	check_failed(try_write(&file, 8, "9"), EDQUOT, "write");
	ck_assert_str_eq(answer.text, "more data than allowed");
	check_failed(file_close(&deeds, &file, &answer), EDQUOT, "close");
	policy.max_session_bytes = AMOUNT_NONE;
	open_file(&file, "new", WRITE | CREATE);
	policy.min_free = (uint64_t)1 << 60;
	check_failed(try_write(&file, 0, "x"), ENOSPC, "no room");
	check_failed(file_close(&deeds, &file, &answer), ENOSPC, "close");
	check_failed(try_open(&file, "new", WRITE | CREATE), ENOSPC, "not even for a name");
	check_content("new", NULL);
	policy.min_free = 0;
	/* What was allowed as it came may be gone since: others took room as well. */
	open_file(&file, "new", WRITE | CREATE);
	write_file(&file, 0, "x");
	policy.min_free = (uint64_t)1 << 60;
	check_failed(file_close(&deeds, &file, &answer), ENOSPC, "close of what was written");
	check_content("new", NULL);
	policy.min_free = 0;
	policy.max_files = deeds.usage.files + 1;
	open_file(&file, "new", WRITE | CREATE);
	check_failed(try_open(&other, "f", READ), EDQUOT, "one more");
	close_file(&file);
}
END_TEST

/* What is set is there at once, and is set again when data came after it. */
START_TEST(rule_48_attributes)
{
	struct wish times = { .attrs = { .has_times = true,
	    .times = { { .tv_sec = 100 }, { .tv_sec = 200 } } } };
	struct wish mode = { .attrs = { .has_mode = true, .mode = 06755 } };
	struct stat st;

	start_drop_in();
	open_file(&file, "f", WRITE | CREATE);
	must(file_set(&deeds, &file, &mode, &answer), "mode");
	must(file_set(&deeds, &file, &times, &answer), "times");
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_uint_eq(st.st_mode & 07777, 06755);
	ck_assert_int_eq(st.st_mtim.tv_sec, 200);
	write_file(&file, 0, "data");
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_mtim.tv_sec, 200);
	close_file(&file);
	ck_assert_int_eq(fstatat(unit_fd, "f", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 06755);
	ck_assert_int_eq(st.st_mtim.tv_sec, 200);
	check_log("mode 6755");
}
END_TEST

START_TEST(rule_48_who_is_kept_out)
{
	struct wish mode = { .attrs = { .has_mode = true, .mode = 0 } };
	struct stat st;

	become_user();
	start_drop_in();
	for (int named = 0; named < 2; named++) {
		(void)unlinkat(unit_fd, "f", 0);
		deeds.named_only = named;
		open_file(&file, "f", WRITE | CREATE);
		ck_assert_int_eq(count_entries("."), named);
		must(file_set(&deeds, &file, &mode, &answer), "mode");
		must(file_look(&deeds, &file, &st, &answer), "look");
		ck_assert_uint_eq(st.st_mode & 07777, 0);
		write_file(&file, 0, "data");
		close_file(&file);
		ck_assert_uint_eq(mode_of("f"), 0);
		ck_assert_int_eq(count_entries("."), 1);
	}
}
END_TEST

/* Nothing is written, so nothing is replaced; what was set is set on what is there. */
START_TEST(rule_48_nothing_written)
{
	struct wish mode = { .attrs = { .has_mode = true, .mode = 0600 } };
	struct stat before, after;

	put_file("f", "old", 0644);
	start_drop_in();
	ck_assert_int_eq(fstatat(unit_fd, "f", &before, 0), 0);
	open_file(&file, "f", WRITE | CREATE);
	close_file(&file);
	open_file(&file, "f", WRITE | CREATE);
	must(file_set(&deeds, &file, &mode, &answer), "mode");
	close_file(&file);
	ck_assert_int_eq(fstatat(unit_fd, "f", &after, 0), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_uint_eq(after.st_mode & 07777, 0600);
	check_content("f", "old");
}
END_TEST

START_TEST(rule_49_somebody_was_faster)
{
	start_drop_in();
	open_file(&file, "f", WRITE | CREATE | EXCLUSIVE);
	write_file(&file, 0, "ours");
	put_file("f", "theirs", 0644);
	check_failed(file_close(&deeds, &file, &answer), EEXIST, "exclusive");
	check_content("f", "theirs");
	ck_assert_int_eq(unlinkat(unit_fd, "f", 0), 0);
	policy.overwrite = OVERWRITE_NO;
	open_file(&file, "f", WRITE | CREATE);
	write_file(&file, 0, "ours");
	put_file("f", "theirs", 0644);
	check_failed(file_close(&deeds, &file, &answer), EEXIST, "overwrite no");
	check_content("f", "theirs");
	ck_assert_int_eq(count_entries("."), 1);
	check_log("reason \"File exists\"");
}
END_TEST

START_TEST(rule_50_what_is_not_closed)
{
	put_file("f", "old", 0644);
	put_file("g", "old", 0644);
	start_drop_in();
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	write_file(&file, 0, "new");
	open_file(&other, "g", WRITE);
	write_file(&other, 0, "O");
	file_drop(&deeds, &file, "lost connection");
	file_drop(&deeds, &other, "lost connection");
	check_content("f", "old");
	check_content("g", "Old");
	ck_assert_int_eq(count_entries("."), 2);
	check_log("forced close");
	check_log("written 3 seconds");
	check_log("reason \"lost connection\"");
	ck_assert_ptr_null(deeds.pending);
}
END_TEST

/* However a process ends, at each step of an upload: the old file or the new one, and nothing besides. */
START_TEST(rule_50_killed)
{
	enum { STEPS = 6 };

	for (int step = 0; step < STEPS; step++) {
		pid_t child;
		int status;

		put_file("f", "old", 0644);
		child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			start_drop_in();
			if (step > 0)
				open_file(&file, "f", WRITE | CREATE);
			if (step > 1)
				write_file(&file, 0, "new");
			if (step > 2)
				write_file(&file, 3, "est");
			if (step > 3)
				must(try_size(&file, 6), "size");
			if (step > 4)
				close_file(&file);
			kill(getpid(), SIGKILL);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		check_content("f", step > 4 ? "newest" : "old");
		ck_assert_int_eq(count_entries("."), 1);
	}
}
END_TEST

START_TEST(rule_52_others_see_nothing)
{
	start_drop_in();
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	write_file(&file, 0, "new");
	check_content("f", NULL);
	close_file(&file);
	check_content("f", "new");
}
END_TEST

START_TEST(rule_53_appending_in_place)
{
	int fd;

	put_file("f", "old", 0644);
	start_drop_in();
	open_file(&file, "f", WRITE | APPEND);
	open_file(&other, "f", WRITE | APPEND);
	write_file(&file, 0, "1");
	fd = openat(unit_fd, "f", O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(write(fd, "2", 1), 1);
	close(fd);
	write_file(&other, 0, "3");
	write_file(&file, 0, "4");
	close_file(&other);
	close_file(&file);
	check_content("f", "old1234");
}
END_TEST

START_TEST(rule_54_partial)
{
	policy = restricted_policy();
	policy.partials[policy.npartials++] = (struct policy_rule){ .allow = true, .source = 1,
	    .pattern = "*.part" };
	policy.replace = REPLACE_ATOMIC;
	start();
	open_file(&file, "f.part", WRITE | CREATE | TRUNCATE);
	check_content("f.part", "");
	write_file(&file, 0, "first");
	check_content("f.part", "first");
	file_drop(&deeds, &file, "lost connection");
	check_content("f.part", "first");
	open_file(&file, "f.part", WRITE | CREATE);
	write_file(&file, 5, " and second");
	check_content("f.part", "first and second");
	close_file(&file);
	check_content("f.part", "first and second");
	open_file(&file, "f", WRITE | CREATE | TRUNCATE);
	check_content("f", NULL);
	file_drop(&deeds, &file, "lost connection");
}
END_TEST

static void
find_spot(const char *path, struct spot *s)
{
	must(spot_find(&deeds, path, SPOT_ANYTHING, s, &answer), path);
}

START_TEST(rule_55_pending)
{
	static struct spot s;
	struct stat st;

	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	put_file("old", "older", 0640);
	start_restricted();
	open_file(&file, "d/f", WRITE | CREATE);
	open_file(&other, "old", WRITE | TRUNCATE);
	write_file(&file, 0, "data");
	find_spot("/d//f", &s);
	ck_assert_ptr_eq(file_pending(&deeds, &s), &file);
	spot_close(&s);
	find_spot("f", &s);
	ck_assert_ptr_null(file_pending(&deeds, &s));
	spot_close(&s);
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 4);
	ck_assert_uint_eq(st.st_nlink, 1);
	find_spot("old", &s);
	ck_assert_ptr_eq(file_pending(&deeds, &s), &other);
	spot_close(&s);
	must(file_look(&deeds, &other, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	close_file(&other);
	close_file(&file);
	find_spot("/d/f", &s);
	ck_assert_ptr_null(file_pending(&deeds, &s));
	spot_close(&s);
}
END_TEST

START_TEST(rule_56_forsaken)
{
	start_drop_in();
	open_file(&file, "f", WRITE | CREATE);
	write_file(&file, 0, "data");
	file_forsake(&deeds, &file);
	ck_assert_ptr_null(deeds.pending);
	write_file(&file, 4, "more");
	close_file(&file);
	check_content("f", NULL);
	ck_assert_int_eq(count_entries("."), 0);
	check_log("remark \"removed before it was closed\"");
}
END_TEST

START_TEST(rule_57_published)
{
	struct stat st;

	start_drop_in();
	put_file("f", "oldest", 0640);
	open_file(&file, "f", READ | WRITE | CREATE);
	write_file(&file, 0, "new");
	must(file_publish(&deeds, &file, &answer), "publish");
	check_content("f", "newest");
	ck_assert_uint_eq(mode_of("f"), 0640);
	ck_assert_ptr_null(deeds.pending);
	ck_assert_int_eq(renameat(unit_fd, "f", unit_fd, "g"), 0);
	write_file(&file, 6, "!");
	ck_assert_str_eq(read_file(&file, 0, 100), "newest!");
	must(file_look(&deeds, &file, &st, &answer), "look");
	ck_assert_int_eq(st.st_size, 7);
	close_file(&file);
	check_content("g", "newest!");
	check_content("f", NULL);
	/* By who opens it again. */
	open_file(&file, "new", WRITE | CREATE | APPEND);
	write_file(&file, 0, "first");
	open_file(&other, "new", READ);
	ck_assert_str_eq(read_file(&other, 0, 100), "first");
	write_file(&file, 0, "second");
	ck_assert_str_eq(read_file(&other, 0, 100), "firstsecond");
	close_file(&other);
	close_file(&file);
	/* What has failed is not: who opens it again begins anew. */
	policy.max_file_size = 3;
	open_file(&file, "spoilt", WRITE | CREATE);
	check_failed(try_write(&file, 0, "four"), EDQUOT, "write");
	open_file(&other, "spoilt", WRITE | CREATE | EXCLUSIVE);
	write_file(&other, 0, "yes");
	close_file(&other);
	check_failed(file_close(&deeds, &file, &answer), EDQUOT, "close");
	check_content("spoilt", "yes");
}
END_TEST

/* Who asks for a name that nobody has does not have half of a file made of what is pending. */
START_TEST(rule_57_nothing_is_published_for_who_wants_a_new_file)
{
	start_restricted();
	open_file(&file, "f", WRITE | CREATE);
	write_file(&file, 0, "half");
	check_failed(try_open(&other, "f", WRITE | CREATE | EXCLUSIVE), EEXIST, "open");
	check_content("f", NULL);
	close_file(&file);
	check_content("f", "half");
}
END_TEST

START_TEST(rule_24_copy)
{
	put_file("f", "0123456789", 0644);
	start_drop_in();
	open_file(&file, "f", READ);
	open_file(&other, "copy", WRITE | CREATE);
	must(file_copy(&deeds, &file, 2, 3, &other, 1, &answer), "some");
	must(file_copy(&deeds, &file, 6, 0, &other, 4, &answer), "to the end");
	must(file_copy(&deeds, &file, 100, 0, &other, 0, &answer), "behind the end");
	check_failed(file_copy(&deeds, &file, 8, 3, &other, 0, &answer), ENODATA, "too much");
	check_failed(file_copy(&deeds, &file, 0, 0, &file, 0, &answer), EBUSY, "itself");
	ck_assert_uint_eq(file.read, 7);
	ck_assert_uint_eq(other.written, 7);
	ck_assert_uint_eq(deeds.usage.bytes, 14);
	close_file(&other);
	ck_assert_str_eq(get_file("copy") + 1, "2346789");
	check_failed(try_open(&other, "copy", WRITE | CREATE | EXCLUSIVE), EEXIST, "exclusive");
	open_file(&other, "f", WRITE);
	check_failed(file_copy(&deeds, &file, 0, 0, &other, 0, &answer), EBUSY, "the same file");
	close_file(&other);
	close_file(&file);
	check_content("f", "0123456789");
}
END_TEST

START_TEST(rule_42_sync)
{
	start_drop_in();
	open_file(&file, "f", WRITE | CREATE);
	write_file(&file, 0, "x");
	must(file_sync(&deeds, &file, &answer), "sync");
	close_file(&file);
	check_content("f", "x");
}
END_TEST

/* Section 9: what cannot be read can be asked for where there is nothing to be read. */
START_TEST(upload_only_for_both)
{
	size_t got;
	char c;

	put_file("f", "old", 0644);
	policy = restricted_policy();
	policy.upload_only = true;
	start();
	check_failed(try_open(&file, "f", READ), EACCES, "reading");
	check_failed(try_open(&file, "f", READ | WRITE), EACCES, "both");
	check_failed(try_open(&file, "f", READ | WRITE | CREATE), EACCES, "both");
	open_file(&file, "new", READ | WRITE | CREATE);
	check_failed(file_read(&deeds, &file, 0, &c, 1, &got, &answer), EACCES, "READ");
	ck_assert_str_eq(answer.text, "downloads are not allowed");
	close_file(&file);
	open_file(&file, "f", READ | WRITE | CREATE | TRUNCATE);
	write_file(&file, 0, "new");
	check_failed(file_read(&deeds, &file, 0, &c, 1, &got, &answer), EACCES, "READ");
	close_file(&file);
	check_content("f", "new");
}
END_TEST

/* Whatever is there or not, the answer is the same; but own files can be opened again. */
START_TEST(rule_59_nothing_is_told)
{
	static const unsigned flags[] = { WRITE, WRITE | TRUNCATE, READ | WRITE | CREATE };

	put_file("f", "old", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	start_blind();
	for (size_t i = 0; i < COUNT(flags); i++) {
		check_failed(try_open(&file, "f", flags[i]), EACCES, "there");
		check_failed(try_open(&file, "none", flags[i]), EACCES, "not there");
	}
	check_failed(try_open(&file, "d", WRITE | CREATE), EACCES, "directory");
	ck_assert_ptr_null(answer.text);
	check_failed(try_open(&file, "none/f", WRITE | CREATE), ENOENT, "no directory");
	open_file(&file, "mine", WRITE | CREATE | TRUNCATE);
	write_file(&file, 0, "one");
	close_file(&file);
	open_file(&file, "mine", WRITE);
	write_file(&file, 3, "two");
	close_file(&file);
	check_content("mine", "onetwo");
}
END_TEST

START_TEST(rule_59_what_is_written_into_stays_anothers)
{
	struct stat st;

	put_file("f", "old", 0644);
	start_blind();
	open_file(&file, "f", WRITE | CREATE | APPEND);
	write_file(&file, 0, "er");
	ck_assert_int_eq(file_look(&deeds, &file, &st, &answer), 0);
	ck_assert_int_eq(st.st_size, 2);
	close_file(&file);
	check_content("f", "older");
	check_failed(try_open(&file, "f", WRITE), EACCES, "not its own");
	open_file(&file, "f", WRITE | CREATE);
	write_file(&file, 1, "x");
	must(try_size(&file, 2), "size");
	close_file(&file);
	check_content("f", "ox");
	open_file(&file, "f", WRITE);
	ck_assert_int_eq(file_look(&deeds, &file, &st, &answer), 0);
	ck_assert_int_eq(st.st_size, 2);
	close_file(&file);
}
END_TEST

START_TEST(rule_61_exclusively)
{
	put_file("f", "old", 0644);
	start_blind();
	check_failed(try_open(&file, "f", WRITE | CREATE | EXCLUSIVE), EACCES, "exclusively");
	check_content("f", "old");
	open_file(&file, "new", WRITE | CREATE | EXCLUSIVE);
	close_file(&file);
}
END_TEST

START_TEST(rule_68_each_has_its_own_record)
{
	put_file("f", "0123456789", 0644);
	start_restricted();
	open_file(&file, "f", READ);
	open_file(&other, "g", READ | WRITE | CREATE);
	(void)read_file(&file, 0, 7);
	write_file(&other, 0, "12345");
	(void)read_file(&other, 0, 2);
	close_file(&other);
	close_file(&file);
	check_log("close \"/f\" bytes read 7 written 0 seconds");
	check_log("close \"/g\" bytes read 2 written 5 seconds");
}
END_TEST

START_TEST(rule_68_required_record)
{
	int pipes[2];

	start_drop_in();
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	close(pipes[0]);
	signal(SIGPIPE, SIG_IGN);
	audit_to_fd(&audit, pipes[1], AUDIT_TEXT, true);
	open_file(&file, "f", WRITE | CREATE);
	ck_assert(!deeds.unlogged);
	close_file(&file);
	ck_assert(deeds.unlogged);
}
END_TEST

/* Names that come to be while a file there is written over. */
static int
count_names(int watch)
{
	static char events[65536];
	int n = 0;

	open_file(&file, "small/f", WRITE | CREATE | TRUNCATE);
	write_file(&file, 0, "new");
	close_file(&file);
	for (ssize_t left = read(watch, events, sizeof(events)), at = 0; at < left; n++) {
		struct inotify_event e;

		memcpy(&e, events + at, sizeof(e));
		at += (ssize_t)(sizeof(e) + e.len);
	}
	return n;
}

/* What can be done with names is tried where nobody knows, once. */
START_TEST(what_is_found_out_is_kept)
{
	int watch, first;

	if (!unshare_mounts())
		return;
	ck_assert_int_eq(mkdirat(unit_fd, "small", 0755), 0);
	ck_assert_int_eq(mount("none", PATH_IN("small"), "ramfs", 0, NULL), 0);
	put_file("small/f", "old", 0644);
	watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ck_assert_int_ge(inotify_add_watch(watch, PATH_IN("small"), IN_CREATE), 0);
	start_drop_in();
	first = count_names(watch);
	ck_assert_int_eq(count_names(watch), first - 2);
	ck_assert_int_eq(count_names(watch), first - 2);
	check_content("small/f", "new");
	close(watch);
	ck_assert_int_eq(umount2(PATH_IN("small"), MNT_DETACH), 0);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_30_reading);
	tcase_add_test(t, rule_30_a_size_that_is_none);
	tcase_add_test(t, rule_30_reading_beneath_a_root);
	tcase_add_test(t, rule_30_what_was_looked_at);
	tcase_add_test(t, rule_30_reading_what_is_made);
	tcase_add_test(t, rule_30_downloads_alone);
	tcase_add_test(t, rule_31_mode_and_size);
	tcase_add_test(t, rule_32_ends);
	tcase_add_test(t, rule_32_short_reads);
	tcase_add_test(t, rule_33_writing);
	tcase_add_test(t, rule_33_appending);
	tcase_add_test(t, rule_43_judged_when_opened);
	tcase_add_test(t, rule_44_ways);
	tcase_add_test(t, rule_44_every_way_comes_to_the_same);
	tcase_add_test(t, rule_44_several_links);
	tcase_add_test(t, rule_45_reads_and_sizes);
	tcase_add_test(t, rule_45_uploads_alone);
	tcase_add_test(t, rule_46_as_scp_does);
	tcase_add_test(t, rule_47_spoilt);
	tcase_add_test(t, rule_47_of_pieces_what_fits);
	tcase_add_test(t, rule_47_session_and_room);
	tcase_add_test(t, rule_48_attributes);
	tcase_add_test(t, rule_48_who_is_kept_out);
	tcase_add_test(t, rule_48_nothing_written);
	tcase_add_test(t, rule_49_somebody_was_faster);
	tcase_add_test(t, rule_50_what_is_not_closed);
	tcase_add_test(t, rule_50_killed);
	tcase_add_test(t, rule_52_others_see_nothing);
	tcase_add_test(t, rule_53_appending_in_place);
	tcase_add_test(t, rule_54_partial);
	tcase_add_test(t, rule_55_pending);
	tcase_add_test(t, rule_56_forsaken);
	tcase_add_test(t, rule_57_published);
	tcase_add_test(t, rule_57_nothing_is_published_for_who_wants_a_new_file);
	tcase_add_test(t, rule_24_copy);
	tcase_add_test(t, rule_42_sync);
	tcase_add_test(t, upload_only_for_both);
	tcase_add_test(t, rule_59_nothing_is_told);
	tcase_add_test(t, rule_59_what_is_written_into_stays_anothers);
	tcase_add_test(t, rule_61_exclusively);
	tcase_add_test(t, rule_68_each_has_its_own_record);
	tcase_add_test(t, rule_68_required_record);
	tcase_add_test(t, what_is_found_out_is_kept);
}

int
main(void)
{
	return run_unit("file", add);
}
