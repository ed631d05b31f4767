/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>

#include <grp.h>

#include "uploading.h"

START_TEST(replaced_file_keeps_its_mode)
{
	static const mode_t kept[] = { 0600, 0644, 0664, 0755, 0606, 0200, 01644 };

	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(kept); i++) {
			ino_t before;

			put_file("f", "the old one", kept[i]);
			before = stat_of("f").st_ino;
			umask(077);
			put(&up, "f", "new", 0777);
			ck_assert_msg(mode_of("f") == kept[i], "expected %04o, got %04o",
			    (unsigned)kept[i],
			    mode_of("f"));
			ck_assert_uint_ne(stat_of("f").st_ino, before);
			ck_assert_int_eq(stat_of("f").st_size, 3);
			assert_entries(1);
			unlinkat(unit_fd, "f", 0);
		}
	}
}
END_TEST

START_TEST(replaced_file_keeps_owner_and_group)
{
	if (lacks_root("files of others"))
		return;
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		ino_t before;

		init(&up, named);
		put_file("f", "the old one", 0640);
		ck_assert_int_eq(fchownat(unit_fd, "f", STRANGER, STRANGER + 1, 0), 0);
		before = stat_of("f").st_ino;
		put(&up, "f", "new", 0644);
		ck_assert_uint_eq(stat_of("f").st_uid, STRANGER);
		ck_assert_uint_eq(stat_of("f").st_gid, STRANGER + 1);
		ck_assert_uint_eq(mode_of("f"), 0640);
		ck_assert_uint_ne(stat_of("f").st_ino, before);
		assert_content("f", "new");
	}
}
END_TEST

/* As a user whose primary group is not that of the file. */
START_TEST(replaced_file_keeps_a_group_that_the_user_is_in)
{
	static const gid_t groups[] = { STRANGER };

	if (lacks_root("supplementary groups"))
		return;
	put_file("f", "the old one", 0660);
	ck_assert_int_eq(fchownat(unit_fd, "f", NOBODY, STRANGER, 0), 0);
	ck_assert_int_eq(fchown(unit_fd, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setgroups(1, groups), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	for (int named = 0; named <= 1; named++) {
		struct upload up;
		ino_t before = stat_of("f").st_ino;

		init(&up, named);
		put(&up, "f", "new", 0644);
		ck_assert_uint_eq(stat_of("f").st_gid, STRANGER);
		ck_assert_uint_eq(mode_of("f"), 0660);
		ck_assert_uint_ne(stat_of("f").st_ino, before);
	}
}
END_TEST

/* Replacing would give the file to another group: its members would be shut out. */
START_TEST(group_that_cannot_be_given_is_written_in_place)
{
	struct upload up;
	ino_t before;

	if (lacks_root("groups of others"))
		return;
	put_file("f", "the old one", 0660);
	ck_assert_int_eq(fchownat(unit_fd, "f", NOBODY, STRANGER, 0), 0);
	before = stat_of("f").st_ino;
	become_user();
	init(&up, false);
	put(&up, "f", "new", 0644);
	ck_assert_uint_eq(stat_of("f").st_ino, before);
	ck_assert_uint_eq(stat_of("f").st_gid, STRANGER);
	assert_content("f", "new");
	assert_entries(1);
}
END_TEST

START_TEST(replaced_file_keeps_its_acl)
{
	static const char *const acls[] = {
		"u::rw-,u:1:rwx,g::r--,m::rwx,o::---",
		"u::rw-,u:1:rw-,g:2:r--,g::---,m::r--,o::r--",
		"u::rwx,g::rwx,o::---",
	};

	become_user();
	umask(077);
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(acls); i++) {
			ino_t before;

			put_file("f", "old", 0644);
			put_file("reference", "", 0644);
			if (!set_acl("f", ACL_TYPE_ACCESS, acls[i]) ||
			    !set_acl("reference", ACL_TYPE_ACCESS, acls[i]))
				return;
			before = stat_of("f").st_ino;
			put(&up, "f", "new", 0777);
			assert_same_permissions("f", "reference", acls[i]);
			ck_assert_uint_ne(stat_of("f").st_ino, before);
			assert_content("f", "new");
		}
	}
}
END_TEST

