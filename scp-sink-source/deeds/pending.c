/* SPDX-License-Identifier: ISC */
/*
 * A file that is pending is found by its last component, and then by what its directory is: there are
 * few of one name, and a directory may have several.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "deeds/pending.h"
#include "deeds/refuse.h"
#include "upload/commit.h"

void
pending_add(struct deeds *d, struct file *f)
{
	f->pending = true;
	f->next = d->pending;
	d->pending = f;
}

void
pending_remove(struct deeds *d, struct file *f)
{
	for (struct file **at = &d->pending; *at != NULL; at = &(*at)->next) {
		if (*at == f) {
			*at = f->next;
			break;
		}
	}
	f->pending = false;
}

/* What was set on the temporary is the old file's now. */
static void
carry_attrs(struct file *f)
{
	f->mode_waits = f->late.has_mode;
	f->times_wait = f->late.has_times;
}

void
pending_decide(struct deeds *d, struct file *f, bool in_place)
{
	f->undecided = false;
	in_place = in_place && upload_turn_in_place(&f->upload) == 0;
	f->fd = f->upload.fd;
	overlay_init(&f->overlay, f->upload.old, f->upload.old_size);
	if (!in_place)
		return;
	pending_remove(d, f);
	carry_attrs(f);
}

int
pending_append(const struct file *f)
{
	int status;

	if (!f->appends)
		return 0;
	status = fcntl(f->fd, F_GETFL);
	return status == -1 ? -1 : fcntl(f->fd, F_SETFL, status | O_APPEND);
}

bool
file_is_all_own(const struct file *f)
{
	return f->upload.old_size == 0 || f->known >= f->overlay.size;
}

int
pending_check_room(const struct deeds *d, struct file *f, uint64_t end)
{
	const struct overlay *o = &f->overlay;

	/* Of a private copy there is what was copied. */
	return space_check_growth(d->policy, f->upload.fd, o->old != -1 ? o->high : o->size, end,
	    &f->granted);
}

void
pending_have_changed(struct file *f)
{
	f->mode_waits = f->mode_waits || (f->late.has_mode && (f->late.mode & ATTRS_SPECIAL) != 0);
	f->times_wait = f->late.has_times;
}

int
pending_complete(const struct deeds *d, struct file *f)
{
	if (f->overlay.old == -1)
		return 0;
	if (pending_check_room(d, f, f->overlay.kept) == -1)
		return -1;
	pending_have_changed(f);
	return overlay_complete(&f->overlay, f->fd);
}

struct attrs
pending_attrs(const struct file *f)
{
	struct attrs a = f->late;

	a.has_mode = a.has_mode && f->mode_waits;
	a.has_times = a.has_times && f->times_wait;
	return a;
}

int
pending_spoil(struct deeds *d, struct file *f, int err, const char *text, struct answer *a)
{
	if (f->spoilt.err == 0) {
		f->spoilt = (struct answer){ err, text };
		d->errors++;
	}
	*a = f->spoilt;
	return -1;
}

static bool
is_same_directory(const struct spot *a, const struct spot *b)
{
	struct stat x, y;

	return fstat(a->place.dirfd, &x) == 0 && fstat(b->place.dirfd, &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

struct file *
file_pending(const struct deeds *d, const struct spot *s)
{
	/* What is spoilt never has a name. */
	for (struct file *f = d->pending; f != NULL; f = f->next)
		if (f->spoilt.err == 0 && strcmp(f->spot.place.leaf, s->place.leaf) == 0 &&
		    is_same_directory(&f->spot, s))
			return f;
	return NULL;
}

int
file_publish(struct deeds *d, struct file *f, struct answer *a)
{
	struct attrs late;
	const char *what;

	if (f->spoilt.err != 0)
		return pending_spoil(d, f, 0, NULL, a);
	if (f->undecided)
		pending_decide(d, f, true);	/* Nothing was written: it has its name. */
	if (!f->pending)
		return 0;
	if (pending_complete(d, f) == -1)
		return pending_spoil(d, f, errno, NULL, a);
	late = pending_attrs(f);
	spot_make_own(d, &f->spot, f->fd);
	/* What could not be set is tried again when it is closed. */
	if (upload_publish(&f->upload, &late, &what) == -1 && what == NULL) {
		own_forget(&d->own, f->spot.plain);
		return pending_spoil(d, f, errno, NULL, a);
	}
	f->fd = f->upload.fd;
	pending_remove(d, f);
	return pending_append(f) == -1 ? pending_spoil(d, f, errno, NULL, a) : 0;
}

static bool
lies_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return n == 0 || (strncmp(path, dir, n) == 0 && path[n] == '/');
}

bool
file_pending_within(const struct deeds *d, const char *plain)
{
	for (const struct file *f = d->pending; f != NULL; f = f->next)
		if (f->spoilt.err == 0 && lies_in(f->spot.plain, plain))
			return true;
	return false;
}

void
file_move_within(struct deeds *d, const char *plain, const char *to)
{
	for (struct file *f = d->pending; f != NULL; f = f->next) {
		char path[PATH_MAX];

		if (lies_in(f->spot.plain, plain) && snprintf(path, sizeof(path), "%s%s", to,
		    f->spot.plain + strlen(plain)) < (int)sizeof(path))
			memcpy(f->spot.plain, path, sizeof(path));
	}
}

void
file_forsake(struct deeds *d, struct file *f)
{
	pending_remove(d, f);
	f->gone = true;
}
