/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "deeds/file.h"
#include "deeds/refuse.h"
#include "deeds/sight.h"
#include "paths/fs.h"
#include "wire/io.h"

enum {
	PIECES = 64 << 20	/* bytes that are copied between two looks at the limits */
};

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Why the session may not move so many bytes more, or NULL. */
static const char *
denies(const struct deeds *d, uint64_t more)
{
	return policy_denies_bytes(d->policy, &d->usage, more);
}

static void
count(struct deeds *d, uint64_t n)
{
	d->usage.bytes += least(n, UINT64_MAX - d->usage.bytes);
}

/* The log is told once: clients have many reads outstanding. */
static int
refuse_once(struct deeds *d, struct file *f, int err, const char *text, struct answer *a)
{
	if (!f->told)
		(void)refuse_openly(d, f->spot.plain, err, text, a);
	f->told = true;
	*a = (struct answer){ err, text };
	return -1;
}

/* How many of N bytes at OFFSET there are at most. */
static uint64_t
bytes_at(const struct file *f, uint64_t offset, uint64_t n)
{
	struct stat st;
	uint64_t size;

	if (fstat(f->fd, &st) == -1 || !S_ISREG(st.st_mode) || fs_size_of(&st, &size) == -1)
		return n;
	return offset >= size ? 0 : least(n, size - offset);
}

int
file_may_read(struct deeds *d, struct file *f, uint64_t offset, size_t n, struct answer *a)
{
	const char *why = policy_denies_direction(d->policy, false);

	if (!f->reads && why != NULL)
		return refuse_once(d, f, EACCES, why, a);
	if (!f->reads) {
		*a = (struct answer){ EBADF, NULL };
		return -1;
	}
	if (f->writes && !f->undecided && pending_complete(d, f) == -1)
		return pending_spoil(d, f, errno, NULL, a);
	why = denies(d, n) != NULL ? denies(d, bytes_at(f, offset, n)) : NULL;
	return why == NULL ? 0 : refuse_once(d, f, EDQUOT, why, a);
}

bool
file_fits(const struct deeds *d, uint64_t n)
{
	return denies(d, n) == NULL;
}

void
file_have_read(struct deeds *d, struct file *f, size_t got)
{
	f->read += got;
	count(d, got);
}

int
file_read(struct deeds *d, struct file *f, uint64_t offset, void *buf, size_t n, size_t *got,
    struct answer *a)
{
	*got = 0;
	if (file_may_read(d, f, offset, n, a) == -1)
		return -1;
	if (offset > INT64_MAX)
		return 0;
	n = least(n, INT64_MAX - offset);
	while (*got < n) {
		ssize_t more = pread(f->fd, (char *)buf + *got, n - *got, (off_t)(offset + *got));

		if (more == -1 && errno == EINTR)
			continue;
		if (more == -1 && *got == 0)
			return refuse_errno(d, f->spot.plain, errno, a);
		if (more <= 0)
			break;
		*got += (size_t)more;
		/* Nobody need ask for the end that was known, nor wait for what gives by pieces. */
		if (offset + *got >= f->overlay.size)
			break;
	}
	file_have_read(d, f, *got);
	return 0;
}

/* Writes what is left behind *DONE bytes of it, which become more: 0, -1. */
static int
write_rest(int fd, uint64_t offset, const struct iovec *iov, int n, size_t *done)
{
	size_t before = 0;

	for (int i = 0; i < n; before += iov[i++].iov_len) {
		size_t at = least(*done - before, iov[i].iov_len);

		if (io_write_at(fd, (const char *)iov[i].iov_base + at, iov[i].iov_len - at,
		    offset + *done, done) == -1)
			return -1;
	}
	return 0;
}

/* Writes all of it, TOTAL bytes: 0, or -1 and *DONE of them. */
static int
write_all(int fd, uint64_t offset, const struct iovec *iov, int n, size_t total, size_t *done)
{
	ssize_t first = pwritev(fd, iov, n, (off_t)offset);

	*done = first > 0 ? (size_t)first : 0;
	if (*done == total)
		return 0;
	if (first == -1 && errno != EINTR)
		return -1;
	return write_rest(fd, offset, iov, n, done);
}

/* Why F cannot become END bytes by MORE that come, as an errno and *TEXT or NULL; or 0. */
static int
reason_against(const struct deeds *d, struct file *f, uint64_t end, uint64_t more, const char **text)
{
	*text = NULL;
	if (end > INT64_MAX)
		return EFBIG;
	*text = policy_denies_size(d->policy, end);
	if (*text == NULL)
		*text = denies(d, more);
	if (*text != NULL)
		return EDQUOT;
	return pending_check_room(d, f, end) == -1 ? errno : 0;
}

