/* SPDX-License-Identifier: ISC */
#ifndef TEXT_NEAR_H
#define TEXT_NEAR_H

#include <stdbool.h>

/*
 * True where the word A is likely to be meant for B: the same but for capitals, or for letters that
 * are missing, too many, wrong or exchanged with the next one, of which there are so few that it is
 * hardly another word.
 */
bool	near_is(const char *a, const char *b);

#endif
