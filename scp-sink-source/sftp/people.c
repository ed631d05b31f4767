/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <bsd/string.h>

#include "sftp/requests.h"
#include "text/text.h"

enum {
	NAMED_MAX = PACKET_MAX - 64	/* bytes of all that one reply names */
};

/* The system's databases are out of reach in a sandbox, and of no restricted account's business. */
static bool
knows_others(const struct talk *t)
{
	return !t->deeds->policy->restricted && t->deeds->policy->sandbox == SANDBOX_NONE;
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
		talk_say(t, id, STATUS_BAD_MESSAGE, text_error(ENAMETOOLONG));
	else
		answer_real(t, id, t->other[0] != '\0' ? t->other : ".");
}

void
request_expand_path(struct talk *t, struct packet *p, uint32_t id)
{
	packet_take_path(p, t->path);
	if (!talk_is_good(t, p, id))
		return;
	if (t->path[0] == '~')
		expand_tilde(t, id, t->path);
	else
		answer_real(t, id, t->path);
}

void
request_home_directory(struct talk *t, struct packet *p, uint32_t id)
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

void
request_users_groups(struct talk *t, struct packet *p, uint32_t id)
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
