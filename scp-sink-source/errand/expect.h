/* SPDX-License-Identifier: ISC */
#ifndef ERRAND_EXPECT_H
#define ERRAND_EXPECT_H

#include "errand/errand.h"
#include "text/words.h"

/*
 * What a remote source may send of what was asked for, and what that is called here.  It is about
 * entries that are in no other; below them any name is as good as another.  ORIGINATE section 7.
 */
enum expect_verdict {
	EXPECT_TAKEN,
	EXPECT_SELF,		/* a directory that stands for what is in it */
	EXPECT_MANY,		/* there is one more than was asked for */
	EXPECT_OTHER		/* it has another name */
};

/* One word of the operand, and what its last component says. */
struct expect_word {
	bool	    self;	/* it stands for what is in it */
	bool	    pattern;	/* any number of names */
	bool	    named;	/* LAST is what it is called here; else what it calls itself */
	bool	    met;
	const char *last;
};

struct expect {
	bool		   any;		/* whatever comes */
	bool		   came;	/* something did */
	size_t		   n;
	struct expect_word words[WORDS_MAX];
	char		   text[WORDS_BYTES];	/* that they are in */
};

/* For the source PATH: 0; -1 with *WHY, a constant: what may come for that cannot be told. */
int	expect_init(struct expect *, const struct errand *, const char *path, const char **why);

/* Of an entry NAME, of one component or, a directory, ".": *AS is what it is called here. */
enum expect_verdict expect_judge(struct expect *, const char *name, bool directory,
    const char **as);

bool	expect_is_met(const struct expect *);

/* Whether the source PATH, or, as a shell has it, a word of that, stands for what is in it. */
bool	expect_is_contents(const struct errand *, const char *path);

/* Whether more than one entry may come. */
bool	expect_is_of_many(const struct expect *);

#endif
