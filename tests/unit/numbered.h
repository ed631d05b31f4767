/* SPDX-License-Identifier: ISC */
#ifndef NUMBERED_H
#define NUMBERED_H

/*
 * In place of the library's syscall(2): what becomes of renameat2(2) is for the test to say, in
 * rename_meets.
 */
#include <sys/syscall.h>

#include <dlfcn.h>
#include <stdarg.h>

#include "unit.h"

/* 0 where a rename with FLAGS is to be made, or -1 with errno. */
static int	rename_meets(unsigned flags);

long
syscall(long number, ...)
{
	long (*library)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < COUNT(a); i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_renameat2 && rename_meets((unsigned)a[4]) == -1)
		return -1;
	return library(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#endif
