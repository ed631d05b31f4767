/* SPDX-License-Identifier: ISC */
/*
 * A whole session of a source, from a tree that is always the same.  Three bytes say how it is
 * served (see the enum below, and the tables); what follows is all that the client answers.  What
 * he is sent must be what the protocol has for these answers, and what is in the tree, by size and
 * content.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "policies.h"
#include "scp/source.h"
#include "scratch.h"
#include "talk.h"

enum {
	HEAD = 3,
	SAYS_MAX = 8192,
	SPARSE = 150000,	/* bytes; in the middle of them are some that are no hole */
	ISLAND = 80000
};

enum how {			/* the first byte; the second chooses the operands */
	HOW_RECURSIVE = 1, HOW_PRESERVE = 2,
	HOW_SYSTEM = 4,		/* no root */
	HOW_PIPE = 8,		/* not a file: large bodies go another way */
	HOW_USER = 16,
	HOW_LINKS = 32,		/* in a root: those that stay beneath it are followed */
	HOW_HIDDEN = 64,	/* names with a dot are not there */
	HOW_FEW = 128		/* so are not all files */
};

static const char *const operands[][3] = {
	{ "." }, { "f" }, { "a" }, { "a/b", "f" }, { "nosuch", "f" }, { "" }, { "a/loop" },
	{ "p", "empty" }, { "large" }, { "sparse" }, { "secret", "f" }, { "a/.", "a/b/.." },
	{ "in", "out" }, { "/", "/f" }, { "..", "../canary" }, { ".hidden", "a/.hidden" },
	{ "in/b/g" }, { "new\nline", "a" },
};

/* What is there; names of files are only used once. */
static const struct {
	const char *path;
	mode_t	    mode;	/* with its type */
	size_t	    size;
	const char *to;		/* of a link */
} things[] = {
	{ "a", S_IFDIR | 0755, 0, NULL },
	{ "a/b", S_IFDIR | 01711, 0, NULL },
	{ "a/b/g", S_IFREG | 04755, 5, NULL },
	{ "a/b/g2", S_IFREG | 0644, 3, NULL },
	{ "a/.hidden", S_IFREG | 0600, 7, NULL },
	{ "a/closed", S_IFDIR | 0700, 0, NULL },
	{ "a/closed/h", S_IFREG | 0600, 4, NULL },
	{ "a/b/loop2", S_IFLNK, 0, "../../a" },
	{ "a/loop", S_IFLNK, 0, "loop" },
	{ "a/none", S_IFLNK, 0, "nowhere" },
	{ "f", S_IFREG | 0644, 3, NULL },
	{ "empty", S_IFREG | 0644, 0, NULL },
	{ "large", S_IFREG | 0644, 70000, NULL },
	{ "new\nline", S_IFREG | 0644, 9, NULL },
	{ "\303\244\001\377", S_IFREG | 0644, 10, NULL },
	{ "secret", S_IFREG, 11, NULL },
	{ "p", S_IFIFO, 0, NULL },
	{ "in", S_IFLNK, 0, "a" },
	{ "out", S_IFLNK, 0, "../canary/dir" },
	{ "outer", S_IFLNK, 0, "/dev/null" },
};

static struct session session;
static struct conn conn;
static struct source source;
static struct policy policy;
static struct audit audit;
static struct root whole, closed, following;

static int top = -1, base = -1;		/* the scratch directory, and the root in it */

/* What is said to the client, and what he answers, as far as they are understood. */
static struct {
	const char    *said;
	size_t	       len, at;
	const uint8_t *answers;
	size_t	       size, next;
	unsigned       errors;	/* that the source must have counted */
	unsigned       depth;
	bool	       over;	/* the client is lost */
} heard;

static void
plant_things(void)
{
	for (size_t i = 0; i < COUNT(things); i++) {
		mode_t mode = things[i].mode & 07777;

		if (S_ISDIR(things[i].mode))
			plant_dir(base, things[i].path, mode);
		else if (S_ISREG(things[i].mode))
			plant_file(base, things[i].path, mode, things[i].size);
		else if (S_ISLNK(things[i].mode))
			plant_link(base, things[i].path, things[i].to);
		else
			plant_fifo(base, things[i].path);
	}
}

