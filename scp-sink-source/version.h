/* SPDX-License-Identifier: ISC */
#ifndef VERSION_H
#define VERSION_H

/* The one place that says it; the Makefile reads it here, and a test compares everybody else's. */
#define VERSION "1.1"

#endif
