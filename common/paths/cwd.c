/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "paths/cwd.h"

int
cwd_path(char path[PATH_MAX])
{
	if (getcwd(path, PATH_MAX) == NULL) {
		errno = errno == ERANGE ? ENAMETOOLONG : errno;
		return -1;
	}
	errno = ENOENT;		/* Out of reach, it is called something else. */
	return path[0] == '/' ? 0 : -1;
}

int
cwd_path_of(int fd, int back, char path[PATH_MAX])
{
	int end;

	if (fchdir(fd) == -1)
		return -1;
	end = cwd_path(path);
	if (fchdir(back) == -1)
		return -1;
	if (end == 0 && strcmp(path, "/") == 0)
		path[0] = '\0';
	return end;
}
