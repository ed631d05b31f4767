/* SPDX-License-Identifier: ISC */
#ifndef WOOD_H
#define WOOD_H

/*
 * Trees made at random, what stands in their way at a target, and what becomes of them: in the target, and to
 * the person who began the copy, who is a client and writes down what he hears, a line each.  What files hold
 * looks like records, so that what is read as such shows.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdarg.h>

#include <bsd/string.h>
#include <bsd/unistd.h>

#include "policies.h"
#include "session/session.h"
#include "unit.h"

enum {
	WOOD_NODES = 400,
	WOOD_LINES = 2 * WOOD_NODES,
	WOOD_LINE = 128,	/* bytes of one, NUL included */
	WOOD_HUGE = 8 << 20	/* bytes of a file that asks; all of them are zero */
};

enum node_kind { NODE_DIR, NODE_FILE, NODE_ODD };	/* ODD: nothing that is sent */

struct node {
	enum node_kind kind;
	int	       parent;	/* one before it; of the first -1 */
	unsigned       depth;	/* directories around it */
	bool	       blocked;	/* what is in its place in the target is of another kind */
	bool	       spoilt;	/* it is shorter than it seems */
	size_t	       size;
	char	       name[8];
	char	       path[64];	/* from the first one on, and that is "tree" */
};

/* The one that the running test is about. */
static struct {
	unsigned    seed;
	int	    n;
	struct node nodes[WOOD_NODES];
	bool	    denies;		/* the sink takes no names that begin with an x */
	unsigned    max_depth;
	size_t	    max_size;
	size_t	    room;	/* bytes of a file that can be written in the target */
} wood;

/* Takes the place of the library's, which wants to be begun with. */
void
setproctitle(const char *fmt, ...)
{
	(void)fmt;
}

struct lines {
	unsigned n;
	char	 text[WOOD_LINES][WOOD_LINE];
};

/* What whoever copied says of himself, and his person has heard, where both see it. */
static struct {
	int	     end;
	unsigned     errors, heard;
	struct lines lines;
} *copied;

static struct lines wanted;	/* the same, as it should be */

static inline unsigned
any(unsigned below)
{
	return (unsigned)random() % below;
}

static inline bool
one_in(unsigned n)
{
	return any(n) == 0;
}

__attribute__((format(printf, 2, 3))) static inline void
note(struct lines *l, const char *fmt, ...)
{
	va_list args;

	if (l->n == WOOD_LINES)
		abort();
	va_start(args, fmt);
	vsnprintf(l->text[l->n++], WOOD_LINE, fmt, args);
	va_end(args);
}

/* -- What there is. */

static inline size_t
random_size(void)
{
	if (one_in(100))
		return WOOD_HUGE + any(3);
	return one_in(12) ? any(150000) : one_in(5) ? 0 : any(1500);
}

static inline void
add_node(int parent, enum node_kind kind)
{
	struct node *n = &wood.nodes[wood.n];
	const struct node *p = parent == -1 ? NULL : &wood.nodes[parent];
	size_t len;

	*n = (struct node){ .kind = kind, .parent = parent, .depth = p == NULL ? 0 : p->depth + 1 };
	snprintf(n->name, sizeof(n->name), p == NULL ? "tree" : one_in(15) ? "x%d" : "f%d", wood.n);
	if (p != NULL) {
		(void)strlcpy(n->path, p->path, sizeof(n->path));
		(void)strlcat(n->path, "/", sizeof(n->path));
	}
	len = strlcat(n->path, n->name, sizeof(n->path));
	ck_assert_uint_lt(len, sizeof(n->path));
	if (kind == NODE_FILE)
		n->size = random_size();
	wood.n++;
}

/* A tree of at most N; where it has few directories they are full. */
static inline void
grow(unsigned seed, int n)
{
	unsigned dirs = 2 + any(12);

	wood.seed = seed;
	wood.n = 0;
	add_node(-1, NODE_DIR);
	while (wood.n < n) {
		int parent = (int)any((unsigned)wood.n);

		while (wood.nodes[parent].kind != NODE_DIR)
			parent--;
		add_node(parent, wood.nodes[parent].depth < 5 && one_in(dirs) ? NODE_DIR : NODE_FILE);
	}
	wood.denies = one_in(3);
	wood.max_depth = one_in(3) ? 1 + any(4) : POLICY_DEPTH_MAX;
	wood.max_size = one_in(3) ? 1000 : SIZE_MAX;
	wood.room = one_in(3) ? 50000 : SIZE_MAX;
}

static inline size_t
bytes_of_wood(void)
{
	size_t all = 0;

	for (int i = 0; i < wood.n; i++)
		all += wood.nodes[i].size + 20;
	return all;
}

/* What the file at N holds from AT on. */
static inline void
fill(int n, size_t at, char *dst, size_t len)
{
	char text[64];
	size_t some = (size_t)snprintf(text, sizeof(text), "C0644 3 evil%d\nbad%cD0755 0 hole\nE\n%c", n, 0, 0);

	for (size_t i = 0; i < len; i++)
		dst[i] = wood.nodes[n].size >= WOOD_HUGE ? '\0' : text[(at + i) % some];
}

