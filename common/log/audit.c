/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log/audit.h"
#include "wire/clock.h"

/* What an address consists of, the name of an interface behind it included. */
#define ADDRESS_BYTES \
	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.:%_-"

enum {
	MILLI = 1000,
	ADDRESS_MAX = 64,		/* bytes of an address, NUL included */
	SANDBOX_TEXT = 64,		/* bytes of what is in force, NUL included */
	FRAME_MAX = 480			/* bytes of all that is in a record besides its strings */
};

/* No record has more strings in it than one of the longest, two others and an address. */
static_assert(AUDIT_STRING_MAX + 2 * AUDIT_WORD_MAX + ADDRESS_MAX + FRAME_MAX <= AUDIT_RECORD_MAX,
    "a record may not fit");
/* Nor two paths, and who we are. */
static_assert(2 * AUDIT_PAIR_MAX + AUDIT_WORD_MAX + ADDRESS_MAX + FRAME_MAX <= AUDIT_RECORD_MAX,
    "two paths may not fit");

static unsigned
permissions(mode_t mode)
{
	return mode & 07777;
}

/* Puts the first word of what sshd says of the connection, if it can be an address. */
static void
put_address(struct line *l, const struct audit *a)
{
	const char *text = a->connection != NULL ? a->connection : "";
	size_t n = strspn(text, ADDRESS_BYTES);

	if (n > 0 && n < ADDRESS_MAX && (text[n] == ' ' || text[n] == '\0'))
		line_put(l, "%.*s", (int)n, text);
	else
		line_put(l, "unknown");
}

static void
put_who(struct line *l, const struct audit *a)
{
	line_put(l, " for local user ");
	line_put_quoted(l, a->user, AUDIT_WORD_MAX);
	line_put(l, " from [");
	put_address(l, a);
	line_put(l, "]");
}

/* Puts what every object begins with. */
static void
put_json_head(struct line *l, const struct audit *a, const char *event)
{
	struct timespec now;
	struct tm t = { .tm_mday = 1 };

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &t);
	line_put(l, "{\"event\":\"%s\",\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"pid\":%d",
	    event, t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
	    now.tv_nsec / (CLOCK_NANO / MILLI), (int)getpid());
	line_put_member(l, "user", a->user, AUDIT_WORD_MAX);
	line_put(l, ",\"address\":\"");
	put_address(l, a);
	line_put(l, "\"");
}

static const char *
direction(enum audit_way way)
{
	static const char *const names[] = {
		[AUDIT_DOWNLOAD] = "download", [AUDIT_UPLOAD] = "upload", [AUDIT_SFTP] = "sftp",
		[AUDIT_COMMANDS] = "commands",
	};

	return names[way];
}

static const char *
direction_of(const struct audit_entry *e)
{
	return direction(e->upload ? AUDIT_UPLOAD : AUDIT_DOWNLOAD);
}

/* Puts what became of it, and ends the object. */
static void
put_json_result(struct line *l, const char *bad, const char *reason)
{
	line_put(l, ",\"result\":\"%s\"", reason == NULL ? "ok" : bad);
	if (reason != NULL)
		line_put_member(l, "reason", reason, AUDIT_WORD_MAX);
	line_put(l, "}");
}

/* Begins a record: all that comes before what it says, in JSON with what each object has. */
static void
begin(struct line *l, const struct audit *a, int level, const char *event)
{
	l->len = 0;
	if (a->journal.path != NULL)
		line_put_syslog_head(l, a->facility | level);
	else if (a->journal.torn)
		line_put(l, "\n");
	if (a->form == AUDIT_JSON)
		put_json_head(l, a, event);
}

/* Writes the record, which is complete. */
static int
finish(struct line *l, struct audit *a)
{
	int end;

	if (a->journal.path == NULL)
		line_put(l, "\n");
	end = journal_write(&a->journal, l->text, l->len);
	return a->required ? end : 0;
}

void
audit_init(struct audit *a, const char *user, const char *connection)
{
	*a = (struct audit){ .user = user, .connection = connection };
	journal_init(&a->journal);
}

void
audit_to_fd(struct audit *a, int fd, enum audit_form form, bool required)
{
	a->form = form;
	a->required = required;
	journal_to_fd(&a->journal, fd, JOURNAL_PATIENCE);
}

int
audit_to_syslog(struct audit *a, const char *path, int facility, enum audit_form form,
    bool required)
{
	a->facility = facility;
	a->form = form;
	a->required = required;
	/* Reads what it needs to know of the time zone while it still can. */
	tzset();
	return journal_to_socket(&a->journal, path) == -1 && required ? -1 : 0;
}

void
audit_close(struct audit *a)
{
	journal_close(&a->journal);
	audit_init(a, a->user, a->connection);
}

bool
audit_is_on(const struct audit *a)
{
	return a->journal.fd != -1 || a->required;
}

