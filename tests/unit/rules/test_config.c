/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/un.h>

#include <pwd.h>

#include "rules/config.h"
#include "rules/keys.h"
#include "text/amount.h"
#include "unit.h"

#define FILE_NAME "scp.conf"
#define NO_NAME "no-such-name-here"
#define BYTES(s) s, sizeof(s) - 1

#define MATCH "it takes user or group, and names with commas between them"
#define COMMENT "it has a blank and # in it: a comment is a line of its own"
#define GOES_ON "it ends with a backslash: no line goes on in the next"
#define ONE_PATTERN "it takes one pattern: a blank in it needs a backslash before it"
#define NO_WAY "upload-only and download-only exclude each other"
#define EQUALS "a key and its value have a blank between them, and no ="
#define NO_GROUP "there is no such group"
#define UNKNOWN "there is no such key"
#define TWICE "it is said twice"
#define LONG_LINE "it is too long"
#define MANY_LINES "there are too many lines"
#define NUL "it contains a NUL"
#define NOT_REGULAR "it is not a regular file"
#define NOT_ROOTS "it does not belong to root"
#define WRITABLE "its group or others may write to it"
#define NOT_OPENED "it cannot be opened"
#define NOT_OURS "the account may not read it"
#define NOT_READ "it cannot be read"

enum {
	FILE_MAX = 2 * 1024 * 1024
};

/* The user nobody, by number; of the group root. */
static const struct account nobody = {
	.uid = NOBODY, .gid = 0, .name = "nobody", .group = "root", .home = "/nonexistent"
};

static const char *
path_of(const char *name)
{
	static char path[100];	/* a socket has as much room */

	snprintf(path, sizeof(path), "%s/%s", unit_path, name);
	return path;
}

