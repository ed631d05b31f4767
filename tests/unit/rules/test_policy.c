/* SPDX-License-Identifier: ISC */
#include "rules/policy.h"
#include "text/amount.h"
#include "unit.h"

#define DOT "names that begin with a dot are not allowed"
#define NAME "this name is not allowed"
#define LONG_NAME "this name is too long"
#define LARGE "larger than allowed"
#define DATA "more data than allowed"
#define FILES "more files than allowed"
#define DIRS "directories are not allowed"
#define DEEP "directories are nested too deeply"

/* A policy, its rules in the order and with the sources given. */
static struct policy
policy_of(const struct policy_rule *rules, unsigned n)
{
	struct policy p;

	policy_init(&p);
	for (unsigned i = 0; i < n; i++)
		p.rules[p.nrules++] = rules[i];
	return p;
}

static void
check_reason(const char *got, const char *wanted, const char *about)
{
	wanted = wanted != NULL ? wanted : "no reason";
	got = got != NULL ? got : "no reason";
	ck_assert_msg(strcmp(got, wanted) == 0, "%s: expected %s, got %s", about, wanted, got);
}

/* Every field is set by it, not left as it happened to be. */
START_TEST(nothing_said)
{
	static const int before[] = { 0, 0xff };

	for (size_t i = 0; i < COUNT(before); i++) {
		struct policy p;

		memset(&p, before[i], sizeof(p));
		policy_init(&p);
		ck_assert(!p.restricted && !p.upload_only && !p.download_only && !p.has_start);
		ck_assert_str_eq(p.root, "/");
		ck_assert_str_eq(p.inner, "");
		ck_assert_str_eq(p.start, "");
		ck_assert_uint_eq(p.overwrite, OVERWRITE_YES);
		ck_assert_uint_eq(p.replace, REPLACE_AUTO);
		ck_assert_uint_eq(p.sync, SYNC_NONE);
		ck_assert_uint_eq(p.symlinks, SYMLINKS_BENEATH);
		ck_assert_uint_eq(p.hidden, POLICY_YES);
		ck_assert_uint_eq(p.recursive, POLICY_YES);
		ck_assert_uint_eq(p.mkdir, POLICY_YES);
		ck_assert_uint_eq(p.protocol, PROTOCOL_BOTH);
		ck_assert_uint_eq(p.list, RIGHT_YES);
		ck_assert_uint_eq(p.rename, RIGHT_YES);
		ck_assert_uint_eq(p.remove, RIGHT_YES);
		ck_assert_uint_eq(p.attributes, RIGHT_YES);
		ck_assert_uint_eq(p.make_links, POLICY_YES);
		ck_assert_uint_eq(p.npartials, 0);
		ck_assert_uint_eq(p.modes, MODES_CLIENT);
		ck_assert_uint_eq(p.times, TIMES_CLIENT);
		ck_assert_uint_eq(p.log, LOG_WAY_UNSAID);
		ck_assert_uint_eq(p.log_facility, 0);
		ck_assert_uint_eq(p.log_format, LOG_FORMAT_UNSAID);
		ck_assert_uint_eq(p.log_required, REQUIRED_NO);
		ck_assert_uint_eq(p.reveal, POLICY_YES);
		ck_assert_uint_eq(p.max_depth, POLICY_DEPTH_MAX);
		ck_assert_uint_eq(p.max_file_size, AMOUNT_NONE);
		ck_assert_uint_eq(p.max_session_bytes, AMOUNT_NONE);
		ck_assert_uint_eq(p.max_files, AMOUNT_NONE);
		ck_assert_uint_eq(p.min_free, 0);
		ck_assert_uint_eq(p.min_free_percent, 0);
		ck_assert_uint_eq(p.rate, AMOUNT_NONE);
		ck_assert_uint_eq(p.idle_timeout, AMOUNT_NONE);
		ck_assert_uint_eq(p.max_duration, AMOUNT_NONE);
		ck_assert(!p.has_umask && !p.has_group);
		ck_assert_uint_eq(p.umask, 0);
		ck_assert_str_eq(p.group_name, "");
		ck_assert_uint_eq(p.file_mode.may, 07777);
		ck_assert_uint_eq(p.file_mode.must, 0);
		ck_assert_uint_eq(p.dir_mode.may, 07777);
		ck_assert_uint_eq(p.dir_mode.must, 0);
		ck_assert_uint_eq(p.nrules, 0);
		ck_assert_uint_eq(p.said, 0);
		ck_assert_uint_eq(p.said_now, 0);
		ck_assert_uint_eq(p.source, 0);
	}
	ck_assert_int_eq(POLICY_DEPTH_MAX, 2048);
}
END_TEST

