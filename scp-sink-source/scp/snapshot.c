/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/vfs.h>

#include <errno.h>
#include <unistd.h>

#include <linux/magic.h>

#include "scp/snapshot.h"
#include "wire/io.h"

enum {
	BUFFER = 16384,
	SYSFS_SIZE = 4096
};

/* One read(2) and where it goes: 1, 0 at the end, -1. */
static int
copy_some(int fd, int *copy, uint64_t *size)
{
	char buffer[BUFFER];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	if (n <= 0)
		return (int)n;
	if (*copy == -1)
		*copy = memfd_create("snapshot", MFD_CLOEXEC);
	if (*copy == -1 || io_write_all(*copy, buffer, (size_t)n) == -1)
		return -1;
	*size += (uint64_t)n;
	if (*size <= SNAPSHOT_MAX)
		return 1;
	errno = EFBIG;
	return -1;
}

bool
snapshot_is_needed(int fd, uint64_t size)
{
	struct statfs fs;

	if (size == SYSFS_SIZE && fstatfs(fd, &fs) == 0)
		return fs.f_type == SYSFS_MAGIC;
	return size == 0;
}

int
snapshot_take(int fd, int *copy, uint64_t *size)
{
	int more, saved;

	*copy = -1;
	*size = 0;
	do
		more = copy_some(fd, copy, size);
	while (more == 1);
	if (more == 0 && (*copy == -1 || lseek(*copy, 0, SEEK_SET) == 0))
		return 0;
	saved = errno;
	if (*copy != -1)
		close(*copy);
	*copy = -1;
	errno = saved;
	return -1;
}
