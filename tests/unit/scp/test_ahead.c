/* SPDX-License-Identifier: ISC */
/*
 * A source of ours that need not wait sends trees made at random to a sink of ours, which refuses some of them,
 * over a line that brings what both say in pieces, late, and in some rounds not to its end.  A round is a
 * seed; ROUNDS in the environment says how many, SEED which is the first.
 */
#include <poll.h>

#include "scp/sink.h"
#include "scp/source.h"
#include "wire/conn.h"
#include "wood.h"

enum {
	ROUNDS = 40,
	SPOILT = 63,		/* a size that is so, but for hundreds, is taken for more */
	LATE = 3000		/* microseconds until a reply: worth not being waited for */
};

static bool lies;		/* what is said of files, as a source sees it */

/* Takes the place of the library's: a file that was longer a moment ago. */
int
fstat(int fd, struct stat *st)
{
	if (fstatat(fd, "", st, AT_EMPTY_PATH) == -1)
		return -1;
	if (lies && S_ISREG(st->st_mode) && st->st_size % 100 == SPOILT)
		st->st_size += 10;
	return 0;
}

static int
send_all(struct session *s)
{
	static struct source source;

	lies = true;
	return source_run(&source, s);
}

static int
take_all(struct session *s)
{
	static struct sink sink;

	return sink_run(&sink, s);
}

/*
 * What the source has to say itself is said whether or not the rest of a directory is sent, so it is where all
 * of that is.
 */
static void
spoil(void)
{
	for (int i = 1; i < wood.n; i++) {
		struct node *n = &wood.nodes[i];

		if (n->kind != NODE_FILE)
			continue;
		if (n->size % 100 == SPOILT)
			n->size++;
		if (!n->blocked && one_in(20) && is_within(i)) {
			n->kind = NODE_ODD;
		} else if (one_in(10) && n->size + 110 < 1000 && is_within(i) && !is_refused(i)) {
			n->size = n->size / 100 * 100 + SPOILT;
			n->spoilt = true;
		}
	}
}

static bool
is_stored(int n)
{
	return is_within(n) && !is_refused(n) && !wood.nodes[n].spoilt;
}

/* The second file asks, and the first one of them that is taken is agreed to. */
static bool
is_agreed_to(void)
{
	int taken = 0;

	for (int i = 0; i < wood.n; i++)
		taken += wood.nodes[i].kind == NODE_FILE && is_stored(i);
	return taken > 1;
}

/* One direction of the line. */
struct lane {
	int    in, out;		/* -1: closed */
	size_t grain;		/* bytes at once, at most */
	size_t left;		/* until it is cut */
	bool   replies;
};

static bool agreed;		/* the sink has said so */

/* Brings one piece: false where the lane is cut. */
static bool
bring(struct lane *l)
{
	static char piece[65536];
	size_t n = 1 + any((unsigned)l->grain);
	ssize_t got = read(l->in, piece, n < l->left ? n : l->left);

	if (got <= 0) {
		close(l->in);
		close(l->out);
		l->in = -1;
		return true;
	}
	if (l->replies) {
		/* In texts there is no such byte. */
		agreed = agreed || memchr(piece, CONN_AGREED, (size_t)got) != NULL;
		if ((!agreed && is_agreed_to()) || one_in(200))
			usleep(LATE);
	}
	/* Whoever does not listen any more may still be heard. */
	for (ssize_t at = 0, put; at < got; at += put)
		if ((put = write(l->out, piece + at, (size_t)(got - at))) <= 0)
			break;
	l->left -= (size_t)got;
	return l->left > 0;
}

static void
close_lane(struct lane *l)
{
	if (l->in == -1)
		return;
	close(l->in);
	close(l->out);
	l->in = -1;
}

/* Both, until both are closed, or one is cut, which ends the other. */
static void
be_the_line(struct lane lanes[2])
{
	bool lives = true;

	while (lives && (lanes[0].in != -1 || lanes[1].in != -1)) {
		struct pollfd p[2] = {
			{ .fd = lanes[0].in, .events = POLLIN }, { .fd = lanes[1].in, .events = POLLIN },
		};
		unsigned first = any(2);

		ck_assert_int_ge(poll(p, 2, -1), 1);
		for (unsigned i = first; lives && i < first + 2; i++)
			if (lanes[i % 2].in != -1 && p[i % 2].revents != 0)
				lives = bring(&lanes[i % 2]);
	}
	close_lane(&lanes[0]);
	close_lane(&lanes[1]);
}

static size_t
random_grain(void)
{
	static const size_t grains[] = { 30, 1000, 5000, 65536, 65536 };

	return bytes_of_wood() > 1000000 ? 65536 : grains[any(COUNT(grains))];
}

