/* SPDX-License-Identifier: ISC */
/*
 * A sink of ours that gives replies before they are due, and a source that is the test: it sends trees made at
 * random in the lockstep, as far as it needs to know, and may end anywhere, or stop listening.  A round is a
 * seed; ROUNDS in the environment says how many, SEED which is the first.
 */
#include "scp/sink.h"
#include "wire/conn.h"
#include "wood.h"

enum {
	ROUNDS = 40,
	LATE = 3000,		/* microseconds until a body comes: its reply was worth not being waited for */
	LINE = 256
};

static struct {
	int	 to, from;	/* the sink; -1: closed */
	size_t	 left;		/* bytes until we are gone */
	bool	 deaf;		/* we do not listen, once we need not */
	bool	 preserve;
	bool	 slow, leads;	/* as the sink should see it */
	bool	 over;		/* the end was within something */
	unsigned replies;	/* that are due, and those ahead */
	unsigned heard_replies;
} us;

static bool stored[WOOD_NODES];
static unsigned errors, heard;

static int
take_all(struct session *s)
{
	static struct sink sink;

	conn_lead(s->conn, CONN_LEAD);
	(void)conn_ack(s->conn);
	return sink_run(&sink, s);
}

static bool
is_stored(int n)
{
	return stored[n];
}

/* N bytes: how many of them, until we are gone. */
static size_t
say(const void *bytes, size_t n)
{
	size_t some = n < us.left ? n : us.left;

	for (size_t at = 0; at < some;) {
		ssize_t put = write(us.to, (const char *)bytes + at, some - at);

		ck_assert_msg(put > 0, "seed %u: %s", wood.seed, strerror(errno));
		at += (size_t)put;
	}
	us.left -= some;
	return some;
}

static char
hear_byte(void)
{
	char byte;

	ck_assert_msg(read(us.from, &byte, 1) == 1, "seed %u: no reply", wood.seed);
	us.heard_replies++;
	return byte;
}

/* The reply to a message that came whole: true where it should go on. */
static bool
hear_reply(bool refused)
{
	char byte;

	us.replies++;
	if (!refused && us.slow && !us.leads) {
		us.leads = true;
		us.replies += CONN_LEAD;
	}
	if (us.deaf && us.leads)
		return true;
	byte = hear_byte();
	ck_assert_msg(byte == (refused && !us.leads ? '\1' : '\0'), "seed %u: reply %d", wood.seed, byte);
	if (byte == '\0')
		return true;
	while (read(us.from, &byte, 1) == 1 && byte != '\n')
		;
	return false;
}

/* It ends within something, which nobody takes for an end. */
static void
be_cut(void)
{
	us.over = true;
	us.replies++;
	errors++;
	note(&wanted, "failed -");
}

/* A line: true where it came whole. */
__attribute__((format(printf, 1, 2))) static bool
say_line(const char *fmt, ...)
{
	char line[LINE];
	va_list args;
	size_t n, said;

	va_start(args, fmt);
	n = (size_t)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	said = say(line, n);
	if (said > 0 && said < n)
		be_cut();
	return said == n;
}

/* What we have to say of ourselves has no reply. */
static bool
say_warning(void)
{
	if (!one_in(30))
		return true;
	if (!say_line("\1a word\n"))
		return false;
	errors++;
	heard++;
	return true;
}

static bool
say_times(void)
{
	return !us.preserve || (say_line("T1 0 1 0\n") && hear_reply(false));
}

/* The body of N, or as much of it as goes. */
static size_t
say_content(int n)
{
	static char text[65536];
	size_t size = wood.nodes[n].size, at = 0, some = 0, wish = 0;

	while (at < size && some == wish) {
		wish = size - at < sizeof(text) ? size - at : sizeof(text);
		fill(n, at, text, wish);
		some = say(text, wish);
		at += some;
	}
	return at;
}

/* And what follows it, where the file is TAKEN: true to go on. */
static bool
say_body(int n, bool taken, bool spoilt)
{
	size_t size = wood.nodes[n].size, said;

	if (!us.leads)
		usleep(LATE);
	said = say_content(n);
	if (said == size && us.left > 0) {
		us.slow = us.slow || taken;
		/* A text that is cut short is a text. */
		return say(spoilt ? "\1bad\n" : "", spoilt ? 5 : 1) > 0;
	}
	/* What is not wanted may be missing, if it did not begin. */
	if (taken || (said > 0 && said < size))
		be_cut();
	else if (said > 0)
		us.replies++;
	return false;
}

