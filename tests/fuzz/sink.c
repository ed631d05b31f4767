/* SPDX-License-Identifier: ISC */
/*
 * A whole session of a sink.  Five bytes say how it is served (see the enums below); what follows
 * is all that the client says.  Whatever that is: nothing outside of the root has changed, nothing
 * is there that the policy does not have, no temporary and no descriptor is left, and every answer
 * is one.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "policies.h"
#include "scp/sink.h"
#include "scratch.h"
#include "talk.h"

enum {
	HEAD = 5,			/* bytes before what the client says */
	SAYS_MAX = 8192,		/* fewer directories in directories than descriptors */
	FEW_FILES = 4,
	FEW_BYTES = 20,
	SMALL = 8,			/* bytes of a file */
	SHALLOW = 3
};

enum how {				/* the first byte */
	HOW_RECURSIVE = 1, HOW_PRESERVE = 2, HOW_DIRECTORY = 4,	/* options of the client */
	HOW_SYSTEM = 8,			/* no root */
	HOW_PATIENT = 16,		/* the client waits for answers */
	HOW_USER = 32,
	HOW_LOG = 64, HOW_JSON = 128
};

enum limit {				/* the fourth; the second chooses the target */
	LIMIT_MODES = 1, LIMIT_TIMES = 2, LIMIT_DEPTH = 4, LIMIT_FILES = 8, LIMIT_SIZE = 16,
	LIMIT_BYTES = 32, LIMIT_BITS = 64, LIMIT_SYNC = 128
};

enum rule {				/* the fifth */
	RULE_DENY = 1, RULE_ALLOW = 2, RULE_HIDDEN = 4, RULE_MKDIR = 8, RULE_REVEAL = 16,
	RULE_LINKS = 32
};

/* The first SAFE of them are not above the working directory, links aside that are not followed. */
static const char *const targets[] = {
	"d", ".", "d/f", "new", "d/new", "d/", "new/", "d/sub", "d/nosuch/x", "d/in", "d/loop", "e",
	"", "d/p", "d/ro", "/", "/d/f", "..", "../canary", "d/../../canary/file", "d/way", "d/trap",
	"d/way/new", "/../new", "d/back", "d/back/canary",
};

enum {
	SAFE = 15
};

/* What is there before a session, in an order in which it can be made. */
static const struct {
	const char *name;
	mode_t	    mode;	/* with its type */
	const char *to;		/* of a link */
} things[] = {
	{ "d", S_IFDIR | 0755, NULL },
	{ "d/f", S_IFREG | 0640, NULL },
	{ "d/ro", S_IFREG | 0440, NULL },
	{ "d/sub", S_IFDIR | 0555, NULL },
	{ "e", S_IFREG | 0600, NULL },
	{ "d/p", S_IFIFO, NULL },
	{ "d/in", S_IFLNK, "f" },
	{ "d/loop", S_IFLNK, "loop" },
	{ "d/trap", S_IFLNK, "../../canary/file" },
	{ "d/way", S_IFLNK, "../../canary" },
	{ "d/back", S_IFLNK, "../.." },
};

static struct session session;
static struct conn conn;
static struct sink sink;
static struct policy policy;
static struct audit audit;
static struct root whole, closed, following;

static int top = -1, base = -1;		/* the scratch directory, and the root in it */
static int log_fd = -1;

static struct {
	ino_t	 planted[COUNT(things)];
	unsigned news;			/* entries that were not planted */
	bool	 says_temp;		/* the client himself has such a name */
} seen;

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
	enter_dir(base);
	REQUIRE(root_open(&whole) == 0 && root_confine(&closed, path, "", "", false, &what) == 0 &&
	    root_confine(&following, path, "", "", true, &what) == 0, "%s", strerror(errno));
	leave_dir();
	return 0;
}

static void
plant_thing(size_t i, uid_t uid)
{
	const char *name = things[i].name;
	mode_t mode = things[i].mode & 07777;

	if (S_ISDIR(things[i].mode))
		plant_dir(base, name, mode | 0700);
	else if (S_ISREG(things[i].mode))
		plant_file(base, name, mode, 3);
	else if (S_ISLNK(things[i].mode))
		plant_link(base, name, things[i].to);
	else
		plant_fifo(base, name);
	/* What leads out is a trap of somebody else's. */
	if (things[i].to != NULL && things[i].to[0] == '.')
		plant_owner(base, name, STRANGER);
	else
		plant_owner(base, name, uid);
}

