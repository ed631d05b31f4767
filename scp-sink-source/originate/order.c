/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "originate/audience.h"
#include "originate/order.h"
#include "originate/report.h"
#include "paths/cwd.h"
#include "paths/dir.h"
#include "paths/follow.h"
#include "paths/fs.h"
#include "paths/proc.h"
#include "paths/sticky.h"
#include "process.h"
#include "rules/keys.h"
#include "text/text.h"

void
order_init(struct order *o)
{
	o->whole = o->target = (struct root){ .fd = -1, .start = -1 };
	o->cell = o->given = -1;
	o->outcome = NULL;
}

int
order_complain(struct order *o, const char *where, const char *why)
{
	report_fail(&o->tally, where, why);
	return -1;
}

static void
complain_of_source(void *order, const char *said, const char *why)
{
	(void)order_complain(order, said, why);
}

/* The long options that are the policy's. */
static int
take_keys(struct order *o)
{
	const struct account nobody = { .uid = geteuid() };
	const char *why;
	bool said = false;	/* something of the sandbox */

	policy_init(&o->policy);
	keys_begin_source(&o->policy);
	for (size_t i = 0; i < o->errand.nkeys; i++) {
		const struct errand_key *k = &o->errand.keys[i];

		said = said || strcmp(k->key, "sandbox") == 0;
		if (keys_set(&o->policy, &nobody, k->key, k->value, &why) == -1)
			return order_complain(o, k->said, why);
	}
	keys_settle(&o->policy, false);
	if (!said)
		o->policy.sandbox = SANDBOX_TRY;
	if (o->policy.has_umask)
		umask(o->policy.umask);
	return 0;
}

/* A file cannot come to a name that ends in a slash; a directory can, as a new one. */
static bool
needs_directory(const struct errand *e)
{
	size_t len = strlen(e->target.path);

	return e->target_is_dir || (!e->recursive && len > 0 && e->target.path[len - 1] == '/');
}

/* The directory that PATH, which is none, is in, or what it leads to: a descriptor, or -1 with errno. */
static int
hold_around(const struct root *root, const char *path)
{
	struct place p, end;
	int fd = -1;

	if (place_open(root, path, &p) == -1)
		return -1;
	if (!dir_is_link(p.dirfd, p.leaf)) {
		fd = dir_open(p.dirfd, ".", O_PATH | O_DIRECTORY, 0);
	} else if (follow_link(root, p.dirfd, p.leaf, FOLLOW_ANY, &end) == 0) {
		fd = dir_open(end.dirfd, ".", O_PATH | O_DIRECTORY, 0);
		place_close(&end);
	}
	place_close(&p);
	return fd;
}

/*
 * The directory PATH: a descriptor, or -1 with errno, EACCES where somebody else has put a link in its place, in a
 * directory where everybody may.  The kernel's own links, such as /dev/fd/3, are nobody's.
 */
static int
open_directory(const struct root *root, const char *path)
{
	struct place p, end;
	int fd = -1;

	if (place_open(root, path, &p) == -1)
		return root_dir(root, path);
	if (fs_is_kernels(p.dirfd)) {
		fd = root_dir(root, path);
	} else if (follow_link(root, p.dirfd, p.leaf, FOLLOW_ANY, &end) == 0) {
		fd = dir_open(end.dirfd, end.leaf, O_PATH | O_DIRECTORY, 0);
		place_close(&end);
	}
	place_close(&p);
	return fd;
}

/* Nothing but the directory FD, whose path is REAL, is written to, whoever moves it just now: 0, -1. */
static int
confine(struct order *o, int fd, const char *real)
{
	struct stat wanted, got;
	const char *what;

	if (root_confine(&o->target, real[0] != '\0' ? real : "/", "", "", true, &what) == -1 ||
	    fstat(fd, &wanted) == -1 || fstat(o->target.fd, &got) == -1)
		return -1;
	errno = ESTALE;
	return wanted.st_dev == got.st_dev && wanted.st_ino == got.st_ino ? 0 : -1;
}