static bool
send_file(int n)
{
	bool within = is_within(n), refused = !within || is_denied(n), spoilt = one_in(15);
	bool fails = !refused && (spoilt || is_refused(n));
	const char *path = wood.nodes[n].path;

	if (!say_times() || !say_line("C0644 %zu %s\n", wood.nodes[n].size, wood.nodes[n].name))
		return false;
	if (within && refused) {
		errors++;
		note(&wanted, "failed %s", path);
	}
	if (!hear_reply(refused))
		return true;
	if (!say_body(n, !refused, spoilt))
		return false;
	if (!refused) {
		stored[n] = !fails;
		errors += fails;
		note(&wanted, "%s %s", fails ? "failed" : "done", path);
	}
	(void)hear_reply(fails);
	return true;
}

static bool send_dir(int n);

static bool
send_entries(int parent)
{
	bool goes_on = true;

	for (int i = parent + 1; i < wood.n && goes_on; i++)
		if (wood.nodes[i].parent == parent)
			goes_on = say_warning() &&
			    (wood.nodes[i].kind == NODE_DIR ? send_dir(i) : send_file(i));
	return goes_on;
}

static bool
send_dir(int n)
{
	bool within = is_within(n), refused = !within || is_refused(n);

	if (!say_times() || !say_line("D0755 0 %s\n", wood.nodes[n].name))
		return false;
	if (within) {
		errors += refused;
		note(&wanted, "%s %s", refused ? "failed" : "enter", wood.nodes[n].path);
	}
	if (!hear_reply(refused))
		return true;
	return send_entries(n) && say_line("E\n") && hear_reply(false);
}

/* All replies that come until the sink is done, if we listen. */
static void
hear_the_rest(void)
{
	char more[256];
	ssize_t n;

	close(us.to);
	while ((n = read(us.from, more, sizeof(more))) > 0)
		for (ssize_t i = 0; i < n; i++)
			us.heard_replies += us.leads || more[i] == '\0' || more[i] == '\1';
	close(us.from);
}

static void
copy(void)
{
	static char target[] = ".", *to[] = { target, NULL };
	struct client person = wood_person;
	struct half sink = {
		.turn = TURN_OURS, .policy = policy_of_wood(), .client = &person, .run = take_all, .room = wood.room,
		.request = { .role = REQUEST_SINK, .recursive = true, .preserve = us.preserve, .npaths = 1,
		    .paths = to },
	};
	int in[2], out[2];
	pid_t pid;

	/* As he knows the place of it. */
	person.shown = "";
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	us.to = in[1];
	us.from = out[0];
	pid = start_half(&sink, "target", in[0], out[1], (int[]){ in[1], out[0] }, 2);
	(void)hear_reply(false);
	(void)send_dir(0);
	if (us.deaf && us.leads)
		close(us.from);
	hear_the_rest();
	await_half(pid);
}

static void
check_outcome(void)
{
	check_lines();
	check_target(is_stored);
	ck_assert_msg(copied->end == -us.over && copied->errors == errors && copied->heard == heard,
	    "seed %u: expected %d, %u errors, %u heard, got %d, %u, %u", wood.seed, -us.over, errors, heard,
	    copied->end, copied->errors, copied->heard);
	if (!us.deaf || !us.leads)
		ck_assert_msg(us.heard_replies == us.replies, "seed %u: expected %u replies, got %u", wood.seed,
		    us.replies, us.heard_replies);
}

START_TEST(whatever_is_acknowledged_ahead_is_read_to_its_end)
{
	begin_wood((unsigned)_i);
	grow((unsigned)_i, 10 + (int)any(one_in(3) ? WOOD_NODES - 10 : 60));
	/* He would have left them out himself. */
	wood.denies = false;
	block();
	us.preserve = one_in(2);
	us.deaf = one_in(3);
	us.left = one_in(2) ? SIZE_MAX : any((unsigned)bytes_of_wood());
	copy();
	check_outcome();
}
END_TEST

static void
add(TCase *t)
{
	add_rounds(t, whatever_is_acknowledged_ahead_is_read_to_its_end, ROUNDS);
}

int
main(void)
{
	return run_unit("lead", add);
}
