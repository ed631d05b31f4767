/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <syslog.h>
#include <time.h>

#include "json.h"
#include "log/audit.h"
#include "readers.h"
#include "unit.h"

#define CONNECTION "192.0.2.7 50000 192.0.2.1 22"
#define LONG_ADDRESS "123456789012345678901234567890123456789012345678901234567890123"
/* What is masked in a record before it is compared. */
#define TIME  "TTTT-TT-TTTTT:TT:TT.TTTZ"
#define STAMP "TTT TT TT:TT:TT"

enum {
	MUCH = 1 << 20,		/* bytes of a path that no record can hold */
	COMMAND = 1 << 16,	/* bytes of a request that none can, either */
	MANY = 100000,		/* records: more than any queue takes */
	ROUNDS = 300,		/* of random strings */
	RANDOM = 1500,		/* bytes of each of them, at most */
	SOON = 1		/* milliseconds: patience where nobody will make room */
};

static const struct audit_entry upload = {
	.path = "/dir/x", .upload = true, .bytes = 12345, .seconds = 1.5, .mode = 0100644,
};
static const struct audit_entry download = {
	.path = "/dir/x", .bytes = UINT64_MAX, .seconds = 0.0625, .mode = 07777,
};
static const struct audit_entry broken = {
	.path = "/dir/x", .upload = true, .bytes = 7, .mode = 0600, .reason = "No space left",
};
static const struct audit_entry both = {
	.path = "/a", .upload = true, .bytes = 7, .back = 3, .mode = 0600,
};
static const struct audit_entry dir = { .path = "/d", .upload = true, .mode = 040755 };
static const struct audit_entry bad_dir = { .path = "/d", .mode = 0700, .reason = "why" };

static int
log_start(struct audit *a)
{
	return audit_start(a, AUDIT_UPLOAD, "scp -t x", "/srv", NULL);
}

static int
log_start_down(struct audit *a)
{
	return audit_start(a, AUDIT_DOWNLOAD, "scp -f 'a b'", "/", "landlock 3, seccomp");
}

static int
log_upload(struct audit *a)
{
	return audit_file(a, &upload);
}

static int
log_download(struct audit *a)
{
	return audit_file(a, &download);
}

static int
log_broken(struct audit *a)
{
	return audit_file(a, &broken);
}

static int
log_made(struct audit *a)
{
	return audit_dir(a, &dir, true);
}

static int
log_entered(struct audit *a)
{
	return audit_dir(a, &dir, false);
}

static int
log_bad_dir(struct audit *a)
{
	return audit_dir(a, &bad_dir, true);
}

static int
log_refusal(struct audit *a)
{
	return audit_refusal(a, "/dir/x", AUDIT_UPLOAD, "Permission denied");
}

static int
log_start_sftp(struct audit *a)
{
	return audit_start(a, AUDIT_SFTP, "sftp-server", "/srv", NULL);
}

static int
log_both_ways(struct audit *a)
{
	return audit_file(a, &both);
}

static int
log_rename(struct audit *a)
{
	return audit_act(a, AUDIT_RENAME, "/a", "/d/\"b");
}

static int
log_remove(struct audit *a)
{
	return audit_act(a, AUDIT_REMOVE, "/a", NULL);
}

static int
log_rmdir(struct audit *a)
{
	return audit_act(a, AUDIT_RMDIR, "/d", NULL);
}

static int
log_symlink(struct audit *a)
{
	return audit_act(a, AUDIT_SYMLINK, "/d/l", "../t");
}

static int
log_link(struct audit *a)
{
	return audit_act(a, AUDIT_LINK, "/a", "/b");
}

static int
log_set_size(struct audit *a)
{
	return audit_set(a, "/a", AUDIT_SIZE, "7");
}

static int
log_set_mode(struct audit *a)
{
	return audit_set(a, "/a", AUDIT_MODE, "0640");
}

static int
log_set_times(struct audit *a)
{
	return audit_set(a, "/a", AUDIT_MODTIME, "2026-01-31T12:00:00Z");
}

static int
log_set_owner(struct audit *a)
{
	return audit_set(a, "/a", AUDIT_OWNER, "1:2");
}

static int
log_refusal_sftp(struct audit *a)
{
	return audit_refusal(a, "/a", AUDIT_SFTP, "no");
}

static int
log_denial(struct audit *a)
{
	return audit_denial(a, "scp a b", "neither -t nor -f");
}

static int
log_end(struct audit *a)
{
	return audit_end(a, 3, UINT64_MAX, UINT_MAX, 1, NULL);
}

static int
log_good_end(struct audit *a)
{
	return audit_end(a, 0, 0, 0, 0, NULL);
}

#define HEAD(event) \
	"{\"event\":\"" event "\",\"time\":\"" TIME "\",\"pid\":%d,\"user\":\"anna\"," \
	"\"address\":\"192.0.2.7\","

