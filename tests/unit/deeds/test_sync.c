/* SPDX-License-Identifier: ISC */
/* What the disk knows of before the client does, deed by deed, and with each value of the key. */
#include <sys/stat.h>
#include <sys/syscall.h>

#include "opened.h"

static struct {
	int files, dirs;
} syncs;

/* In place of the library's. */
int
fsync(int fd)
{
	struct stat st;

	*(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? &syncs.dirs : &syncs.files) += 1;
	return (int)syscall(SYS_fsync, fd);
}

static void
upload(const char *name, unsigned flags)
{
	open_file(&file, name, FILE_WRITE | flags);
	write_file(&file, 0, "new");
	close_file(&file);
}

static void
make_new(void)
{
	upload("new", FILE_CREATE | FILE_TRUNCATE);
}

static void
replace(void)
{
	upload("f", FILE_CREATE | FILE_TRUNCATE);
}

static void
overwrite(void)
{
	open_file(&file, "f", FILE_WRITE | FILE_CREATE);
	write_file(&file, 0, "new");
	must(try_size(&file, 3), "size");
	close_file(&file);
}

static void
go_on(void)
{
	upload("f", FILE_APPEND);
}

static void
change_nothing(void)
{
	open_file(&file, "f", FILE_WRITE | FILE_CREATE);
	close_file(&file);
	open_file(&file, "f", FILE_READ);
	close_file(&file);
}

static void
publish(void)
{
	open_file(&file, "new", FILE_WRITE | FILE_CREATE);
	write_file(&file, 0, "new");
	must(deeds_rename(&deeds, "new", "newer", false, &answer), "rename");
	close_file(&file);
}

static void
ask_for_it(void)
{
	open_file(&file, "f", FILE_READ);
	must(file_sync(&deeds, &file, &answer), "sync");
	close_file(&file);
}

static void
move(void)
{
	must(deeds_rename(&deeds, "f", "g", false, &answer), "rename");
}

static void
move_elsewhere(void)
{
	must(deeds_rename(&deeds, "f", "d/g", true, &answer), "rename");
}

static void
take(void)
{
	must(deeds_remove(&deeds, "f", &answer), "remove");
}

static void
take_directory(void)
{
	must(deeds_rmdir(&deeds, "d", &answer), "rmdir");
}

static void
make_directory(void)
{
	must(deeds_mkdir(&deeds, "e", 0755, &answer), "mkdir");
}

static void
make_links(void)
{
	must(deeds_symlink(&deeds, "f", "l", DEEDS_SPARE, &answer), "symlink");
	must(deeds_hard_link(&deeds, "f", "h", DEEDS_SPARE, &answer), "link");
}

static void
set(void)
{
	const struct wish w = { .attrs = { .has_mode = true, .mode = 0600 } };

	must(deeds_set(&deeds, "f", DEEDS_FOLLOW, &w, &answer), "set");
}

static const struct {
	const char *what;
	void	  (*deed)(void);
	int	    files[SYNC_FULL + 1], dirs[SYNC_FULL + 1];	/* with none, file, full */
} rows[] = {
	{ "a new file", make_new, { 0, 1, 1 }, { 0, 0, 1 } },
	{ "a file that is replaced", replace, { 0, 1, 1 }, { 0, 0, 1 } },
	{ "one that is overwritten", overwrite, { 0, 1, 1 }, { 0, 0, 1 } },
	{ "one that is gone on with", go_on, { 0, 1, 1 }, { 0, 0, 0 } },
	{ "one that stays as it is", change_nothing, { 0, 0, 0 }, { 0, 0, 0 } },
	{ "one that is renamed while it is written", publish, { 0, 2, 2 }, { 0, 0, 3 } },
	{ "fsync", ask_for_it, { 1, 1, 1 }, { 0, 0, 0 } },
	{ "a name", move, { 0, 0, 0 }, { 0, 0, 2 } },
	{ "a name in another directory", move_elsewhere, { 0, 0, 0 }, { 0, 0, 2 } },
	{ "a removal", take, { 0, 0, 0 }, { 0, 0, 1 } },
	{ "that of a directory", take_directory, { 0, 0, 0 }, { 0, 0, 1 } },
	{ "a directory", make_directory, { 0, 0, 0 }, { 0, 0, 1 } },
	{ "links", make_links, { 0, 0, 0 }, { 0, 0, 2 } },
	{ "a mode", set, { 0, 0, 0 }, { 0, 0, 0 } },
};

START_TEST(rule_49_what_is_on_the_disk_before_it_is_said)
{
	const int sync = _i % (SYNC_FULL + 1), row = _i / (SYNC_FULL + 1);

	put_file("f", "old", 0644);
	ck_assert_int_eq(mkdirat(unit_fd, "d", 0755), 0);
	policy = drop_in_policy();
	policy.sync = (unsigned)sync;
	start();
	rows[row].deed();
	ck_assert_msg(syncs.files == rows[row].files[sync] && syncs.dirs == rows[row].dirs[sync],
	    "%s, sync %d: %d files and %d directories", rows[row].what, sync, syncs.files, syncs.dirs);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_loop_test(t, rule_49_what_is_on_the_disk_before_it_is_said, 0,
	    COUNT(rows) * (SYNC_FULL + 1));
}

int
main(void)
{
	return run_unit("sync", add);
}
