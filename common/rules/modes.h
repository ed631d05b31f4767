/* SPDX-License-Identifier: ISC */
#ifndef RULES_MODES_H
#define RULES_MODES_H

#include "rules/kinds.h"

/* The umask, modes and group: what new files and directories are like. */
extern const struct kind umask_kind, bits_kind, group_kind;

#endif
