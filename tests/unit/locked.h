/* SPDX-License-Identifier: ISC */
#ifndef LOCKED_H
#define LOCKED_H

/* A process that is locked up cannot look for its leaks. */
#ifdef SANITIZED
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

#endif
