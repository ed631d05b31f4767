/* SPDX-License-Identifier: ISC */
/*
 * A whole session of SFTP, beneath a root.  Five bytes say how it is served (see the enums below); what
 * follows is what the client says: bytes as they are, or requests, each a type, the length of its rest
 * and that.  Whatever it is: nothing outside of the root has changed, nothing is there that the policy
 * does not have, no temporary and no descriptor is left, and each request has its reply, in order.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "fuzz.h"
#include "policies.h"
#include "scratch.h"
#include "sftp/packet.h"
#include "sftp/server.h"
#include "upload/hidden.h"

enum {
	HEAD = 5,			/* bytes before what the client says */
	SAYS_MAX = 8192,
	HEARD_MAX = 1 << 22,
	FEW_FILES = 4,
	FEW_BYTES = 40,
	SMALL = 16,			/* bytes of a file */
	SHALLOW = 3
};

enum how {				/* the first byte */
	HOW_RAW = 1, HOW_USER = 2, HOW_LOG = 4, HOW_JSON = 8, HOW_UP = 16, HOW_DOWN = 32,
	HOW_LINKS = 64, HOW_PARTIAL = 128
};

enum limit {				/* the third; the second is of overwrite and replace */
	LIMIT_MODES = 1, LIMIT_TIMES = 2, LIMIT_DEPTH = 4, LIMIT_FILES = 8, LIMIT_SIZE = 16,
	LIMIT_BYTES = 32, LIMIT_BITS = 64, LIMIT_SYNC = 128
};

enum rule {				/* the fourth; the fifth has two bits for each right */
	RULE_DENY = 1, RULE_ALLOW = 2, RULE_HIDDEN = 4, RULE_MKDIR = 8, RULE_REVEAL = 16,
	RULE_FOLLOW = 32, RULE_RECURSIVE = 64
};

/* What is there before a session, in an order in which it can be made. */
static const struct {
	const char *name;
	mode_t	    mode;		/* with its type */
	const char *to;			/* of a link */
} things[] = {
	{ "d", S_IFDIR | 0755, NULL },
	{ "d/f", S_IFREG | 0640, NULL },
	{ "d/ro", S_IFREG | 0440, NULL },
	{ "e", S_IFREG | 0600, NULL },
	{ "d/p", S_IFIFO, NULL },
	{ "d/in", S_IFLNK, "f" },
	{ "d/loop", S_IFLNK, "loop" },
	{ "d/trap", S_IFLNK, "../../canary/file" },
	{ "d/way", S_IFLNK, "../../canary" },
	{ "d/back", S_IFLNK, "../.." },
};

static struct deeds deeds;
static struct policy policy;
static struct account account;
static struct audit audit;
static struct title title;
static struct root closed, following;
static int top = -1, base = -1;		/* the scratch directory, and the root in it */
static int log_fd = -1;
static struct stat planted[COUNT(things)];
static unsigned left;			/* planted things that were seen again */

/* The title of the process is not ours to change. */
void
setproctitle(const char *fmt, ...)
{
	REQUIRE(fmt != NULL, "no title");
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *what;
	char path[100];

	(void)argc;
	(void)argv;
	top = scratch_open();
	plant_dir(top, "root", 0777);
	canary_plant(top);
	base = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/root", scratch_path());
	log_fd = memfd_create("log", MFD_CLOEXEC);
	REQUIRE(base != -1 && log_fd != -1, "%s", strerror(errno));
	REQUIRE(root_confine(&closed, path, "", "", false, &what) == 0 &&
	    root_confine(&following, path, "", "", true, &what) == 0, "%s", strerror(errno));
	strcpy(account.name, "me");
	return 0;
}

static void
plant_thing(size_t i, uid_t uid)
{
	const char *name = things[i].name;
	mode_t mode = things[i].mode & 07777;

	if (S_ISDIR(things[i].mode))
		plant_dir(base, name, mode);
	else if (S_ISREG(things[i].mode))
		plant_file(base, name, mode, 3);
	else if (S_ISLNK(things[i].mode))
		plant_link(base, name, things[i].to);
	else
		plant_fifo(base, name);
	plant_owner(base, name, things[i].to != NULL && things[i].to[0] == '.' ? STRANGER : uid);
}

