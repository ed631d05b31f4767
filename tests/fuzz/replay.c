/* SPDX-License-Identifier: ISC */
/*
 * Plays every file of the directories that are given, each in a process of its own, and counts:
 * the last line is "replay: N passed, N failed, N skipped".
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

enum {
	INPUT_MAX = 1 << 16,	/* bytes of a file */
	PATIENCE = 60		/* seconds for one of them */
};

static bool able;	/* the target can be played here */
static unsigned passed, failed, skipped;

/* The input is on the heap, with nothing behind it, so that a sanitizer sees who reads on. */
static void
play(const char *path)
{
	static uint8_t buffer[INPUT_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, buffer, sizeof(buffer));
	uint8_t *data = n > 0 ? malloc((size_t)n) : NULL;

	REQUIRE(n >= 0 && n < INPUT_MAX, "cannot be read, or is too long");
	close(fd);
	if (data != NULL)
		memcpy(data, buffer, (size_t)n);
	alarm(PATIENCE);
	LLVMFuzzerTestOneInput(data, (size_t)n);
	free(data);
}

static void
replay_file(const char *path)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	REQUIRE(pid != -1, "no process");
	if (pid == 0) {
		play(path);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status == 0) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s: wait status %#x\n", path, (unsigned)status);
}

static void
replay_dir(const char *top)
{
	struct dirent **list = NULL;
	int n = scandir(top, &list, NULL, alphasort);

	REQUIRE(n >= 0, "%s: no such directory", top);
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", top, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && !able)
			skipped++;
		else if (list[i]->d_name[0] != '.')
			replay_file(path);
		free(list[i]);
	}
	free(list);
}

int
main(int argc, char *argv[])
{
	able = LLVMFuzzerInitialize(&argc, &argv) == 0;
	for (int i = 1; i < argc; i++)
		replay_dir(argv[i]);
	printf("replay: %u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed > 0;
}
