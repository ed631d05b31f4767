/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "look.h"
#include "process.h"
#include "run.h"
#include "sandbox.h"

int
look_as(struct service *s, const char *name)
{
	if (service_become(s, name) == -1)
		return -1;
	if (s->account.uid == geteuid())
		return 0;
	if (geteuid() != 0) {
		text_message(s->problem, s->account.name, NULL,
		    "only root can look with this user's eyes");
		return 1;
	}
	if (process_become(s->account.name, s->account.uid, s->account.gid, s->account.home) == 0)
		return 0;
	text_message(s->problem, s->account.name, "nobody can become this user",
	    text_error(errno));
	return -1;
}

int
look_for_root(struct service *s, const char *file)
{
	const struct passwd *pw = s->policy.has_root ? NULL : getpwnam(s->account.name);

	if (pw == NULL || !invocation_is_ours(pw->pw_shell))
		return 0;
	text_message(s->problem, file, NULL, SERVICE_NO_ROOT);
	return -1;
}

int
look_at_root(struct service *s)
{
	const struct policy *p = &s->policy;
	char where[2 * PATH_MAX];
	int saved;

	if (s->request.role == REQUEST_NONE) {
		s->request.role = p->download_only ? REQUEST_SOURCE : REQUEST_SINK;
		if (service_open(s) == -1)
			return -1;
	}
	if (s->request.role == REQUEST_SOURCE || !p->has_start ||
	    faccessat(s->root.start, ".", W_OK, 0) == 0)
		return 0;
	saved = errno;
	service_name_start(s, where);
	text_message(s->problem, where, "no upload can be put there", text_error(saved));
	return -1;
}

int
look_for_log(struct service *s)
{
	s->policy.log_required = REQUIRED_YES;
	return service_log(s);
}

int
look_at_sandbox(struct service *s)
{
	char text[SANDBOX_TEXT_MAX];
	const char *in_force;

	return run_lock_up(s, text, &in_force);
}
