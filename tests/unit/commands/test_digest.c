/* SPDX-License-Identifier: ISC */
#include "commands/digest.h"
#include "unit.h"

/* Of nothing, and of "abc": what the standards of these sums say. */
static const struct {
	const char *name, *nothing, *abc;
} rows[] = {
	{ "md5sum", "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72" },
	{ "sha1sum", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	    "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "sha256sum", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha384sum", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
	    "274edebfe76f65fbd51ad2f14898b95b",
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	    "8086072ba1e7cc2358baeca134c825a7" },
	{ "sha512sum", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

START_TEST(rule_34_known_sums)
{
	struct digest d;
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert(digest_begin(&d, rows[i].name));
		digest_end(&d, hex);
		ck_assert_str_eq(hex, rows[i].nothing);
		ck_assert(digest_begin(&d, rows[i].name));
		digest_add(&d, "a", 1);
		digest_add(&d, "", 0);
		digest_add(&d, "bc", 2);
		digest_end(&d, hex);
		ck_assert_str_eq(hex, rows[i].abc);
	}
	ck_assert(!digest_begin(&d, "sha224sum"));
	ck_assert(!digest_begin(&d, "md5"));
	ck_assert(!digest_begin(&d, ""));
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_34_known_sums);
}

int
main(void)
{
	return run_unit("digest", add);
}
