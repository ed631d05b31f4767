/* SPDX-License-Identifier: ISC */
#ifndef TEXT_NAME_H
#define TEXT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True when the LEN bytes at NAME can name one entry of one directory and nothing else: not empty,
 * not "." or "..", no '/' and no NUL.  How long a name may be is left to the filesystem, whose
 * ENAMETOOLONG is the better answer.  PROTOCOL rule 9.
 */
bool	name_is_component(const char *name, size_t len);

#endif
