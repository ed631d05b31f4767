/* SPDX-License-Identifier: ISC */
#include "deeds/answer.h"
#include "text/text.h"

const char *
answer_text(const struct answer *a)
{
	return a->text != NULL ? a->text : text_error(a->err);
}
