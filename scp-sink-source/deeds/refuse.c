/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>

#include "deeds/refuse.h"
#include "rules/telling.h"

const char refuse_not_own[] = "it was not made in this session";

void
refuse_note(struct deeds *d, int end)
{
	if (end == -1)
		d->unlogged = true;
}

/* The log gets to know what really happened. */
static void
log_refusal(struct deeds *d, const char *path, int err, const char *text)
{
	char shown[AUDIT_STRING_MAX + 1];	/* what is longer is seen to be cut in the log */

	if (d->muted)
		return;
	d->errors++;
	if (!audit_is_on(d->audit))
		return;
	snprintf(shown, sizeof(shown), "/%s", path + (path[0] == '/'));
	refuse_note(d, audit_refusal(d->audit, shown, d->way,
	    text != NULL ? text : telling_text(err, d->root->confined)));
}

/* What the client reads of ERR and TEXT where that may be told. */
static struct answer
told(const struct deeds *d, int err, const char *text)
{
	const bool own_words = err == ENXIO || err == EXDEV || err == ELOOP;

	if (text == NULL && own_words && d->root->confined)
		text = telling_text(err, true);
	/* A link that leads nowhere that is served is not there, in each language's own word. */
	if (d->root->confined && err == EXDEV)
		err = ENOENT;
	return (struct answer){ err, text };
}

int
refuse_openly(struct deeds *d, const char *path, int err, const char *text, struct answer *a)
{
	log_refusal(d, path, err, text);
	*a = (struct answer){ err, text };
	return -1;
}

int
refuse_telling(struct deeds *d, const char *path, int err, const char *text, struct answer *a)
{
	log_refusal(d, path, err, text);
	*a = deeds_is_quiet(d) ? (struct answer){ EACCES, NULL } : told(d, err, text);
	return -1;
}

int
refuse_sight(struct deeds *d, const char *path, const char *text, struct answer *a)
{
	log_refusal(d, path, 0, text);
	*a = (struct answer){ ENOENT, NULL };
	return -1;
}

int
refuse_errno(struct deeds *d, const char *path, int err, struct answer *a)
{
	if (telling_is(err))
		return refuse_telling(d, path, err, NULL, a);
	return refuse_openly(d, path, err, NULL, a);
}

/* HIDDEN: what the client reads of ERR where that may not be told. */
static int
answer_for(const struct deeds *d, int err, int hidden, struct answer *a)
{
	if (deeds_is_quiet(d) && telling_is(err))
		*a = (struct answer){ hidden, NULL };
	else
		*a = told(d, err, NULL);
	return -1;
}

int
refuse_quietly(const struct deeds *d, int err, struct answer *a)
{
	return answer_for(d, err, EACCES, a);
}

int
refuse_change(struct deeds *d, const char *path, int err, struct answer *a)
{
	return err == ENOENT ? refuse_quietly(d, err, a) : refuse_errno(d, path, err, a);
}

int
refuse_unseen(const struct deeds *d, int err, struct answer *a)
{
	return answer_for(d, err, ENOENT, a);
}

int
refuse_look(struct deeds *d, const char *path, int err, struct answer *a)
{
	if (err != ENOENT && err != ENOTDIR)
		(void)refuse_errno(d, path, err, a);
	return refuse_unseen(d, err, a);
}
