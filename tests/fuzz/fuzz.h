/* SPDX-License-Identifier: ISC */
#ifndef FUZZ_H
#define FUZZ_H

/*
 * What every target has: it takes an input, asserts what must hold whatever the input, and leaves
 * the process as it was.  The same object is linked with libFuzzer, which looks for inputs, and
 * with replay.c, which plays those that are known.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What does not hold is said, and kills: that is how either of both notices. */
#define REQUIRE(holds, ...) \
	do { \
		if (!(holds)) { \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #holds); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			abort(); \
		} \
	} while (0)

/* Once, before the first input: 0, or 1 where the target can do nothing here, and has said why. */
int	LLVMFuzzerInitialize(int *argc, char ***argv);
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
