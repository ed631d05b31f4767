/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include "sftp/inflow.h"
#include "sftp/requests.h"
#include "sftp/server.h"
#include "sftp/talk.h"

enum {
	FILES_A_HANDLE = 3	/* descriptors that one may need */
};

static talk_request *const requests[] = {
	[PACKET_OPEN] = request_open,
	[PACKET_CLOSE] = request_close,
	[PACKET_READ] = request_read,
	[PACKET_WRITE] = request_write,
	[PACKET_LSTAT] = request_lstat,
	[PACKET_FSTAT] = request_fstat,
	[PACKET_SETSTAT] = request_setstat,
	[PACKET_FSETSTAT] = request_fsetstat,
	[PACKET_OPENDIR] = request_opendir,
	[PACKET_READDIR] = request_readdir,
	[PACKET_REMOVE] = request_remove,
	[PACKET_MKDIR] = request_mkdir,
	[PACKET_RMDIR] = request_rmdir,
	[PACKET_REALPATH] = request_realpath,
	[PACKET_STAT] = request_stat,
	[PACKET_RENAME] = request_rename,
	[PACKET_READLINK] = request_readlink,
	[PACKET_SYMLINK] = request_symlink,
	[PACKET_EXTENDED] = request_extended,
};

static void
serve_nothing(struct talk *t, struct packet *p, uint32_t id)
{
	(void)p;
	talk_say(t, id, STATUS_OP_UNSUPPORTED, status_text(STATUS_OP_UNSUPPORTED));
}

static talk_request *
request_of(uint8_t type)
{
	talk_request *request = NULL;

	if (type < sizeof(requests) / sizeof(requests[0]))
		request = requests[type];
	return request != NULL ? request : serve_nothing;
}

/* Whatever version the client would like to speak. */
static void
greet(struct talk *t)
{
	struct reply *r = channel_reply(&t->channel);

	reply_put_number(r, 0);
	reply_put_byte(r, PACKET_VERSION);
	reply_put_number(r, PACKET_SPOKEN);
	request_put_extensions(t, r);
	reply_set_number(r, t->channel.mark, (uint32_t)(r->len - t->channel.mark - PACKET_LENGTH));
	t->greeted = true;
}

/* One packet: false where the session cannot go on behind it. */
static bool
serve(struct talk *t, struct packet *p)
{
	uint8_t type = packet_take_byte(p);
	uint32_t id = packet_take_number(p);

	if ((type == PACKET_INIT) == t->greeted) {
		t->channel.why = t->greeted ? "INIT for a second time" : "no INIT at the beginning";
		return false;
	}
	if (type == PACKET_INIT)
		greet(t);
	else
		request_of(type)(t, p, id);
	/* Nobody hears of what is not in the log. */
	if (t->deeds->unlogged)
		channel_withdraw_all(&t->channel);
	return !t->deeds->unlogged;
}

/* As many handles as there are descriptors for, of which a login usually has few. */
static unsigned
count_handles(void)
{
	const rlim_t wanted = (rlim_t)FILES_A_HANDLE * HANDLES_MAX;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return 1;
	if (files.rlim_cur < wanted) {
		rlim_t had = files.rlim_cur;

		files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
		if (setrlimit(RLIMIT_NOFILE, &files) == -1)
			files.rlim_cur = had;
	}
	if (files.rlim_cur < FILES_A_HANDLE)
		return 1;
	return files.rlim_cur < wanted ? (unsigned)(files.rlim_cur / FILES_A_HANDLE) : HANDLES_MAX;
}

static void
begin(struct talk *t, struct deeds *deeds, struct title *title)
{
	const struct account *a = deeds->account;

	t->deeds = deeds;
	t->title = title;
	t->greeted = false;
	t->writers = 0;
	t->shown = NULL;
	t->view = (struct ls_view){ .uid = a->uid, .gid = a->gid, .user = a->name, .group = a->group };
	handles_init(&t->handles, count_handles());
}

/* Why what is still open is not kept. */
static const char *
reason_of(const struct channel *c, int end)
{
	const char *passed = c->deadline != NULL ? deadline_passed(c->deadline) : NULL;

	if (c->why != NULL || passed != NULL)
		return c->why != NULL ? c->why : passed;
	return end == 0 ? "the client did not close it" : "lost connection";
}

int
sftp_take_over(struct deeds *deeds, struct title *title, struct deadline *deadline, int in, int out,
    uint64_t rate, const void *ahead, size_t n, const char **why)
{
	/* Not on the stack: most of it is never touched. */
	static struct talk talk;
	struct channel *c = &talk.channel;
	struct packet p;
	int end;

	begin(&talk, deeds, title);
	channel_init(c, in, out, deadline, rate);
	channel_feed(c, ahead, n);
	while ((end = inflow_next(c, &p)) == 1)
		if (!serve(&talk, &p)) {
			end = -1;
			break;
		}
	channel_close(c);
	if (c->lost)
		end = -1;
	request_drop_all(&talk, reason_of(c, end));
	*why = c->why;
	return end;
}

int
sftp_serve(struct deeds *deeds, struct title *title, struct deadline *deadline, int in, int out,
    uint64_t rate, const char **why)
{
	return sftp_take_over(deeds, title, deadline, in, out, rate, NULL, 0, why);
}
