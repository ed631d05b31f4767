/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>

#include "deeds/file.h"
#include "deeds/refuse.h"
#include "paths/dir.h"
#include "rules/telling.h"
#include "upload/commit.h"
#include "wire/clock.h"

/* The one record of the file: REASON why it failed, or NULL, and then REMARK or NULL. */
static void
log_file(struct deeds *d, const struct file *f, const char *reason, const char *remark)
{
	char path[AUDIT_STRING_MAX + 1];	/* what is longer is seen to be cut in the log */
	struct audit_entry e = {
		.path = path,
		.upload = f->writes,
		.bytes = f->writes ? f->written : f->read,
		.back = f->writes ? f->read : 0,
		.mode = f->mode,
		.reason = reason,
		.remark = remark,
	};

	if (!audit_is_on(d->audit))
		return;
	e.seconds = (double)(clock_now() - f->since) / CLOCK_NANO;
	snprintf(path, sizeof(path), "/%s", f->spot.plain);
	refuse_note(d, audit_file(d->audit, &e));
}

/* Closes all of it. */
static void
release(struct deeds *d, struct file *f)
{
	pending_remove(d, f);
	if (f->writes)
		upload_end(&f->upload);
	else
		dir_close(f->fd);
	f->fd = -1;
	spot_close(&f->spot);
}

/*
 * Nothing was written: the old file stays, and what was to be set is set on it, unless that cannot be
 * opened again.
 */
static bool
is_untouched(struct deeds *d, struct file *f)
{
	if (!f->undecided)
		return false;
	if (f->late.has_mode || f->late.has_times)
		pending_decide(d, f, true);
	return f->undecided;
}

/* As of upload_commit. */
static int
commit(struct deeds *d, struct file *f, const char **what)
{
	struct attrs late;
	int end, saved;

	*what = NULL;
	if (is_untouched(d, f))
		return 0;
	if (pending_complete(d, f) == -1)
		return -1;
	late = pending_attrs(f);
	/* What is partly another's is not seen by who has only written to it. */
	if (f->pending || !deeds_is_blind(d) || file_is_all_own(f))
		spot_make_own(d, &f->spot, f->fd);
	end = upload_commit(&f->upload, &late, what);
	saved = errno;
	if (end == -1 && *what == NULL && f->pending)
		own_forget(&d->own, f->spot.plain);
	errno = saved;
	return end;
}

static const char *
reason_of(const struct deeds *d, const struct answer *a)
{
	return a->text != NULL ? a->text : telling_text(a->err, d->root->confined);
}

/* It could not be committed, or not all of it could be set. */
static int
fail(struct deeds *d, struct file *f, const char *what, int err, struct answer *a)
{
	char both[AUDIT_WORD_MAX];
	const char *text = telling_text(err, d->root->confined);

	d->errors++;
	snprintf(both, sizeof(both), "%s%s%s", what != NULL ? what : "",
	    what != NULL ? ": " : "", text);
	log_file(d, f, both, NULL);
	return refuse_quietly(d, err, a);
}

/* The log says what mode the file has, not what the client said. */
static void
look_at_mode(const struct deeds *d, struct file *f)
{
	if (f->writes && f->upload.fd != -1 && !f->late.has_mode && audit_is_on(d->audit))
		f->mode = upload_mode(&f->upload);
}

static int
finish(struct deeds *d, struct file *f, struct answer *a)
{
	const char *what;

	look_at_mode(d, f);
	if (f->gone) {
		log_file(d, f, NULL, "removed before it was closed");
		return 0;
	}
	if (f->spoilt.err != 0) {
		*a = f->spoilt;
		log_file(d, f, reason_of(d, a), NULL);
		return -1;
	}
	if (f->writes && commit(d, f, &what) == -1)
		return fail(d, f, what, errno, a);
	log_file(d, f, NULL, f->written < f->announced ? "fewer bytes than announced" : NULL);
	return 0;
}

int
file_close(struct deeds *d, struct file *f, struct answer *a)
{
	int end;

	*a = (struct answer){ 0, NULL };
	end = finish(d, f, a);
	release(d, f);
	return end;
}

void
file_drop(struct deeds *d, struct file *f, const char *reason)
{
	look_at_mode(d, f);
	log_file(d, f, f->spoilt.err != 0 ? reason_of(d, &f->spoilt) : reason, NULL);
	release(d, f);
}