/* What a target names that we have open ourselves: it is written to, not found. */
static int
take_given(struct order *o, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags != -1 && (flags & O_ACCMODE) != O_RDONLY)
		o->given = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return o->given != -1 ? 0 : order_complain(o, o->errand.target.path, text_error(EBADF));
}

/*
 * A target that is a directory is all that can be written to, whatever is planted in there; anything else
 * is a file, a device, or a new name.
 */
static int
aim(struct order *o)
{
	const char *path = o->errand.target.path;
	char real[PATH_MAX];
	int number = operand_descriptor(&o->errand.target), end;
	/* What we have open ourselves is what its number says, whatever the text of its link. */
	int fd = number != -1 ? root_dir(&o->whole, path) : open_directory(&o->whole, path), err = errno;

	if (fd == -1 && needs_directory(&o->errand))
		return order_complain(o, path, text_error(err == ENOENT ? ENOENT : ENOTDIR));
	if (fd == -1 && number != -1)
		return take_given(o, number);
	if (fd == -1) {
		o->cell = hold_around(&o->whole, path);
		/* What has no name would be a directory. */
		if (o->cell == -1)
			return order_complain(o, path, text_error(errno == EINVAL ? err : errno));
		return 0;
	}
	/* From where nothing may be looked at, relative paths lead nowhere, but this one may be another. */
	end = o->whole.start >= 0 ? cwd_path_of(fd, o->whole.start, real) : proc_path(fd, real);
	if (end == 0)
		end = confine(o, fd, real);
	dir_close(fd);
	if (end == -1)
		return order_complain(o, path, text_error(errno));
	o->policy.restricted = true;
	return 0;
}

/* Looks at all that can be known before anybody logs in: 0, -1. */
static int
prepare(struct order *o)
{
	struct errand *e = &o->errand;
	const char *why;

	if (take_keys(o) == -1)
		return -1;
	if (root_open(&o->whole) == -1)
		return order_complain(o, "/", text_error(errno));
	if (!e->target.remote && aim(o) == -1)
		return -1;
	/* Where it matters, which is in a cell, nobody can ask. */
	if (!e->target.remote)
		o->policy.sticky = sticky_is_protected() ? STICKY_PROTECTED : STICKY_OPEN;
	if (sources_find(&o->sources, e, &o->whole, complain_of_source, o) == -1)
		return order_complain(o, NULL, text_error(ENOMEM));
	o->failed = o->sources.refused;
	if (o->sources.nlocal + o->sources.nremote == 0)
		return -1;
	if ((e->target.remote || o->sources.nremote > 0) &&
	    transport_find(&o->program, e->program, &why) == -1)
		return order_complain(o, e->program, why);
	return 0;
}

/* What a conversation comes to is in memory that outlives its process. */
static int
share(struct order *o)
{
	void *shared = mmap(NULL, sizeof(*o->outcome), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return order_complain(o, NULL, text_error(errno));
	o->outcome = shared;
	return 0;
}

static int
begin_report(struct order *o)
{
	o->hosts = audience_hosts(&o->errand);
	if (o->hosts == NULL ||
	    tally_open(&o->tally, audience_form(&o->errand), o->errand.verbose, o->hosts) == -1) {
		process_say("scp: there is no memory");
		return -1;
	}
	display_begin(&o->display, &o->tally);
	return 0;
}

int
order_take(struct order *o, int argc, char *argv[])
{
	const char *why, *where;
	char text[TEXT_MESSAGE_MAX];

	if (errand_parse(&o->errand, argc, argv, &where, &why) == -1) {
		text_message(text, where, NULL, why);
		process_say(text);
		return -1;
	}
	return begin_report(o) == 0 && prepare(o) == 0 ? share(o) : -1;
}

void
order_end(struct order *o)
{
	if (o->outcome != NULL)
		munmap(o->outcome, sizeof(*o->outcome));
	tally_close(&o->tally);
	free(o->hosts);
	sources_end(&o->sources);
	dir_close(o->cell);
	dir_close(o->given);
	root_close(&o->target);
	root_close(&o->whole);
	errand_end(&o->errand);
}
