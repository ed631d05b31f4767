/* SPDX-License-Identifier: ISC */
#ifndef RULES_TERRITORY_H
#define RULES_TERRITORY_H

#include "rules/kinds.h"

/* The root and the start: where everything happens, each within what was said before. */
extern const struct kind root_kind, start_kind;

#endif
