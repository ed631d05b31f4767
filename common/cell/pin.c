/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "cell/pin.h"

enum {
	PLACE = 1 << 20		/* a multiple of every size of pages; programs and libraries are above */
};

const void *
pin_bytes(const void *bytes, size_t size)
{
	void *place = (void *)(uintptr_t)PLACE, *page;

	assert(size <= PIN_MAX);
	/* An old kernel takes the address for a wish. */
	page = mmap(place, PIN_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	if (page == place) {
		memcpy(page, bytes, size);
		if (mprotect(page, PIN_MAX, PROT_READ) == 0)
			return page;
	}
	munmap(page, PIN_MAX);
	return NULL;
}