/* A policy that nobody narrows denies nothing, and counts all the same. */
START_TEST(nothing_said_denies_nothing)
{
	struct policy p = policy_of(NULL, 0);
	struct usage u = { 0, 0 };

	check_reason(policy_denies_name(&p, ".x", false), NULL, ".x");
	check_reason(policy_denies_name(&p, "x", true), NULL, "x");
	check_reason(policy_denies_path(&p, "a/.b/c", false), NULL, "a/.b/c");
	check_reason(policy_denies_direction(&p, true), NULL, "upload");
	check_reason(policy_denies_direction(&p, false), NULL, "download");
	check_reason(policy_denies_file(&p, &u, UINT64_MAX), NULL, "file");
	check_reason(policy_denies_file(&p, &u, UINT64_MAX), NULL, "file");
	check_reason(policy_denies_dir(&p, &u, POLICY_DEPTH_MAX - 1), NULL, "directory");
	check_reason(policy_denies_dir(&p, &u, POLICY_DEPTH_MAX), DEEP, "directory");
	ck_assert_uint_eq(u.files, 3);
	ck_assert_uint_eq(u.bytes, UINT64_MAX);
}
END_TEST

START_TEST(hidden_names)
{
	struct policy p = policy_of(NULL, 0);

	p.hidden = POLICY_NO;
	check_reason(policy_denies_name(&p, ".x", false), DOT, ".x");
	check_reason(policy_denies_name(&p, ".x", true), DOT, ".x/");
	check_reason(policy_denies_name(&p, "...", false), DOT, "...");
	check_reason(policy_denies_name(&p, "x.", false), NULL, "x.");
	check_reason(policy_denies_name(&p, "x", true), NULL, "x/");
}
END_TEST

static const struct policy_rule rules[] = {
	{ .source = 1, .pattern = "*.exe" },
	{ .allow = true, .source = 1, .pattern = "*.txt" },
	{ .allow = true, .source = 1, .pattern = "*.csv" },
	{ .source = 2, .pattern = "secret" },
	{ .source = 2, .pattern = ".ssh" },
	{ .allow = true, .source = 3, .pattern = "a*" },
	{ .allow = true, .source = 3, .pattern = "README.txt" },
	{ .source = 4, .pattern = "[[:digit:]]*" },
};

static const struct {
	const char *name;
	const char *as_file, *as_dir;
} names[] = {
	{ "a.txt", NULL, NULL },
	{ "abc.csv", NULL, NULL },
	{ "README.txt", NULL, NULL },
	{ "a", NAME, NULL },			/* not of the first source's */
	{ "b.txt", NAME, NULL },		/* not of the third's */
	{ "README.csv", NAME, NULL },
	{ "a.exe", NAME, NAME },
	{ "a.txt.exe", NAME, NAME },
	{ ".exe", NAME, NAME },			/* a dot is matched like any other character */
	{ ".ssh", NAME, NAME },
	{ "secret", NAME, NAME },
	{ "Secret", NAME, NULL },
	{ "asecret", NAME, NULL },
	{ "1a.txt", NAME, NAME },
	{ ".txt", NAME, NULL },
	{ "A.TXT", NAME, NULL },
};

START_TEST(deny_and_allow)
{
	struct policy p = policy_of(rules, COUNT(rules));

	for (size_t i = 0; i < COUNT(names); i++) {
		check_reason(policy_denies_name(&p, names[i].name, false), names[i].as_file,
		    names[i].name);
		check_reason(policy_denies_name(&p, names[i].name, true), names[i].as_dir,
		    names[i].name);
	}
}
END_TEST

START_TEST(rule_5_protocols)
{
	static const char scp_only[] = "this account takes SCP only: use scp -O";
	static const char sftp_only[] =
	    "this account takes SFTP only: use sftp, or scp without -O";
	struct policy p = policy_of(NULL, 0);

	check_reason(policy_denies_protocol(&p, false), NULL, "both");
	check_reason(policy_denies_protocol(&p, true), NULL, "both");
	p.protocol = PROTOCOL_SCP;
	check_reason(policy_denies_protocol(&p, false), NULL, "scp");
	check_reason(policy_denies_protocol(&p, true), scp_only, "scp");
	p.protocol = PROTOCOL_SFTP;
	check_reason(policy_denies_protocol(&p, false), sftp_only, "sftp");
	check_reason(policy_denies_protocol(&p, true), NULL, "sftp");
}
END_TEST

