/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "paths/dir.h"
#include "paths/root.h"
#include "paths/sticky.h"

bool
sticky_is_protected(void)
{
	int fd = root_file("/proc/sys/fs/protected_regular");
	char said[2] = "";
	ssize_t n = fd != -1 ? read(fd, said, sizeof(said)) : -1;

	dir_close(fd);
	return n < 1 || said[0] != '0' || (n > 1 && said[1] != '\n');
}