int
audit_start(struct audit *a, enum audit_way way, const char *request, const char *root,
    const char *sandbox)
{
	struct line l;

	begin(&l, a, LOG_INFO, "start");
	if (a->form == AUDIT_JSON) {
		line_put(&l, ",\"direction\":\"%s\"", direction(way));
		line_put_member(&l, "request", request, AUDIT_STRING_MAX);
		line_put_member(&l, "root", root, AUDIT_WORD_MAX);
		if (sandbox != NULL)
			line_put_member(&l, "sandbox", sandbox, SANDBOX_TEXT);
		line_put(&l, "}");
	} else {
		line_put(&l, "session opened");
		put_who(&l, a);
		line_put(&l, " %s", direction(way));
		line_put_string(&l, "root", root, AUDIT_WORD_MAX);
		line_put_string(&l, "request", request, AUDIT_STRING_MAX);
		if (sandbox != NULL)
			line_put_string(&l, "sandbox", sandbox, SANDBOX_TEXT);
	}
	return finish(&l, a);
}

static void
put_file(struct line *l, const struct audit_entry *e)
{
	uint64_t in = e->upload ? e->back : e->bytes, out = e->upload ? e->bytes : e->back;

	line_put(l, e->reason == NULL ? "close" : "forced close");
	line_put(l, " \"");
	line_put_quoted(l, e->path, AUDIT_STRING_MAX);
	line_put(l, "\" bytes read %" PRIu64 " written %" PRIu64 " seconds ", in, out);
	line_put_seconds(l, e->seconds);
	line_put(l, " mode %04o", permissions(e->mode));
	if (e->reason != NULL)
		line_put_string(l, "reason", e->reason, AUDIT_WORD_MAX);
	else if (e->remark != NULL)
		line_put_string(l, "remark", e->remark, AUDIT_WORD_MAX);
}

static void
put_json_file(struct line *l, const struct audit_entry *e)
{
	line_put(l, ",\"direction\":\"%s\"", direction_of(e));
	line_put_member(l, "path", e->path, AUDIT_STRING_MAX);
	line_put(l, ",\"bytes\":%" PRIu64, e->bytes);
	if (e->back > 0)
		line_put(l, ",\"back\":%" PRIu64, e->back);
	line_put(l, ",\"seconds\":");
	line_put_seconds(l, e->seconds);
	line_put(l, ",\"mode\":\"%04o\"", permissions(e->mode));
	if (e->reason == NULL && e->remark != NULL)
		line_put_member(l, "remark", e->remark, AUDIT_WORD_MAX);
	put_json_result(l, "failed", e->reason);
}

int
audit_file(struct audit *a, const struct audit_entry *e)
{
	struct line l;

	begin(&l, a, e->reason == NULL ? LOG_INFO : LOG_NOTICE, "file");
	if (a->form == AUDIT_JSON)
		put_json_file(&l, e);
	else
		put_file(&l, e);
	return finish(&l, a);
}

static void
put_dir(struct line *l, const struct audit_entry *e, bool made)
{
	line_put(l, made ? "mkdir name \"" : "opendir \"");
	line_put_quoted(l, e->path, AUDIT_STRING_MAX);
	line_put(l, "\"");
	if (made)
		line_put(l, " mode %04o", permissions(e->mode));
	if (e->reason != NULL)
		line_put_string(l, "reason", e->reason, AUDIT_WORD_MAX);
}

static void
put_json_dir(struct line *l, const struct audit_entry *e, bool made)
{
	line_put(l, ",\"direction\":\"%s\"", direction_of(e));
	line_put_member(l, "path", e->path, AUDIT_STRING_MAX);
	line_put(l, ",\"made\":%s", made ? "true" : "false");
	if (made)
		line_put(l, ",\"mode\":\"%04o\"", permissions(e->mode));
	put_json_result(l, "failed", e->reason);
}

int
audit_dir(struct audit *a, const struct audit_entry *e, bool made)
{
	struct line l;

	begin(&l, a, e->reason == NULL ? LOG_INFO : LOG_NOTICE, "dir");
	if (a->form == AUDIT_JSON)
		put_json_dir(&l, e, made);
	else
		put_dir(&l, e, made);
	return finish(&l, a);
}

/* How each act is written: as text, and as an object. */
static const struct {
	const char *text, *path, *to;	/* the words before each */
	const char *event, *kind;
} acts[] = {
	[AUDIT_RENAME] = { "rename", "old", "new", "rename", NULL },
	[AUDIT_REMOVE] = { "remove", "name", NULL, "remove", "file" },
	[AUDIT_RMDIR] = { "rmdir", "name", NULL, "remove", "directory" },
	[AUDIT_SYMLINK] = { "symlink", "new", "old", "link", "symbolic" },
	[AUDIT_LINK] = { "link", "old", "new", "link", "hard" },
};

