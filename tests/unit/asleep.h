/* SPDX-License-Identifier: ISC */
#ifndef ASLEEP_H
#define ASLEEP_H

/* Whether a process waits for something, which others do in vain where it spins. */
#include <sys/types.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	ASLEEP_PATIENCE = 40000	/* milliseconds until what shall sleep is given up */
};

/* True once PID sleeps; false where it does not in all that time. */
static inline bool
falls_asleep(pid_t pid)
{
	char path[64], stat[256];
	struct timespec tick = { .tv_nsec = 1000000 };

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < ASLEEP_PATIENCE; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = read(fd, stat, sizeof(stat) - 1);
		const char *state;

		close(fd);
		stat[n > 0 ? n : 0] = '\0';
		state = strrchr(stat, ')');
		if (state != NULL && state[1] != '\0' && state[2] == 'S')
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

#endif