static void
plant_sparse(void)
{
	int fd = openat(base, "sparse", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	REQUIRE(fd != -1 && ftruncate(fd, SPARSE) == 0 && pwrite(fd, "land", 4, ISLAND) == 4, "%s",
	    strerror(errno));
	close(fd);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *what;
	char path[100];

	(void)argc;
	(void)argv;
	top = scratch_open();
	plant_dir(top, "root", 0755);
	base = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(base != -1, "%s", strerror(errno));
	plant_things();
	plant_sparse();
	canary_plant(top);
	snprintf(path, sizeof(path), "%s/root", scratch_path());
	enter_dir(base);
	REQUIRE(root_open(&whole) == 0 && root_confine(&closed, path, "", "", false, &what) == 0 &&
	    root_confine(&following, path, "", "", true, &what) == 0, "%s", strerror(errno));
	leave_dir();
	return 0;
}

/* The client's next answer, as PROTOCOL has it: 0, 1 refused, -1 the end. */
static int
answer(void)
{
	uint8_t first;
	const uint8_t *end;

	heard.over = heard.next == heard.size;
	if (heard.over) {
		heard.errors++;
		return -1;
	}
	first = heard.answers[heard.next++];
	if (first == 0)
		return 0;
	heard.errors++;
	if (first == '\n')
		end = heard.answers + heard.next - 1;
	else
		end = memchr(heard.answers + heard.next, '\n', heard.size - heard.next);
	heard.over = end == NULL || first != RECORD_WARN;
	if (!heard.over)
		heard.next = (size_t)(end - heard.answers) + 1;
	return heard.over ? -1 : 1;
}

/* The line that comes next, without its newline. */
static size_t
line_length(void)
{
	const char *p = heard.said + heard.at, *end = memchr(p, '\n', heard.len - heard.at);
	size_t len = end != NULL ? (size_t)(end - p) : 0;

	REQUIRE(end != NULL, "a line does not end");
	return len;
}

static void
take_warning(void)
{
	const char *p = heard.said + heard.at + 1;
	size_t len = line_length();

	REQUIRE(len <= 501 && strncmp(p, "scp: ", 5) == 0, "\"%.*s\"", (int)len, p);
	for (size_t i = 0; i + 1 < len; i++)
		REQUIRE((unsigned char)p[i] >= ' ' && p[i] != 0x7f, "byte %zu", i);
	heard.at += len + 1;
	heard.errors++;
}

/* The file NAME has SIZE bytes, and they come next. */
static void
check_body(const char *name, size_t size)
{
	const char *body = heard.said + heard.at;
	bool sparse = strcmp(name, "sparse") == 0;
	size_t wanted = sparse ? SPARSE : 3;

	for (size_t i = 0; i < COUNT(things); i++) {
		const char *slash = strrchr(things[i].path, '/');

		if (strcmp(slash != NULL ? slash + 1 : things[i].path, name) == 0)
			wanted = things[i].size;
	}
	if (strcmp(name, "new\\^Jline") == 0)
		wanted = 9;
	REQUIRE(size == wanted, "\"%s\" has %zu bytes, not %zu", name, wanted, size);
	REQUIRE(size < heard.len - heard.at, "\"%s\" is cut short", name);
	for (size_t i = 0; i < size; i++)
		REQUIRE(body[i] == (!sparse ? plant_byte(i)
		    : i >= ISLAND && i < ISLAND + 4 ? "land"[i - ISLAND] : '\0'),
		    "\"%s\": byte %zu is another", name, i);
	heard.at += size;
	REQUIRE(heard.said[heard.at++] == '\0', "\"%s\" is not whole", name);
}

/* T, C, D or E, and what the client's answer makes of it. */
static void
take_record(void)
{
	static char line[RECORD_MAX + 1];
	size_t len = line_length();
	const char *why = NULL;
	struct record r;
	bool left;
	int reply;

	REQUIRE(len < RECORD_MAX, "%zu bytes", len);
	memcpy(line, heard.said + heard.at, len);
	REQUIRE(record_parse(&r, line, len, &why) == 0, "\"%s\": %s", line, why);
	heard.at += len + 1;
	if (policy.hidden == POLICY_NO)
		REQUIRE(r.text[0] != '.', "%s", r.text);
	if (r.kind == RECORD_END)
		REQUIRE(heard.depth-- > 0, "an E too many");
	reply = answer();
	if (r.kind == RECORD_DIR && reply == 0)
		heard.depth++;
	if (r.kind == RECORD_FILE && reply == 0) {
		check_body(r.text, (size_t)r.size);
		left = heard.next == heard.size;
		answer();
		/* Who leaves without a word and has all of it has lost nothing. */
		if (left)
			heard.errors--;
	}
}

/* All that was said is understood. */
static void
check_said(int end)
{
	answer();
	while (!heard.over && heard.at < heard.len)
		if (heard.said[heard.at] == RECORD_WARN)
			take_warning();
		else
			take_record();
	REQUIRE(heard.at == heard.len, "%zu bytes too many", heard.len - heard.at);
	REQUIRE(end == (heard.over ? -1 : 0), "%d", end);
	REQUIRE(heard.over || heard.depth == 0, "%u directories are open", heard.depth);
	REQUIRE(session.errors == heard.errors, "%u errors, not %u", session.errors, heard.errors);
	/* What nobody waited for is not read. */
	REQUIRE(heard.over || talk_unread() == heard.size - heard.next, "answers are gone");
	if (policy.restricted)
		REQUIRE(memmem(heard.said, heard.len, "D0777 0 canary", 14) == NULL, "outside");
}

static void
set_policy(unsigned how)
{
	policy = (how & HOW_SYSTEM) != 0 ? drop_in_policy() : restricted_policy();
	policy.symlinks = (how & HOW_LINKS) != 0 ? SYMLINKS_BENEATH : SYMLINKS_NEVER;
	policy.hidden = (how & HOW_HIDDEN) != 0 ? POLICY_NO : POLICY_YES;
	if ((how & HOW_FEW) == 0)
		return;
	policy.max_files = 6;
	policy.max_file_size = 100000;
	policy.max_depth = 2;
	policy.nrules = 1;
	strcpy(policy.rules[0].pattern, "g*");
}

static int
serve(unsigned how, const char *const words[3], const uint8_t *says, size_t size)
{
	static char copies[3][64];
	char *paths[] = { copies[0], copies[1], copies[2], NULL };
	const struct root *root = (how & HOW_SYSTEM) != 0 ? &whole
	    : (how & HOW_LINKS) != 0 ? &following : &closed;
	struct request request = {
		.role = REQUEST_SOURCE,
		.recursive = (how & HOW_RECURSIVE) != 0,
		.preserve = (how & HOW_PRESERVE) != 0,
		.paths = paths,
	};
	int end;

	while (request.npaths < 3 && words[request.npaths] != NULL) {
		strcpy(copies[request.npaths], words[request.npaths]);
		request.npaths++;
	}
	talk_begin(&conn, TURN_THEIRS, says, size, false,
	    (how & HOW_PIPE) != 0 ? HEARD_IN_PIPE : HEARD_IN_FILE);
	session_init(&session, &conn, &request, &policy, root, &audit);
	enter_dir(base);
	if ((how & HOW_USER) != 0)
		become_user();
	end = source_run(&source, &session);
	leave_user();
	leave_dir();
	return end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const *words;
	int end;

	if (size < HEAD || size > SAYS_MAX + HEAD)
		return 0;
	descriptors_count();
	words = operands[data[1] % COUNT(operands)];
	set_policy(data[0]);
	audit_init(&audit, "u", NULL);
	end = serve(data[0], words, data + HEAD, size - HEAD);
	heard.said = talk_heard(&heard.len);
	heard.answers = data + HEAD;
	heard.size = size - HEAD;
	heard.at = heard.next = heard.errors = heard.depth = 0;
	heard.over = false;
	check_said(end);
	talk_end();
	canary_check(top);
	descriptors_check();
	return 0;
}