/* The two halves and what is between them, to their ends; in a round that is CUT, not all of it. */
static void
copy(bool preserve, bool cut)
{
	static char tree[] = "tree", target[] = ".", *from[] = { tree, NULL }, *to[] = { target, NULL };
	struct half source = {
		.turn = TURN_THEIRS, .policy = drop_in_policy(), .client = &wood_person, .run = send_all,
		.request = { .role = REQUEST_SOURCE, .recursive = true, .preserve = preserve, .npaths = 1,
		    .paths = from },
	};
	struct half sink = {
		.turn = TURN_OURS, .policy = policy_of_wood(), .run = take_all, .room = wood.room,
		.request = { .role = REQUEST_SINK, .recursive = true, .preserve = preserve, .npaths = 1,
		    .paths = to },
	};
	int ends[4][2];		/* from the source, to the sink, from the sink, to the source */
	struct lane lanes[2];
	pid_t pids[2];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pipe2(ends[i], O_CLOEXEC), 0);
	lanes[0] = (struct lane){ ends[0][0], ends[1][1], random_grain(), SIZE_MAX, false };
	lanes[1] = (struct lane){ ends[2][0], ends[3][1], random_grain(), SIZE_MAX, true };
	if (cut && one_in(2))
		lanes[0].left = 1 + any((unsigned)bytes_of_wood());
	else if (cut)
		lanes[1].left = 1 + any(2 * (unsigned)wood.n);
	pids[0] = start_half(&source, "source", ends[3][0], ends[0][1],
	    (int[]){ ends[0][0], ends[1][0], ends[1][1], ends[2][0], ends[2][1], ends[3][1] }, 6);
	pids[1] = start_half(&sink, "target", ends[1][0], ends[2][1],
	    (int[]){ ends[0][0], ends[1][1], ends[2][0], ends[3][1] }, 4);
	be_the_line(lanes);
	await_half(pids[0]);
	await_half(pids[1]);
}

/* What the person hears of a whole round. */
static void
expect_all(unsigned *errors, unsigned *heard)
{
	*errors = *heard = 0;
	for (int i = 0; i < wood.n; i++) {
		const struct node *n = &wood.nodes[i];
		bool odd = n->kind == NODE_ODD || n->spoilt;

		if (!is_within(i))
			continue;
		*errors += odd || is_refused(i);
		*heard += !odd && is_refused(i);
		if (n->kind == NODE_DIR && !is_refused(i))
			note(&wanted, "enter %s", n->path);
		else if (n->kind != NODE_DIR)
			note(&wanted, "%s %s", odd || is_refused(i) ? "failed" : "done", n->path);
	}
}

static void
check_whole(void)
{
	unsigned errors, heard;

	ck_assert_msg(agreed || !is_agreed_to(), "seed %u: nobody was ahead", wood.seed);
	expect_all(&errors, &heard);
	check_lines();
	check_target(is_stored);
	ck_assert_msg(copied->end == 0 && copied->errors == errors && copied->heard == heard,
	    "seed %u: expected %u errors, %u heard, got %d: %u, %u", wood.seed, errors, heard, copied->end,
	    copied->errors, copied->heard);
}

static int
count_lines(const char *word, const char *path)
{
	char line[WOOD_LINE];
	int n = 0;

	snprintf(line, sizeof(line), "%s %s", word, path);
	for (unsigned i = 0; i < copied->lines.n; i++)
		n += strcmp(copied->lines.text[i], line) == 0;
	return n;
}

/*
 * What was cut: what is said to have arrived is there, and nothing ends twice; but that something is spoilt is
 * one thing, and that it was lost another.
 */
static void
check_cut(void)
{
	check_target(NULL);
	for (int i = 0; i < wood.n; i++) {
		const struct node *n = &wood.nodes[i];
		int done = count_lines("done", n->path), failed = count_lines("failed", n->path);

		ck_assert_msg(done + failed <= 1 + n->spoilt && (done == 0 || !n->spoilt),
		    "seed %u: %s arrived %d times, and failed %d times", wood.seed, n->path, done, failed);
		ck_assert_msg(done == 0 || (is_stored(i) && has_file(i)), "seed %u: %s did not arrive",
		    wood.seed, n->path);
	}
}

START_TEST(whatever_is_refused_is_never_read_as_records)
{
	bool preserve, cut;

	begin_wood((unsigned)_i);
	grow((unsigned)_i, 10 + (int)any(one_in(3) ? WOOD_NODES - 10 : 60));
	preserve = one_in(2);
	cut = one_in(3);
	block();
	spoil();
	plant();
	copy(preserve, cut);
	if (cut)
		check_cut();
	else
		check_whole();
}
END_TEST

static void
add(TCase *t)
{
	add_rounds(t, whatever_is_refused_is_never_read_as_records, ROUNDS);
}

int
main(void)
{
	return run_unit("ahead", add);
}
