/* SPDX-License-Identifier: ISC */
#ifndef TEXT_MODE_H
#define TEXT_MODE_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * What chmod(1) makes of OLD, the twelve bits of a file or a DIRECTORY, by TEXT: *MODE.  TEXT has
 * one to five octal digits, or changes with commas between: nobody or some of ugoa, and then at
 * least once one of + - = and some or none of rwxXst.  Where nobody is said everybody is meant, but
 * for the bits of MASK.  A directory keeps its set-id bits unless they are said, or there are five
 * digits.
 *
 * 0; -1 where TEXT is none, which does not depend on the rest.
 */
int	mode_change(const char *text, mode_t old, bool directory, mode_t mask, mode_t *mode);

#endif