static void
plant(uid_t uid)
{
	for (size_t i = 0; i < COUNT(things); i++) {
		struct stat st;

		plant_thing(i, uid);
		REQUIRE(fstatat(base, things[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s",
		    things[i].name);
		seen.planted[i] = st.st_ino;
	}
	REQUIRE(fchmodat(base, "d/sub", 0555, 0) == 0, "%s", strerror(errno));
	seen.news = 0;
}

static void
add_rule(bool allow, const char *pattern)
{
	struct policy_rule *r = &policy.rules[policy.nrules++];

	*r = (struct policy_rule){ .allow = allow };
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
	if ((limits & LIMIT_BITS) != 0) {
		policy.file_mode = (struct policy_bits){ .may = 0640, .must = 0200 };
		policy.dir_mode = (struct policy_bits){ .may = 0750, .must = 0700 };
	}
	policy.sync = (limits & LIMIT_SYNC) != 0 ? SYNC_FULL : SYNC_NONE;
}

static void
set_rules(unsigned rules)
{
	if ((rules & RULE_DENY) != 0)
		add_rule(false, "*.bad");
	if ((rules & RULE_ALLOW) != 0)
		add_rule(true, "[a-f]*");
	policy.hidden = (rules & RULE_HIDDEN) != 0 ? POLICY_NO : POLICY_YES;
	policy.mkdir = (rules & RULE_MKDIR) != 0 ? POLICY_NO : POLICY_YES;
	policy.reveal = (rules & RULE_REVEAL) != 0 ? POLICY_NO : POLICY_YES;
	policy.symlinks = (rules & RULE_LINKS) != 0 ? SYMLINKS_NEVER : SYMLINKS_BENEATH;
}

static void
set_policy(const uint8_t *head)
{
	policy = (head[0] & HOW_SYSTEM) != 0 ? drop_in_policy() : restricted_policy();
	set_limits(head[3]);
	set_rules(head[4]);
	policy.overwrite = head[2] % 3;
	policy.replace = head[2] / 3 % 3;
	if (policy.overwrite == OVERWRITE_BACKUP)
		policy.replace = REPLACE_ATOMIC;
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

/* Each record is one line, and nothing in it could be taken for another one's beginning. */
static void
check_log(unsigned how)
{
	static char text[SAID_MAX];
	ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

	REQUIRE(n >= 0 && (n == 0 || text[n - 1] == '\n'), "%zd", n);
	text[n] = '\0';
	REQUIRE(strlen(text) == (size_t)n, "a NUL in the log");
	for (const char *p = text; *p != '\0'; p = strchr(p, '\n') + 1) {
		static const char *const words[] = {
			"close \"/", "forced close \"/", "mkdir name \"/", "opendir \"/",
			"refused \"/",
		};
		bool known = (how & HOW_JSON) != 0 && p[0] == '{' && *(strchr(p, '\n') - 1) == '}';

		for (size_t i = 0; i < COUNT(words) && !known; i++)
			known = strncmp(p, words[i], strlen(words[i])) == 0;
		REQUIRE(known, "a record is \"%.200s\"", p);
	}
	for (ssize_t i = 0; i < n; i++)
		REQUIRE((unsigned char)text[i] >= ' ' || text[i] == '\n', "byte %zd", i);
}

static bool
was_planted(const struct stat *st)
{
	for (size_t i = 0; i < COUNT(things); i++)
		if (seen.planted[i] == st->st_ino)
			return true;
	return false;
}

/* A name that the policy does not have can be the target itself, never beneath it. */
static void
check_new_name(const char *name, const struct stat *st)
{
	if (policy.hidden == POLICY_NO)
		REQUIRE(name[0] != '.', "%s", name);
	if (policy.nrules > 0 && !policy.rules[0].allow)
		REQUIRE(fnmatch("*.bad", name, 0) != 0, "%s", name);
	if (policy.nrules > 0 && policy.rules[policy.nrules - 1].allow && S_ISREG(st->st_mode))
		REQUIRE(name[0] >= 'a' && name[0] <= 'f', "%s", name);
}

/* Something that the session has made. */
static void
look_at_new(int dirfd, const char *name, const struct stat *st)
{
	const struct policy_bits *bits = S_ISDIR(st->st_mode) ? &policy.dir_mode
	    : &policy.file_mode;

	(void)dirfd;
	if (was_planted(st))
		return;
	seen.news++;
	REQUIRE(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode), "%s: %o", name, st->st_mode);
	REQUIRE(seen.says_temp || strncmp(name, ".scp-", 5) != 0, "%s is left", name);
	check_new_name(name, st);
	REQUIRE((st->st_mode & 07777 & ~(bits->may | bits->must)) == 0, "%s: %o", name,
	    st->st_mode);
	if (S_ISDIR(st->st_mode))
		REQUIRE(policy.mkdir == POLICY_YES, "%s", name);
	else
		REQUIRE((uint64_t)st->st_size <= policy.max_file_size, "%s", name);
}

/* What is planted is as it was, where nothing may be overwritten. */
static void
check_planted(void)
{
	for (size_t i = 0; i < COUNT(things); i++) {
		struct stat st;

		if (S_ISDIR(things[i].mode))
			continue;
		REQUIRE(fstatat(base, things[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ino == seen.planted[i], "%s is another", things[i].name);
		if (S_ISREG(st.st_mode))
			REQUIRE(st.st_size == 3 && st.st_mtim.tv_sec == LONG_AGO &&
			    st.st_mode == things[i].mode, "%s", things[i].name);
	}
}

static void
check_tree(void)
{
	if (policy.overwrite == OVERWRITE_NO)
		check_planted();
	scratch_walk(base, look_at_new, true);
	if (policy.overwrite != OVERWRITE_BACKUP)
		REQUIRE(seen.news <= policy.max_files, "%u are new", seen.news);
	canary_check(top);
}

/* What tells of what there is, at the end of a warning of LEN bytes. */
static void
check_reason(const char *text, size_t len)
{
	static const char *const telling[] = {
		": No such file or directory", ": File exists", ": Not a directory",
		": Is a directory", ": Operation not permitted", ": not a regular file",
	};

	if (policy.reveal == POLICY_YES || memmem(text, len, "the sender says", 15) != NULL ||
	    strncmp(text, "scp: error: ", 12) == 0)
		return;
	for (size_t i = 0; i < COUNT(telling); i++) {
		size_t n = strlen(telling[i]);

		REQUIRE(len < n || memcmp(text + len - n, telling[i], n) != 0, "%.*s", (int)len,
		    text);
	}
}

/* One warning of those at P; returns its length with its newline. */
static size_t
check_warning(const char *p, size_t have)
{
	const char *end = memchr(p, '\n', have);
	size_t len = end != NULL ? (size_t)(end - p) : 0;

	REQUIRE(end != NULL, "a warning does not end");
	REQUIRE(len <= 501 && strncmp(p + 1, "scp: ", 5) == 0, "\"%.*s\"", (int)len, p + 1);
	for (size_t i = 1; i < len; i++)
		REQUIRE((unsigned char)p[i] >= ' ' && p[i] != 0x7f, "byte %#x",
		    (unsigned)p[i] & 0xff);
	check_reason(p + 1, len - 1);
	return len + 1;
}

/* The answers: how many of them are warnings. */
static unsigned
check_answers(const char *said, size_t len)
{
	unsigned warnings = 0;

	REQUIRE(len > 0, "no greeting");
	for (size_t at = 0; at < len; )
		if (said[at] == '\0') {
			at++;
		} else {
			REQUIRE(said[at] == RECORD_WARN, "%#x", (unsigned)said[at] & 0xff);
			at += check_warning(said + at, len - at);
			warnings++;
		}
	return warnings;
}

static int
serve(const uint8_t *head, const uint8_t *says, size_t size)
{
	char word[64];
	char *paths[] = { word, NULL };
	bool confined = (head[0] & HOW_SYSTEM) == 0;
	struct request request = {
		.role = REQUEST_SINK,
		.recursive = (head[0] & HOW_RECURSIVE) != 0,
		.preserve = (head[0] & HOW_PRESERVE) != 0,
		.target_is_dir = (head[0] & HOW_DIRECTORY) != 0,
		.npaths = 1,
		.paths = paths,
	};
	const struct root *root = !confined ? &whole
	    : policy.symlinks == SYMLINKS_BENEATH ? &following : &closed;
	int end;

	strcpy(word, targets[head[1] % (confined ? COUNT(targets) : SAFE)]);
	talk_begin(&conn, TURN_OURS, says, size, (head[0] & HOW_PATIENT) != 0, HEARD_IN_FILE);
	session_init(&session, &conn, &request, &policy, root, &audit);
	enter_dir(base);
	if ((head[0] & HOW_USER) != 0)
		become_user();
	end = sink_run(&sink, &session);
	leave_user();
	leave_dir();
	return end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *said;
	unsigned warnings;
	size_t len;
	int end;

	if (size < HEAD || size > SAYS_MAX + HEAD)
		return 0;
	/* Links are for others to follow or not only where they can belong to others. */
	if ((data[0] & HOW_SYSTEM) != 0 && geteuid() != 0)
		return 0;
	descriptors_count();
	set_policy(data);
	begin_log(data[0]);
	seen.says_temp = memmem(data, size, ".scp-", 5) != NULL;
	plant((data[0] & HOW_USER) != 0 ? NOBODY : current_user());
	end = serve(data, data + HEAD, size - HEAD);
	said = talk_heard(&len);
	warnings = check_answers(said, len);
	talk_end();
	REQUIRE(end == -1 || conn.turn == TURN_FREE, "turn %d", conn.turn);
	REQUIRE(session.errors >= warnings, "%u errors, %u warnings", session.errors, warnings);
	check_log(data[0]);
	check_tree();
	descriptors_check();
	return 0;
}