/* Each source that allows anything must: whichever it is that does not. */
START_TEST(every_source_must_allow)
{
	struct policy_rule each[3] = { { .allow = true, .source = 0, .pattern = "?a" }, { .allow = true, .source = 0, .pattern = "?a" }, { .allow = true, .source = 0, .pattern = "?a" } };

	for (unsigned odd = 0; odd < COUNT(each); odd++)
		for (unsigned sources = 0; sources < 4; sources++) {
			const char *wanted = NAME;
			struct policy p;

			/* Bit N of SOURCES: a new source begins behind rule N. */
			each[0].source = 7;
			for (unsigned i = 1; i < COUNT(each); i++)
				each[i].source = each[i - 1].source + (sources >> (i - 1) & 1);
			for (unsigned i = 0; i < COUNT(each); i++) {
				strcpy(each[i].pattern, i == odd ? "b" : "?a");
				if (i != odd && each[i].source == each[odd].source)
					wanted = NULL;
			}
			p = policy_of(each, COUNT(each));
			check_reason(policy_denies_name(&p, "aa", false), wanted, "aa");
			check_reason(policy_denies_name(&p, "c", false), NAME, "c");
			check_reason(policy_denies_name(&p, "c", true), NULL, "c/");
		}
}
END_TEST

/* Sources need not begin at 1. */
START_TEST(the_first_source_counts)
{
	static const struct policy_rule one[] = { { .allow = true, .source = 0, .pattern = "a" } };
	struct policy p = policy_of(one, COUNT(one));

	check_reason(policy_denies_name(&p, "b", false), NAME, "b");
	check_reason(policy_denies_name(&p, "a", false), NULL, "a");
}
END_TEST

START_TEST(all_rules_count)
{
	struct policy p = policy_of(NULL, 0);

	for (unsigned i = 0; i < POLICY_RULES; i++) {
		struct policy_rule *r = &p.rules[p.nrules++];

		*r = (struct policy_rule){ .allow = false };
		snprintf(r->pattern, sizeof(r->pattern), "n%u", i);
	}
	check_reason(policy_denies_name(&p, "n0", false), NAME, "n0");
	check_reason(policy_denies_name(&p, "n63", false), NAME, "n63");
	check_reason(policy_denies_name(&p, "n64", false), NULL, "n64");
}
END_TEST

static const struct {
	const char *path;
	const char *as_file, *as_dir;
} paths[] = {
	{ "", NULL, NULL },
	{ "a.txt", NULL, NULL },
	{ "dir/a.txt", NULL, NULL },
	{ "b/c/d/a.txt", NULL, NULL },
	{ "dir/b.txt", NAME, NULL },		/* only the last one is a file */
	{ "b.txt/a.txt", NULL, NULL },
	{ "secret/a.txt", NAME, NAME },
	{ "x/secret/y/a.txt", NAME, NAME },
	{ "x/y/secret", NAME, NAME },
	{ "x/.ssh/a.txt", NAME, NAME },
	{ ".x/a.txt", DOT, DOT },
	{ "x/.y/a.txt", DOT, DOT },
	{ "x/y/.a.txt", DOT, DOT },
	{ "secret/.x", NAME, NAME },		/* the first that is wrong is the reason */
	{ ".x/secret", DOT, DOT },
	{ "x/1", NAME, NAME },
};

START_TEST(paths_by_component)
{
	struct policy p = policy_of(rules, COUNT(rules));

	for (size_t i = 0; i < COUNT(paths); i++) {
		bool ssh = strstr(paths[i].path, ".ssh") != NULL;

		p.hidden = ssh ? POLICY_YES : POLICY_NO;
		check_reason(policy_denies_path(&p, paths[i].path, false), paths[i].as_file,
		    paths[i].path);
		check_reason(policy_denies_path(&p, paths[i].path, true), paths[i].as_dir,
		    paths[i].path);
	}
}
END_TEST

