/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "ask/explain.h"
#include "rules/keys.h"

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

int
explain_policy(struct service *s, const struct invocation *v, const char *config)
{
	const char *file = v->noptions > 0 ? v->options[0] : config;
	const char *user = v->noptions > 1 ? v->options[1] : NULL;
	struct invocation none = { .way = INVOKED_CHECK };

	if (v->noptions > 2) {
		fputs("scp: --check takes a file and a user\n", stderr);
		return 1;
	}
	if (service_become(s, user) == -1 || service_load(s, &none, file) == -1)
		return fail(s);
	keys_show(&s->policy, stdout);
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
		    ? "a path is outside the root" : policy_denies_path(&s->policy, plain, true);
	}
	return why;
}

int
explain_request(struct service *s, const struct invocation *v, const char *config)
{
	const char *why;

	if (service_load(s, v, config) == -1)
		return fail(s);
	show_quoted("command:   ", v->command);
	putchar('\n');
	if (service_read(s, v, 0, NULL) == -1) {
		if (s->words.count > 0)
			show_words(&s->words);
		printf("refused:   %s\n", s->problem);
		return 1;
	}
	show_words(&s->words);
	printf("direction: %s\n", s->request.role == REQUEST_SINK ? "upload" : "download");
	if (service_open(s) == -1) {
		printf("refused:   %s\n", s->problem);
		return 1;
	}
	show_paths(s);
	why = s->request.role == REQUEST_SINK && s->request.npaths != 1 ? "ambiguous target"
	    : path_problem(s);
	printf(why == NULL ? "served\n" : "refused:   %s\n", why);
	service_end(s);
	return why != NULL;
}