int
file_may_write(struct deeds *d, struct file *f, uint64_t *offset, uint64_t n, struct answer *a)
{
	const char *text, *why = policy_denies_direction(d->policy, true);
	int err;

	if (f->spoilt.err != 0)
		return pending_spoil(d, f, 0, NULL, a);
	if (!f->writes && why != NULL)
		return refuse_once(d, f, EACCES, why, a);
	if (!f->writes) {
		*a = (struct answer){ EBADF, NULL };
		return -1;
	}
	if (f->undecided)
		pending_decide(d, f, *offset != 0);
	if (f->appends)
		*offset = f->overlay.size;
	err = n > INT64_MAX || *offset > INT64_MAX - n ? EFBIG
	    : reason_against(d, f, *offset + n, n, &text);
	if (err != 0)
		return pending_spoil(d, f, err, err == EDQUOT ? text : NULL, a);
	if (overlay_prepare(&f->overlay, f->fd, *offset) == -1)
		return pending_spoil(d, f, errno, NULL, a);
	return 0;
}

static void
note_written(struct deeds *d, struct file *f, uint64_t end, uint64_t n)
{
	overlay_have_written(&f->overlay, end);
	if (f->appends)
		f->known += n;
	else if (end > f->known)
		f->known = end;
	pending_have_changed(f);
	f->written += n;
	count(d, n);
}

int
file_have_written(struct deeds *d, struct file *f, uint64_t offset, uint64_t n, int err,
    struct answer *a)
{
	if (n > 0)
		note_written(d, f, offset + n, n);
	return err == 0 ? 0 : pending_spoil(d, f, err, NULL, a);
}

static int
write_pieces(struct deeds *d, struct file *f, uint64_t offset, const struct iovec *iov, int n,
    size_t total, struct answer *a)
{
	size_t done;
	int err;

	if (file_may_write(d, f, &offset, total, a) == -1)
		return -1;
	err = write_all(f->fd, offset, iov, n, total, &done) == -1 ? errno : 0;
	return file_have_written(d, f, offset, done, err, a);
}

/* Whether so many bytes more are beyond what the policy or the disk has: then some may yet fit. */
static bool
is_beyond(const struct deeds *d, struct file *f, uint64_t offset, size_t total)
{
	const char *text;
	uint64_t at = f->appends ? f->overlay.size : offset;

	return at > INT64_MAX || total > INT64_MAX - at ||
	    reason_against(d, f, at + total, total, &text) != 0;
}

int
file_write(struct deeds *d, struct file *f, uint64_t offset, const struct iovec *iov, int n,
    struct answer *a)
{
	size_t total = 0;
	int end = 0;

	for (int i = 0; i < n; i++)
		total += iov[i].iov_len;
	if (total == 0 && f->writes && f->spoilt.err == 0)
		return 0;
	if (n == 1 || !f->writes || f->spoilt.err != 0 || !is_beyond(d, f, offset, total))
		return write_pieces(d, f, offset, iov, n, total, a);
	/* How many pieces came at once is nothing that they are to be judged by. */
	for (int i = 0; i < n && end == 0; offset += iov[i++].iov_len)
		end = write_pieces(d, f, offset, &iov[i], 1, iov[i].iov_len, a);
	return end;
}

int
file_sync(struct deeds *d, struct file *f, struct answer *a)
{
	if (f->spoilt.err != 0)
		return pending_spoil(d, f, 0, NULL, a);
	/* Nothing was written so far. */
	if (f->undecided || fsync(f->fd) == 0)
		return 0;
	if (f->writes)
		return pending_spoil(d, f, errno, NULL, a);
	return refuse_errno(d, f->spot.plain, errno, a);
}

int
file_room(struct deeds *d, const struct file *f, struct statvfs *fs, struct answer *a)
{
	return sight_room(d, f->spot.plain, f->fd, fs, a);
}

static bool
is_same_file(const struct file *x, const struct file *y)
{
	struct stat a, b;

	return x == y || (fstat(x->fd, &a) == 0 && fstat(y->fd, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* Bytes that there are to copy. */
static int
measure(struct deeds *d, const struct file *from, uint64_t at, uint64_t *n, struct answer *a)
{
	uint64_t there = at > INT64_MAX ? 0 : bytes_at(from, at, INT64_MAX - at);
	const char *why;

	if (*n > there) {
		*a = (struct answer){ ENODATA, "the file ends before that" };
		return -1;
	}
	*n = *n == 0 ? there : *n;
	/* They are read, and written. */
	why = denies(d, 2 * *n);
	return why == NULL ? 0 : refuse_openly(d, from->spot.plain, EDQUOT, why, a);
}

int
file_copy(struct deeds *d, struct file *from, uint64_t at, uint64_t n, struct file *to,
    uint64_t offset, struct answer *a)
{
	if (file_may_read(d, from, at, 0, a) == -1)
		return -1;
	if (is_same_file(from, to)) {
		*a = (struct answer){ EBUSY, "both are the same file" };
		return -1;
	}
	if (measure(d, from, at, &n, a) == -1)
		return -1;
	while (n > 0) {
		uint64_t piece = least(n, PIECES), begun = at;

		if (file_may_write(d, to, &offset, piece, a) == -1)
			return -1;
		if (overlay_copy(from->fd, &at, to->fd, offset, piece) == -1)
			return pending_spoil(d, to, errno, NULL, a);
		note_written(d, to, offset + piece, piece);
		file_have_read(d, from, at - begun);
		offset += piece;
		n -= piece;
	}
	return 0;
}