static const struct {
	int	  (*log)(struct audit *);
	int	    level;
	const char *text, *json;
} records[] = {
	{ log_start, LOG_INFO,
	    "session opened for local user anna from [192.0.2.7] upload root \"/srv\""
	    " request \"scp -t x\"",
	    HEAD("start") "\"direction\":\"upload\",\"request\":\"scp -t x\",\"root\":\"/srv\"}" },
	{ log_start_down, LOG_INFO,
	    "session opened for local user anna from [192.0.2.7] download root \"/\""
	    " request \"scp -f 'a b'\" sandbox \"landlock 3, seccomp\"",
	    HEAD("start") "\"direction\":\"download\",\"request\":\"scp -f 'a b'\","
	    "\"root\":\"/\",\"sandbox\":\"landlock 3, seccomp\"}" },
	{ log_upload, LOG_INFO,
	    "close \"/dir/x\" bytes read 0 written 12345 seconds 1.500 mode 0644",
	    HEAD("file") "\"direction\":\"upload\",\"path\":\"/dir/x\",\"bytes\":12345,"
	    "\"seconds\":1.500,\"mode\":\"0644\",\"result\":\"ok\"}" },
	{ log_download, LOG_INFO,
	    "close \"/dir/x\" bytes read 18446744073709551615 written 0 seconds 0.063 mode 7777",
	    HEAD("file") "\"direction\":\"download\",\"path\":\"/dir/x\","
	    "\"bytes\":18446744073709551615,\"seconds\":0.063,\"mode\":\"7777\","
	    "\"result\":\"ok\"}" },
	{ log_broken, LOG_NOTICE,
	    "forced close \"/dir/x\" bytes read 0 written 7 seconds 0.000 mode 0600"
	    " reason \"No space left\"",
	    HEAD("file") "\"direction\":\"upload\",\"path\":\"/dir/x\",\"bytes\":7,"
	    "\"seconds\":0.000,\"mode\":\"0600\",\"result\":\"failed\","
	    "\"reason\":\"No space left\"}" },
	{ log_made, LOG_INFO,
	    "mkdir name \"/d\" mode 0755",
	    HEAD("dir") "\"direction\":\"upload\",\"path\":\"/d\",\"made\":true,"
	    "\"mode\":\"0755\",\"result\":\"ok\"}" },
	{ log_entered, LOG_INFO,
	    "opendir \"/d\"",
	    HEAD("dir") "\"direction\":\"upload\",\"path\":\"/d\",\"made\":false,"
	    "\"result\":\"ok\"}" },
	{ log_bad_dir, LOG_NOTICE,
	    "mkdir name \"/d\" mode 0700 reason \"why\"",
	    HEAD("dir") "\"direction\":\"download\",\"path\":\"/d\",\"made\":true,"
	    "\"mode\":\"0700\",\"result\":\"failed\",\"reason\":\"why\"}" },
	{ log_refusal, LOG_NOTICE,
	    "refused \"/dir/x\" reason \"Permission denied\"",
	    HEAD("refusal") "\"direction\":\"upload\",\"path\":\"/dir/x\","
	    "\"result\":\"refused\",\"reason\":\"Permission denied\"}" },
	/* SFTP rule 66. */
	{ log_start_sftp, LOG_INFO,
	    "session opened for local user anna from [192.0.2.7] sftp root \"/srv\""
	    " request \"sftp-server\"",
	    HEAD("start") "\"direction\":\"sftp\",\"request\":\"sftp-server\","
	    "\"root\":\"/srv\"}" },
	{ log_both_ways, LOG_INFO,
	    "close \"/a\" bytes read 3 written 7 seconds 0.000 mode 0600",
	    HEAD("file") "\"direction\":\"upload\",\"path\":\"/a\",\"bytes\":7,\"back\":3,"
	    "\"seconds\":0.000,\"mode\":\"0600\",\"result\":\"ok\"}" },
	{ log_rename, LOG_INFO,
	    "rename old \"/a\" new \"/d/\\\"b\"",
	    HEAD("rename") "\"path\":\"/a\",\"to\":\"/d/\\\"b\",\"result\":\"ok\"}" },
	{ log_remove, LOG_INFO,
	    "remove name \"/a\"",
	    HEAD("remove") "\"kind\":\"file\",\"path\":\"/a\",\"result\":\"ok\"}" },
	{ log_rmdir, LOG_INFO,
	    "rmdir name \"/d\"",
	    HEAD("remove") "\"kind\":\"directory\",\"path\":\"/d\",\"result\":\"ok\"}" },
	{ log_symlink, LOG_INFO,
	    "symlink old \"../t\" new \"/d/l\"",
	    HEAD("link") "\"kind\":\"symbolic\",\"path\":\"/d/l\",\"to\":\"../t\","
	    "\"result\":\"ok\"}" },
	{ log_link, LOG_INFO,
	    "link old \"/a\" new \"/b\"",
	    HEAD("link") "\"kind\":\"hard\",\"path\":\"/a\",\"to\":\"/b\",\"result\":\"ok\"}" },
	{ log_set_size, LOG_INFO,
	    "set \"/a\" size 7",
	    HEAD("set") "\"path\":\"/a\",\"size\":7,\"result\":\"ok\"}" },
	{ log_set_mode, LOG_INFO,
	    "set \"/a\" mode 0640",
	    HEAD("set") "\"path\":\"/a\",\"mode\":\"0640\",\"result\":\"ok\"}" },
	{ log_set_times, LOG_INFO,
	    "set \"/a\" modtime 2026-01-31T12:00:00Z",
	    HEAD("set") "\"path\":\"/a\",\"modtime\":\"2026-01-31T12:00:00Z\","
	    "\"result\":\"ok\"}" },
	{ log_set_owner, LOG_INFO,
	    "set \"/a\" owner 1:2",
	    HEAD("set") "\"path\":\"/a\",\"owner\":\"1:2\",\"result\":\"ok\"}" },
	{ log_refusal_sftp, LOG_NOTICE,
	    "refused \"/a\" reason \"no\"",
	    HEAD("refusal") "\"direction\":\"sftp\",\"path\":\"/a\",\"result\":\"refused\","
	    "\"reason\":\"no\"}" },
	{ log_denial, LOG_WARNING,
	    "refused request \"scp a b\" for local user anna from [192.0.2.7]"
	    " reason \"neither -t nor -f\"",
	    HEAD("refusal") "\"request\":\"scp a b\",\"result\":\"refused\","
	    "\"reason\":\"neither -t nor -f\"}" },
	{ log_end, LOG_INFO,
	    "session closed for local user anna from [192.0.2.7] files 3"
	    " bytes 18446744073709551615 errors 4294967295 exit 1",
	    HEAD("end") "\"files\":3,\"bytes\":18446744073709551615,"
	    "\"errors\":4294967295,\"exit\":1}" },
	{ log_good_end, LOG_INFO,
	    "session closed for local user anna from [192.0.2.7] files 0 bytes 0 errors 0 exit 0",
	    HEAD("end") "\"files\":0,\"bytes\":0,\"errors\":0,\"exit\":0}" },
};