static void
put_bytes(const char *bytes, size_t len)
{
	int fd = openat(unit_fd, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

/* Loads BYTES as a file for A, and checks what comes of it. */
static void
check_bytes(struct policy *p, const struct account *a, const char *bytes, size_t len,
    unsigned wanted_line, const char *wanted_why)
{
	struct config_remark said = { .line = 4711 };
	int rc;

	put_bytes(bytes, len);
	policy_init(p);
	rc = config_load(p, path_of(FILE_NAME), a, NULL, &said);
	ck_assert_msg(rc == (wanted_why != NULL ? -1 : 0), "\"%.200s\": %d, line %u, %s", bytes, rc,
	    said.line, said.why != NULL ? said.why : "no reason");
	if (wanted_why == NULL)
		return;
	ck_assert_str_eq(said.why, wanted_why);
	ck_assert_msg(said.line == wanted_line, "\"%.200s\": line %u, not %u", bytes, said.line,
	    wanted_line);
}

/* Checks that the file at PATH, whole, is not taken. */
static void
check_refused(const char *path, const char *wanted)
{
	struct policy p;
	struct config_remark said = { .line = 4711 };
	int before = count_descriptors();

	policy_init(&p);
	ck_assert_int_eq(config_load(&p, path, &nobody, NULL, &said), -1);
	ck_assert_str_eq(said.why, wanted);
	ck_assert_uint_eq(said.line, 0);
	ck_assert_str_eq(said.word, "");
	ck_assert_uint_eq(p.said, 0);
	ck_assert_int_eq(count_descriptors(), before);
}

static const struct {
	const char *text;
	uint64_t    files, depth;	/* what it makes of two keys */
} sound[] = {
	{ "", AMOUNT_NONE, 2048 },
	{ "\n", AMOUNT_NONE, 2048 },
	{ "\n\n\r\n \t \n", AMOUNT_NONE, 2048 },
	{ "# max-files 5\n", AMOUNT_NONE, 2048 },
	{ "#\n  # max-files 5\n\t#max-files 5\n#match nothing\n", AMOUNT_NONE, 2048 },
	{ "max-files 5\n", 5, 2048 },
	{ "max-files 5", 5, 2048 },
	{ "max-files 5\nmax-depth 6", 5, 6 },
	{ "max-files 5\r\nmax-depth 6\r\n", 5, 6 },
	{ "max-files 5\r\nmax-depth 6\r", 5, 6 },
	{ "max-files\t5\nmax-depth \t 6\n", 5, 6 },
	{ "  max-files 5  \n\tmax-depth 6\t\n", 5, 6 },
	{ "  max-files 5  \r\n", 5, 2048 },
	{ "max-files 5\n\n# x\nmax-depth 6\n\n", 5, 6 },
	{ "upload-only\nmax-files 5\n", 5, 2048 },
	{ "upload-only  \r\nmax-files 5\n", 5, 2048 },
	{ "deny #x\ndeny a\\ b\nmax-files 5\n", 5, 2048 },
	/* Blocks for others, for us, and for both. */
	{ "max-files 5\nmatch user root\nmax-files 3\n", 5, 2048 },
	{ "max-files 5\nmatch user nobody\nmax-files 3\n", 3, 2048 },
	{ "max-files 5\nmatch user nobody\nmax-files 7\n", 5, 2048 },
	{ "max-files 5\nmatch user root,nobody\nmax-files 3\n", 3, 2048 },
	{ "max-files 5\nmatch user nobody,root\nmax-files 3\n", 3, 2048 },
	{ "max-files 5\nmatch group root\nmax-files 3\n", 3, 2048 },
	{ "max-files 5\nmatch group daemon\nmax-files 3\n", 5, 2048 },
	{ "max-files 5\nmatch group daemon,root\nmax-files 3\n", 3, 2048 },
	{ "match user root\nmax-files 3\nmatch user nobody\nmax-depth 4\n", AMOUNT_NONE, 4 },
	{ "match user nobody\nmax-files 3\nmatch user root\nmax-depth 4\n", 3, 2048 },
	{ "match user nobody\nmax-files 3\nmatch group root\nmax-files 2\nmax-depth 4\n", 2, 4 },
	{ "match user nobody\nmax-files 3\nmatch user nobody\nmax-files 9\n", 3, 2048 },
	{ "match user nobody", AMOUNT_NONE, 2048 },
	{ "match user nobody\nmatch user root\nmax-files 3\n", AMOUNT_NONE, 2048 },
	{ "  match \t user  nobody \r\n  max-files 3\n", 3, 2048 },
	/* An account that is gone is nobody. */
	{ "max-files 5\nmatch user " NO_NAME "\nmax-files 3\n", 5, 2048 },
	{ "match user " NO_NAME ",nobody\nmax-files 3\n", 3, 2048 },
	{ "match user nobody," NO_NAME "\nmax-files 3\n", 3, 2048 },
	{ "match user nobody\nmax-files 3\nmatch user " NO_NAME "\nmax-files 1\n", 3, 2048 },
	{ "match user 0\nmax-files 3\n", AMOUNT_NONE, 2048 },
	/* What would be wrong for us is right for whom it is for. */
	{ "match user root\ngroup daemon\n", AMOUNT_NONE, 2048 },
	{ "root /srv\nmatch user root\nroot /home\n", AMOUNT_NONE, 2048 },
	{ "log-format text\nmatch user root\nlog-format json\n", AMOUNT_NONE, 2048 },
};

START_TEST(files_that_are_read)
{
	if (lacks_root("a file of root's"))
		return;
	for (size_t i = 0; i < COUNT(sound); i++) {
		struct policy p;

		check_bytes(&p, &nobody, sound[i].text, strlen(sound[i].text), 0, NULL);
		ck_assert_msg(p.max_files == sound[i].files && p.max_depth == sound[i].depth,
		    "\"%s\": %ju, %ju", sound[i].text, (uintmax_t)p.max_files,
		    (uintmax_t)p.max_depth);
	}
}
END_TEST

static const struct {
	const char *text;
	unsigned    line;
	const char *why;
} broken[] = {
	{ "x", 1, UNKNOWN },
	{ "x\n", 1, UNKNOWN },
	{ "\n\n# x\n\nx 5\n", 5, UNKNOWN },
	{ "\r\n\r\nx\r\n", 3, UNKNOWN },
	{ "max-files 5\nmax-depth six", 2, "it takes a number from 0 to 2048" },
	{ "max-files 5\nmax-depth six\nx\n", 2, "it takes a number from 0 to 2048" },
	{ "max-files\n", 1, "it takes a number, or none" },
	{ "max-files \t\n", 1, "it takes a number, or none" },
	{ "max-files = 5\n", 1, "it takes a number, or none" },
	{ "max-files=5\n", 1, EQUALS },
	{ "--max-files 5\n", 1, UNKNOWN },
	{ "max-files 5 # five\n", 1, COMMENT },
	{ "root /x # y\n", 1, COMMENT },
	{ "root /x\t#\n", 1, COMMENT },
	{ "deny a\\ #b\n", 1, COMMENT },
	{ "match user root\nroot /x # y\n", 2, COMMENT },
	{ "root /x\\\nupload-only\n", 1, GOES_ON },
	{ "root \\\n", 1, GOES_ON },
	{ "deny a\\\\\\\n", 1, GOES_ON },
	{ "allow *.pdf *.txt\n", 1, ONE_PATTERN },
	{ "deny a\tb\n", 1, ONE_PATTERN },
	{ "deny a\\\\ b\n", 1, ONE_PATTERN },
	{ "upload-only\ndownload-only\n", 2, NO_WAY },
	{ "download-only\nmatch user nobody\nupload-only\n", 3, NO_WAY },
	{ "match user root\ndownload-only\nupload-only\n", 3, NO_WAY },
	{ "max-files 5\r\r\n", 1, "it contains a control character" },
	{ "max-files \r5\n", 1, "it contains a control character" },
	{ "max-files 5\f\n", 1, "it contains a control character" },
	{ "max-files \"5\"\n", 1, "it takes a number, or none" },
	{ "MAX-FILES 5\n", 1, UNKNOWN },
	{ "\357\273\277max-files 5\n", 1, UNKNOWN },
	{ "upload-only yes\n", 1, "it takes no value" },
	{ "max-files 5\n\nmax-files 5\n", 3, TWICE },
	{ "max-files 5\nmatch user nobody\nmax-files 4\nmax-files 3\n", 4, TWICE },
	{ "group daemon\n", 1, "the account is not a member of this group" },
	{ "root /srv\nmatch user nobody\nroot /home\n", 3, "it is not beneath the root before it" },
	{ "log-format text\nmatch group root\nlog-format json\n", 3,
	    "it is not what was said before" },
	/* Who is matched. */
	{ "match\n", 1, MATCH },
	{ "match \n", 1, MATCH },
	{ "match user\n", 1, MATCH },
	{ "match user \n", 1, MATCH },
	{ "match group\n", 1, MATCH },
	{ "\nmatch User root\n", 2, MATCH },
	{ "match users root\n", 1, MATCH },
	{ "match all\n", 1, MATCH },
	{ "match root\n", 1, MATCH },
	{ "match address 127.0.0.1\n", 1, MATCH },
	{ "match user=root\n", 1, MATCH },
	{ "match user root,\n", 1, MATCH },
	{ "match user ,root\n", 1, MATCH },
	{ "match user root,,root\n", 1, MATCH },
	{ "match user ,\n", 1, MATCH },
	{ "Match user root\n", 1, UNKNOWN },
	{ "match user nobody root\n", 1, MATCH },
	{ "match user nobody, root\n", 1, MATCH },
	{ "match user *\n", 1, MATCH },
	{ "match user !root\n", 1, MATCH },
	{ "match user %u\n", 1, MATCH },
	{ "match user root # him\n", 1, MATCH },
	{ "match group " NO_NAME "\n", 1, NO_GROUP },
	{ "match group root," NO_NAME "\n", 1, NO_GROUP },
	{ "match group 0\n", 1, NO_GROUP },
	/* Blocks for others are judged as strictly. */
	{ "match user root\nx\n", 2, UNKNOWN },
	{ "match user root\nmax-files five\n", 2, "it takes a number, or none" },
	{ "match user root\nhidden no\n\nhidden no\n", 4, TWICE },
	{ "match user root\nroot srv\n", 2, "it takes an absolute path" },
	{ "match user root\nroot /%x\n", 2,
	    "only %u, %g, %h and %% can stand behind a percent sign" },
	{ "match user root\ngroup " NO_NAME "\n", 2, NO_GROUP },
	{ "match group daemon\nupload-only yes\n", 2, "it takes no value" },
	{ "match group daemon\nhidden no\nmatch user root\nhidden no\nx\n", 5, UNKNOWN },
	{ "match user nobody\nmax-files 3\nmatch user root\nmax-files x\n", 4,
	    "it takes a number, or none" },
};

START_TEST(files_that_are_refused)
{
	if (lacks_root("a file of root's"))
		return;
	for (size_t i = 0; i < COUNT(broken); i++) {
		int before = count_descriptors();
		struct policy p;

		check_bytes(&p, &nobody, broken[i].text, strlen(broken[i].text), broken[i].line,
		    broken[i].why);
		ck_assert_int_eq(count_descriptors(), before);
	}
}
END_TEST

START_TEST(bytes_that_are_none)
{
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	check_bytes(&p, &nobody, BYTES("\0"), 1, NUL);
	check_bytes(&p, &nobody, BYTES("max-files 5\0\n"), 1, NUL);
	check_bytes(&p, &nobody, BYTES("max-files 5\n\nupload-only\0 x"), 3, NUL);
	check_bytes(&p, &nobody, BYTES("# a comment \0\nmax-files 5\n"), 1, NUL);
	check_bytes(&p, &nobody, BYTES("max-files 5\n\n\n\0"), 4, NUL);
}
END_TEST

/* A line of CONFIG_LINE_MAX bytes is one, its newline included. */
START_TEST(long_lines)
{
	static const char *const begins[] = { "#", "", "max-files 5" };
	static char text[2 * CONFIG_LINE_MAX];

	if (lacks_root("a file of root's"))
		return;
	for (size_t i = 0; i < COUNT(begins); i++)
		for (size_t len = CONFIG_LINE_MAX - 4; len < CONFIG_LINE_MAX + 4; len++) {
			const char *why = len > CONFIG_LINE_MAX ? LONG_LINE : NULL;
			size_t used = (size_t)sprintf(text, "max-depth 6\n%s", begins[i]);
			size_t end = strlen("max-depth 6\n") + len;
			struct policy p;

			memset(text + used, ' ', end - used);
			text[end - 1] = '\n';
			check_bytes(&p, &nobody, text, end, 2, why);
			/* Without its newline it is as long as with it. */
			check_bytes(&p, &nobody, text, end - 1, 2, why);
			if (why == NULL)
				ck_assert_uint_eq(p.max_files, i == 2 ? 5 : AMOUNT_NONE);
		}
	/* As much of a key, a value or a name as there is room for. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "deny ", 5);
	text[5 + NAME_MAX] = '\n';
	check_bytes(&(struct policy){ .nrules = 0 }, &nobody, text, 5 + NAME_MAX + 1, 0, NULL);
	text[5 + NAME_MAX] = 'x';
	text[5 + NAME_MAX + 1] = '\n';
	check_bytes(&(struct policy){ .nrules = 0 }, &nobody, text, 5 + NAME_MAX + 2, 1,
	    "it takes a pattern of one name");
}
END_TEST

START_TEST(many_lines)
{
	static char text[FILE_MAX];
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	memset(text, '\n', sizeof(text));
	check_bytes(&p, &nobody, text, CONFIG_LINES_MAX, 0, NULL);
	check_bytes(&p, &nobody, text, CONFIG_LINES_MAX + 1, CONFIG_LINES_MAX + 1, MANY_LINES);
	check_bytes(&p, &nobody, text, sizeof(text), CONFIG_LINES_MAX + 1, MANY_LINES);
	text[CONFIG_LINES_MAX] = 'x';
	check_bytes(&p, &nobody, text, CONFIG_LINES_MAX + 1, CONFIG_LINES_MAX + 1, MANY_LINES);
	text[CONFIG_LINES_MAX - 1] = 'x';
	check_bytes(&p, &nobody, text, CONFIG_LINES_MAX, CONFIG_LINES_MAX, UNKNOWN);
}
END_TEST

/* Each part is a source of its own. */
START_TEST(parts_are_sources)
{
	static const char text[] =
	    "allow *.txt\n"
	    "deny b*\n"
	    "match user nobody\n"
	    "allow a*\n"
	    "allow c*\n"
	    "match user root\n"
	    "deny *\n"
	    "match group root\n"
	    "deny ab*\n";
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	check_bytes(&p, &nobody, text, strlen(text), 0, NULL);
	ck_assert_ptr_null(policy_denies_name(&p, "a.txt", false));
	ck_assert_ptr_null(policy_denies_name(&p, "c.txt", false));
	ck_assert_ptr_nonnull(policy_denies_name(&p, "a", false));
	ck_assert_ptr_nonnull(policy_denies_name(&p, "b.txt", false));
	ck_assert_ptr_nonnull(policy_denies_name(&p, "x.txt", false));
	ck_assert_ptr_nonnull(policy_denies_name(&p, "ab.txt", false));
	ck_assert_uint_eq(p.nrules, 5);
}
END_TEST

/* What another source has said before is narrowed; and options narrow the file. */
START_TEST(among_other_sources)
{
	struct config_remark said;
	const char *why;
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	put_file(FILE_NAME, "max-files 5\nhidden yes\n", 0644);
	policy_init(&p);
	keys_begin_source(&p);
	ck_assert_int_eq(keys_set(&p, &nobody, "hidden", "no", &why), 0);
	ck_assert_int_eq(keys_set(&p, &nobody, "max-files", "9", &why), 0);
	ck_assert_int_eq(config_load(&p, path_of(FILE_NAME), &nobody, NULL, &said), 0);
	ck_assert_uint_eq(p.hidden, POLICY_NO);
	ck_assert_uint_eq(p.max_files, 5);
	keys_begin_source(&p);
	ck_assert_int_eq(keys_set(&p, &nobody, "max-files", "4", &why), 0);
	ck_assert_uint_eq(p.max_files, 4);
	/* A file twice is no harm. */
	ck_assert_int_eq(config_load(&p, path_of(FILE_NAME), &nobody, NULL, &said), 0);
	ck_assert_uint_eq(p.max_files, 4);
}
END_TEST

/* Values in blocks for others do not depend on who we are, whoever we are. */
START_TEST(accounts_that_lack_something)
{
	static const struct account nameless = { .uid = STRANGER, .gid = STRANGER };
	static const char text[] = "match user root\nroot /srv/%u/%g\nstart %h\ngroup daemon\n";
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	check_bytes(&p, &nameless, text, strlen(text), 0, NULL);
	ck_assert_str_eq(p.root, "/");
	ck_assert(!p.has_start && !p.has_group);
	check_bytes(&p, &nameless, BYTES("root /srv/%u\n"), 1,
	    "%u: the account has no plain name");
}
END_TEST

START_TEST(no_file)
{
	struct config_remark said;
	struct policy p;

	policy_init(&p);
	ck_assert_int_eq(config_load(&p, path_of("missing"), &nobody, NULL, &said), 1);
	ck_assert_int_eq(config_load(&p, path_of("missing/too"), &nobody, NULL, &said), 1);
	ck_assert_uint_eq(p.said, 0);
}
END_TEST

/* Somebody else's file is not the administrator's word. */
START_TEST(whose_file)
{
	static const mode_t bad[] = { 0664, 0646, 0666, 0777, 0620, 0602, 02664 };
	static const mode_t fine[] = { 0644, 0600, 0444, 0400, 0755, 0640 };
	struct config_remark said;
	struct policy p;

	if (lacks_root("files of others"))
		return;
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_file(FILE_NAME, "max-files 5\n", bad[i]);
		check_refused(path_of(FILE_NAME), WRITABLE);
	}
	for (size_t i = 0; i < COUNT(fine); i++) {
		put_file(FILE_NAME, "max-files 5\n", fine[i]);
		policy_init(&p);
		ck_assert_int_eq(config_load(&p, path_of(FILE_NAME), &nobody, NULL, &said), 0);
		ck_assert_uint_eq(p.max_files, 5);
	}
	put_file(FILE_NAME, "max-files 5\n", 0644);
	ck_assert_int_eq(fchownat(unit_fd, FILE_NAME, NOBODY, 0, 0), 0);
	check_refused(path_of(FILE_NAME), NOT_ROOTS);
	/* Its group may read it, like any. */
	ck_assert_int_eq(fchownat(unit_fd, FILE_NAME, 0, NOBODY, 0), 0);
	ck_assert_int_eq(config_load(&p, path_of(FILE_NAME), &nobody, NULL, &said), 0);
}
END_TEST

START_TEST(files_that_are_no_files)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s;

	if (lacks_root("a file of root's"))
		return;
	ck_assert_int_eq(mkdirat(unit_fd, "dir", 0755), 0);
	check_refused(path_of("dir"), NOT_REGULAR);
	check_refused("/dev/null", NOT_REGULAR);
	/* Nobody writes to it: a reader that waits would wait for ever. */
	ck_assert_int_eq(mkfifoat(unit_fd, "fifo", 0644), 0);
	check_refused(path_of("fifo"), NOT_REGULAR);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_of("socket"));
	ck_assert_int_eq(bind(s, (const struct sockaddr *)&address, sizeof(address)), 0);
	check_refused(path_of("socket"), NOT_OPENED);
	close(s);
	put_file(FILE_NAME, "", 0644);
	check_refused(path_of(FILE_NAME "/x"), NOT_OPENED);
}
END_TEST