static void
plant(uid_t uid)
{
	for (size_t i = 0; i < COUNT(things); i++) {
		plant_thing(i, uid);
		REQUIRE(fstatat(base, things[i].name, &planted[i], AT_SYMLINK_NOFOLLOW) == 0, "%s",
		    things[i].name);
	}
	left = 0;
}

static void
add_rule(bool allow, bool partial, const char *pattern)
{
	struct policy_rule *r = partial ? &policy.partials[policy.npartials++]
	    : &policy.rules[policy.nrules++];

	*r = (struct policy_rule){ .allow = allow || partial };
	strcpy(r->pattern, pattern);
}

static void
set_limits(unsigned limits)
{
	policy.modes = (limits & LIMIT_MODES) != 0 ? MODES_INHERIT : MODES_CLIENT;
	policy.times = (limits & LIMIT_TIMES) != 0 ? TIMES_IGNORE : TIMES_CLIENT;
	if ((limits & LIMIT_DEPTH) != 0)
		policy.max_depth = SHALLOW;
	if ((limits & LIMIT_FILES) != 0)
		policy.max_files = FEW_FILES;
	if ((limits & LIMIT_SIZE) != 0)
		policy.max_file_size = SMALL;
	if ((limits & LIMIT_BYTES) != 0)
		policy.max_session_bytes = FEW_BYTES;
	if ((limits & LIMIT_BITS) != 0)
		policy.file_mode = (struct policy_bits){ .may = 0640, .must = 0200 };
	if ((limits & LIMIT_BITS) != 0)
		policy.dir_mode = (struct policy_bits){ .may = 0750, .must = 0700 };
	policy.sync = (limits & LIMIT_SYNC) != 0 ? SYNC_FULL : SYNC_NONE;
}

static void
set_rules(unsigned rules)
{
	if ((rules & RULE_DENY) != 0)
		add_rule(false, false, "*.bad");
	if ((rules & RULE_ALLOW) != 0)
		add_rule(true, false, "[a-f]*");
	policy.hidden = (rules & RULE_HIDDEN) != 0 ? POLICY_NO : POLICY_YES;
	policy.mkdir = (rules & RULE_MKDIR) != 0 ? POLICY_NO : POLICY_YES;
	policy.reveal = (rules & RULE_REVEAL) != 0 ? POLICY_NO : POLICY_YES;
	policy.symlinks = (rules & RULE_FOLLOW) != 0 ? SYMLINKS_BENEATH : SYMLINKS_NEVER;
	policy.recursive = (rules & RULE_RECURSIVE) != 0 ? POLICY_NO : POLICY_YES;
}

static void
set_policy(const uint8_t *head)
{
	policy = restricted_policy();
	policy.upload_only = (head[0] & HOW_UP) != 0;
	policy.download_only = !policy.upload_only && (head[0] & HOW_DOWN) != 0;
	policy.make_links = (head[0] & HOW_LINKS) != 0 ? POLICY_YES : POLICY_NO;
	set_limits(head[2]);
	set_rules(head[3]);
	if ((head[0] & HOW_PARTIAL) != 0)
		add_rule(false, true, "*.part");
	policy.overwrite = head[1] % 3;
	policy.replace = head[1] / 3 % 3;
	if (policy.overwrite == OVERWRITE_BACKUP)
		policy.replace = REPLACE_ATOMIC;
	policy.list = (head[4] & 3) % 3;
	policy.rename = (head[4] >> 2 & 3) % 3;
	policy.remove = (head[4] >> 4 & 3) % 3;
	policy.attributes = (head[4] >> 6) % 3;
}

static void
begin_log(unsigned how)
{
	audit_init(&audit, "u", NULL);
	REQUIRE(ftruncate(log_fd, 0) == 0 && lseek(log_fd, 0, SEEK_SET) == 0, "%s",
	    strerror(errno));
	if ((how & (HOW_LOG | HOW_JSON)) != 0)
		audit_to_fd(&audit, log_fd, (how & HOW_JSON) != 0 ? AUDIT_JSON : AUDIT_TEXT,
		    false);
}

