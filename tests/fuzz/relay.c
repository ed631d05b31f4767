/* SPDX-License-Identifier: ISC */
/*
 * From a source to a sink through here, both of which say whatever they like.  Four bytes say how that is
 * asked for (see the enum below, and the operands) and how many of what follows are the sink's answers; the
 * rest is what the source says.  A sink that knows the protocol is told nothing that it would not understand:
 * whole records, whole bodies, the end of each directory; no name that was not asked for, no directory
 * without -r, and nothing after an answer that was to be waited for and ended it.
 */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "errand/expect.h"
#include "fuzz.h"
#include "originate/hello.h"
#include "originate/relay.h"
#include "policies.h"
#include "talk.h"

enum {
	HEAD = 4,
	SAYS_MAX = 8192,
	PIPE_SIZE = 1 << 20,
	SHALLOW = 3,
	SMALL = 300,		/* bytes of a file */
	TICK = 3000000		/* nanoseconds between two looks at the clock, where all is slow */
};

enum how {			/* the first byte; the second chooses the operand */
	HOW_RECURSIVE = 1, HOW_PATIENT = 2,
	HOW_SLOW = 4,		/* whoever is waited for takes his time */
	HOW_AHEAD = 8,		/* nobody need be waited for, where he agrees */
	HOW_AGREED = 16,	/* as the sink did before */
	HOW_LEAD = 32,		/* the source gets replies ahead */
	HOW_ANY = 64,		/* -T */
	HOW_LIMITED = 128
};

static const struct {
	const char *said, *pattern;	/* of the names; NULL: it stands for what is in it */
	bool	    one;
} operands[] = {
	{ "x", "x", true }, { "a/x", "x", true }, { "*", "[!.]*", false }, { "[ab]*", "[ab]*", false },
	{ ".*", ".*", false }, { ".", NULL, true }, { "a/..", NULL, true }, { "", NULL, true },
};

static struct session from, to;
static struct conn source_conn, sink_conn;
static struct relay relay;
static struct policy policy;
static struct audit audit;
static struct root whole;
static struct errand errand;
static struct expect expect;
static struct hello hello;
static bool talking, slow;
static unsigned operand;

/* What the sink is told, and what it answers, as far as either is understood. */
static char told[PIPE_SIZE];

static struct {
	size_t	       len, at;	/* of TOLD */
	const uint8_t *answers;
	size_t	       size, next;
	bool	       agreed;	/* it drains what it refuses */
	bool	       over;	/* it has ended the conversation, or was not understood */
	bool	       waited;	/* with OVER: for the answer that did */
	bool	       spoilt;	/* the last that it was told is that a body is not whole */
	unsigned       depth, entries;
	unsigned       refused;	/* what it refused of that was not in a directory that was */
} sink;

/* What the source says. */
static struct {
	const uint8_t *data;
	size_t	       size;
} says;

/* What the clients heard. */
static struct {
	unsigned complaints, texts, ends, failures, skips;
} heard;

/* This takes the place of the library's: while both talk, time passes as it is wanted to. */
int	clock_as_wanted(clockid_t, struct timespec *) __asm__("clock_gettime");

int
clock_as_wanted(clockid_t clock, struct timespec *t)
{
	static int64_t now;

	if (!talking || clock != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, clock, t);
	now += slow ? TICK : 0;
	*t = (struct timespec){ .tv_sec = 1 + now / 1000000000, .tv_nsec = now % 1000000000 };
	return 0;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	REQUIRE(root_open(&whole) == 0, "%s", strerror(errno));
	return 0;
}

static void
complain(void *self, const char *path, size_t len, const char *reason)
{
	(void)self;
	REQUIRE(path == NULL || len < PATH_MAX, "%zu", len);
	REQUIRE(reason[0] != '\0', "no reason");
	heard.complaints++;
}

static void
hear(void *self, const char *text)
{
	(void)self;
	REQUIRE(text[0] != '\0', "no text");
	for (const char *p = text; *p != '\0'; p++)
		REQUIRE((unsigned char)*p >= ' ' && *p != 0x7f, "byte %#x", (unsigned)*p & 0xff);
	heard.texts++;
}

static void
begin(void *self, const char *path, size_t len, uint64_t size)
{
	(void)self;
	(void)path;
	REQUIRE(len < PATH_MAX, "%zu", len);
	REQUIRE(size <= policy.max_file_size, "%llu", (unsigned long long)size);
}

static void
move(void *self, uint64_t done)
{
	(void)self;
	(void)done;
}

static void
end(void *self, const char *path, size_t len, const char *reason)
{
	(void)self;
	(void)path;
	(void)len;
	if (reason != NULL)
		heard.failures++;
	else
		heard.ends++;
}

static void
pass(void *self)
{
	(void)self;
}

static void
arrive(void *self, const char *path, size_t len, uint64_t size, int64_t since)
{
	(void)size;
	REQUIRE(since > 0, "%lld", (long long)since);
	end(self, path, len, NULL);
}