static inline void
put_node(int n, const char *path)
{
	static char text[150000];
	const struct node *node = &wood.nodes[n];
	int fd;

	if (node->kind == NODE_DIR) {
		ck_assert_int_eq(mkdirat(unit_fd, path, 0755), 0);
	} else if (node->kind == NODE_ODD) {
		ck_assert_int_eq(mkfifoat(unit_fd, path, 0644), 0);
	} else {
		fd = openat(unit_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		ck_assert_int_ge(fd, 0);
		if (node->size >= WOOD_HUGE) {
			ck_assert_int_eq(ftruncate(fd, (off_t)node->size), 0);
		} else {
			fill(n, 0, text, node->size);
			ck_assert_int_eq(write(fd, text, node->size), (ssize_t)node->size);
		}
		close(fd);
	}
}

/* The tree itself, in the directory "source". */
static inline void
plant(void)
{
	char path[128];

	ck_assert_int_eq(mkdirat(unit_fd, "source", 0755), 0);
	for (int i = 0; i < wood.n; i++) {
		snprintf(path, sizeof(path), "source/%s", wood.nodes[i].path);
		put_node(i, path);
	}
}

/* -- What becomes of it. */

static inline bool
is_denied(int n)
{
	const struct node *node = &wood.nodes[n];

	return node->blocked || (wood.denies && node->name[0] == 'x') ||
	    (node->kind == NODE_DIR ? node->depth >= wood.max_depth : node->size > wood.max_size);
}

/* At the latest when its body has come. */
static inline bool
is_refused(int n)
{
	return is_denied(n) || (wood.nodes[n].kind == NODE_FILE && wood.nodes[n].size > wood.room);
}

/* Whether no directory that it is in is refused. */
static inline bool
is_within(int n)
{
	for (n = wood.nodes[n].parent; n != -1; n = wood.nodes[n].parent)
		if (is_refused(n))
			return false;
	return true;
}

/* Something else is in the place of some of it, in the directory "target", and there is what that is in. */
static inline void
block(void)
{
	char path[128];

	ck_assert_int_eq(mkdirat(unit_fd, "target", 0755), 0);
	for (int i = 0; i < wood.n; i++) {
		struct node *n = &wood.nodes[i];

		snprintf(path, sizeof(path), "target/%s", n->path);
		if (n->kind == NODE_ODD || !is_within(i))
			continue;
		n->blocked = i > 0 && n->kind != NODE_ODD && one_in(n->kind == NODE_DIR ? 6 : 10);
		if (n->kind == NODE_DIR && n->blocked)
			put_file(path, "mine", 0644);
		else if (n->blocked || (n->kind == NODE_DIR && !is_refused(i)))
			ck_assert_int_eq(mkdirat(unit_fd, path, 0755), 0);
	}
}

static inline struct policy
policy_of_wood(void)
{
	struct policy p = drop_in_policy();

	if (wood.max_size != SIZE_MAX)
		p.max_file_size = wood.max_size;
	p.max_depth = wood.max_depth;
	if (wood.denies) {
		p.rules[0] = (struct policy_rule){ .allow = false };
		strcpy(p.rules[0].pattern, "x*");
		p.nrules = 1;
	}
	return p;
}

static int entries_found;

static inline int
count_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)st;
	(void)type;
	entries_found += at->level > 0;
	return 0;
}

/* All that there is in the target. */
static inline int
count_all(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/target", unit_path);
	entries_found = 0;
	ck_assert_int_eq(nftw(path, count_one, 16, FTW_PHYS), 0);
	return entries_found;
}