START_TEST(long_paths)
{
	struct policy p = policy_of(NULL, 0);
	char path[PATH_MAX], component[NAME_MAX + 2];

	memset(component, 'a', sizeof(component));
	component[NAME_MAX] = '\0';
	check_reason(policy_denies_path(&p, component, false), NULL, "255 bytes");
	component[NAME_MAX] = 'a';
	component[NAME_MAX + 1] = '\0';
	check_reason(policy_denies_path(&p, component, false), LONG_NAME, "256 bytes");
	snprintf(path, sizeof(path), "x/%s/y", component);
	check_reason(policy_denies_path(&p, path, true), LONG_NAME, "256 bytes within");
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 == 0 ? 'd' : '/';
	path[sizeof(path) - 1] = '\0';
	check_reason(policy_denies_path(&p, path, false), NULL, "many");
	path[sizeof(path) - 2] = '.';
	check_reason(policy_denies_path(&p, path, false), NULL, "many and a dot");
	p.hidden = POLICY_NO;
	check_reason(policy_denies_path(&p, path, false), DOT, "many and a dot");
}
END_TEST

static const struct {
	uint64_t     max_file, max_bytes, max_files;
	struct usage before;
	uint64_t     size;
	const char  *wanted;
} files[] = {
	{ 10, AMOUNT_NONE, AMOUNT_NONE, { 0, 0 }, 10, NULL },
	{ 10, AMOUNT_NONE, AMOUNT_NONE, { 0, 0 }, 11, LARGE },
	{ 0, AMOUNT_NONE, AMOUNT_NONE, { 0, 0 }, 0, NULL },
	{ 0, AMOUNT_NONE, AMOUNT_NONE, { 0, 0 }, 1, LARGE },
	{ 10, AMOUNT_NONE, AMOUNT_NONE, { 90, 9 }, 10, NULL },
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { 90, 1 }, 10, NULL },
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { 90, 1 }, 11, DATA },
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { 100, 1 }, 0, NULL },
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { 100, 1 }, 1, DATA },
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { 101, 1 }, 0, DATA },
	{ AMOUNT_NONE, 0, AMOUNT_NONE, { 0, 0 }, 0, NULL },
	{ AMOUNT_NONE, 0, AMOUNT_NONE, { 0, 0 }, 1, DATA },
	{ AMOUNT_NONE, AMOUNT_NONE, 2, { 0, 1 }, 5, NULL },
	{ AMOUNT_NONE, AMOUNT_NONE, 2, { 0, 2 }, 5, FILES },
	{ AMOUNT_NONE, AMOUNT_NONE, 2, { 0, 3 }, 0, FILES },
	{ AMOUNT_NONE, AMOUNT_NONE, 0, { 0, 0 }, 0, FILES },
	/* Sums that would wrap. */
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { 50, 1 }, UINT64_MAX, DATA },
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { 50, 1 }, UINT64_MAX - 49, DATA },
	{ AMOUNT_NONE, 100, AMOUNT_NONE, { UINT64_MAX, 1 }, 1, DATA },
	{ AMOUNT_NONE, UINT64_MAX - 1, AMOUNT_NONE, { UINT64_MAX - 1, 1 }, 0, NULL },
	{ AMOUNT_NONE, UINT64_MAX - 1, AMOUNT_NONE, { UINT64_MAX - 1, 1 }, 1, DATA },
	{ AMOUNT_NONE, UINT64_MAX - 1, AMOUNT_NONE, { 2, 1 }, UINT64_MAX - 2, DATA },
	{ AMOUNT_NONE, AMOUNT_NONE, AMOUNT_NONE, { UINT64_MAX, UINT64_MAX }, UINT64_MAX, NULL },
	{ AMOUNT_NONE, AMOUNT_NONE, UINT64_MAX - 1, { 0, UINT64_MAX }, 0, FILES },
	/* The largest size is a size like any other. */
	{ AMOUNT_NONE, AMOUNT_NONE, AMOUNT_NONE, { 0, 0 }, UINT64_MAX, NULL },
	{ UINT64_MAX - 1, AMOUNT_NONE, AMOUNT_NONE, { 0, 0 }, UINT64_MAX, LARGE },
};

