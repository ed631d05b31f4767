/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "sftp/status.h"

/* What is in none of these is a failure, as clients expect of EEXIST, ENOTEMPTY and EISDIR. */
static const struct {
	int	    err;
	enum status status;
} kinds[] = {
	{ 0, STATUS_OK },
	{ ENOENT, STATUS_NO_SUCH_FILE },
	{ ENOTDIR, STATUS_NO_SUCH_FILE },
	{ ELOOP, STATUS_NO_SUCH_FILE },
	{ EBADF, STATUS_NO_SUCH_FILE },
	{ EPERM, STATUS_PERMISSION_DENIED },
	{ EACCES, STATUS_PERMISSION_DENIED },
	{ EFAULT, STATUS_PERMISSION_DENIED },
	{ EINVAL, STATUS_BAD_MESSAGE },
	{ ENAMETOOLONG, STATUS_BAD_MESSAGE },
	{ ENOSYS, STATUS_OP_UNSUPPORTED },
	{ EOPNOTSUPP, STATUS_OP_UNSUPPORTED },
};

enum status
status_of(int err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].err == err)
			return kinds[i].status;
	return STATUS_FAILURE;
}

const char *
status_text(enum status status)
{
	static const char *const texts[] = {
		[STATUS_OK] = "Success",
		[STATUS_EOF] = "End of file",
		[STATUS_NO_SUCH_FILE] = "No such file",
		[STATUS_PERMISSION_DENIED] = "Permission denied",
		[STATUS_FAILURE] = "Failure",
		[STATUS_BAD_MESSAGE] = "Bad message",
		[STATUS_OP_UNSUPPORTED] = "Operation unsupported",
	};

	return texts[status];
}

void
status_put(struct reply *r, uint32_t id, enum status status, const char *text)
{
	size_t len = strnlen(text, STATUS_TEXT_MAX);

	reply_put_number(r, (uint32_t)(1 + 4 * PACKET_NUMBER + len));
	reply_put_byte(r, PACKET_STATUS);
	reply_put_number(r, id);
	reply_put_number(r, status);
	reply_put_string(r, text, len);
	reply_put_text(r, "");	/* whatever language that is */
}

void
status_put_answer(struct reply *r, uint32_t id, const struct answer *a)
{
	enum status status = status_of(a->err);

	status_put(r, id, status, a->err == 0 ? status_text(status) : answer_text(a));
}
