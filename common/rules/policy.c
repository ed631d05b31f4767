/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "rules/policy.h"
#include "text/amount.h"
#include "text/pattern.h"
#include "text/spelling.h"

enum {
	EVERY_BIT = 07777,
	PLAIN_BITS = 0777,	/* neither set-id nor sticky */
	NEW_FILE = 0666,
	NEW_DIR = 0777
};

void
policy_init(struct policy *p)
{
	memset(p, 0, offsetof(struct policy, root));
	memcpy(p->root, "/", sizeof("/"));
	p->inner[0] = p->start[0] = '\0';
	p->max_depth = POLICY_DEPTH_MAX;
	p->max_file_size = p->max_session_bytes = p->max_files = AMOUNT_NONE;
	p->rate = p->idle_timeout = p->max_duration = AMOUNT_NONE;
	p->file_mode.may = p->dir_mode.may = EVERY_BIT;
}

static bool
is_denied(const struct policy *p, const char *name)
{
	for (unsigned i = 0; i < p->nrules; i++)
		if (!p->rules[i].allow &&
		    pattern_match(p->rules[i].pattern, name, PATTERN_DOT_PLAIN))
			return true;
	return false;
}

/*
 * Whether each source that allows names allows this one.  The rules of a source stand together, for
 * sources speak one after the other.
 */
static bool
all_allow(const struct policy_rule *rules, unsigned n, const char *name)
{
	const struct policy_rule *last = NULL;
	bool allowed = true;

	for (unsigned i = 0; i < n; i++) {
		const struct policy_rule *r = &rules[i];

		if (!r->allow)
			continue;
		if (last == NULL || last->source != r->source) {
			if (!allowed)
				return false;
			allowed = false;
		}
		allowed = allowed || pattern_match(r->pattern, name, PATTERN_DOT_PLAIN);
		last = r;
	}
	return allowed;
}

const char *
policy_denies_name(const struct policy *p, const char *name, bool directory)
{
	if (p->hidden == POLICY_NO && name[0] == '.')
		return "names that begin with a dot are not allowed";
	if (is_denied(p, name) || (!directory && !all_allow(p->rules, p->nrules, name)))
		return "this name is not allowed";
	return NULL;
}

const char *
policy_denies_path(const struct policy *p, const char *path, bool directory)
{
	while (*path != '\0') {
		char name[NAME_MAX + 1];
		size_t len = strcspn(path, "/");
		bool last = path[len] == '\0';
		const char *why;

		if (len > NAME_MAX)
			return "this name is too long";
		memcpy(name, path, len);
		name[len] = '\0';
		why = policy_denies_name(p, name, directory || !last);
		if (why != NULL)
			return why;
		path += last ? len : len + 1;
	}
	return NULL;
}

bool
policy_judges_names(const struct policy *p)
{
	return p->nrules > 0 || p->hidden == POLICY_NO;
}

bool
policy_is_beyond_ascii(const struct policy *p)
{
	for (unsigned i = 0; i < p->nrules; i++)
		if (!spelling_is_ascii(p->rules[i].pattern))
			return true;
	return false;
}

bool
policy_denies_folded(const struct policy *p, const char *name)
{
	if (p->hidden == POLICY_NO && name[0] == '.')
		return true;
	for (unsigned i = 0; i < p->nrules; i++)
		if (!p->rules[i].allow && pattern_match_folded(p->rules[i].pattern, name))
			return true;
	return false;
}

/* Whether MORE on top of USED is beyond MAX, computed where nothing wraps. */
static bool
exceeds(uint64_t used, uint64_t more, uint64_t max)
{
	return max != AMOUNT_NONE && (used > max || more > max - used);
}

/* What has been counted without a limit stays at the most there is. */
static void
add(uint64_t *total, uint64_t more)
{
	*total = more > UINT64_MAX - *total ? UINT64_MAX : *total + more;
}

const char *
policy_denies_size(const struct policy *p, uint64_t size)
{
	return exceeds(0, size, p->max_file_size) ? "larger than allowed" : NULL;
}

const char *
policy_denies_bytes(const struct policy *p, const struct usage *u, uint64_t more)
{
	return exceeds(u->bytes, more, p->max_session_bytes) ? "more data than allowed" : NULL;
}

const char *
policy_denies_file(const struct policy *p, struct usage *u, uint64_t size)
{
	const char *why = policy_denies_size(p, size);

	if (why == NULL && exceeds(u->files, 1, p->max_files))
		why = "more files than allowed";
	if (why == NULL)
		why = policy_denies_bytes(p, u, size);
	if (why != NULL)
		return why;
	add(&u->files, 1);
	add(&u->bytes, size);
	return NULL;
}

const char *
policy_denies_recursion(const struct policy *p)
{
	return p->recursive == POLICY_NO ? "directories are not allowed" : NULL;
}

const char *
policy_denies_depth(const struct policy *p, uint64_t depth)
{
	return depth >= p->max_depth ? "directories are nested too deeply" : NULL;
}

const char *
policy_denies_dir(const struct policy *p, struct usage *u, unsigned depth)
{
	const char *why = policy_denies_recursion(p);

	if (why == NULL)
		why = policy_denies_depth(p, depth);
	if (why != NULL)
		return why;
	if (exceeds(u->files, 1, p->max_files))
		return "more files than allowed";
	add(&u->files, 1);
	return NULL;
}

const char *
policy_denies_direction(const struct policy *p, bool upload)
{
	if (upload)
		return p->download_only ? "uploads are not allowed" : NULL;
	return p->upload_only ? "downloads are not allowed" : NULL;
}

const char *
policy_denies_protocol(const struct policy *p, bool sftp)
{
	if (sftp)
		return p->protocol == PROTOCOL_SCP ? "this account takes SCP only: use scp -O" : NULL;
	return p->protocol == PROTOCOL_SFTP ? "this account takes SFTP only: use sftp, or scp without -O"
	    : NULL;
}

const char *
policy_denies_copy(const struct policy *p, bool upload)
{
	const char *why = policy_denies_protocol(p, false);

	return why != NULL ? why : policy_denies_direction(p, upload);
}

bool
policy_is_partial(const struct policy *p, const char *name)
{
	return p->npartials > 0 && all_allow(p->partials, p->npartials, name);
}

mode_t
policy_mode(const struct policy *p, mode_t asked, bool directory, bool preserve, bool *exactly)
{
	const struct policy_bits *bits = directory ? &p->dir_mode : &p->file_mode;

	*exactly = preserve && p->modes == MODES_CLIENT;
	if (p->modes == MODES_INHERIT)
		asked = directory ? NEW_DIR : NEW_FILE;
	asked &= *exactly ? EVERY_BIT : PLAIN_BITS;
	return (asked & bits->may) | bits->must;
}
