/* SPDX-License-Identifier: ISC */
/*
 * A configuration file.  What is made of it is shown as a file that makes the same, and what it
 * refuses has a line.  Nobody is asked who the users are.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "rules/config.h"
#include "rules/keys.h"
#include "rules/kinds.h"
#include "scratch.h"

enum {
	SHOWN_MAX = 1 << 17,
	INPUT_MAX = 1 << 14
};

static const struct account account = {
	.uid = 1000, .gid = 100, .name = "anna", .group = "users", .home = "/home/anna"
};

static int top = -1;

static const struct {
	const char *name;
	unsigned    id;
} known[] = {
	{ "root", 0 }, { "anna", 1000 }, { "otto", 1001 }, { "users", 100 }, { "incoming", 200 },
};

static const unsigned *
id_of(const char *name)
{
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i].id;
	return NULL;
}

/* These take the place of the library's. */
struct passwd *
getpwnam(const char *name)
{
	static struct passwd pw;
	const unsigned *id = id_of(name);

	pw = (struct passwd){ .pw_name = (char *)(uintptr_t)name, .pw_uid = id != NULL ? *id : 0, .pw_gid = 100 };
	return id != NULL ? &pw : NULL;
}

struct group *
getgrnam(const char *name)
{
	static struct group gr;
	const unsigned *id = id_of(name);

	gr = (struct group){ .gr_gid = id != NULL ? *id : 0 };
	return id != NULL ? &gr : NULL;
}

int
getgrouplist(const char *name, gid_t gid, gid_t *groups, int *n)
{
	(void)name;
	groups[0] = gid;
	groups[1] = 200;
	*n = 2;
	return 2;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (geteuid() != 0) {
		puts("SKIP: no root: a file of root's");
		return 1;
	}
	top = scratch_open();
	return 0;
}

/* Loads LEN bytes of TEXT into P: 0, or -1. */
static int
load(struct policy *p, const char *text, size_t len, unsigned *line)
{
	char path[100];
	struct config_remark said;
	int fd = openat(top, "conf", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), end;

	REQUIRE(fd != -1, "%s", strerror(errno));
	REQUIRE(write(fd, text, len) == (ssize_t)len, "%s", strerror(errno));
	close(fd);
	snprintf(path, sizeof(path), "%s/conf", scratch_path());
	policy_init(p);
	end = config_load(p, path, &account, NULL, &said);
	*line = said.line;
	REQUIRE(end == 0 || (end == -1 && *line > 0 && said.why != NULL), "%d: line %u", end, *line);
	return end;
}

static size_t
show(struct policy *p, char text[SHOWN_MAX])
{
	FILE *out = fmemopen(text, SHOWN_MAX, "w");
	size_t len;

	REQUIRE(out != NULL, "%s", strerror(errno));
	keys_settle(p, false);
	keys_show(p, out);
	REQUIRE(fflush(out) == 0, "%s", strerror(errno));
	len = (size_t)ftell(out);
	fclose(out);
	REQUIRE(len < SHOWN_MAX, "%zu bytes", len);
	text[len] = '\0';
	return len;
}

/*
 * What no file can say at once: the lists of two sources, and lines that only several sources make
 * so long.
 */
static bool
can_be_said(const char *shown)
{
	if (strstr(shown, KINDS_ALSO) != NULL)
		return false;
	for (const char *p = shown; *p != '\0'; p += strcspn(p, "\n") + 1) {
		size_t len = strcspn(p, "\n");

		if (len >= CONFIG_LINE_MAX - 1)
			return false;
	}
	return true;
}

/* The bits that are always set can be set, and of two directions there is no both. */
static void
check_policy(const struct policy *p)
{
	REQUIRE((p->file_mode.must & ~p->file_mode.may) == 0, "file-mode");
	REQUIRE((p->dir_mode.must & ~p->dir_mode.may) == 0, "dir-mode");
	REQUIRE(p->max_depth <= POLICY_DEPTH_MAX && p->nrules <= POLICY_RULES, "limits");
	REQUIRE(p->root[0] == '/' && p->start[0] != '/' && p->inner[0] != '/', "%s", p->root);
	REQUIRE(p->restricted || !p->has_root, "a root restricts");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char shown[SHOWN_MAX], again[SHOWN_MAX];
	static struct policy p;
	unsigned line = 0;
	size_t len;

	if (top == -1 || size > INPUT_MAX)
		return 0;
	descriptors_count();
	if (load(&p, (const char *)data, size, &line) == -1) {
		descriptors_check();
		return 0;
	}
	len = show(&p, shown);
	check_policy(&p);
	if (can_be_said(shown)) {
		REQUIRE(load(&p, shown, len, &line) == 0, "line %u of what is shown:\n%s", line,
		    shown);
		show(&p, again);
		REQUIRE(strcmp(shown, again) == 0, "shown:\n%s\nand then:\n%s", shown, again);
	}
	descriptors_check();
	return 0;
}