/* Each record is one line, without anything that a terminal would obey. */
static void
check_log(void)
{
	static char text[HEARD_MAX];
	ssize_t n = pread(log_fd, text, sizeof(text), 0);

	REQUIRE(n >= 0 && (n == 0 || text[n - 1] == '\n'), "%zd", n);
	for (ssize_t i = 0; i < n; i++)
		REQUIRE((unsigned char)text[i] >= ' ' || text[i] == '\n', "byte %zd", i);
}

/* The planted thing that ST is, or -1. */
static int
which(const struct stat *st)
{
	for (size_t i = 0; i < COUNT(things); i++)
		if (planted[i].st_ino == st->st_ino)
			return (int)i;
	return -1;
}

static void
check_new(const char *name, const struct stat *st)
{
	const struct policy_bits *bits = S_ISDIR(st->st_mode) ? &policy.dir_mode
	    : &policy.file_mode;

	REQUIRE(!policy.download_only, "%s is new", name);
	REQUIRE(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ||
	    (S_ISLNK(st->st_mode) && policy.make_links == POLICY_YES), "%s: %o", name, st->st_mode);
	if (policy.hidden == POLICY_NO)
		REQUIRE(name[0] != '.', "%s", name);
	else
		REQUIRE(!hidden_is_name(name), "%s is left", name);
	for (unsigned i = 0; i < policy.nrules; i++)
		if (!policy.rules[i].allow)
			REQUIRE(fnmatch("*.bad", name, 0) != 0, "%s", name);
	if (!S_ISLNK(st->st_mode))
		REQUIRE((st->st_mode & 07777 & ~(bits->may | bits->must)) == 0, "%s: %o", name,
		    st->st_mode);
	if (S_ISREG(st->st_mode))
		REQUIRE((uint64_t)st->st_size <= policy.max_file_size, "%s", name);
	if (S_ISDIR(st->st_mode))
		REQUIRE(policy.mkdir == POLICY_YES && policy.recursive == POLICY_YES, "%s", name);
}

static void
look(int dirfd, const char *name, const struct stat *st)
{
	int i = which(st);

	(void)dirfd;
	if (i == -1) {
		check_new(name, st);
		return;
	}
	left++;
	if (policy.download_only && !S_ISDIR(st->st_mode))
		REQUIRE(st->st_size == planted[i].st_size && st->st_mode == planted[i].st_mode &&
		    st->st_mtim.tv_sec == planted[i].st_mtim.tv_sec, "%s has changed", name);
}

static void
check_tree(void)
{
	scratch_walk(base, look, true);
	if (policy.download_only || (policy.remove == RIGHT_NO && policy.overwrite == OVERWRITE_NO))
		REQUIRE(left >= COUNT(things), "only %u are left", left);
	canary_check(top);
}

/* What a request may be answered with, besides a status. */
static uint8_t
answer_to(uint8_t type)
{
	static const uint8_t answers[256] = {
		[PACKET_OPEN] = PACKET_HANDLE, [PACKET_OPENDIR] = PACKET_HANDLE,
		[PACKET_READ] = PACKET_DATA, [PACKET_READDIR] = PACKET_NAME,
		[PACKET_REALPATH] = PACKET_NAME, [PACKET_READLINK] = PACKET_NAME,
		[PACKET_LSTAT] = PACKET_ATTRS, [PACKET_STAT] = PACKET_ATTRS,
		[PACKET_FSTAT] = PACKET_ATTRS,
	};

	return answers[type];
}

