/* SPDX-License-Identifier: ISC */
/*
 * What a static program with musl lacks of what a loader does: once it has relocated itself, its
 * pointers to functions and its tables of them are read-only (GNU_RELRO).
 */
#include <sys/auxv.h>
#include <sys/mman.h>

#include <link.h>
#include <stdint.h>
#include <unistd.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));	/* where address 0 lies */

static void
protect(const ElfW(Phdr) *segment)
{
	uintptr_t page = getauxval(AT_PAGESZ), begin = (uintptr_t)__ehdr_start + segment->p_vaddr;
	uintptr_t end = (begin + segment->p_memsz) & ~(page - 1);

	begin &= ~(page - 1);
	if (mprotect((void *)begin, end - begin, PROT_READ) == -1)
		_exit(1);
}

__attribute__((constructor)) static void
protect_what_is_relocated(void)
{
	const ElfW(Phdr) *segments = (const ElfW(Phdr) *)getauxval(AT_PHDR);

	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
		if (segments[i].p_type == PT_GNU_RELRO)
			protect(&segments[i]);
}