/* Whether the file N is in the target, all of it; what is there and is not that fails. */
static inline bool
has_file(int n)
{
	static char got[65536], text[65536];
	const struct node *node = &wood.nodes[n];
	char path[128];
	size_t at = 0;
	ssize_t some;
	int fd;

	snprintf(path, sizeof(path), "target/%s", node->path);
	fd = openat(unit_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	while ((some = read(fd, got, sizeof(got))) > 0) {
		fill(n, at, text, (size_t)some);
		ck_assert_msg(memcmp(got, text, (size_t)some) == 0, "seed %u: %s is another", wood.seed,
		    path);
		at += (size_t)some;
	}
	close(fd);
	ck_assert_msg(at == node->size, "seed %u: %s: expected %zu bytes, got %zu", wood.seed, path, node->size,
	    at);
	return true;
}

/*
 * The target has what stood in the way, and of the rest what STORED says, or as much of it as there is where
 * that is NULL; and nothing else.
 */
static inline void
check_target(bool (*stored)(int))
{
	int known = 0;

	for (int i = 0; i < wood.n; i++) {
		const struct node *n = &wood.nodes[i];
		char path[128];
		bool there;

		snprintf(path, sizeof(path), "target/%s", n->path);
		if (n->blocked || (n->kind == NODE_DIR && exists(path))) {
			ck_assert_msg(exists(path), "seed %u: %s is gone", wood.seed, path);
			known++;
			continue;
		}
		if (n->kind != NODE_FILE || !is_within(i))
			continue;
		there = has_file(i);
		ck_assert_msg(!there || !is_refused(i), "seed %u: %s is there", wood.seed, path);
		ck_assert_msg(stored == NULL || there == stored(i), "seed %u: %s is there: %d", wood.seed, path,
		    there);
		known += there;
	}
	ck_assert_msg(count_all() == known, "seed %u: expected %d entries, got %d", wood.seed, known,
	    entries_found);
}

/* -- Whoever copies, and his person. */

static inline void
hear_complaint(void *self, const char *path, size_t len, const char *reason)
{
	(void)self;
	(void)reason;
	note(&copied->lines, "failed %.*s", path != NULL ? (int)len : 1, path != NULL ? path : "-");
}

static inline void
hear_text(void *self, const char *text)
{
	(void)self;
	(void)text;
}

static inline void
hear_begin(void *self, const char *path, size_t len, uint64_t size)
{
	(void)self;
	(void)path;
	(void)len;
	(void)size;
}

static inline void
hear_move(void *self, uint64_t done)
{
	(void)self;
	(void)done;
}

static inline void
hear_end(void *self, const char *path, size_t len, const char *reason)
{
	(void)self;
	note(&copied->lines, "%s %.*s", reason != NULL ? "failed" : "done", (int)len, path);
}

static inline void
hear_sent(void *self)
{
	(void)self;
}

static inline void
hear_arrival(void *self, const char *path, size_t len, uint64_t size, int64_t since)
{
	(void)size;
	(void)since;
	hear_end(self, path, len, NULL);
}

static inline void
hear_dir(void *self, const char *path, size_t len)
{
	(void)self;
	note(&copied->lines, "enter %.*s", (int)len, path);
}

static const struct client wood_person = {
	.host = "h", .sorry = "sorry", .ahead = true, .complain = hear_complaint, .hear = hear_text,
	.begin = hear_begin, .move = hear_move, .end = hear_end, .sent = hear_sent, .arrive = hear_arrival,
	.enter = hear_dir, .skip = hear_dir,
};

static inline int
compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

static inline void
check_lines(void)
{
	struct lines *got = &copied->lines;

	qsort(got->text, got->n, WOOD_LINE, compare_lines);
	qsort(wanted.text, wanted.n, WOOD_LINE, compare_lines);
	for (unsigned i = 0; i < got->n || i < wanted.n; i++)
		ck_assert_msg(i < got->n && i < wanted.n && strcmp(got->text[i], wanted.text[i]) == 0,
		    "seed %u: expected \"%s\", got \"%s\"", wood.seed, i < wanted.n ? wanted.text[i] : "",
		    i < got->n ? got->text[i] : "");
}

static inline void
begin_wood(unsigned seed)
{
	signal(SIGPIPE, SIG_IGN);
	srandom(seed);
	copied = mmap(NULL, sizeof(*copied), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(copied != MAP_FAILED);
	copied->end = 77;
	wanted.n = 0;
}

/*
 * One half of a copy, in a process of its own, below the test's directory: RUN has it on the descriptors IN and
 * OUT, and what it returns is known.  Of those that are OTHERS it has none.
 */
struct half {
	enum conn_turn	     turn;
	struct request	     request;
	struct policy	     policy;
	const struct client *client;
	size_t		     room;	/* as of wood; 0: it writes nothing */
	int		     (*run)(struct session *);
};

static inline _Noreturn void
live(const struct half *h, int in, int out)
{
	static struct conn conn;
	static struct session session;
	static struct audit audit;
	const struct rlimit limit = { h->room, h->room };
	struct root root;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGXFSZ, SIG_IGN);
	if (h->room != 0 && h->room != SIZE_MAX && setrlimit(RLIMIT_FSIZE, &limit) == -1)
		_exit(1);
	if (root_open(&root) == -1)
		_exit(2);
	audit_init(&audit, "", NULL);
	conn_init(&conn, in, out, h->turn, 0);
	session_init(&session, &conn, &h->request, &h->policy, &root, &audit);
	if (h->client != NULL) {
		session_originate(&session, h->client, NULL);
		copied->end = h->run(&session);
		copied->errors = session.errors;
		copied->heard = session.heard;
	} else {
		(void)h->run(&session);
	}
	_exit(0);
}

static inline pid_t
start_half(const struct half *h, const char *directory, int in, int out, const int *others, size_t n)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid != 0) {
		close(in);
		close(out);
		return pid;
	}
	for (size_t i = 0; i < n; i++)
		close(others[i]);
	if (fchdir(unit_fd) == -1 || chdir(directory) == -1)
		_exit(3);
	live(h, in, out);
}

static inline void
await_half(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "seed %u: wait status %x", wood.seed, (unsigned)status);
}

/* So many rounds of a test, unless somebody wants others. */
static inline void
add_rounds(TCase *t, const TTest *test, int rounds)
{
	const char *wish = getenv("ROUNDS"), *seed = getenv("SEED");
	int first = seed != NULL ? atoi(seed) : 1;

	tcase_add_loop_test(t, test, first, first + (wish != NULL ? atoi(wish) : rounds));
}

#endif