static void
take_path(void *self, const char *path, size_t len)
{
	(void)self;
	(void)path;
	REQUIRE(len < PATH_MAX, "%zu", len);
}

static void
skip(void *self, const char *path, size_t len)
{
	take_path(self, path, len);
	heard.skips++;
}

/* As a worker has it: what is text is read. */
static bool
is_due(void *waiter)
{
	enum hello_end how = hello_look_behind(waiter, &source_conn.stream);

	return how == HELLO_BEGAN || how == HELLO_MESSAGE;
}

static void
say_nothing(void *self, const char *line)
{
	(void)self;
	REQUIRE(line[0] != '\0', "no line");
}

static struct client
client_of(const char *host, bool ahead)
{
	return (struct client){
		.host = host, .ahead = ahead, .sorry = "scp: not taken", .complain = complain, .hear = hear,
		.begin = begin, .move = move, .end = end, .sent = pass, .arrive = arrive,
		.enter = take_path, .skip = skip, .due = is_due, .waiter = &hello,
	};
}

/* The answer to the next thing: 0, 1 refused, -1; what follows that is not understood. */
static int
take_answer(bool asking, bool waited)
{
	const uint8_t *p = sink.answers + sink.next, *newline;
	uint8_t first;

	if (sink.over)
		return -1;
	if (sink.next < sink.size) {
		first = p[0];
		sink.next++;
		if (first == 0)
			return 0;
		if (first == CONN_AGREED && asking) {
			sink.agreed = true;
			return 0;
		}
		newline = memchr(p + 1, '\n', sink.size - sink.next);
		if (first == RECORD_WARN && newline != NULL) {
			sink.next = (size_t)(newline - sink.answers) + 1;
			return 1;
		}
	}
	sink.over = true;
	sink.waited = waited;
	return -1;
}

/* A body of SIZE bytes and its status; false where it is cut short. */
static bool
take_body(uint64_t size)
{
	const char *p, *newline;

	REQUIRE(size <= policy.max_file_size, "%llu", (unsigned long long)size);
	if (size >= sink.len - sink.at) {
		sink.at = sink.len;
		return false;
	}
	sink.at += size;
	p = told + sink.at;
	if (*p == '\0') {
		/* What is whole here was so there. */
		REQUIRE(memmem(says.data, says.size, p - size, size + 1) != NULL, "another body");
		sink.at++;
		return true;
	}
	newline = memchr(p, '\n', sink.len - sink.at);
	REQUIRE(*p == RECORD_WARN && newline != NULL, "%#x behind a body", (unsigned)*p & 0xff);
	sink.at = (size_t)(newline - told) + 1;
	sink.spoilt = sink.at == sink.len;
	return true;
}

static void
check_name(const struct record *r)
{
	const char *pattern = operands[operand].pattern;

	REQUIRE(r->text[0] != '\0' && strchr(r->text, '/') == NULL && strcmp(r->text, ".") != 0 &&
	    strcmp(r->text, "..") != 0, "\"%s\"", r->text);
	REQUIRE(policy.nrules == 0 || fnmatch("*.bad", r->text, 0) != 0, "\"%s\"", r->text);
	if (sink.depth > 0)
		return;
	sink.entries++;
	if (errand.any_name || pattern == NULL)
		return;
	REQUIRE(fnmatch(pattern, r->text, 0) == 0, "\"%s\"", r->text);
	REQUIRE(!operands[operand].one || sink.entries == 1, "%u", sink.entries);
}

/* A file: false where its body is cut short. */
static bool
take_file(const struct record *r)
{
	bool free = sink.agreed && !r->asks;
	int reply = take_answer(r->asks, !free);

	if (!free && reply != 0) {
		sink.refused += reply == 1;
		return true;
	}
	if (!take_body(r->size))
		return false;
	if (reply == 0)
		sink.refused += take_answer(false, !sink.agreed) == 1;
	else
		sink.refused += reply == 1;
	return true;
}

static bool
take_record(const struct record *r)
{
	switch (r->kind) {
	case RECORD_FILE:
		check_name(r);
		return take_file(r);
	case RECORD_DIR:
		REQUIRE(from.request->recursive, "%s", r->text);
		check_name(r);
		if (take_answer(false, !sink.agreed) == 0 || sink.agreed)
			sink.depth++;
		return true;
	case RECORD_END:
		REQUIRE(sink.depth > 0, "one end too many");
		sink.depth--;
		break;
	case RECORD_TIMES:
		break;
	case RECORD_WARN:
	case RECORD_FATAL:
		REQUIRE(false, "a message is passed on: %s", r->text);
	}
	(void)take_answer(false, !sink.agreed);
	return true;
}

