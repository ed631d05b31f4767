/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "deeds/note.h"
#include "deeds/refuse.h"

enum {
	SHOWN = AUDIT_STRING_MAX + 1	/* what is longer is seen to be cut in the log */
};

static const char *
show(char shown[SHOWN], const char *plain)
{
	snprintf(shown, SHOWN, "/%s", plain);
	return shown;
}

void
note_dir(struct deeds *d, const char *plain, mode_t mode, bool made)
{
	char shown[SHOWN];
	struct audit_entry e = { .upload = made, .mode = mode };

	if (!audit_is_on(d->audit))
		return;
	e.path = show(shown, plain);
	refuse_note(d, audit_dir(d->audit, &e, made));
}

void
note_act(struct deeds *d, enum audit_act act, const char *plain, const char *to)
{
	char shown[SHOWN], other[SHOWN];

	if (audit_is_on(d->audit))
		refuse_note(d, audit_act(d->audit, act, show(shown, plain),
		    to != NULL ? show(other, to) : NULL));
}

void
note_symlink(struct deeds *d, const char *plain, const char *text)
{
	char shown[SHOWN];

	if (audit_is_on(d->audit))
		refuse_note(d, audit_act(d->audit, AUDIT_SYMLINK, show(shown, plain), text));
}

void
note_set(struct deeds *d, const char *plain, enum audit_attribute what, const char *value)
{
	char shown[SHOWN];

	if (audit_is_on(d->audit))
		refuse_note(d, audit_set(d->audit, show(shown, plain), what, value));
}