START_TEST(links)
{
	struct config_remark said;
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	put_file(FILE_NAME, "max-files 5\n", 0644);
	ck_assert_int_eq(symlinkat(FILE_NAME, unit_fd, "link"), 0);
	policy_init(&p);
	ck_assert_int_eq(config_load(&p, path_of("link"), &nobody, NULL, &said), 0);
	ck_assert_uint_eq(p.max_files, 5);
	/* It is the file that counts. */
	put_file(FILE_NAME, "max-files 5\n", 0664);
	check_refused(path_of("link"), WRITABLE);
	/* A link that leads nowhere is not no file. */
	ck_assert_int_eq(symlinkat("missing", unit_fd, "dangling"), 0);
	check_refused(path_of("dangling"), NOT_OPENED);
	ck_assert_int_eq(symlinkat("loop", unit_fd, "loop"), 0);
	check_refused(path_of("loop"), NOT_OPENED);
}
END_TEST

/* A file that we may not read may say no to everything. */
START_TEST(unreadable)
{
	if (lacks_root("a file of root's"))
		return;
	put_file(FILE_NAME, "upload-only\n", 0600);
	ck_assert_int_eq(fchown(unit_fd, 0, 0), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	check_refused(path_of(FILE_NAME), NOT_OURS);
}
END_TEST

/* Which word it is about, and which was meant. */
static const struct {
	const char *text, *word, *meant;
} words[] = {
	{ "max-filesize 5\n", "max-filesize", "max-file-size" },
	{ "Max-Files 5\n", "Max-Files", "max-files" },
	{ "ovrewrite no\n", "ovrewrite", "overwrite" },
	{ "Match user root\n", "Match", "match" },
	{ "mtach user root\n", "mtach", "match" },
	{ "chroot /srv\n", "chroot", NULL },
	{ "x\n", "x", NULL },
	{ "max-files=5\n", "max-files=5", NULL },
	{ "max-files five\n", "max-files", NULL },
	{ "match users root\n", "match", NULL },
	{ "match group " NO_NAME ",root\n", NO_NAME, NULL },
	{ "match user " NO_NAME "\nhidden maybe\n", "hidden", NULL },
};

START_TEST(what_a_remark_is_about)
{
	struct config_remark said;
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	put_file(FILE_NAME, words[_i].text, 0644);
	policy_init(&p);
	ck_assert_int_eq(config_load(&p, path_of(FILE_NAME), &nobody, NULL, &said), -1);
	ck_assert_str_eq(said.word, words[_i].word);
	ck_assert_pstr_eq(said.meant, words[_i].meant);
	ck_assert_str_eq(said.path, path_of(FILE_NAME));
}
END_TEST

static unsigned warned[8], nwarned;

static void
note_warning(const struct config_remark *r)
{
	ck_assert_uint_lt(nwarned, COUNT(warned));
	ck_assert_str_eq(r->word, NO_NAME);
	ck_assert_str_eq(r->why, "there is no such user: it matches nobody");
	warned[nwarned++] = r->line;
}

START_TEST(accounts_that_are_gone)
{
	struct config_remark said;
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	put_file(FILE_NAME, "match user " NO_NAME "\nmax-files 3\nmatch user root," NO_NAME
	    "\nmatch group root\nmax-files 9\n", 0644);
	policy_init(&p);
	ck_assert_int_eq(config_load(&p, path_of(FILE_NAME), &nobody, note_warning, &said), 0);
	ck_assert_uint_eq(p.max_files, 9);
	ck_assert_uint_eq(nwarned, 2);
	ck_assert_uint_eq(warned[0], 1);
	ck_assert_uint_eq(warned[1], 3);
}
END_TEST

/* What cannot be read to its end has not ended: nothing is mapped at our address 0. */
START_TEST(read_errors)
{
	if (lacks_root("a file of root's"))
		return;
	check_refused("/proc/self/mem", NOT_READ);
}
END_TEST

START_TEST(descriptors)
{
	int before = count_descriptors();
	struct policy p;

	if (lacks_root("a file of root's"))
		return;
	check_bytes(&p, &nobody, BYTES("max-files 5\n"), 0, NULL);
	ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, files_that_are_read);
	tcase_add_test(t, files_that_are_refused);
	tcase_add_test(t, bytes_that_are_none);
	tcase_add_test(t, long_lines);
	tcase_add_test(t, many_lines);
	tcase_add_test(t, parts_are_sources);
	tcase_add_test(t, among_other_sources);
	tcase_add_test(t, accounts_that_lack_something);
	tcase_add_test(t, no_file);
	tcase_add_test(t, whose_file);
	tcase_add_test(t, files_that_are_no_files);
	tcase_add_test(t, links);
	tcase_add_test(t, unreadable);
	tcase_add_loop_test(t, what_a_remark_is_about, 0, (int)COUNT(words));
	tcase_add_test(t, accounts_that_are_gone);
	tcase_add_test(t, read_errors);
	tcase_add_test(t, descriptors);
}

int
main(void)
{
	return run_unit("config", add);
}
