/* SPDX-License-Identifier: ISC */
/*
 * Exchanges what two names stand for, one pair of arguments after the other, as fast as it can,
 * until it is told to stop: then it says how often it did.
 *
 *	swap keep A B [A B]...
 *	swap mend A B [A B]...		B begins as a link, and is made anew where either was replaced
 *
 * Or makes and removes the link NAME; where TEXT has a %lu, it is another one each time.
 *
 *	swap trap NAME TEXT
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PAIRS_MAX = 64
};

static struct pair {
	const char *a, *b;
	char	    text[PATH_MAX];		/* of the link */
	char	    fresh[PATH_MAX];		/* where a new one is made */
} pairs[PAIRS_MAX];
static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static bool
is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* A file that was put where the link was is no longer a link. */
static void
mend(const struct pair *p)
{
	if (is_link(p->a) || is_link(p->b))
		return;
	if (symlink(p->text, p->fresh) == -1 || rename(p->fresh, p->b) == -1)
		fail(p->fresh);
}

static void
take_pair(struct pair *p, const char *a, const char *b)
{
	ssize_t n = readlink(b, p->text, sizeof(p->text) - 1);

	if (n == -1)
		fail(b);
	p->text[n] = '\0';
	p->a = a;
	p->b = b;
	if (snprintf(p->fresh, sizeof(p->fresh), "%s.fresh", b) >= (int)sizeof(p->fresh))
		exit(1);
}

/* What has taken the name of the link stays, and so does the link that could not be removed. */
static unsigned long long
lay_traps(const char *name, const char *text)
{
	const char *number = strstr(text, "%lu");
	int before = (int)(number != NULL ? number - text : (ptrdiff_t)strlen(text));
	unsigned long long traps = 0;
	char leads[PATH_MAX];

	for (; !stopped; traps++) {
		snprintf(leads, sizeof(leads), number != NULL ? "%.*s%llu" : "%.*s", before, text,
		    traps);
		if ((symlink(leads, name) == -1 && errno != EEXIST) ||
		    (unlink(name) == -1 && errno != ENOENT && errno != EPERM && errno != EACCES &&
		    errno != EISDIR))
			fail(name);
	}
	return traps;
}

int
main(int argc, char *argv[])
{
	struct sigaction told = { .sa_handler = stop };
	unsigned long long swaps = 0;
	int n = (argc - 2) / 2;
	bool mends;

	if (argc < 4 || argc % 2 != 0 || n > PAIRS_MAX)
		return 2;
	sigaction(SIGTERM, &told, NULL);
	if (strcmp(argv[1], "trap") == 0) {
		puts("laying");
		fflush(stdout);
		printf("%llu\n", lay_traps(argv[2], argv[3]));
		return 0;
	}
	mends = strcmp(argv[1], "mend") == 0;
	for (int i = 0; i < n; i++)
		take_pair(&pairs[i], argv[2 + 2 * i], argv[3 + 2 * i]);
	puts("swapping");
	fflush(stdout);
	for (int i = 0; !stopped; i = (i + 1) % n, swaps++) {
		if (renameat2(AT_FDCWD, pairs[i].a, AT_FDCWD, pairs[i].b, RENAME_EXCHANGE) == -1)
			fail(pairs[i].a);
		if (mends)
			mend(&pairs[i]);
	}
	printf("%llu\n", swaps);
	return 0;
}
