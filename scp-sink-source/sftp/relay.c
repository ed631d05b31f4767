/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <unistd.h>

#include "sftp/relay.h"
#include "wire/io.h"

void
relay_init(struct relay *r)
{
	*r = (struct relay){ .ends = { -1, -1 } };
}

void
relay_close(struct relay *r)
{
	for (int i = 0; i < 2; i++) {
		if (r->ends[i] != -1)
			close(r->ends[i]);
		r->ends[i] = -1;
	}
}

static bool
is_open(struct relay *r)
{
	if (r->ends[0] != -1 || r->unable)
		return !r->unable;
	if (pipe2(r->ends, O_CLOEXEC) == 0)
		io_widen(r->ends[1], RELAY_SIZE);
	r->unable = fcntl(r->ends[1], F_GETPIPE_SZ) < RELAY_SIZE;
	if (r->unable)
		relay_close(r);
	return !r->unable;
}

ssize_t
relay_fill(struct relay *r, int fd, uint64_t offset, size_t n)
{
	off_t at = (off_t)offset;
	size_t got = 0;
	ssize_t more = 1;

	if (!is_open(r))
		return -1;
	while (got < n && more > 0) {
		more = splice(fd, &at, r->ends[1], NULL, n - got, 0);
		got += more > 0 ? (size_t)more : 0;
	}
	return got > 0 ? (ssize_t)got : more;
}

int
relay_end(const struct relay *r)
{
	return r->ends[0];
}
