/* SPDX-License-Identifier: ISC */
#ifndef TEXT_PATTERN_H
#define TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Patterns of one component, as sh has them: * and ?, sets such as [a-z] and [!0-9] with classes
 * such as [:digit:] of ASCII, and a backslash before what stands for itself.  A [ without its ] is
 * itself, and so is a backslash at the end; { } , ~ are no part of patterns.  Nothing is of a class
 * that is unknown.  A character is one of UTF-8, or a byte that is none; ranges go by code point.
 * The time it takes is bounded by the product of both lengths.
 */
enum pattern_dot {
	PATTERN_DOT_SPECIAL,	/* a dot at the beginning of a name is matched by a dot alone */
	PATTERN_DOT_PLAIN	/* it is a character like any other */
};

bool	pattern_match(const char *pattern, const char *name, enum pattern_dot);

/* The same with PATTERN_DOT_PLAIN, where each letter of ASCII in NAME may also be that of the other case. */
bool	pattern_match_folded(const char *pattern, const char *name);

/* True when PATTERN has a *, a ? or a set in it, be it one of a single character. */
bool	pattern_is_wild(const char *pattern);

/* How many bytes of PATTERN, from its beginning, are a set, with its brackets; 0 where there is none. */
size_t	pattern_set_length(const char *pattern);

/* Removes the backslashes of PATTERN, in place: the name that one that is not wild means. */
void	pattern_unescape(char *pattern);

#endif
