/* SPDX-License-Identifier: ISC */
#include <sys/statvfs.h>

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <bsd/string.h>

#include "sftp/requests.h"

enum {
	NAMED_MAX = PACKET_MAX - 64	/* bytes of all that one reply names */
};

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

/* The system's databases are out of reach in a sandbox, and of no restricted account's business. */
static bool
knows_others(const struct talk *t)
{
	return !t->deeds->policy->restricted && t->deeds->policy->sandbox == SANDBOX_NONE;
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
	if (h->kind == HANDLE_FILE) {
		end = file_room(t->deeds, &h->file, &v, &a);
	} else {
		talk_name_folder(&h->folder, t->path);
		end = deeds_room(t->deeds, t->path, &v, &a);
	}
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

static void
answer_real(struct talk *t, uint32_t id, const char *path)
{
	struct answer a = { 0 };
	int end = deeds_real_path(t->deeds, path, t->real, &a);

	talk_answer_name(t, id, end, &a, t->real);
}

/*
 * Whether USER, "" for the account itself, has a directory: HOME, "" where that is where relative paths
 * begin.
 */
static bool
find_home(const struct talk *t, const char *user, bool others, char home[PATH_MAX])
{
	struct account other;

	home[0] = '\0';
	if (user[0] == '\0' || strcmp(user, t->deeds->account->name) == 0)
		return true;
	if (!others || !knows_others(t) || account_named(&other, user) == -1)
		return false;
	strlcpy(home, other.home, PATH_MAX);
	return home[0] == '/';
}

/* What "~user/rest" means. */
static void
expand_tilde(struct talk *t, uint32_t id, const char *word)
{
	char user[ACCOUNT_NAME_MAX];
	size_t len = strcspn(word + 1, "/");
	const char *rest = word + 1 + len;

	memcpy(user, word + 1, len < sizeof(user) ? len : 0);
	user[len < sizeof(user) ? len : 0] = '\0';
	if (len >= sizeof(user) || !find_home(t, user, true, t->other)) {
		talk_say(t, id, STATUS_NO_SUCH_FILE, "no such user");
		return;
	}
	/* Behind no home the rest is relative. */
	if (t->other[0] == '\0')
		rest += strspn(rest, "/");
	if (strlcat(t->other, rest, sizeof(t->other)) >= sizeof(t->other))
		talk_say(t, id, STATUS_BAD_MESSAGE, "File name too long");
	else
		answer_real(t, id, t->other[0] != '\0' ? t->other : ".");
}

static void
expand_path(struct talk *t, struct packet *p, uint32_t id)
{
	packet_take_path(p, t->path);
	if (!talk_is_good(t, p, id))
		return;
	if (t->path[0] == '~')
		expand_tilde(t, id, t->path);
	else
		answer_real(t, id, t->path);
}

static void
home_directory(struct talk *t, struct packet *p, uint32_t id)
{
	packet_take_path(p, t->path);
	if (!talk_is_good(t, p, id))
		return;
	if (find_home(t, t->path, false, t->other))
		answer_real(t, id, ".");
	else
		talk_say(t, id, STATUS_NO_SUCH_FILE, "no such user");
}

static const char *
user_name(const struct talk *t, uint32_t id)
{
	const struct passwd *pw;

	if (id == t->view.uid && t->view.user[0] != '\0')
		return t->view.user;
	pw = knows_others(t) ? getpwuid(id) : NULL;
	return pw != NULL ? pw->pw_name : "";
}

static const char *
group_name(const struct talk *t, uint32_t id)
{
	const struct group *gr;

	if (id == t->view.gid && t->view.group[0] != '\0')
		return t->view.group;
	gr = knows_others(t) ? getgrgid(id) : NULL;
	return gr != NULL ? gr->gr_name : "";
}

/* Appends a string of a string for each of IDS; of those that do not fit in NAMED_MAX it is empty. */
static void
put_names(const struct talk *t, struct reply *r, struct packet_string ids,
    const char *name(const struct talk *, uint32_t), size_t *room)
{
	size_t at = r->len;
	struct packet p;

	packet_init(&p, ids.at, ids.len);
	reply_put_number(r, 0);
	while (p.at < p.end) {
		const char *text = name(t, packet_take_number(&p));
		size_t len = strlen(text);

		if (len > *room)
			len = 0;
		*room -= len;
		reply_put_string(r, text, len);
	}
	reply_set_number(r, at, (uint32_t)(r->len - at - PACKET_NUMBER));
}

static void
users_groups(struct talk *t, struct packet *p, uint32_t id)
{
	struct packet_string uids = packet_take_string(p), gids = packet_take_string(p);
	size_t room = NAMED_MAX - uids.len - gids.len;
	struct reply *r;

	if (uids.len % PACKET_NUMBER != 0 || gids.len % PACKET_NUMBER != 0 ||
	    uids.len + gids.len > NAMED_MAX)
		p->bad = true;
	if (!talk_is_good(t, p, id))
		return;
	r = channel_reply(&t->channel);
	reply_put_number(r, 0);
	reply_put_byte(r, PACKET_EXTENDED_REPLY);
	reply_put_number(r, id);
	put_names(t, r, uids, user_name, &room);
	put_names(t, r, gids, group_name, &room);
	reply_set_number(r, t->channel.mark, (uint32_t)(r->len - t->channel.mark - PACKET_LENGTH));
}

/* In the order in which clients read of them. */
static const struct {
	const char   *name, *version;
	talk_request *serve;
	bool	      (*may)(const struct policy *);	/* the account may use it */
} extensions[] = {
	{ "posix-rename@openssh.com", "1", request_posix_rename, may_rename },
	{ "statvfs@openssh.com", "2", statvfs_path, may_see },
	{ "fstatvfs@openssh.com", "2", statvfs_handle, may_see },
	{ "hardlink@openssh.com", "1", request_hardlink, may_link },
	{ "fsync@openssh.com", "1", request_fsync, may_upload },
	{ "lsetstat@openssh.com", "1", request_lsetstat, may_set },
	{ "limits@openssh.com", "1", limits, always },
	{ "expand-path@openssh.com", "1", expand_path, always },
	{ "copy-data", "1", request_copy_data, may_copy },
	{ "home-directory", "1", home_directory, always },
	{ "users-groups-by-id@openssh.com", "1", users_groups, is_drop_in },
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
		if (extensions[i].may(t->deeds->policy))
			extensions[i].serve(t, p, id);
		else
			talk_say(t, id, STATUS_PERMISSION_DENIED, status_text(STATUS_PERMISSION_DENIED));
		return;
	}
	talk_say(t, id, STATUS_OP_UNSUPPORTED, status_text(STATUS_OP_UNSUPPORTED));
}
