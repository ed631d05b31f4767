/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "text/name.h"

bool
name_is_component(const char *name, size_t len)
{
	if (len == 0 || memchr(name, '/', len) != NULL || memchr(name, '\0', len) != NULL)
		return false;
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return false;
	return true;
}