START_TEST(replaced_file_gets_nothing_of_the_default_acl)
{
	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		put_file("f", "old", 0640);
		put_file("reference", "", 0640);
		if (!set_acl(".", ACL_TYPE_DEFAULT, "u::rwx,u:1:rwx,g::rwx,m::rwx,o::rwx"))
			return;
		put(&up, "f", "new", 0777);
		assert_same_permissions("f", "reference", named ? "named" : "unnamed");
		ck_assert_int_eq(acl_delete_def_file(unit_path), 0);
	}
}
END_TEST

/* Bits that must not be there while somebody could run half a program. */
START_TEST(special_bits_of_a_replaced_file_come_last)
{
	static const mode_t kept[] = { 04755, 02755, 06711, 07777, 01755 };

	if (lacks_root("only its writing keeps set-id bits"))
		return;
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(kept); i++) {
			struct stat st;

			put_file("f", "old", kept[i]);
			begin(&up, "f", 0644, 3);
			ck_assert_int_eq(fstat(up.fd, &st), 0);
			ck_assert_msg((st.st_mode & ATTRS_SPECIAL) == 0,
			    "while data comes: got %04o",
			    (unsigned)st.st_mode & 07777);
			fill(&up, "new");
			commit(&up, &nothing);
			ck_assert_msg(mode_of("f") == kept[i], "expected %04o, got %04o",
			    (unsigned)kept[i],
			    mode_of("f"));
		}
	}
}
END_TEST

START_TEST(users_writing_clears_set_id_bits_as_it_always_did)
{
	static const struct {
		mode_t before, after;
	} rows[] = { { 04755, 0755 }, { 02755, 0755 }, { 06755, 0755 }, { 01755, 01755 },
	    { 05755, 01755 } };

	become_user();
	for (int named = 0; named <= 1; named++) {
		struct upload up;

		init(&up, named);
		for (size_t i = 0; i < COUNT(rows); i++) {
			put_file("f", "old", rows[i].before);
			put(&up, "f", "new", 0644);
			ck_assert_msg(mode_of("f") == rows[i].after,
			    "%04o: expected %04o, got %04o",
			    (unsigned)rows[i].before, (unsigned)rows[i].after, mode_of("f"));
		}
	}
}
END_TEST

/* The umask, however strict, has no say in the mode of a file that was there. */
START_TEST(replaced_file_keeps_its_mode_whatever_the_umask)
{
	static const struct attrs nothing_asked;
	const char *what;
	struct upload up;

	become_user();
	umask(0777);
	for (int named = 0; named <= 1; named++) {
		put_file("f", "old", 0644);
		upload_init(&up, &policy);
		up.temp.named_only = named != 0;
		ck_assert_int_eq(upload_begin(&up, unit_fd, "f", 0600, 3, UPLOAD_REGULAR), 0);
		ck_assert_int_eq(up.replaces, true);
		ck_assert_int_eq(write(up.fd, "new", 3), 3);
		ck_assert_int_eq(upload_commit(&up, &nothing_asked, &what), 0);
		upload_end(&up);
		ck_assert_uint_eq(mode_of("f"), 0644);
		ck_assert_str_eq(get_file("f"), "new");
	}
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, replaced_file_keeps_its_mode_whatever_the_umask);
	tcase_add_test(t, replaced_file_keeps_its_mode);
	tcase_add_test(t, replaced_file_keeps_owner_and_group);
	tcase_add_test(t, replaced_file_keeps_a_group_that_the_user_is_in);
	tcase_add_test(t, group_that_cannot_be_given_is_written_in_place);
	tcase_add_test(t, replaced_file_keeps_its_acl);
	tcase_add_test(t, replaced_file_gets_nothing_of_the_default_acl);
	tcase_add_test(t, special_bits_of_a_replaced_file_come_last);
	tcase_add_test(t, users_writing_clears_set_id_bits_as_it_always_did);
}

int
main(void)
{
	policy = drop_in_policy();
	return run_unit("kept", add);
}