/* Masks every digit of a time that looks like MASK, in which T is any digit. */
static void
mask_digits(char *text, const char *mask)
{
	for (size_t i = 0; mask[i] != '\0'; i++) {
		if (mask[i] == 'T' && text[i] >= '0' && text[i] <= '9')
			text[i] = 'T';
		ck_assert_msg(text[i] != '\0', "too short for %s", mask);
	}
}

/* "YYYY-MM-DDThh:mm:ss.sssZ" behind "time" in the object TEXT. */
static char *
time_in(char *text)
{
	char *at = strstr(text, "\"time\":\"");

	ck_assert_msg(at != NULL, "no time in %s", text);
	return at + strlen("\"time\":\"");
}

/* A file in the test's directory that takes lines. */
static int
open_log(void)
{
	int fd = openat(unit_fd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Everything in that file, which is then empty. */
static char *
take_log(int fd)
{
	const char *got = get_file("log");
	char *copy;

	ck_assert_ptr_nonnull(got);
	copy = strdup(got);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	return copy;
}

static void
begin_fd(struct audit *a, int fd, enum audit_form form, bool required)
{
	audit_init(a, "anna", CONNECTION);
	audit_to_fd(a, fd, form, required);
}

static int
begin_syslog(struct audit *a, enum audit_form form, bool required)
{
	static struct sockaddr_un name;

	socket_name(&name);
	audit_init(a, "anna", CONNECTION);
	return audit_to_syslog(a, name.sun_path, LOG_AUTH, form, required);
}

START_TEST(the_words_of_each_record)
{
	struct audit a;
	int fd = open_log();

	begin_fd(&a, fd, AUDIT_TEXT, true);
	ck_assert(audit_is_on(&a));
	for (size_t i = 0; i < COUNT(records); i++) {
		char *got, wanted[512];

		ck_assert_int_eq(records[i].log(&a), 0);
		got = take_log(fd);
		snprintf(wanted, sizeof(wanted), "%s\n", records[i].text);
		ck_assert_str_eq(got, wanted);
		free(got);
	}
	/* It is borrowed. */
	audit_close(&a);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* RECORDS[I].json with our pid and END. */
static void
expect_json(char *wanted, size_t cap, size_t i, const char *end)
{
	const char *mark = strstr(records[i].json, "%d");

	snprintf(wanted, cap, "%.*s%d%s%s", (int)(mark - records[i].json), records[i].json,
	    (int)getpid(), mark + 2, end);
}

START_TEST(the_object_of_each_record)
{
	static struct json j;
	struct audit a;
	int fd = open_log();

	begin_fd(&a, fd, AUDIT_JSON, true);
	for (size_t i = 0; i < COUNT(records); i++) {
		char *got, wanted[512];

		ck_assert_int_eq(records[i].log(&a), 0);
		got = take_log(fd);
		ck_assert_msg(json_parse(&j, got, strlen(got) - 1) == 0, "no JSON: %s", got);
		mask_digits(time_in(got), TIME);
		expect_json(wanted, sizeof(wanted), i, "\n");
		ck_assert_str_eq(got, wanted);
		free(got);
	}
	close(fd);
}
END_TEST

/* "<PRI>Mmm dd hh:mm:ss scp[PID]: " before a record: returns what is behind it. */
static const char *
check_head(char *record, int priority)
{
	static char wanted[128];
	char *stamp = strchr(record, '>');
	size_t len;

	ck_assert_msg(stamp != NULL, "got \"%s\"", record);
	stamp++;
	for (size_t i = 0; i < 3 && stamp[i] != '\0'; i++)
		stamp[i] = 'T';
	if (stamp[3] == ' ' && stamp[4] == ' ')
		stamp[4] = 'T';
	mask_digits(stamp, STAMP);
	len = (size_t)snprintf(wanted, sizeof(wanted), "<%d>" STAMP " scp[%d]: ", priority,
	    (int)getpid());
	ck_assert_msg(strncmp(record, wanted, len) == 0, "expected \"%s\" before \"%s\"", wanted,
	    record);
	return record + len;
}

START_TEST(each_record_is_a_datagram_to_syslog)
{
	int daemon = start_daemon();

	for (size_t i = 0; i < COUNT(records); i++) {
		struct audit a;
		char record[1024], wanted[512];

		ck_assert_int_eq(begin_syslog(&a, AUDIT_TEXT, true), 0);
		ck_assert(audit_is_on(&a));
		ck_assert_int_eq(records[i].log(&a), 0);
		audit_close(&a);
		strcpy(record, receive(daemon));
		ck_assert_str_eq(check_head(record, LOG_AUTH | records[i].level), records[i].text);
		ck_assert_int_eq(begin_syslog(&a, AUDIT_JSON, true), 0);
		ck_assert_int_eq(records[i].log(&a), 0);
		audit_close(&a);
		strcpy(record, receive(daemon));
		mask_digits(time_in(record), TIME);
		expect_json(wanted, sizeof(wanted), i, "");
		ck_assert_str_eq(check_head(record, LOG_AUTH | records[i].level), wanted);
		ck_assert(!has_record(daemon));
	}
}
END_TEST

START_TEST(every_facility)
{
	static const int facilities[] = {
		LOG_KERN, LOG_USER, LOG_DAEMON, LOG_AUTH, LOG_AUTHPRIV, LOG_LOCAL0, LOG_LOCAL7,
	};
	int daemon = start_daemon();

	for (size_t i = 0; i < COUNT(facilities); i++) {
		struct sockaddr_un name;
		struct audit a;
		char record[1024];

		socket_name(&name);
		audit_init(&a, "anna", NULL);
		ck_assert_int_eq(audit_to_syslog(&a, name.sun_path, facilities[i], AUDIT_TEXT,
		    true), 0);
		ck_assert_int_eq(log_denial(&a), 0);
		audit_close(&a);
		strcpy(record, receive(daemon));
		check_head(record, facilities[i] | LOG_WARNING);
	}
}
END_TEST

/* The clock goes on while we look at it, so that there are two right answers. */
START_TEST(times_are_right)
{
	time_t before = time(NULL), after;
	int daemon = start_daemon(), millis;
	char record[1024], stamps[2][32];
	struct audit a;
	struct tm t = { .tm_mday = 1 };
	time_t got;

	setenv("TZ", "XXX-5:30", 1);
	tzset();
	ck_assert_int_eq(begin_syslog(&a, AUDIT_JSON, true), 0);
	ck_assert_int_eq(log_end(&a), 0);
	after = time(NULL);
	strcpy(record, receive(daemon));
	strftime(stamps[0], sizeof(stamps[0]), ">%b %e %H:%M:%S ", localtime(&before));
	strftime(stamps[1], sizeof(stamps[1]), ">%b %e %H:%M:%S ", localtime(&after));
	ck_assert_msg(strstr(record, stamps[0]) != NULL || strstr(record, stamps[1]) != NULL,
	    "expected \"%s\" or \"%s\" in \"%s\"", stamps[0], stamps[1], record);
	ck_assert_int_eq(sscanf(time_in(record), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &t.tm_year,
	    &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec, &millis), 7);
	t.tm_year -= 1900;
	t.tm_mon--;
	got = timegm(&t);
	ck_assert_int_ge(got, before);
	ck_assert_int_le(got, after);
	audit_close(&a);
}
END_TEST

static const struct {
	double	    seconds;
	const char *wanted;
} seconds[] = {
	{ 0, "0.000" }, { 0.0004, "0.000" }, { 0.0006, "0.001" }, { 0.01, "0.010" },
	{ 0.9994, "0.999" }, { 1.9996, "2.000" }, { 12.3456, "12.346" }, { 86400, "86400.000" },
	{ -1, "0.000" }, { -0.0, "0.000" },
	{ (double)NAN, "0.000" }, { -(double)INFINITY, "0.000" },
	{ (double)INFINITY, "1000000000.000" }, { 1e300, "1000000000.000" },
};

START_TEST(seconds_have_three_decimals)
{
	struct audit a;
	int fd = open_log();

	begin_fd(&a, fd, AUDIT_JSON, true);
	for (size_t i = 0; i < COUNT(seconds); i++) {
		struct audit_entry e = upload;
		char *got, wanted[64];

		e.seconds = seconds[i].seconds;
		ck_assert_int_eq(audit_file(&a, &e), 0);
		got = take_log(fd);
		snprintf(wanted, sizeof(wanted), ",\"seconds\":%s,", seconds[i].wanted);
		ck_assert_msg(strstr(got, wanted) != NULL, "row %zu: expected %s in %s", i, wanted,
		    got);
		free(got);
	}
	close(fd);
}
END_TEST

static const struct {
	const char *connection, *wanted;
} addresses[] = {
	{ CONNECTION, "192.0.2.7" },
	{ "192.0.2.7", "192.0.2.7" },
	{ "2001:db8::1 1 ::1 22", "2001:db8::1" },
	{ "fe80::1%eth0 1 ::1 22", "fe80::1%eth0" },
	{ "fe80::1%br-lan_0.7 1 ::1 22", "fe80::1%br-lan_0.7" },
	{ "UNKNOWN 65535 UNKNOWN 65535", "UNKNOWN" },
	{ NULL, "unknown" },
	{ "", "unknown" },
	{ " 192.0.2.7", "unknown" },
	{ "192.0.2.7] 1", "unknown" },
	{ "192.0.2.7\" 1", "unknown" },
	{ "192.0.2.7\\ 1", "unknown" },
	{ "192.0.2.7\n1", "unknown" },
	{ "192.0.2.7\t1", "unknown" },
	{ "192.0.2.7\303\251 1", "unknown" },
	{ "%n%s%n%s 1", "%n%s%n%s" },
	{ LONG_ADDRESS " 1", LONG_ADDRESS },
	{ LONG_ADDRESS "4 1", "unknown" },
};

START_TEST(where_the_peer_is)
{
	struct audit a;
	int fd = open_log();

	for (size_t i = 0; i < COUNT(addresses); i++) {
		char *got, text[128], json[128];

		snprintf(text, sizeof(text), " from [%s] files", addresses[i].wanted);
		snprintf(json, sizeof(json), ",\"address\":\"%s\",", addresses[i].wanted);
		audit_init(&a, "anna", addresses[i].connection);
		audit_to_fd(&a, fd, AUDIT_TEXT, true);
		ck_assert_int_eq(log_end(&a), 0);
		got = take_log(fd);
		ck_assert_msg(strstr(got, text) != NULL, "row %zu: got %s", i, got);
		free(got);
		audit_to_fd(&a, fd, AUDIT_JSON, true);
		ck_assert_int_eq(log_end(&a), 0);
		got = take_log(fd);
		ck_assert_msg(strstr(got, json) != NULL, "row %zu: got %s", i, got);
		free(got);
	}
	close(fd);
}
END_TEST

static const struct {
	const char *path, *text, *json;
} forgeries[] = {
	{ "/x\nclose \"/y\"", "/x\\012close \\\"/y\\\"", "/x\\\\012close \\\"/y\\\"" },
	{ "/x\r\n", "/x\\015\\012", "/x\\\\015\\\\012" },
	{ "/x\" reason \"none", "/x\\\" reason \\\"none", "/x\\\" reason \\\"none" },
	{ "/x\",\"exit\":0,\"y\":\"", "/x\\\",\\\"exit\\\":0,\\\"y\\\":\\\"",
	    "/x\\\",\\\"exit\\\":0,\\\"y\\\":\\\"" },
	{ "/x\\", "/x\\\\", "/x\\\\\\\\" },
	{ "/x\\\"", "/x\\\\\\\"", "/x\\\\\\\\\\\"" },
	{ "/%n%s%99999d%", "/%n%s%99999d%", "/%n%s%99999d%" },
	{ "/\033]0;x\007\033[2J", "/\\033]0;x\\007\\033[2J", "/\\\\033]0;x\\\\007\\\\033[2J" },
	{ "/\302\233m", "/\\302\\233m", "/\\\\302\\\\233m" },
	{ "/caf\303\251", "/caf\303\251", "/caf\303\251" },
	{ "/caf\351", "/caf\\351", "/caf\\\\351" },
	{ "", "", "" },
};

START_TEST(no_name_can_forge_a_record)
{
	struct audit a;
	int fd = open_log();

	for (size_t i = 0; i < COUNT(forgeries); i++) {
		char *got, wanted[256];

		begin_fd(&a, fd, AUDIT_TEXT, true);
		ck_assert_int_eq(audit_refusal(&a, forgeries[i].path, AUDIT_UPLOAD, forgeries[i].path), 0);
		got = take_log(fd);
		snprintf(wanted, sizeof(wanted), "refused \"%s\" reason \"%s\"\n",
		    forgeries[i].text, forgeries[i].text);
		ck_assert_str_eq(got, wanted);
		free(got);
		begin_fd(&a, fd, AUDIT_JSON, true);
		ck_assert_int_eq(audit_denial(&a, forgeries[i].path, forgeries[i].path), 0);
		got = take_log(fd);
		snprintf(wanted, sizeof(wanted),
		    ",\"request\":\"%s\",\"result\":\"refused\",\"reason\":\"%s\"}\n",
		    forgeries[i].json, forgeries[i].json);
		ck_assert_msg(strstr(got, wanted) != NULL, "expected %s in %s", wanted, got);
		free(got);
	}
	close(fd);
}
END_TEST

/* All of what a peer, an administrator and a system can say in one record. */
struct words {
	const char *path, *reason, *user;
};

static int
log_one(struct audit *a, const struct words *w, size_t which)
{
	struct audit_entry e = {
		.path = w->path, .upload = true, .bytes = UINT64_MAX, .seconds = (double)INFINITY,
		.mode = 07777, .reason = w->reason,
	};

	if (which == 0)
		return audit_start(a, AUDIT_DOWNLOAD, w->path, w->reason, NULL);
	if (which == 1)
		return audit_file(a, &e);
	if (which == 2)
		return audit_dir(a, &e, true);
	if (which == 3)
		return audit_refusal(a, w->path, AUDIT_DOWNLOAD, w->reason);
	if (which == 4)
		return audit_denial(a, w->path, w->reason);
	return audit_end(a, UINT64_MAX, UINT64_MAX, UINT_MAX, INT_MIN, NULL);
}

enum {
	KINDS = 6		/* of records, as log_one knows them */
};

/* QUOTED of LEN bytes must be WANTED, or its begin and "..."; which one, LIMIT says. */
static void
check_word(const char *quoted, size_t len, const char *wanted, size_t limit)
{
	static char undone[JSON_STRING];
	size_t n = unquote(quoted, len, undone);

	if (n == strlen(wanted) && memcmp(undone, wanted, n) == 0)
		return;
	if (len < 3 || strcmp(quoted + len - 3, "...") != 0)
		ck_abort_msg("not what it was: \"%s\"", quoted);
	/* What JSON doubles is only half as long once it is decoded. */
	if (2 * len + 2 * strlen("\\ooo") < limit)
		ck_abort_msg("cut although there is room: \"%s\"", quoted);
	n = unquote(quoted, len - 3, undone);
	if (n >= strlen(wanted) || memcmp(undone, wanted, n) != 0)
		ck_abort_msg("not the begin of it: \"%s\"", quoted);
}

/* What the member is called that is the path or the request, and the other one. */
static void
check_object(const struct json *j, const struct words *w)
{
	const struct json_member *user = json_member(j, "user"), *path = json_member(j, "path");
	const struct json_member *reason = json_member(j, "reason");

	if (user == NULL)
		ck_abort_msg("no user");
	check_word(user->value, user->len, w->user, AUDIT_WORD_MAX);
	if (path == NULL)
		path = json_member(j, "request");
	if (reason == NULL)
		reason = json_member(j, "root");
	if (path != NULL)
		check_word(path->value, path->len, w->path, AUDIT_STRING_MAX);
	if (reason != NULL)
		check_word(reason->value, reason->len, w->reason, AUDIT_WORD_MAX);
}

static const char *
behind_user(const char *text)
{
	const char *address = strstr(text, " from [" LONG_ADDRESS "] ");

	if (address == NULL)
		ck_abort_msg("no address: %s", text);
	return address;
}

/* Each string between double quotes in TEXT must be one of W. */
static void
check_text(const char *text, const struct words *w)
{
	static char quoted[AUDIT_RECORD_MAX];
	bool is_start = strncmp(text, "session opened", 14) == 0;
	size_t count = 0;

	/* The user is not between quotes, but the first in these. */
	if (strncmp(text, "session", 7) == 0) {
		text = behind_user(text);
	}
	for (const char *s = strchr(text, '"'); s != NULL; s = strchr(s, '"')) {
		const char *from = ++s;
		size_t len;

		while (*s != '"') {
			if (*s == '\0')
				ck_abort_msg("a string has no end: %s", from);
			s += *s == '\\' ? 2 : 1;
		}
		len = (size_t)(s++ - from);
		memcpy(quoted, from, len);
		quoted[len] = '\0';
		if ((count++ == 0) == is_start)
			check_word(quoted, len, w->reason, AUDIT_WORD_MAX);
		else
			check_word(quoted, len, w->path, AUDIT_STRING_MAX);
		/* The user of a request that is refused again. */
		if (strncmp(s, " for local user ", 16) == 0) {
			s = behind_user(s);
		}
	}
}

/* Every record in both forms, with these words in them. */
static void
check_records(const struct words *w)
{
	static struct json j;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	for (size_t i = 0; i < 2 * KINDS; i++) {
		static char line[2 * AUDIT_RECORD_MAX];
		struct audit a;
		ssize_t n;

		audit_init(&a, w->user, LONG_ADDRESS " 1");
		audit_to_fd(&a, pair[0], i % 2 == 0 ? AUDIT_TEXT : AUDIT_JSON, true);
		/* No assertion of the library here: each one costs a write. */
		if (log_one(&a, w, i / 2) == -1)
			ck_abort_msg("not written: %s", strerror(errno));
		n = recv(pair[1], line, sizeof(line) - 1, MSG_DONTWAIT);
		/* There is room for what syslog wants before it, too. */
		if (n <= 0 || n >= AUDIT_RECORD_MAX - 64)
			ck_abort_msg("%zd bytes", n);
		if (line[n - 1] != '\n' || !is_harmless(line, (size_t)n - 1))
			ck_abort_msg("not fit for a log: \"%.*s\"", (int)n, line);
		line[--n] = '\0';
		if (i % 2 == 0) {
			check_text(line, w);
			continue;
		}
		if (json_parse(&j, line, (size_t)n) == -1)
			ck_abort_msg("no JSON: %s", line);
		check_object(&j, w);
	}
	close(pair[0]);
	close(pair[1]);
}

START_TEST(whatever_is_in_a_record_can_be_undone)
{
	for (int round = 0; round < ROUNDS; round++) {
		static char path[RANDOM], reason[RANDOM], user[RANDOM];
		size_t len = (size_t)rand() % (round % 2 == 0 ? RANDOM : 20);

		fill_nastily(path, len, false);
		path[len] = '\0';
		len = (size_t)rand() % (round % 3 == 0 ? RANDOM : 20);
		fill_nastily(reason, len, false);
		reason[len] = '\0';
		len = (size_t)rand() % (round % 5 == 0 ? RANDOM : 20);
		fill_nastily(user, len, false);
		user[len] = '\0';
		check_records(&(struct words){ path, reason, user });
	}
}
END_TEST

/* All bytes that are not NUL, one at a time. */
START_TEST(every_byte_can_be_undone)
{
	for (int b = 1; b < 256; b++) {
		char text[] = { (char)b, '\0' };

		check_records(&(struct words){ text, text, text });
	}
}
END_TEST

/* Whatever is too long in whichever way, the record is whole, and JSON is JSON. */
START_TEST(what_is_too_long_is_cut)
{
	static const char *const bits[] = {
		"a", "\\", "\"", "\n", "\377", "\303\251", "\342\202\254", "\360\237\230\200",
		"\302\205", "%n", "\\\"", ".",
	};
	static char path[MUCH + 1], request[COMMAND + 1];

	for (size_t i = 0; i < COUNT(bits); i++)
		for (size_t shift = 0; shift < 8; shift++) {
			size_t n = strlen(bits[i]), len = shift == 0 ? MUCH : COMMAND;

			memset(path, 'x', shift);
			for (size_t at = shift; at < len; at++)
				path[at] = bits[i][(at - shift) % n];
			path[len] = '\0';
			memcpy(request, path, COMMAND);
			check_records(&(struct words){ path, request, path });
			check_records(&(struct words){ request, "", "anna" });
		}
}
END_TEST

/* The longest path that Linux knows is there as a whole, unless much of it needs escapes. */
START_TEST(no_path_needs_to_be_cut)
{
	static char path[PATH_MAX], wanted[PATH_MAX + 64];
	struct audit a;
	int fd = open_log();
	char *got;

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[10] = '\n';
	begin_fd(&a, fd, AUDIT_TEXT, true);
	ck_assert_int_eq(audit_refusal(&a, path, AUDIT_UPLOAD, "why"), 0);
	got = take_log(fd);
	snprintf(wanted, sizeof(wanted), "refused \"%.10s\\012%s\" reason \"why\"\n", path,
	    path + 11);
	ck_assert_str_eq(got, wanted);
	free(got);
	close(fd);
}
END_TEST

START_TEST(no_log_takes_everything)
{
	struct audit a;

	audit_init(&a, "anna", NULL);
	ck_assert(!audit_is_on(&a));
	for (size_t i = 0; i < COUNT(records); i++)
		ck_assert_int_eq(records[i].log(&a), 0);
	audit_close(&a);
	audit_close(&a);
	ck_assert(!audit_is_on(&a));
}
END_TEST

START_TEST(a_line_is_one_write)
{
	static char path[RANDOM];
	struct audit a;
	int pair[2];

	fill_nastily(path, sizeof(path) - 1, false);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	begin_fd(&a, pair[0], AUDIT_JSON, true);
	for (int i = 0; i < 20; i++) {
		static char line[AUDIT_RECORD_MAX];
		ssize_t n;

		ck_assert_int_eq(audit_refusal(&a, path, AUDIT_UPLOAD, path), 0);
		n = recv(pair[1], line, sizeof(line), MSG_DONTWAIT);
		ck_assert_int_gt(n, 1);
		ck_assert_int_eq(line[0], '{');
		ck_assert_int_eq(line[n - 1], '\n');
		ck_assert_int_eq(recv(pair[1], line, sizeof(line), MSG_DONTWAIT), -1);
	}
}
END_TEST

START_TEST(a_descriptor_that_takes_nothing)
{
	struct audit a;
	int pipes[2], none;

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(pipes), 0);
	close(pipes[0]);
	begin_fd(&a, pipes[1], AUDIT_TEXT, true);
	ck_assert_int_eq(log_end(&a), -1);
	ck_assert_int_eq(errno, EPIPE);
	begin_fd(&a, pipes[1], AUDIT_TEXT, false);
	ck_assert_int_eq(log_end(&a), 0);
	none = open("/dev/null", O_RDONLY | O_CLOEXEC);
	begin_fd(&a, none, AUDIT_TEXT, true);
	ck_assert_int_eq(log_end(&a), -1);
	ck_assert_int_eq(errno, EBADF);
	close(none);
	ck_assert_int_eq(log_end(&a), -1);
	ck_assert_int_eq(errno, EBADF);
	begin_fd(&a, -1, AUDIT_TEXT, true);
	ck_assert(audit_is_on(&a));
	ck_assert_int_eq(log_end(&a), -1);
	begin_fd(&a, -1, AUDIT_TEXT, false);
	ck_assert(!audit_is_on(&a));
	ck_assert_int_eq(log_end(&a), 0);
}
END_TEST

/* What a log has no room for, and what is said when there is some again. */
START_TEST(a_log_that_is_full)
{
	struct audit a;
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	for (int required = 0; required < 2; required++) {
		begin_fd(&a, pipes[1], AUDIT_TEXT, required);
		fill_pipe(pipes[1], 0);
		a.journal.patience = SOON;
		for (int i = 0; i < 2; i++) {
			ck_assert_int_eq(log_end(&a), -required);
			if (required)
				ck_assert_int_eq(errno, EAGAIN);
			ck_assert(audit_is_on(&a));
		}
		ck_assert_str_eq(empty_pipe(pipes[0]), "");
		ck_assert_int_eq(log_good_end(&a), 0);
		ck_assert_str_eq(empty_pipe(pipes[0]), "session closed for local user anna from "
		    "[192.0.2.7] files 0 bytes 0 errors 0 exit 0\n");
	}
}
END_TEST

/* A queue that is full, likewise. */
START_TEST(a_daemon_that_does_not_read)
{
	int daemon = start_daemon(), queued = 0;
	struct audit a;

	ck_assert_int_eq(begin_syslog(&a, AUDIT_TEXT, true), 0);
	for (a.journal.patience = 0; log_upload(&a) == 0; a.journal.patience = 0)
		ck_assert_int_lt(queued++, MANY);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(log_upload(&a), -1);
	a.required = false;
	ck_assert_int_eq(log_upload(&a), 0);
	a.required = true;
	ck_assert(has_record(daemon));
	ck_assert_int_eq(log_end(&a), 0);
	audit_close(&a);
}
END_TEST

/* A disk that is full, and then is not. */
START_TEST(a_torn_line_ends_before_the_next)
{
	struct rlimit limit;
	struct audit a;
	int fd = open_log();

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	begin_fd(&a, fd, AUDIT_TEXT, true);
	limit.rlim_cur = 10;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(log_refusal(&a), -1);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert_int_eq(log_refusal(&a), -1);
	ck_assert_str_eq(get_file("log"), "refused \"/");
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(log_refusal(&a), 0);
	ck_assert_int_eq(log_refusal(&a), 0);
	ck_assert_str_eq(get_file("log"),
	    "refused \"/\nrefused \"/dir/x\" reason \"Permission denied\"\n"
	    "refused \"/dir/x\" reason \"Permission denied\"\n");
	close(fd);
}
END_TEST

START_TEST(nobody_is_there)
{
	struct sockaddr_un name;
	struct audit a;
	int before = count_descriptors();

	ck_assert_int_eq(begin_syslog(&a, AUDIT_TEXT, true), -1);
	ck_assert_int_eq(errno, ENOENT);
	/* Whoever goes on all the same fails with each record. */
	ck_assert(audit_is_on(&a));
	ck_assert_int_eq(log_start(&a), -1);
	audit_close(&a);
	ck_assert(!audit_is_on(&a));
	ck_assert_int_eq(begin_syslog(&a, AUDIT_TEXT, false), 0);
	ck_assert(!audit_is_on(&a));
	ck_assert_int_eq(log_start(&a), 0);
	audit_close(&a);
	/* A socket whose owner has gone. */
	close(start_daemon());
	ck_assert_int_eq(begin_syslog(&a, AUDIT_TEXT, true), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	audit_close(&a);
	socket_name(&name);
	ck_assert_int_eq(unlink(name.sun_path), 0);
	put_file("socket", "", 0644);
	ck_assert_int_eq(begin_syslog(&a, AUDIT_TEXT, true), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	audit_close(&a);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

/* While it is not there records are lost, or the session is, but not those after them. */
START_TEST(a_daemon_that_takes_its_time)
{
	for (int required = 0; required < 2; required++) {
		int daemon = start_daemon();
		struct audit a;

		ck_assert_int_eq(begin_syslog(&a, AUDIT_TEXT, required), 0);
		ck_assert_int_eq(log_start(&a), 0);
		ck_assert(has_record(daemon));
		close(daemon);
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(log_upload(&a), -required);
			if (required)
				ck_assert_int_eq(errno, ECONNREFUSED);
			ck_assert(audit_is_on(&a));
		}
		daemon = start_daemon();
		ck_assert_int_eq(log_end(&a), 0);
		ck_assert(has_record(daemon));
		ck_assert(!has_record(daemon));
		audit_close(&a);
		close(daemon);
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, the_words_of_each_record);
	tcase_add_test(t, the_object_of_each_record);
	tcase_add_test(t, each_record_is_a_datagram_to_syslog);
	tcase_add_test(t, every_facility);
	tcase_add_test(t, times_are_right);
	tcase_add_test(t, seconds_have_three_decimals);
	tcase_add_test(t, where_the_peer_is);
	tcase_add_test(t, no_name_can_forge_a_record);
	tcase_add_test(t, whatever_is_in_a_record_can_be_undone);
	tcase_add_test(t, every_byte_can_be_undone);
	tcase_add_test(t, what_is_too_long_is_cut);
	tcase_add_test(t, no_path_needs_to_be_cut);
	tcase_add_test(t, no_log_takes_everything);
	tcase_add_test(t, a_line_is_one_write);
	tcase_add_test(t, a_descriptor_that_takes_nothing);
	tcase_add_test(t, a_log_that_is_full);
	tcase_add_test(t, a_daemon_that_does_not_read);
	tcase_add_test(t, a_torn_line_ends_before_the_next);
	tcase_add_test(t, nobody_is_there);
	tcase_add_test(t, a_daemon_that_takes_its_time);
}

int
main(void)
{
	return run_unit("audit", add);
}
