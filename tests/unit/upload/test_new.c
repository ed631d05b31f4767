/* SPDX-License-Identifier: ISC */
#include "uploading.h"

/* What open(2) makes of MODE here and now, with nothing of ours in between. */
static void
make_reference(const char *name, mode_t mode)
{
	int fd = openat(unit_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	close(fd);
}

static const mode_t modes[] = { 0644, 0755, 0666, 0777, 0640, 0600, 0444, 0400, 0200, 0070, 0007,
    0000 };
static const mode_t umasks[] = { 0, 022, 002, 027, 077, 0222, 0700, 0777 };

static void
try_new_files(bool named_only, const char *context)
{
	struct upload up;

	init(&up, named_only);
	for (size_t i = 0; i < COUNT(modes); i++) {
		char what[200];

		snprintf(what, sizeof(what), "%s, %s, mode %04o", context, named_only ? "named" :
		    "unnamed",
		    (unsigned)modes[i]);
		make_reference("reference", modes[i]);
		put(&up, "new", "hello", modes[i]);
		assert_same_permissions("new", "reference", what);
		ck_assert_int_eq(stat_of("new").st_size, 5);
		ck_assert_int_eq((int)up.temp.named_only, (int)named_only);
		unlinkat(unit_fd, "reference", 0);
		unlinkat(unit_fd, "new", 0);
		assert_entries(0);
	}
}

START_TEST(new_file_gets_what_the_umask_leaves)
{
	become_user();
	for (size_t i = 0; i < COUNT(umasks); i++) {
		char what[32];

		snprintf(what, sizeof(what), "umask %04o", (unsigned)umasks[i]);
		umask(umasks[i]);
		try_new_files(false, what);
		try_new_files(true, what);
	}
}
END_TEST

static const char *const default_acls[] = {
	"u::rwx,g::r-x,o::r-x",
	"u::rwx,g::rwx,o::---",
	"u::rw-,g::---,o::---",
	"u::rwx,u:1:rwx,g::r-x,m::rwx,o::r-x",
	"u::rwx,u:1:rw-,g:2:r-x,g::---,m::r-x,o::---",
	"u::r--,u:1:---,g::rwx,m::rwx,o::rwx",
	"u::---,g::rw-,o::r--",
};

START_TEST(new_file_gets_what_the_default_acl_says)
{
	become_user();
	umask(077);	/* of no effect beside a default ACL */
	for (size_t i = 0; i < COUNT(default_acls); i++) {
		if (!set_acl(".", ACL_TYPE_DEFAULT, default_acls[i]))
			return;
		try_new_files(false, default_acls[i]);
		try_new_files(true, default_acls[i]);
	}
}
END_TEST

START_TEST(new_file_has_no_special_bits)
{
	struct upload up;

	for (int named = 0; named <= 1; named++) {
		umask(022);
		init(&up, named);
		put(&up, "new", "x", 07777);
		ck_assert_uint_eq(mode_of("new"), 0755);
		unlinkat(unit_fd, "new", 0);
	}
}
END_TEST

START_TEST(new_file_has_the_policys_group)
{
	static const struct attrs exactly = { .has_mode = true, .mode = 0604 };

	if (lacks_root("supplementary groups"))
		return;
	become_member();
	policy.has_group = true;
	policy.group = STRANGER;
	umask(027);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put(&up, "f", "new", 0664);
		ck_assert_uint_eq(stat_of("f").st_uid, NOBODY);
		ck_assert_uint_eq(stat_of("f").st_gid, STRANGER);
		ck_assert_uint_eq(mode_of("f"), 0640);
		/* What was there keeps its own. */
		put_file("old", "old", 0640);
		ck_assert_int_eq(fchownat(unit_fd, "old", NOBODY, NOBODY, 0), 0);
		put(&up, "old", "new", 0664);
		ck_assert_uint_eq(stat_of("old").st_gid, NOBODY);
		begin(&up, "g", 0600, 1);
		fill(&up, "x");
		commit(&up, &exactly);
		ck_assert_uint_eq(stat_of("g").st_gid, STRANGER);
		ck_assert_uint_eq(mode_of("g"), 0604);
		unlinkat(unit_fd, "f", 0);
		unlinkat(unit_fd, "g", 0);
		unlinkat(unit_fd, "old", 0);
	}
}
END_TEST

