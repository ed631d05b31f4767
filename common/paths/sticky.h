/* SPDX-License-Identifier: ISC */
#ifndef PATHS_STICKY_H
#define PATHS_STICKY_H

#include <stdbool.h>

/*
 * Whether files of others in sticky directories that everybody may write to are not to be written, as
 * protected_regular in proc(5) has it; so they are where that cannot be read.
 */
bool	sticky_is_protected(void);

#endif
