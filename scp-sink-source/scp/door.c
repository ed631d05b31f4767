/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "rules/alias.h"
#include "scp/door.h"

enum {
	WORTH_ASKING = 1 << 20	/* bytes that are not to be sent for nothing */
};

void
door_init(struct door *d, struct session *s)
{
	d->session = s;
	upload_init(&d->upload, s->policy);
	d->taken = d->used = false;
	d->denied = NULL;
	d->denied_err = 0;
	nest_init(&d->nest, s->root, s->policy);
}

/* Why the target cannot be the file that is sent, as an errno; or 0. */
static int
reason_against_target(const struct door *d)
{
	if (!nest_is_at_target(&d->nest))
		return 0;
	return d->taken ? ENOTDIR : d->nest.slash ? d->nest.err : 0;
}

/* Whether what comes next goes to what a person has open, which is closed with the first file. */
static bool
is_given(const struct door *d)
{
	const struct client *client = d->session->client;

	return client != NULL && client->given != 0 && nest_is_at_target(&d->nest) && !d->used;
}

static int
begin_file(struct door *d, const struct record *r, mode_t mode, struct place *p)
{
	const char *name = nest_name(&d->nest, r->text);
	enum upload_allow allow = d->nest.depth == 0 && !d->session->policy->restricted
	    ? UPLOAD_SPECIAL : UPLOAD_REGULAR;
	int dirfd = nest_dir(&d->nest), end;

	if (is_given(d)) {
		upload_begin_given(&d->upload, d->session->client->given, r->size);
		d->used = true;
		return 0;
	}
	if (dirfd == -1)
		return -1;
	errno = reason_against_target(d);
	if (errno != 0)
		return -1;
	if (upload_begin(&d->upload, dirfd, name, mode, r->size, allow) == 0)
		return 0;
	if (errno != ELOOP || nest_follow(&d->nest, name, p) == -1)
		return -1;
	upload_elsewhere(&d->upload);
	end = upload_begin(&d->upload, p->dirfd, p->leaf, mode, r->size, allow);
	upload_elsewhere(&d->upload);
	return end;
}

/* Within what was refused at once, everything is. */
static bool
is_shut(const struct door *d, struct reason *why)
{
	*why = (struct reason){ .err = d->nest.outside_err, .telling = true, .early = true,
		.within = true };
	return nest_is_shut(&d->nest);
}

/*
 * Whether no entry can be called SAID.  Of a target that is no directory, what it is called itself
 * is the name, unless that would tell.
 */
static bool
is_denied(const struct door *d, const char *said, bool directory, struct reason *why)
{
	const struct session *s = d->session;

	*why = (struct reason){ .text = d->denied, .telling = true, .early = true };
	if (why->text != NULL)
		return true;
	why->skip = true;
	why->text = policy_denies_name(s->policy, s->quiet ? said : nest_name(&d->nest, said),
	    directory);
	return why->text != NULL;
}

/* Whether nothing of SIZE bytes fits under any name: not where what a file has already is room for it. */
static bool
is_hopeless(const struct door *d, uint64_t size, struct reason *why)
{
	const struct session *s = d->session;
	const struct policy *p = s->policy;

	if (!s->quiet || size < WORTH_ASKING ||
	    (p->overwrite == OVERWRITE_YES && p->replace != REPLACE_ATOMIC))
		return false;
	*why = (struct reason){ .open = true, .early = true };
	why->err = space_obstacle(p, s->root->fd, size);
	return why->err != 0;
}

/* Whether there is a reason even before what the entry is to be is looked at: where it would be. */
static bool
is_out_of_place(const struct door *d, const char *said, bool directory, struct reason *why)
{
	const struct session *s = d->session;
	int dirfd = nest_dir(&d->nest);

	*why = (struct reason){ .err = d->denied_err, .telling = true };
	if (nest_is_untold(&d->nest)) {
		*why = d->untold;
	} else if (why->err == 0 && dirfd != -1) {
		why->text = alias_denies_name(s->policy, dirfd, nest_name(&d->nest, said), directory);
		why->skip = why->text != NULL;
	}
	return why->text != NULL || why->err != 0;
}

/*
 * Something of SIZE bytes does not come in, as WHY has it.  Where nothing is revealed, a disk that has no
 * room for it is no secret: whoever sends can do something about it, and it has none for any other name.
 * A quota is the account's own.
 */
static bool
keep_out(const struct door *d, uint64_t size, struct reason *why)
{
	const struct session *s = d->session;
	int obstacle = 0;

	if (s->quiet && !why->open)
		obstacle = why->err == EDQUOT ? EDQUOT : space_obstacle(s->policy, s->root->fd, size);
	if (obstacle != 0)
		*why = (struct reason){ .err = obstacle, .open = true };
	return false;
}

bool
door_admits_file(struct door *d, const struct record *r, mode_t mode, struct place *p,
    struct reason *why)
{
	struct session *s = d->session;
	struct usage after = s->usage;

	if (is_shut(d, why) || is_denied(d, r->text, false, why))
		return false;
	*why = (struct reason){ .early = true };
	why->text = policy_denies_file(s->policy, &after, r->size);
	if (why->text != NULL || is_hopeless(d, r->size, why))
		return false;
	if (s->quiet)
		s->usage = after;
	if (is_out_of_place(d, r->text, false, why))
		return keep_out(d, r->size, why);
	if (begin_file(d, r, mode, p) == -1) {
		*why = (struct reason){ .err = errno, .telling = true };
		why->skip = why->err == EEXIST && s->policy->overwrite == OVERWRITE_NO;
		why->text = upload_advice(&d->upload, why->err);
		return keep_out(d, r->size, why);
	}
	s->usage = after;
	return true;
}

bool
door_admits_dir(struct door *d, const struct record *r, const struct attrs *a, struct reason *why)
{
	struct session *s = d->session;
	struct usage after = s->usage;

	if (is_shut(d, why) || is_denied(d, r->text, true, why))
		return false;
	*why = (struct reason){ .early = true };
	why->text = policy_denies_dir(s->policy, &after, d->nest.depth + (unsigned)d->nest.outside);
	if (why->text != NULL)
		return false;
	if (s->quiet)
		s->usage = after;
	if (is_out_of_place(d, r->text, true, why))
		return keep_out(d, 0, why);
	upload_elsewhere(&d->upload);
	if (nest_enter(&d->nest, nest_name(&d->nest, r->text), a) == -1) {
		*why = (struct reason){ .err = errno, .telling = true };
		return keep_out(d, 0, why);
	}
	s->usage = after;
	return true;
}