START_TEST(group_that_cannot_be_given_takes_no_new_file)
{
	if (lacks_root("groups of others"))
		return;
	become_user();
	policy.has_group = true;
	policy.group = STRANGER;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		assert_refused(&up, unit_fd, "f", 5, UPLOAD_REGULAR, EPERM);
		assert_entries(0);
	}
}
END_TEST

static const mode_t musts[] = { 0600, 0060, 0444, 0640, 0100, 0777, 0002, 01000 };

/* As try_new_files, and MUST is there besides, whatever the mode and what limits it. */
static void
try_musts(bool named_only, const char *context)
{
	struct upload up;

	init(&up, named_only);
	for (size_t i = 0; i < COUNT(modes) * COUNT(musts); i++) {
		mode_t mode = modes[i / COUNT(musts)], must = musts[i % COUNT(musts)];

		policy.file_mode.must = must;
		make_reference("reference", mode);
		put(&up, "new", "hello", mode);
		ck_assert_msg(mode_of("new") == (mode_of("reference") | must),
		    "%s, %s, mode %04o: expected %04o and %04o, got %04o", context,
		    named_only ? "named" : "unnamed", (unsigned)mode, mode_of("reference"),
		    (unsigned)must, mode_of("new"));
		unlinkat(unit_fd, "reference", 0);
		unlinkat(unit_fd, "new", 0);
		assert_entries(0);
	}
}

START_TEST(bits_of_the_policy_beside_an_umask)
{
	become_user();
	for (size_t i = 0; i < COUNT(umasks); i++) {
		char what[32];

		snprintf(what, sizeof(what), "umask %04o", (unsigned)umasks[i]);
		umask(umasks[i]);
		try_musts(false, what);
		try_musts(true, what);
	}
}
END_TEST

START_TEST(bits_of_the_policy_beside_a_default_acl)
{
	become_user();
	umask(077);
	for (size_t i = 0; i < COUNT(default_acls); i++) {
		if (!set_acl(".", ACL_TYPE_DEFAULT, default_acls[i]))
			return;
		try_musts(false, default_acls[i]);
		try_musts(true, default_acls[i]);
	}
}
END_TEST

START_TEST(bits_of_the_policy_are_not_for_what_was_there)
{
	become_user();
	policy.file_mode.must = 0066;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put_file("f", "old", 0640);
		put(&up, "f", "new", 0600);
		ck_assert_uint_eq(mode_of("f"), 0640);
		unlinkat(unit_fd, "f", 0);
	}
}
END_TEST

/* The kernel takes set-id bits from what a user writes: whoever wants them sets them last. */
START_TEST(special_bits_of_the_policy_come_last)
{
	static const mode_t special[] = { 02010, 04100, 06111, 02000, 01000 };

	become_user();
	umask(022);
	for (int named = 0; named <= 1; named++)
		for (size_t i = 0; i < COUNT(special); i++) {
			struct upload up;
			struct stat st;

			policy.file_mode.must = special[i];
			init(&up, named);
			begin(&up, "f", 0644, 3);
			ck_assert_int_eq(fstat(up.fd, &st), 0);
			ck_assert_uint_eq(st.st_mode & ATTRS_SPECIAL, 0);
			fill(&up, "new");
			commit(&up, &nothing);
			ck_assert_msg(mode_of("f") == (0644 | special[i]),
			    "expected %04o, got %04o", 0644 | (unsigned)special[i], mode_of("f"));
			unlinkat(unit_fd, "f", 0);
		}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, new_file_gets_what_the_umask_leaves);
	tcase_add_test(t, new_file_gets_what_the_default_acl_says);
	tcase_add_test(t, new_file_has_no_special_bits);
	tcase_add_test(t, new_file_has_the_policys_group);
	tcase_add_test(t, group_that_cannot_be_given_takes_no_new_file);
	tcase_add_test(t, bits_of_the_policy_beside_an_umask);
	tcase_add_test(t, bits_of_the_policy_beside_a_default_acl);
	tcase_add_test(t, bits_of_the_policy_are_not_for_what_was_there);
	tcase_add_test(t, special_bits_of_the_policy_come_last);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("new", add);
}
