/* SPDX-License-Identifier: ISC */
/* Says what each error is called, from 1 on, for tests/static/program.py to compare. */
#include <stdio.h>

#include "text/text.h"

enum {
	ERRORS = 134		/* one more than there are */
};

int
main(void)
{
	for (int err = 1; err < ERRORS; err++)
		puts(text_error(err));
	return 0;
}