/* What is refused is not counted. */
START_TEST(sizes_and_numbers)
{
	for (size_t i = 0; i < COUNT(files); i++) {
		struct policy p = policy_of(NULL, 0);
		struct usage u = files[i].before, wanted = u;
		char row[32];

		p.max_file_size = files[i].max_file;
		p.max_session_bytes = files[i].max_bytes;
		p.max_files = files[i].max_files;
		if (files[i].wanted == NULL) {
			wanted.files += wanted.files != UINT64_MAX;
			wanted.bytes = files[i].size > UINT64_MAX - u.bytes ? UINT64_MAX :
			    u.bytes + files[i].size;
		}
		snprintf(row, sizeof(row), "row %zu", i);
		check_reason(policy_denies_file(&p, &u, files[i].size), files[i].wanted, row);
		ck_assert_msg(u.files == wanted.files && u.bytes == wanted.bytes, "%s: %ju, %ju",
		    row, (uintmax_t)u.files, (uintmax_t)u.bytes);
	}
}
END_TEST

START_TEST(directories)
{
	struct policy p = policy_of(NULL, 0);
	struct usage u = { 10, 1 };

	p.max_depth = 2;
	p.max_files = 3;
	check_reason(policy_denies_dir(&p, &u, 2), DEEP, "2");
	check_reason(policy_denies_dir(&p, &u, UINT32_MAX), DEEP, "many");
	ck_assert_uint_eq(u.files, 1);
	check_reason(policy_denies_dir(&p, &u, 0), NULL, "0");
	check_reason(policy_denies_dir(&p, &u, 1), NULL, "1");
	check_reason(policy_denies_dir(&p, &u, 1), FILES, "1");
	check_reason(policy_denies_file(&p, &u, 1), FILES, "file");
	ck_assert_uint_eq(u.files, 3);
	ck_assert_uint_eq(u.bytes, 10);

	p.max_files = AMOUNT_NONE;
	p.max_depth = 0;
	check_reason(policy_denies_dir(&p, &u, 0), DEEP, "0");
	p.max_depth = 1;
	p.recursive = POLICY_NO;
	check_reason(policy_denies_dir(&p, &u, 0), DIRS, "0");
	ck_assert_uint_eq(u.files, 3);
	u.files = UINT64_MAX;
	p.recursive = POLICY_YES;
	check_reason(policy_denies_dir(&p, &u, 0), NULL, "0");
	ck_assert_uint_eq(u.files, UINT64_MAX);
}
END_TEST

START_TEST(directions)
{
	struct policy p = policy_of(NULL, 0);

	p.upload_only = true;
	check_reason(policy_denies_direction(&p, true), NULL, "upload");
	check_reason(policy_denies_direction(&p, false), "downloads are not allowed", "download");
	p.download_only = true;
	check_reason(policy_denies_direction(&p, true), "uploads are not allowed", "upload");
	check_reason(policy_denies_direction(&p, false), "downloads are not allowed", "download");
	p.upload_only = false;
	check_reason(policy_denies_direction(&p, true), "uploads are not allowed", "upload");
	check_reason(policy_denies_direction(&p, false), NULL, "download");
}
END_TEST

static const struct {
	unsigned	   modes;
	struct policy_bits file, dir;
	mode_t		   asked;
	mode_t		   as_file, as_dir;		/* without -p */
	mode_t		   file_exactly, dir_exactly;	/* with -p */
} modes[] = {
	{ MODES_CLIENT, { 07777, 0 }, { 07777, 0 }, 0644, 0644, 0644, 0644, 0644 },
	{ MODES_CLIENT, { 07777, 0 }, { 07777, 0 }, 07777, 0777, 0777, 07777, 07777 },
	{ MODES_CLIENT, { 07777, 0 }, { 07777, 0 }, 04755, 0755, 0755, 04755, 04755 },
	{ MODES_CLIENT, { 07777, 0 }, { 07777, 0 }, 0, 0, 0, 0, 0 },
	{ MODES_CLIENT, { 0777, 0 }, { 0777, 0 }, 07777, 0777, 0777, 0777, 0777 },
	{ MODES_CLIENT, { 0640, 0 }, { 0750, 0 }, 07777, 0640, 0750, 0640, 0750 },
	{ MODES_CLIENT, { 0660, 0060 }, { 0770, 0070 }, 0600, 0660, 0670, 0660, 0670 },
	{ MODES_CLIENT, { 0660, 0060 }, { 02770, 02070 }, 0777, 0660, 02770, 0660, 02770 },
	{ MODES_CLIENT, { 0, 0 }, { 0, 0 }, 07777, 0, 0, 0, 0 },
	{ MODES_CLIENT, { 02777, 0 }, { 01777, 0 }, 07755, 0755, 0755, 02755, 01755 },
};

