/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "commands/outlook.h"
#include "explain.h"
#include "look.h"
#include "rules/alias.h"
#include "rules/keys.h"
#include "run.h"

#define REFUSED "refused:   "

enum {
	SHOWN_MAX = 4096	/* bytes of one word */
};

static void
show_quoted(const char *label, const char *text)
{
	char quoted[SHOWN_MAX];

	text_quote(quoted, sizeof(quoted), text, strlen(text));
	printf("%s\"%s\"", label, quoted);
}

static int
fail(const struct service *s)
{
	fprintf(stderr, "%s\n", s->problem);
	return 1;
}

/* What the account may do, in a sentence. */
static void
show_sentence(const struct service *s)
{
	const struct policy *p = &s->policy;
	const char *what = "uploads to and downloads from";
	char where[SHOWN_MAX] = "";

	if (p->upload_only)
		what = "uploads to";
	else if (p->download_only)
		what = "downloads from";
	printf("%s: %s ", s->user, what);
	if (p->has_root)
		text_escape(where, sizeof(where), s->where, strlen(s->where));
	printf(p->has_root ? "%s, nothing else\n" : "the whole system, a login shell nothing: no root is set\n", where);
}

static void
show_warning(const struct config_remark *r)
{
	char text[TEXT_MESSAGE_MAX];

	service_tell(text, r);
	fprintf(stderr, "%s\n", text);
}

/* Everything that comes before a session, one after the other, until something is wrong. */
static int
look_around(struct service *s, const char *file)
{
	return look_for_root(s, file) == -1 || look_at_root(s) == -1 || look_for_log(s) == -1 || look_at_sandbox(s) == -1 ? -1 : 0;
}

int
explain_policy(struct service *s, const struct invocation *v, const char *config)
{
	const char *file = v->noptions > 0 ? v->options[0] : config;
	const char *user = v->noptions > 1 ? v->options[1] : NULL;
	struct invocation none = { .way = INVOKED_CHECK, .must = strcmp(file, config) != 0 };
	int eyes;

	if (v->noptions > 2) {
		fputs("scp: --check takes a file and a user\n", stderr);
		return 1;
	}
	s->warn = show_warning;
	eyes = look_as(s, user);
	if (eyes == -1 || service_load(s, &none, file) == -1)
		return fail(s);
	show_sentence(s);
	if (!s->found)
		printf("# there is no %s\n", file);
	keys_show(&s->policy, stdout);
	fflush(stdout);
	if (eyes == 1)
		(void)fail(s);	/* The policy is right, and there is no more to be seen. */
	else if (user != NULL && look_around(s, file) == -1)
		return fail(s);
	return 0;
}

static void
show_words(const struct words *w)
{
	printf("words:    ");
	for (size_t i = 0; i < w->count; i++)
		show_quoted(" ", w->list[i].text);
	putchar('\n');
}

static void
show_paths(const struct service *s)
{
	for (int i = 0; i < s->request.npaths; i++) {
		char plain[PATH_MAX];

		show_quoted("path:      ", s->request.paths[i]);
		if (root_plain(&s->root, s->request.paths[i], plain) == -1) {
			puts(" is outside the root");
			continue;
		}
		printf(" is ");
		show_quoted("", plain[0] != '\0' ? plain : ".");
		show_quoted(" beneath ", s->where);
		putchar('\n');
	}
}

static const char *
path_problem(const struct service *s)
{
	const char *why = NULL;

	for (int i = 0; why == NULL && i < s->request.npaths; i++) {
		char plain[PATH_MAX];

		why = root_plain(&s->root, s->request.paths[i], plain) == -1
		    ? "a path is outside the root" : alias_denies_path(&s->policy, &s->root, plain, true);
	}
	return why;
}

/* What a session may do that has no paths yet. */
static void
show_open(const struct service *s)
{
	const struct policy *p = &s->policy;
	const struct {
		const char *what;
		unsigned    right;
	} rights[] = {
		{ "list", p->list }, { "rename", p->rename }, { "remove", p->remove },
		{ "set attributes", p->attributes },
	};
	const char *between = "may:       ";

	printf("protocol:  %s\ndirection: %s\n", s->request.role == REQUEST_SFTP ? "SFTP" : "commands",
	    p->upload_only ? "upload" : p->download_only ? "download" : "both");
	if (s->kept_from != NULL)
		printf("           not up: %s\n", s->kept_from);
	show_quoted("root:      ", s->where);
	putchar('\n');
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		unsigned right = rights[i].right;

		if (right == RIGHT_NO || (i > 0 && p->download_only))
			continue;
		printf("%s%s%s", between, rights[i].what, right == RIGHT_OWN ? " its own" : "");
		between = ", ";
	}
	printf("%s%s\n", between, p->make_links == POLICY_YES && !p->download_only ? "make links"
	    : "make no links");
}

/* One command of a script, and what would become of it. */
static void
show_command(void *none, const struct outlook *o)
{
	const int indent = 11 + 4 * (int)o->depth;
	char text[SHOWN_MAX];

	(void)none;
	text_escape(text, sizeof(text), o->text, o->len);
	printf("%*s%s: %s\n", indent, "", text, o->why != NULL ? o->why : "carried out");
	if (o->verb == NULL)
		return;
	printf("%*s%s", indent + 2, "", o->verb);
	for (size_t i = 0; i < o->count; i++)
		show_quoted(" ", o->operands[i].text);
	putchar('\n');
}

/* The last line, and the exit status. */
static int
refuse(struct service *s, const char *label, const char *why)
{
	printf("%s%s\n", label, why);
	service_end(s);
	return 1;
}

int
explain_request(struct service *s, const struct invocation *v, const char *config)
{
	const char *why;
	bool open;

	if (look_as(s, v->user) != 0 || service_load(s, v, config) == -1)
		return fail(s);
	show_quoted("command:   ", v->command);
	putchar('\n');
	if (service_read(s, v, 0, NULL) == -1 || run_understand(s) == -1) {
		if (s->words.count > 0)
			show_words(&s->words);
		return refuse(s, REFUSED, s->problem);
	}
	open = s->request.role == REQUEST_SFTP || s->request.role == REQUEST_COMMANDS;
	if (s->request.role != REQUEST_COMMANDS)
		show_words(&s->words);
	if (!open)
		printf("direction: %s\n", s->request.role == REQUEST_SINK ? "upload" : "download");
	if (service_open(s) == -1)
		return refuse(s, REFUSED, s->problem);
	if (open)
		show_open(s);
	if (s->request.role == REQUEST_COMMANDS)
		outlook_tell(s->script, &s->policy, show_command, NULL);
	show_paths(s);
	why = s->request.role == REQUEST_SINK && s->request.npaths != 1 ? "ambiguous target"
	    : path_problem(s);
	if (why != NULL)
		return refuse(s, REFUSED, why);
	if (v->user != NULL && look_around(s, config) == -1)
		return refuse(s, "wrong:     ", s->problem);
	puts("served");
	service_end(s);
	return 0;
}
