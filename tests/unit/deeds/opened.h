/* SPDX-License-Identifier: ISC */
#ifndef OPENED_H
#define OPENED_H

/* Deeds in the test's directory, its files, and a log that can be read. */
#include <sys/mman.h>

#include <fcntl.h>

#include "deeds/file.h"
#include "policies.h"
#include "unit.h"

static struct policy policy;
static struct root root;
static struct account account;
static struct audit audit;
static struct deeds deeds;
static struct file file;
static struct answer answer;
static int log_fd = -1;

/* By the policy as it is; with a log. */
static inline void
start(void)
{
	const char *what;
	int end = policy.restricted ? root_confine(&root, unit_path, "", "", false, &what)
	    : chdir(unit_path) == -1 ? -1 : root_open(&root);

	ck_assert_msg(end == 0, "root: %s", strerror(errno));
	account.uid = geteuid();
	account.gid = getegid();
	log_fd = memfd_create("log", MFD_CLOEXEC);
	ck_assert_int_ge(log_fd, 0);
	audit_init(&audit, "u", NULL);
	audit_to_fd(&audit, log_fd, AUDIT_TEXT, false);
	deeds_init(&deeds, &policy, &root, &account, &audit);
}

static inline void
start_drop_in(void)
{
	policy = drop_in_policy();
	start();
}

static inline void
start_restricted(void)
{
	policy = restricted_policy();
	start();
}

/* Uploads alone, of which nothing is told: BLIND. */
static inline void
start_blind(void)
{
	policy = restricted_policy();
	policy.upload_only = true;
	policy.reveal = POLICY_NO;
	policy.list = policy.rename = policy.remove = policy.attributes = RIGHT_OWN;
	start();
}

/* All of the log so far, in a static buffer. */
static inline const char *
the_log(void)
{
	static char text[65536];
	ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

static inline int
try_open(struct file *f, const char *path, unsigned flags)
{
	return file_open(&deeds, f, path, &(struct file_wish){ .flags = flags }, &answer);
}

static inline void
must(int end, const char *about)
{
	ck_assert_msg(end == 0, "%s: %s", about, answer_text(&answer));
}

static inline void
open_file(struct file *f, const char *path, unsigned flags)
{
	must(try_open(f, path, flags), path);
}

static inline int
try_write(struct file *f, uint64_t offset, const char *text)
{
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };

	return file_write(&deeds, f, offset, &iov, 1, &answer);
}

static inline void
write_file(struct file *f, uint64_t offset, const char *text)
{
	must(try_write(f, offset, text), text);
}

static inline int
try_size(struct file *f, uint64_t size)
{
	return file_set(&deeds, f, &(struct wish){ .has_size = true, .size = size }, &answer);
}

static inline void
close_file(struct file *f)
{
	must(file_close(&deeds, f, &answer), "close");
}

/* END failed with ERR. */
static inline void
check_failed(int end, int err, const char *about)
{
	ck_assert_msg(end == -1 && answer.err == err, "%s: expected %s, got %d, %s", about,
	    strerror(err), end, strerror(answer.err));
}

static inline void
check_content(const char *name, const char *wanted)
{
	const char *got = get_file(name);

	ck_assert_msg(got != NULL ? wanted != NULL && strcmp(got, wanted) == 0 : wanted == NULL,
	    "%s: expected \"%s\", got \"%s\"", name, wanted != NULL ? wanted : "nothing",
	    got != NULL ? got : "nothing");
}

static inline void
check_log(const char *wanted)
{
	ck_assert_msg(strstr(the_log(), wanted) != NULL, "no \"%s\" in:\n%s", wanted, the_log());
}

#endif