static void
put_act(struct line *l, enum audit_act act, const char *path, const char *to)
{
	const bool link = act == AUDIT_SYMLINK;

	line_put(l, "%s", acts[act].text);
	if (link)
		line_put_string(l, acts[act].to, to, AUDIT_PAIR_MAX);
	line_put_string(l, acts[act].path, path, AUDIT_PAIR_MAX);
	if (!link && to != NULL)
		line_put_string(l, acts[act].to, to, AUDIT_PAIR_MAX);
}

static void
put_json_act(struct line *l, enum audit_act act, const char *path, const char *to)
{
	if (acts[act].kind != NULL)
		line_put(l, ",\"kind\":\"%s\"", acts[act].kind);
	line_put_member(l, "path", path, AUDIT_PAIR_MAX);
	if (to != NULL)
		line_put_member(l, "to", to, AUDIT_PAIR_MAX);
	put_json_result(l, "failed", NULL);
}

int
audit_act(struct audit *a, enum audit_act act, const char *path, const char *to)
{
	struct line l;

	begin(&l, a, LOG_INFO, acts[act].event);
	if (a->form == AUDIT_JSON)
		put_json_act(&l, act, path, to);
	else
		put_act(&l, act, path, to);
	return finish(&l, a);
}

int
audit_set(struct audit *a, const char *path, enum audit_attribute what, const char *value)
{
	static const char *const names[] = {
		[AUDIT_SIZE] = "size", [AUDIT_MODE] = "mode",
		[AUDIT_MODTIME] = "modtime", [AUDIT_ACCTIME] = "acctime",
		[AUDIT_OWNER] = "owner",
	};
	struct line l;

	begin(&l, a, LOG_INFO, "set");
	if (a->form == AUDIT_JSON) {
		line_put_member(&l, "path", path, AUDIT_STRING_MAX);
		if (what == AUDIT_SIZE)
			line_put(&l, ",\"size\":%s", value);
		else
			line_put_member(&l, names[what], value, AUDIT_WORD_MAX);
		put_json_result(&l, "failed", NULL);
	} else {
		line_put(&l, "set \"");
		line_put_quoted(&l, path, AUDIT_STRING_MAX);
		line_put(&l, "\" %s %s", names[what], value);
	}
	return finish(&l, a);
}

int
audit_refusal(struct audit *a, const char *path, enum audit_way way, const char *reason)
{
	struct line l;

	begin(&l, a, LOG_NOTICE, "refusal");
	if (a->form == AUDIT_JSON) {
		line_put(&l, ",\"direction\":\"%s\"", direction(way));
		line_put_member(&l, "path", path, AUDIT_STRING_MAX);
		put_json_result(&l, "refused", reason);
	} else {
		line_put(&l, "refused \"");
		line_put_quoted(&l, path, AUDIT_STRING_MAX);
		line_put(&l, "\"");
		line_put_string(&l, "reason", reason, AUDIT_WORD_MAX);
	}
	return finish(&l, a);
}

int
audit_command(struct audit *a, const char *command, const char *reason)
{
	struct line l;

	begin(&l, a, LOG_NOTICE, "refusal");
	if (a->form == AUDIT_JSON) {
		line_put_member(&l, "command", command, AUDIT_STRING_MAX);
		put_json_result(&l, "refused", reason);
	} else {
		line_put(&l, "refused");
		line_put_string(&l, "command", command, AUDIT_STRING_MAX);
		line_put_string(&l, "reason", reason, AUDIT_WORD_MAX);
	}
	return finish(&l, a);
}

int
audit_denial(struct audit *a, const char *request, const char *reason)
{
	struct line l;

	begin(&l, a, LOG_WARNING, "refusal");
	if (a->form == AUDIT_JSON) {
		line_put_member(&l, "request", request, AUDIT_STRING_MAX);
		put_json_result(&l, "refused", reason);
	} else {
		line_put(&l, "refused");
		line_put_string(&l, "request", request, AUDIT_STRING_MAX);
		put_who(&l, a);
		line_put_string(&l, "reason", reason, AUDIT_WORD_MAX);
	}
	return finish(&l, a);
}

int
audit_end(struct audit *a, uint64_t files, uint64_t bytes, unsigned errors, int status,
    const char *reason)
{
	struct line l;

	begin(&l, a, LOG_INFO, "end");
	if (a->form == AUDIT_JSON) {
		line_put(&l, ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64, files, bytes);
		line_put(&l, ",\"errors\":%u,\"exit\":%d", errors, status);
		if (reason != NULL)
			line_put_member(&l, "reason", reason, AUDIT_WORD_MAX);
		line_put(&l, "}");
	} else {
		line_put(&l, "session closed");
		put_who(&l, a);
		line_put(&l, " files %" PRIu64 " bytes %" PRIu64, files, bytes);
		line_put(&l, " errors %u exit %d", errors, status);
		if (reason != NULL)
			line_put_string(&l, "reason", reason, AUDIT_WORD_MAX);
	}
	return finish(&l, a);
}
