/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "scratch.h"

enum {
	DESCRIPTORS = 128,	/* that are looked at */
	TICK = 50000,		/* microseconds after which a change has another time */
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

static char path[64];
static int top = -1, outside = -1;	/* OUTSIDE: the working directory of everybody else */
static pid_t owner;
static int known;		/* descriptors that were open */

static const char *const canaries[] = {
	".", "canary", "canary/file", "canary/private", "canary/dir", "canary/dir/file",
	"canary/fifo",
};

static struct stat sung[COUNT(canaries)];	/* as they were */

static void
remove_scratch(void)
{
	if (getpid() != owner)
		return;
	scratch_walk(top, NULL, true);
	(void)rmdir(path);
}

int
scratch_open(void)
{
	const char *dir = getenv("FUZZ_TMP");
	struct rlimit limit;

	if (dir == NULL)
		dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(path, sizeof(path), "%s/scp-fuzz-XXXXXX", dir);
	REQUIRE(mkdtemp(path) != NULL, "%s: %s", path, strerror(errno));
	REQUIRE(chmod(path, 0755) == 0, "%s", strerror(errno));
	top = open(path, DIR_FLAGS);
	REQUIRE(top != -1, "%s", strerror(errno));
	owner = getpid();
	atexit(remove_scratch);
	umask(022);
	if (geteuid() == 0)
		REQUIRE(setgroups(0, NULL) == 0, "%s", strerror(errno));
	/* A directory in a directory, one descriptor each. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	return top;
}

const char *
scratch_path(void)
{
	return path;
}

void
enter_dir(int dirfd)
{
	if (outside == -1)
		outside = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(outside != -1 && fchdir(dirfd) == 0, "%s", strerror(errno));
}

void
leave_dir(void)
{
	REQUIRE(fchdir(outside) == 0, "%s", strerror(errno));
}

char
plant_byte(size_t i)
{
	return i < 3 ? "old"[i] : (char)(i * 31 + i / 253);
}

/* Sets what the umask, or a later entry, would have made different. */
static void
finish(int dirfd, const char *name, mode_t mode)
{
	const struct timespec long_ago = { .tv_sec = LONG_AGO }, both[2] = { long_ago, long_ago };

	REQUIRE(fchmodat(dirfd, name, mode, 0) == 0, "%s: %s", name, strerror(errno));
	REQUIRE(utimensat(dirfd, name, both, 0) == 0, "%s: %s", name, strerror(errno));
}

void
plant_dir(int dirfd, const char *name, mode_t mode)
{
	REQUIRE(mkdirat(dirfd, name, 0700) == 0, "%s: %s", name, strerror(errno));
	finish(dirfd, name, mode);
}

void
plant_file(int dirfd, const char *name, mode_t mode, size_t size)
{
	static char bytes[1 << 17];
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	REQUIRE(fd != -1 && size <= sizeof(bytes), "%s: %s", name, strerror(errno));
	for (size_t i = 0; i < size; i++)
		bytes[i] = plant_byte(i);
	REQUIRE(write(fd, bytes, size) == (ssize_t)size, "%s: %s", name, strerror(errno));
	close(fd);
	finish(dirfd, name, mode);
}

void
plant_link(int dirfd, const char *name, const char *to)
{
	REQUIRE(symlinkat(to, dirfd, name) == 0, "%s: %s", name, strerror(errno));
}

void
plant_fifo(int dirfd, const char *name)
{
	REQUIRE(mkfifoat(dirfd, name, 0600) == 0, "%s: %s", name, strerror(errno));
	finish(dirfd, name, 0666);
}

void
plant_owner(int dirfd, const char *name, uid_t uid)
{
	if (geteuid() == 0)
		REQUIRE(fchownat(dirfd, name, uid, uid, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", name,
		    strerror(errno));
}

/* Opens a directory whatever mode a client has given it. */
static int
open_to_walk(int dirfd, const char *name, bool remove)
{
	int fd;

	if (remove && geteuid() != 0)
		(void)!fchmodat(dirfd, name, 0700, 0);
	fd = openat(dirfd, name, DIR_FLAGS);
	REQUIRE(fd != -1, "%s: %s", name, strerror(errno));
	return fd;
}

static void
walk_entry(int dirfd, const char *name, scratch_look *look, bool remove)
{
	struct stat st;

	REQUIRE(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", name,
	    strerror(errno));
	if (look != NULL)
		look(dirfd, name, &st);
	if (S_ISDIR(st.st_mode)) {
		int fd = open_to_walk(dirfd, name, remove);

		scratch_walk(fd, look, remove);
		close(fd);
	}
	if (remove)
		REQUIRE(unlinkat(dirfd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0,
		    "%s: %s", name, strerror(errno));
}

void
scratch_walk(int dirfd, scratch_look *look, bool remove)
{
	int fd = openat(dirfd, ".", DIR_FLAGS);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;

	REQUIRE(dir != NULL, "%s", strerror(errno));
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			walk_entry(dirfd, e->d_name, look, remove);
	closedir(dir);
}

static void
look_at_canary(int dirfd, size_t i, struct stat *st)
{
	REQUIRE(fstatat(dirfd, canaries[i], st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", canaries[i],
	    strerror(errno));
}

void
canary_plant(int dirfd)
{
	plant_dir(dirfd, "canary", 0777);
	plant_dir(dirfd, "canary/dir", 0777);
	plant_file(dirfd, "canary/file", 0666, 3);
	plant_file(dirfd, "canary/dir/file", 0666, 3);
	plant_file(dirfd, "canary/private", 0600, 3);
	plant_fifo(dirfd, "canary/fifo");
	for (size_t i = 1; i < COUNT(canaries); i++)
		plant_owner(dirfd, canaries[i], NOBODY);
	for (size_t i = 0; i < COUNT(canaries); i++)
		look_at_canary(dirfd, i, &sung[i]);
	usleep(TICK);
}

void
canary_check(int dirfd)
{
	for (size_t i = 0; i < COUNT(canaries); i++) {
		const struct stat *was = &sung[i];
		struct stat st;

		look_at_canary(dirfd, i, &st);
		REQUIRE(st.st_ino == was->st_ino && st.st_mode == was->st_mode &&
		    st.st_size == was->st_size && st.st_uid == was->st_uid &&
		    st.st_mtim.tv_sec == was->st_mtim.tv_sec &&
		    st.st_mtim.tv_nsec == was->st_mtim.tv_nsec &&
		    st.st_ctim.tv_sec == was->st_ctim.tv_sec &&
		    st.st_ctim.tv_nsec == was->st_ctim.tv_nsec, "%s was touched", canaries[i]);
	}
}

static int
count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

void
descriptors_count(void)
{
	known = count_open();
}

void
descriptors_check(void)
{
	int n = count_open();

	REQUIRE(n == known, "%d descriptors are open, not %d", n, known);
}

void
become_user(void)
{
	if (geteuid() != 0)
		return;
	REQUIRE(setegid(NOBODY) == 0 && seteuid(NOBODY) == 0, "%s", strerror(errno));
	/* A login has its own /proc entries, too. */
	(void)prctl(PR_SET_DUMPABLE, 1);
}

void
leave_user(void)
{
	if (getuid() != 0)
		return;
	REQUIRE(seteuid(0) == 0 && setegid(0) == 0, "%s", strerror(errno));
	(void)prctl(PR_SET_DUMPABLE, 1);
}

uid_t
current_user(void)
{
	return geteuid();
}