/* What is said, as requests: the types of them, of which there are *N. */
static size_t
frame(struct reply *r, const uint8_t *says, size_t size, uint8_t types[SAYS_MAX], size_t *n)
{
	const uint8_t *end = says + size;

	reply_put_number(r, 5);
	reply_put_byte(r, PACKET_INIT);
	reply_put_number(r, PACKET_SPOKEN);
	for (*n = 0; end - says >= 2 && says[0] != PACKET_INIT; ++*n) {
		size_t len = says[1] < end - says - 2 ? says[1] : (size_t)(end - says - 2);
		void *to;

		types[*n] = says[0];
		reply_put_number(r, (uint32_t)(5 + len));
		reply_put_byte(r, says[0]);
		reply_put_number(r, (uint32_t)*n);
		to = reply_reserve(r, len);
		REQUIRE(to != NULL, "no room");
		memcpy(to, says + 2, len);
		says += 2 + len;
	}
	return r->len;
}

/* Each of the N requests has been answered, once and in order. */
static void
check_answers(const uint8_t *heard, size_t len, const uint8_t *types, size_t n)
{
	struct packet all;

	packet_init(&all, heard, len);
	for (size_t i = 0; i <= n; i++) {
		struct packet_string body = packet_take_string(&all);
		struct packet p;
		uint8_t type;
		uint32_t id;

		REQUIRE(!all.bad, "reply %zu is not there", i);
		packet_init(&p, body.at, body.len);
		type = packet_take_byte(&p);
		id = packet_take_number(&p);
		if (i == 0) {
			REQUIRE(type == PACKET_VERSION && id == PACKET_SPOKEN, "%d, %u", type, id);
			continue;
		}
		REQUIRE(id == i - 1, "%u, not %zu", id, i - 1);
		if (type == PACKET_STATUS)
			id = packet_take_number(&p);
		else if (types[i - 1] == PACKET_EXTENDED)
			REQUIRE(type == PACKET_EXTENDED_REPLY || type == PACKET_NAME, "%d", type);
		else
			REQUIRE(type == answer_to(types[i - 1]), "%d for %d", type, types[i - 1]);
		REQUIRE(type != PACKET_STATUS || (id <= 8 && id != 6 && id != 7), "code %u", id);
		REQUIRE(type != PACKET_DATA || !policy.upload_only, "what was there is told");
		REQUIRE(!p.bad, "it is cut short");
	}
	REQUIRE(all.at == all.end, "more than was asked for");
}

/* Serves what is said: what is heard is in HEARD; returns what the server did. */
static int
serve(unsigned how, const void *says, size_t size, uint8_t *heard, size_t *len)
{
	int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC), end;
	const char *why = NULL;
	ssize_t n;

	REQUIRE(in != -1 && out != -1 && pwrite(in, says, size, 0) == (ssize_t)size, "%s",
	    strerror(errno));
	deeds_init(&deeds, &policy, policy.symlinks == SYMLINKS_BENEATH ? &following : &closed,
	    &account, &audit);
	title_init(&title, "fuzz");
	if ((how & HOW_USER) != 0)
		become_user();
	end = sftp_serve(&deeds, &title, NULL, in, out, 0, &why);
	leave_user();
	REQUIRE(end == -1 || why == NULL, "%s", why);
	n = pread(out, heard, HEARD_MAX, 0);
	REQUIRE(n >= 0 && n < HEARD_MAX, "%zd bytes", n);
	*len = (size_t)n;
	close(in);
	close(out);
	return end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t says[8 * SAYS_MAX], heard[HEARD_MAX], types[SAYS_MAX];
	struct reply r;
	size_t len, n = 0;
	int end;

	if (size < HEAD || size > SAYS_MAX)
		return 0;
	descriptors_count();
	set_policy(data);
	begin_log(data[0]);
	account.uid = (data[0] & HOW_USER) != 0 ? NOBODY : current_user();
	account.gid = account.uid;
	plant(account.uid);
	reply_init(&r, says, sizeof(says));
	if ((data[0] & HOW_RAW) != 0) {
		(void)serve(data[0], data + HEAD, size - HEAD, heard, &len);
	} else {
		(void)frame(&r, data + HEAD, size - HEAD, types, &n);
		end = serve(data[0], says, r.len, heard, &len);
		REQUIRE(end == 0, "%d", end);
		check_answers(heard, len, types, n);
	}
	check_log();
	check_tree();
	descriptors_check();
	return 0;
}
