/* SPDX-License-Identifier: ISC */
#ifndef TITLE_H
#define TITLE_H

#include <stdbool.h>
#include <stddef.h>

/* What ps(1) shows of a session: what it does, at which path, and how much of a body has moved. */
struct title {
	const char *verb;	/* borrowed: "receiving" */
	bool	    detailed;	/* it is about one file, and says PERCENT */
	unsigned    percent;
};

void	title_init(struct title *, const char *verb);

/* The path of LEN bytes is escaped, and of a long one its end is shown. */
void	title_show(struct title *, const char *path, size_t len);
void	title_show_percent(struct title *, const char *path, size_t len, unsigned percent);

#endif
