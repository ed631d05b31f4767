/* SPDX-License-Identifier: ISC */
/* Runs a program, of which the path and the arguments are ours, where openat2 fails with ENOSYS. */
#include "../unit/filter.h"

int
main(int argc, char *argv[])
{
	if (argc < 2 || filter_openat2(ENOSYS) == -1) {
		perror("launch: openat2 cannot be taken away");
		return 125;
	}
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 126;
}
