/* SPDX-License-Identifier: ISC */
#ifndef COMMON_TERRITORY_H
#define COMMON_TERRITORY_H

#include "kinds.h"

/* The root and the start: where everything happens, each within what was said before. */
extern const struct kind root_kind, start_kind;

#endif
