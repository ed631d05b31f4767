/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "originate/tally.h"
#include "wire/clock.h"

enum {
	TRIES = 100,		/* at what is just being written, which does not end if who writes did */
	SAY_PATIENCE = 1000	/* milliseconds for who reads standard error */
};

/*
 * The numbers belong together, and no lock holds up who counts, or outlives him: who reads looks whether
 * they were written meanwhile.
 */
static struct tally_count *
begin_change(struct tally *t)
{
	unsigned turn = atomic_load_explicit(&t->page->turn, memory_order_relaxed);

	/* One who was killed while he wrote has left it odd. */
	atomic_store_explicit(&t->page->turn, turn | 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	return &t->page->count;
}

static void
end_change(struct tally *t)
{
	unsigned turn = atomic_load_explicit(&t->page->turn, memory_order_relaxed);

	atomic_store_explicit(&t->page->turn, turn + 1, memory_order_release);
}

static bool
copy(const struct tally_page *p, struct tally_count *dst)
{
	unsigned turn = atomic_load_explicit(&p->turn, memory_order_acquire);

	memcpy(dst, &p->count, offsetof(struct tally_count, path));
	if (dst->len > sizeof(dst->path))
		dst->len = sizeof(dst->path);
	memcpy(dst->path, p->count.path, dst->len);
	atomic_thread_fence(memory_order_acquire);
	return turn % 2 == 0 && atomic_load_explicit(&p->turn, memory_order_relaxed) == turn;
}

bool
tally_read(const struct tally *t, struct tally_count *dst)
{
	for (int try = 0; try < TRIES; try++) {
		if (copy(t->page, dst))
			return true;
		(void)sched_yield();
	}
	return false;
}

/* PATH, or its end. */
static void
set_path(struct tally_count *c, const char *path, size_t len)
{
	size_t skip = len > sizeof(c->path) ? len - sizeof(c->path) : 0;

	c->len = len - skip;
	memcpy(c->path, path + skip, c->len);
}

static void
note_begun(struct tally_count *c, int64_t now)
{
	if (c->begun == 0)
		c->begun = now;
}

/* The file that moves is over. */
static void
leave_file(struct tally_count *c)
{
	if (c->busy == 0)
		return;
	c->busy = 0;
	c->passed += c->size;
	c->done = c->size = 0;
}

void
tally_begin_file(struct tally *t, const char *path, size_t len, uint64_t size)
{
	struct tally_count *c = begin_change(t);

	c->since = clock_now();
	note_begun(c, c->since);
	leave_file(c);
	c->busy = 1;
	c->size = size;
	set_path(c, path, len);
	end_change(t);
	t->heard = false;
}

void
tally_move(struct tally *t, uint64_t done)
{
	struct tally_count *c = begin_change(t);

	c->moved += done - c->done;
	c->done = done;
	end_change(t);
}

struct tally_file
tally_end_file(struct tally *t)
{
	struct tally_count *c = begin_change(t);
	struct tally_file f = { .known = c->busy != 0, .size = c->size, .since = c->since };

	c->moved += c->size - c->done;
	c->files++;
	c->bytes += c->size;
	leave_file(c);
	end_change(t);
	return f;
}

void
tally_send_file(struct tally *t)
{
	struct tally_count *c = begin_change(t);

	c->moved += c->size - c->done;
	leave_file(c);
	end_change(t);
}

void
tally_arrive(struct tally *t, uint64_t size)
{
	struct tally_count *c = begin_change(t);

	c->files++;
	c->bytes += size;
	end_change(t);
}

void
tally_fail(struct tally *t, bool counted)
{
	struct tally_count *c = begin_change(t);

	if (!counted)
		c->failed++;
	leave_file(c);
	end_change(t);
}

void
tally_hear(struct tally *t)
{
	struct tally_count *c = begin_change(t);

	c->failed++;
	end_change(t);
	t->heard = true;
}

void
tally_enter_dir(struct tally *t)
{
	struct tally_count *c = begin_change(t);

	note_begun(c, clock_now());
	c->dirs++;
	end_change(t);
	t->heard = false;
}

void
tally_skip(struct tally *t)
{
	struct tally_count *c = begin_change(t);

	c->skipped++;
	end_change(t);
}

int
tally_open(struct tally *t, enum tally_form form, bool verbose, const char *const *hosts)
{
	*t = (struct tally){
		.verbose = verbose, .hosts = hosts, .out = -1, .group = getpgrp(),
	};
	t->page = mmap(NULL, sizeof(*t->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	    0);
	if (t->page == MAP_FAILED) {
		t->page = NULL;
		return -1;
	}
	t->page->count.all = t->page->count.all_files = TALLY_UNKNOWN;
	journal_to_fd(&t->errors, STDERR_FILENO, SAY_PATIENCE);
	if (form == TALLY_NONE || (form != TALLY_JSON && isatty(STDOUT_FILENO) == 0))
		return 0;
	/* A conversation takes the place of the first three. */
	t->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (t->out == -1)
		return 0;
	t->form = form;
	t->mixed = form != TALLY_JSON && isatty(STDERR_FILENO) == 1;
	return 0;
}

void
tally_close(struct tally *t)
{
	if (t->out != -1)
		close(t->out);
	if (t->page != NULL)
		munmap(t->page, sizeof(*t->page));
	t->out = -1;
	t->page = NULL;
}

bool
tally_wants_all(const struct tally *t)
{
	return t->form == TALLY_TOTAL || t->form == TALLY_JSON;
}

void
tally_expect(struct tally *t, uint64_t files, uint64_t bytes)
{
	struct tally_count *c = begin_change(t);

	c->all_files = files;
	c->all = bytes;
	end_change(t);
}
