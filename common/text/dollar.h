/* SPDX-License-Identifier: ISC */
#ifndef TEXT_DOLLAR_H
#define TEXT_DOLLAR_H

/* What a $ means to sh that is not quoted, or stands in double quotes. */
enum dollar {
	DOLLAR_ITSELF,
	DOLLAR_VARIABLE,	/* $NAME, ${NAME}, $? or ${?} */
	DOLLAR_MORE		/* something to run or to work out, or a parameter */
};

/*
 * What the $ at P, before END, means.  *BEHIND: where what belongs to a variable ends, in which there
 * may be continued lines.
 */
enum dollar dollar_read(const char *p, const char *end, const char **behind);

#endif
