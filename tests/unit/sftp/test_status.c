/* SPDX-License-Identifier: ISC */
#include "sftp/status.h"
#include "unit.h"

START_TEST(rule_17_each_error_has_its_status)
{
	static const struct {
		int	    err;
		enum status status;
	} rows[] = {
		{ 0, 0 }, { ENOENT, 2 }, { ENOTDIR, 2 }, { ELOOP, 2 }, { EBADF, 2 }, { EPERM, 3 },
		{ EACCES, 3 }, { EFAULT, 3 }, { EINVAL, 5 }, { ENAMETOOLONG, 5 }, { ENOSYS, 8 },
		{ EOPNOTSUPP, 8 }, { EEXIST, 4 }, { EISDIR, 4 }, { ENOTEMPTY, 4 }, { ENOSPC, 4 },
		{ EDQUOT, 4 }, { EFBIG, 4 }, { EXDEV, 4 }, { EROFS, 4 }, { EMLINK, 4 }, { ETXTBSY, 4 },
		{ EMFILE, 4 }, { EIO, 4 }, { EBADMSG, 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(status_of(rows[i].err) == rows[i].status, "%s", strerror(rows[i].err));
	for (int err = -1; err < 5000; err++)
		ck_assert(status_of(err) <= STATUS_BAD_MESSAGE || status_of(err) == 8);
}
END_TEST

static void
expect(const struct answer *a, const char *bytes, size_t n)
{
	unsigned char got[512];
	struct reply r;

	reply_init(&r, got, sizeof(got));
	status_put_answer(&r, 258, a);
	ck_assert_uint_eq(r.len, n);
	ck_assert_mem_eq(got, bytes, n);
}

#define EXPECT(a, bytes) expect((a), (bytes), sizeof(bytes) - 1)

START_TEST(rule_18_the_text_says_more_where_there_is_more)
{
	EXPECT((&(struct answer){ 0 }), "\0\0\0\x18\145\0\0\1\2\0\0\0\0\0\0\0\7Success\0\0\0\0");
	EXPECT((&(struct answer){ .err = EEXIST }),
	    "\0\0\0\x1c\145\0\0\1\2\0\0\0\4\0\0\0\13File exists\0\0\0\0");
	EXPECT((&(struct answer){ .err = EACCES, .text = "no" }),
	    "\0\0\0\x13\145\0\0\1\2\0\0\0\3\0\0\0\2no\0\0\0\0");
}
END_TEST

START_TEST(long_texts_are_cut)
{
	char text[1000];
	unsigned char got[512];
	struct reply r;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	reply_init(&r, got, sizeof(got));
	status_put(&r, 1, STATUS_FAILURE, text);
	ck_assert(!r.full);
	ck_assert_uint_eq(r.len, 4 + 1 + 4 * 4 + STATUS_TEXT_MAX);
}
END_TEST

static void
add(TCase *t)
{
	tcase_add_test(t, rule_17_each_error_has_its_status);
	tcase_add_test(t, rule_18_the_text_says_more_where_there_is_more);
	tcase_add_test(t, long_texts_are_cut);
}

int
main(void)
{
	return run_unit("status", add);
}
