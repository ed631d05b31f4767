/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_MANNER_H
#define UPLOAD_MANNER_H

#include <stdbool.h>

/*
 * How a file is begun that is written anywhere, for as long as its writer likes, and has the size that
 * comes of it: SFTP rule 44.  All false: only what is there is opened, and made empty.
 */
struct upload_manner {
	bool create;		/* what is not there is made */
	bool exclusive;		/* with CREATE: what is there, also in the end, is refused with EEXIST */
	bool keep;		/* the old content counts: it is there in place, else held as OLD */
	bool in_place;		/* what is there is written itself, unless the policy has it otherwise */
	bool partial;		/* likewise, whatever the policy has; what is new is made under its name */
	bool readable;		/* and read as well, where that may be */
	bool read;		/* likewise; old content that counts and may not be read is refused */
	bool special;		/* it may be a device, or a FIFO that has a reader */
	bool sure;		/* what is new there loses nothing when it is closed: see fs_is_plain */
};

#endif
