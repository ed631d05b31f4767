/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <string.h>

#include "text/amount.h"
#include "text/mode.h"

enum {
	ALL = 07777,
	SET_ID = S_ISUID | S_ISGID,
	EXECUTE = S_IXUSR | S_IXGRP | S_IXOTH,
	DIGITS_EXACT = 5	/* so many mean all twelve bits, of a directory, too */
};

struct letter {
	char   letter;
	mode_t bits;
};

static const struct letter people[] = {
	{ 'u', S_ISUID | S_IRWXU }, { 'g', S_ISGID | S_IRWXG }, { 'o', S_ISVTX | S_IRWXO },
	{ 'a', ALL }, { '\0', 0 }
};

static const struct letter rights[] = {
	{ 'r', S_IRUSR | S_IRGRP | S_IROTH }, { 'w', S_IWUSR | S_IWGRP | S_IWOTH },
	{ 'x', EXECUTE }, { 's', SET_ID }, { 't', S_ISVTX }, { '\0', 0 }
};

/* A file whose mode is being changed. */
struct changed {
	mode_t mode, mask;
	bool   directory;
};

static bool
take_letter(const struct letter *letters, char c, mode_t *bits)
{
	for (; letters->letter != '\0'; letters++)
		if (letters->letter == c) {
			*bits |= letters->bits;
			return true;
		}
	return false;
}

/* Does what OPERATOR says with BITS to those of WHOM, 0: nobody is said. */
static void
apply(struct changed *c, mode_t whom, char operator, mode_t bits)
{
	mode_t kept = c->directory ? SET_ID & ~(whom != 0 ? whom & bits : bits) : 0;

	bits &= (whom != 0 ? whom : ~c->mask) & ~kept;
	if (operator == '+')
		c->mode |= bits;
	else if (operator == '-')
		c->mode &= ~bits;
	else
		c->mode = (c->mode & ((whom != 0 ? ~whom : 0) | kept)) | bits;
}

static bool
is_operator(char c)
{
	return c == '+' || c == '-' || c == '=';
}

/* One change, up to a comma or the end. */
static bool
take_change(const char **text, struct changed *c)
{
	const char *p = *text;
	mode_t whom = 0;

	while (take_letter(people, *p, &whom))
		p++;
	if (!is_operator(*p))
		return false;
	while (is_operator(*p)) {
		char operator = *p++;
		mode_t bits = 0;

		for (; *p == 'X' || take_letter(rights, *p, &bits); p++)
			if (*p == 'X' && (c->directory || (c->mode & EXECUTE) != 0))
				bits |= EXECUTE;
		apply(c, whom, operator, bits);
	}
	*text = p;
	return true;
}

static int
change_by_digits(const char *text, mode_t old, bool directory, mode_t *mode)
{
	mode_t said;

	if (amount_mode(text, &said) == -1)
		return -1;
	if (directory && strlen(text) < DIGITS_EXACT)
		said |= old & SET_ID;
	*mode = said;
	return 0;
}

int
mode_change(const char *text, mode_t old, bool directory, mode_t mask, mode_t *mode)
{
	struct changed c = { .mode = old & ALL, .mask = mask, .directory = directory };

	if (*text >= '0' && *text <= '7')
		return change_by_digits(text, c.mode, directory, mode);
	while (take_change(&text, &c))
		if (*text == '\0') {
			*mode = c.mode;
			return 0;
		} else if (*text++ != ',') {
			return -1;
		}
	return -1;
}
