/* SPDX-License-Identifier: ISC */
#include "text/mode.h"
#include "unit.h"

#define UNTOUCHED 01234

/* What chmod(1) of GNU makes of it, but where that is said. */
static const struct {
	const char *text;
	mode_t	    old, mask;
	mode_t	    file, directory;
} rows[] = {
	/* What clients send. */
	{ "0644", 0755, 022, 0644, 0644 }, { "00755", 0644, 022, 0755, 0755 },
	{ "644", 0600, 077, 0644, 0644 },
	{ "u+rw-x,g-w", 0177, 022, 0657, 0657 }, { "g+w", 0644, 022, 0664, 0664 },
	{ "755", 0, 0, 0755, 0755 },
	/* Digits: the set-id bits of a directory stay where they are not said, or all of it is. */
	{ "0", 07777, 0, 0, 06000 }, { "1777", 0, 022, 01777, 01777 },
	{ "755", 02755, 0, 0755, 02755 },
	{ "0755", 06755, 0, 0755, 06755 }, { "00755", 06755, 0, 0755, 0755 },
	{ "4755", 02755, 0, 04755, 06755 },
	{ "07777", 0, 077, 07777, 07777 },
	/* Everybody, but for the mask. */
	{ "+x", 0644, 022, 0755, 0755 }, { "+x", 0644, 077, 0744, 0744 },
	{ "+w", 0444, 022, 0644, 0644 }, { "-w", 0666, 022, 0466, 0466 },
	{ "=r", 0777, 077, 0400, 0400 }, { "=", 07777, 022, 0, 06000 },
	{ "a+w", 0444, 022, 0666, 0666 }, { "a=", 07777, 022, 0, 06000 },
	/* Whom. */
	{ "u=rwx,g=rx,o=", 0, 077, 0750, 0750 }, { "ug=rw", 0, 0, 0660, 0660 },
	{ "go-rwx", 0777, 0, 0700, 0700 }, { "o=", 0777, 0, 0770, 0770 },
	{ "u=", 04755, 0, 055, 04055 }, { "uuu+r", 0, 0, 0400, 0400 }, { "ua+r", 0, 0, 0444, 0444 },
	/* Several, each from what the one before has left. */
	{ "u=r+w-r", 0, 0, 0200, 0200 }, { "a-x,u+x", 0777, 0, 0766, 0766 },
	{ "a-rwx+X", 0777, 0, 0, 0111 }, { "u+x,+X", 0, 0, 0111, 0111 },
	{ "u+-=", 0777, 0, 077, 077 },
	/* X is x for who can be executed, or entered. */
	{ "+X", 0644, 0, 0644, 0755 }, { "+X", 0744, 0, 0755, 0755 },
	{ "g+X", 0744, 0, 0754, 0754 }, { "a=rX", 0700, 0, 0555, 0555 },
	{ "u=rwX,go=rX", 0600, 022, 0644, 0755 }, { "+Xx", 0, 022, 0111, 0111 },
	/* Bits besides. */
	{ "u+s", 0755, 0, 04755, 04755 }, { "g+s", 0755, 0, 02755, 02755 },
	{ "o+s", 0755, 0, 0755, 0755 }, { "+s", 0755, 022, 06755, 06755 },
	{ "u-s", 06755, 0, 02755, 02755 }, { "g=", 06755, 0, 04705, 06705 },
	{ "g=s", 0755, 0, 02705, 02705 },
	{ "+t", 0755, 0, 01755, 01755 }, { "o+t", 0755, 0, 01755, 01755 },
	{ "u+t", 0755, 0, 0755, 0755 }, { "a-st", 07755, 0, 0755, 0755 },
	{ "u=rwxs", 0, 0, 04700, 04700 },
	{ "+", 0644, 0, 0644, 0644 }, { "u+", 0644, 0, 0644, 0644 },
	{ "--", 0644, 0, 0644, 0644 },
};

START_TEST(modes_that_are_said)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int directory = 0; directory < 2; directory++) {
			mode_t wanted = directory ? rows[i].directory : rows[i].file,
			got = UNTOUCHED;

			ck_assert_msg(mode_change(rows[i].text, rows[i].old, directory,
			rows[i].mask, &got) == 0 && got == wanted,
			"%s of %04o, mask %03o%s: expected %04o, got %04o", rows[i].text,
			rows[i].old,
			    rows[i].mask, directory ? ", directory" : "", wanted, got);
		}
}
END_TEST

START_TEST(what_is_no_mode)
{
	static const char *const junk[] = {
		"", "8", "08", "0755x", "100000", "000755", "10000", "17777777", "-1", "0x1ff",
		"0755 ", " 0755", "0755,u+r", "u", "ugo", "rwx", "a", ",", "u+r,", ",u+r",
		"u+r,,g+w", "u+z", "u~r", "u+r g+r", "+7", "u=7", "g=u", "u+g", "+rg", "u+rw-q",
		"\303\251", "u+\303\251", "-rR",
	};

	for (size_t i = 0; i < COUNT(junk); i++) {
		mode_t got = UNTOUCHED;
		bool none = mode_change(junk[i], 0644, i % 2 == 0, 022, &got) == -1;

		ck_assert_msg(none, "<%s>: got %04o", junk[i], got);
		ck_assert_uint_eq(got, UNTOUCHED);
	}
}
END_TEST

/* What kind of file it is comes and goes with stat(2), and is none of this. */
START_TEST(other_bits_are_left_out)
{
	mode_t got;

	ck_assert_int_eq(mode_change("u+x", S_IFREG | 0644, false, 0, &got), 0);
	ck_assert_uint_eq(got, 0744);
	ck_assert_int_eq(mode_change("755", S_IFDIR | 02700, true, 0, &got), 0);
	ck_assert_uint_eq(got, 02755);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, modes_that_are_said);
	tcase_add_test(t, what_is_no_mode);
	tcase_add_test(t, other_bits_are_left_out);
}

int
main(void)
{
	return run_unit("mode", add);
}
