/* SPDX-License-Identifier: ISC */
#ifndef TEXT_SPELLING_H
#define TEXT_SPELLING_H

#include <limits.h>
#include <stdbool.h>

/*
 * Where names fold, many spellings are one name.  What a spelling comes to, as far as that can be said
 * of the text alone and concerns ASCII; the case of letters is for whoever compares.
 */

/*
 * Characters for which such filesystems take letters of ASCII, such as a long s, are those; what they
 * do not see at all, such as a soft hyphen, is gone.  What does not fit is cut.
 */
void	spelling_fold(const char *name, char dst[NAME_MAX + 1]);

/*
 * Takes off what is no part of a name as Windows has it: dots and blanks at the end, and a colon with
 * all behind it, which is a part of the same file.  True where there was any; a name of nothing else
 * stays.
 */
bool	spelling_cut(char *name);

/* True for such names as vfat gives to files besides their own: SECRET~1.KEY. */
bool	spelling_is_short(const char *name);

/* True where there is nothing but ASCII. */
bool	spelling_is_ascii(const char *name);

#endif
