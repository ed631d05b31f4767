/* SPDX-License-Identifier: ISC */
#include <sys/statvfs.h>

#include <string.h>

#include "sftp/requests.h"

static bool
always(const struct policy *p)
{
	(void)p;
	return true;
}

static bool
may_upload(const struct policy *p)
{
	return !p->download_only;
}

static bool
may_rename(const struct policy *p)
{
	return may_upload(p) && p->rename != RIGHT_NO;
}

static bool
may_link(const struct policy *p)
{
	return may_upload(p) && p->make_links == POLICY_YES;
}

static bool
may_set(const struct policy *p)
{
	return may_upload(p) && p->attributes != RIGHT_NO;
}

static bool
may_see(const struct policy *p)
{
	return p->reveal == POLICY_YES;
}

static bool
may_copy(const struct policy *p)
{
	return !p->upload_only && !p->download_only;
}

static bool
is_drop_in(const struct policy *p)
{
	return !p->restricted;
}

static void
answer_room(struct talk *t, uint32_t id, int end, const struct answer *a, const struct statvfs *v)
{
	struct reply *r;
	uint64_t flags;

	if (end == -1) {
		talk_answer(t, id, -1, a);
		return;
	}
	flags = ((v->f_flag & ST_RDONLY) != 0 ? 1 : 0) | ((v->f_flag & ST_NOSUID) != 0 ? 2 : 0);
	r = channel_reply(&t->channel);
	reply_put_number(r, 1 + PACKET_NUMBER + 11 * sizeof(uint64_t));
	reply_put_byte(r, PACKET_EXTENDED_REPLY);
	reply_put_number(r, id);
	reply_put_wide(r, v->f_bsize);
	reply_put_wide(r, v->f_frsize);
	reply_put_wide(r, v->f_blocks);
	reply_put_wide(r, v->f_bfree);
	reply_put_wide(r, v->f_bavail);
	reply_put_wide(r, v->f_files);
	reply_put_wide(r, v->f_ffree);
	reply_put_wide(r, v->f_favail);
	/* Which filesystem it is says something of what is outside the root. */
	reply_put_wide(r, t->deeds->policy->restricted ? 0 : v->f_fsid);
	reply_put_wide(r, flags);
	reply_put_wide(r, v->f_namemax);
}

static void
statvfs_path(struct talk *t, struct packet *p, uint32_t id)
{
	struct answer a = { 0 };
	struct statvfs v;

	packet_take_path(p, t->path);
	if (talk_is_good(t, p, id))
		answer_room(t, id, deeds_room(t->deeds, t->path, &v, &a), &a, &v);
}

static void
statvfs_handle(struct talk *t, struct packet *p, uint32_t id)
{
	struct handle *h = talk_take_handle(t, p, id);
	struct answer a = { 0 };
	struct statvfs v;
	int end;

	if (h == NULL)
		return;
	end = h->kind == HANDLE_FILE ? file_room(t->deeds, &h->file, &v, &a)
	    : folder_room(t->deeds, &h->folder, &v, &a);
	answer_room(t, id, end, &a, &v);
}

/* Never 0, which some take for a size. */
static void
limits(struct talk *t, struct packet *p, uint32_t id)
{
	struct reply *r = channel_reply(&t->channel);

	(void)p;
	reply_put_number(r, 1 + PACKET_NUMBER + 4 * sizeof(uint64_t));
	reply_put_byte(r, PACKET_EXTENDED_REPLY);
	reply_put_number(r, id);
	reply_put_wide(r, PACKET_MAX);
	reply_put_wide(r, CHANNEL_DATA);
	reply_put_wide(r, CHANNEL_DATA);
	reply_put_wide(r, t->handles.most);
}

/* In the order in which clients read of them. */
static const struct {
	const char   *name, *version;
	talk_request *serve;
	bool	      (*may)(const struct policy *);	/* the account may use it */
	bool	      judged;	/* and the deed says so, to the log as well, if it may not */
} extensions[] = {
	{ "posix-rename@openssh.com", "1", request_posix_rename, may_rename, true },
	{ "statvfs@openssh.com", "2", statvfs_path, may_see, true },
	{ "fstatvfs@openssh.com", "2", statvfs_handle, may_see, false },
	{ "hardlink@openssh.com", "1", request_hardlink, may_link, true },
	{ "fsync@openssh.com", "1", request_fsync, may_upload, false },
	{ "lsetstat@openssh.com", "1", request_lsetstat, may_set, true },
	{ "limits@openssh.com", "1", limits, always, false },
	{ "expand-path@openssh.com", "1", request_expand_path, always, false },
	{ "copy-data", "1", request_copy_data, may_copy, false },
	{ "home-directory", "1", request_home_directory, always, false },
	{ "users-groups-by-id@openssh.com", "1", request_users_groups, is_drop_in, false },
};

enum {
	EXTENSIONS = sizeof(extensions) / sizeof(extensions[0])
};

void
request_put_extensions(const struct talk *t, struct reply *r)
{
	for (size_t i = 0; i < EXTENSIONS; i++)
		if (extensions[i].may(t->deeds->policy)) {
			reply_put_text(r, extensions[i].name);
			reply_put_text(r, extensions[i].version);
		}
}

void
request_extended(struct talk *t, struct packet *p, uint32_t id)
{
	struct packet_string name = packet_take_string(p);

	if (memchr(name.at, '\0', name.len) != NULL)
		p->bad = true;
	if (!talk_is_good(t, p, id))
		return;
	for (size_t i = 0; i < EXTENSIONS; i++) {
		if (!packet_string_is(&name, extensions[i].name))
			continue;
		if (extensions[i].judged || extensions[i].may(t->deeds->policy))
			extensions[i].serve(t, p, id);
		else
			talk_say(t, id, STATUS_PERMISSION_DENIED, status_text(STATUS_PERMISSION_DENIED));
		return;
	}
	talk_say(t, id, STATUS_OP_UNSUPPORTED, status_text(STATUS_OP_UNSUPPORTED));
}
