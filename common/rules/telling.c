/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stddef.h>

#include "rules/telling.h"
#include "text/text.h"

bool
telling_is(int err)
{
	static const int telling[] = {
		ENOENT, EEXIST, ENOTDIR, EISDIR, ELOOP, EACCES, EPERM, EXDEV, ENXIO, EROFS,
		ETXTBSY, EMLINK, EBUSY, EINVAL, ENOTEMPTY,
	};

	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
		if (telling[i] == err)
			return true;
	return false;
}

const char *
telling_text(int err, bool confined)
{
	switch (err) {
	case ENXIO:	/* What opening a FIFO or a socket gives. */
		return "not a regular file";
	case EXDEV:
		return confined ? "it is outside the root" : text_error(err);
	case ELOOP:
		return confined ? "symbolic links are not followed here" : text_error(err);
	default:
		return text_error(err);
	}
}
