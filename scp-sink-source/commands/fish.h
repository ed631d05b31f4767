/* SPDX-License-Identifier: ISC */
#ifndef COMMANDS_FISH_H
#define COMMANDS_FISH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Files transferred over shells, as lftp does it: commands whose output it reads, and uploads, which are
 * a comment, a line for shells that do not know it, and a body of the size that the comment says.
 * COMMANDS rule 35.
 */
struct shell;

/* Whether a line says that its client speaks so. */
bool	fish_is_greeting(const char *line, size_t len);
/* Whether a line is the comment that announces an upload. */
bool	fish_is_upload(const char *line, size_t len);

/* Takes the body, and says what became of it.  Whoever is refused hangs up, and so do we. */
void	fish_take_upload(struct shell *, const char *line, size_t len);

#endif