START_TEST(modes_of_the_client)
{
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct policy p = policy_of(NULL, 0);
		bool exactly = true;

		p.modes = modes[i].modes;
		p.file_mode = modes[i].file;
		p.dir_mode = modes[i].dir;
		ck_assert_uint_eq(policy_mode(&p, modes[i].asked, false, false, &exactly),
		    modes[i].as_file);
		ck_assert(!exactly);
		ck_assert_uint_eq(policy_mode(&p, modes[i].asked, false, true, &exactly),
		    modes[i].file_exactly);
		ck_assert(exactly);
		ck_assert_uint_eq(policy_mode(&p, modes[i].asked, true, false, &exactly),
		    modes[i].as_dir);
		ck_assert(!exactly);
		ck_assert_uint_eq(policy_mode(&p, modes[i].asked, true, true, &exactly),
		    modes[i].dir_exactly);
		ck_assert(exactly);
	}
}
END_TEST

/* The client's mode makes no difference at all. */
START_TEST(modes_inherited)
{
	struct policy p = policy_of(NULL, 0);

	p.modes = MODES_INHERIT;
	for (mode_t asked = 0; asked <= 07777; asked++)
		for (int preserve = 0; preserve < 2; preserve++) {
			bool exactly = true;

			p.file_mode = p.dir_mode = (struct policy_bits){ .may = 07777 };
			if (policy_mode(&p, asked, false, preserve, &exactly) != 0666 || exactly)
				ck_abort_msg("a file, %o", asked);
			exactly = true;
			if (policy_mode(&p, asked, true, preserve, &exactly) != 0777 || exactly)
				ck_abort_msg("a directory, %o", asked);
			p.file_mode = (struct policy_bits){ 0640, 0040 };
			p.dir_mode = (struct policy_bits){ 02750, 02000 };
			exactly = true;
			if (policy_mode(&p, asked, false, preserve, &exactly) != 0640 || exactly)
				ck_abort_msg("a file, %o, within bits", asked);
			exactly = true;
			if (policy_mode(&p, asked, true, preserve, &exactly) != 02750 || exactly)
				ck_abort_msg("a directory, %o, within bits", asked);
		}
}
END_TEST

/* SFTP rule 54: nobody's names unless somebody says so, and only what all who speak of it have said. */
START_TEST(rule_54_partial_names)
{
	struct policy p = policy_of(NULL, 0);

	ck_assert(!policy_is_partial(&p, "f.part"));
	p.partials[0] = (struct policy_rule){ .allow = true, .source = 1, .pattern = "*.part" };
	p.partials[1] = (struct policy_rule){ .allow = true, .source = 1, .pattern = "*.filepart" };
	p.npartials = 2;
	ck_assert(policy_is_partial(&p, "f.part") && policy_is_partial(&p, "f.filepart"));
	ck_assert(!policy_is_partial(&p, "f"));
	check_reason(policy_denies_name(&p, "f.part", false), NULL, "what is not whole");
	check_reason(policy_denies_name(&p, "f", false), NULL, "what is whole");
	p.partials[2] = (struct policy_rule){ .allow = true, .source = 2, .pattern = "*.part" };
	p.npartials = 3;
	ck_assert(policy_is_partial(&p, "f.part") && !policy_is_partial(&p, "f.filepart"));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, nothing_said);
	tcase_add_test(t, nothing_said_denies_nothing);
	tcase_add_test(t, hidden_names);
	tcase_add_test(t, deny_and_allow);
	tcase_add_test(t, rule_5_protocols);
	tcase_add_test(t, every_source_must_allow);
	tcase_add_test(t, the_first_source_counts);
	tcase_add_test(t, all_rules_count);
	tcase_add_test(t, paths_by_component);
	tcase_add_test(t, long_paths);
	tcase_add_test(t, sizes_and_numbers);
	tcase_add_test(t, directories);
	tcase_add_test(t, directions);
	tcase_add_test(t, modes_of_the_client);
	tcase_add_test(t, modes_inherited);
	tcase_add_test(t, rule_54_partial_names);
}

int
main(void)
{
	return run_unit("policy", add);
}