/* All that the sink is told, which is nothing more once it has ended what it was waited for in. */
static void
read_all(bool torn)
{
	bool whole_body = true;

	while (sink.at < sink.len && whole_body) {
		const char *line = told + sink.at, *newline = memchr(line, '\n', sink.len - sink.at);
		static char text[RECORD_MAX];
		struct record r;
		const char *why;
		size_t n;

		REQUIRE(!sink.over || !sink.waited, "it goes on");
		REQUIRE(newline != NULL && newline - line < RECORD_MAX, "no line");
		n = (size_t)(newline - line);
		memcpy(text, line, n);
		text[n] = '\0';
		sink.at += n + 1;
		REQUIRE(record_parse(&r, text, n, &why) == 0, "%s: %s", text, why);
		whole_body = take_record(&r);
	}
	REQUIRE(!torn || sink.over || sink.spoilt || !whole_body, "it is left for nothing");
	REQUIRE(torn || (whole_body && sink.depth == 0 && sink_conn.turn == TURN_FREE), "depth %u, turn %d",
	    sink.depth, sink_conn.turn);
}

static void
set_policy(unsigned how)
{
	policy = drop_in_policy();
	if ((how & HOW_LIMITED) == 0)
		return;
	policy.max_depth = SHALLOW;
	policy.max_file_size = SMALL;
	policy.rules[policy.nrules++] = (struct policy_rule){ .pattern = "*.bad" };
}

/* A pipe that has all of TEXT, and then its end. */
static int
pipe_with(const uint8_t *text, size_t size)
{
	int ends[2];

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], text, size) == (ssize_t)size, "%s",
	    strerror(errno));
	close(ends[1]);
	return ends[0];
}

static void
read_told(int fd)
{
	ssize_t n;

	sink.len = sink.at = 0;
	while ((n = read(fd, told + sink.len, sizeof(told) - sink.len)) > 0)
		sink.len += (size_t)n;
	REQUIRE(n == 0, "%s", strerror(errno));
}

/* As a worker does it. */
static int
run(unsigned how)
{
	bool more = (how & HOW_RECURSIVE) != 0 || expect_is_of_many(&expect);
	enum hello_end began;

	if ((how & HOW_LEAD) != 0 && (how & HOW_LIMITED) == 0 && more)
		conn_lead(&source_conn, CONN_LEAD);
	(void)conn_ack(&source_conn);
	began = hello_await(&hello, &source_conn.stream, GREETING_OF_SOURCE);
	relay = (struct relay){ .from = &from, .to = &to };
	return began == HELLO_BEGAN || began == HELLO_MESSAGE ? relay_run(&relay, more) : -1;
}

/* The conversations, of which only what the sink is told is looked at. */
static int
converse(unsigned how, char **paths)
{
	const struct request request = {
		.role = REQUEST_SINK, .recursive = (how & HOW_RECURSIVE) != 0, .npaths = 1, .paths = paths,
	};
	const struct client here = client_of("here", false), there = client_of("there", (how & HOW_AHEAD) != 0);
	int answers = pipe_with(sink.answers, sink.size), ends[2], status;

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE) == PIPE_SIZE, "%s",
	    strerror(errno));
	talk_begin(&source_conn, TURN_OURS, says.data, says.size, (how & HOW_PATIENT) != 0, HEARD_IN_FILE);
	conn_init(&sink_conn, answers, ends[1], TURN_FREE, 0);
	if (sink.agreed)
		conn_agree(&sink_conn);
	hello_init(&hello, true, say_nothing, NULL);
	session_init(&from, &source_conn, &request, &policy, &whole, &audit);
	session_originate(&from, &here, &expect);
	session_init(&to, &sink_conn, &request, &policy, &whole, &audit);
	session_originate(&to, &there, NULL);
	talking = true;
	status = run(how);
	talking = false;
	talk_end();
	close(answers);
	close(ends[1]);
	read_told(ends[0]);
	close(ends[0]);
	read_all(relay.torn);
	return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[8], *paths[] = { path, NULL };
	size_t answers;
	unsigned errors;
	const char *why;

	if (size < HEAD || size > SAYS_MAX)
		return 0;
	answers = (data[2] | (size_t)data[3] << 8) % (size - HEAD + 1);
	memset(&sink, 0, sizeof(sink));
	sink.answers = data + HEAD;
	sink.size = answers;
	sink.agreed = (data[0] & HOW_AGREED) != 0;
	says.data = data + HEAD + answers;
	says.size = size - HEAD - answers;
	memset(&heard, 0, sizeof(heard));
	slow = (data[0] & HOW_SLOW) != 0;
	operand = data[1] % COUNT(operands);
	strcpy(path, operands[operand].said);
	set_policy(data[0]);
	audit_init(&audit, "", NULL);
	errand = (struct errand){
		.recursive = (data[0] & HOW_RECURSIVE) != 0, .any_name = (data[0] & HOW_ANY) != 0,
	};
	REQUIRE(expect_init(&expect, &errand, path, &why) == 0, "%s", why);
	relay.torn = false;
	(void)converse(data[0], paths);
	errors = from.errors + to.errors;
	REQUIRE(sink.refused == 0 || errors > 0, "%u were refused", sink.refused);
	REQUIRE(errors == 0 || heard.complaints + heard.texts > 0, "%u are not told", errors);
	return 0;
}
