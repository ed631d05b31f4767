/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "commands/fish.h"
#include "commands/known.h"
#include "commands/scope.h"
#include "commands/shell.h"
#include "text/reading.h"
#include "text/text.h"

enum {
	BEGINNING_MAX = 128	/* bytes that are said of a command that is none of ours */
};

/* A line as it was sent, and the copy that is cut into commands. */
struct sent {
	const char   *sent;
	char	     *copy;
	struct script script;
};

/* What C is called in messages: the word that would be a verb, or where nobody knows, how it begins. */
static void
name_command(const struct shell *s, const struct script_command *c, bool split,
    char name[BEGINNING_MAX])
{
	const char *begin = split ? s->words.list[c->assigned].text : c->text;
	size_t len = split ? strlen(begin) : 0;

	while (!split && len < c->len && strchr(" \t\n", begin[len]) == NULL)
		len++;
	text_escape(name, BEGINNING_MAX, begin, len);
}

/* What is said of a command that is not carried out, and logged: HOW, and WHY, which may be NULL. */
static int
refuse(struct shell *s, const struct sent *l, const struct script_command *c, const char *how,
    const char *why, int status)
{
	char text[TEXT_MESSAGE_MAX], word[BEGINNING_MAX], reason[TEXT_MESSAGE_MAX / 2];
	/* Without a copy it is the text itself. */
	const char *sent = l->copy != NULL ? l->sent + (c->text - l->copy) : c->text;

	/* What is no syntax may be none before a word of it is known. */
	name_command(s, c, status != JOB_MISUSED, word);
	snprintf(reason, sizeof(reason), why != NULL ? "%s: %s" : "%s", how, why);
	snprintf(text, sizeof(text), "%s: %s", word, reason);
	output_say(&s->output, text);
	shell_log_refusal(s, sent, c->len, reason);
	return status;
}

/* Where what a command writes to SINK goes in the scope that it is part of. */
static enum script_sink
resolve(const struct scope *scope, enum script_sink sink)
{
	return sink == SCRIPT_OUTPUT ? scope->output_to
	    : sink == SCRIPT_ERRORS ? scope->errors_to : SCRIPT_NOWHERE;
}

void
shell_show_title(const struct shell *s)
{
	char here[PATH_MAX + 1];

	snprintf(here, sizeof(here), "/%s", s->scope->here);
	title_show(s->world->title, here, strlen(here));
}

void
shell_take_zone(const char *text, bool *utc)
{
	static const char *const names[] = { "UTC", "UTC0", "GMT", "GMT0" };

	if (strncmp(text, "TZ=", 3) != 0)
		return;
	*utc = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text + 3, names[i]) == 0)
			*utc = true;
}

void
shell_look_around(const struct shell *s, struct variables *v)
{
	const struct deeds *d = s->world->deeds;

	*v = (struct variables){
		.status = s->status, .start = d->root->from, .here = s->scope->here,
		.user = d->account->name,
	};
}

int
shell_run_words(struct shell *s, const struct verb *verb, int n, char *const words[])
{
	struct job j = {
		.deeds = s->world->deeds, .output = &s->output, .people = s->world->people,
		.here = s->scope->here, .utc = s->scope->utc, .verb = verb,
		.input = s->exec && !s->cut_input ? &s->world->conn->stream : NULL,
		.empty_input = s->cut_input,
	};
	int end = job_read(&j, n, words);

	if (end != JOB_DONE)
		return end;
	if (strcmp(verb->name, "scp") == 0)
		return copying_run(s, &j, n, words);
	return verb->run != NULL ? verb->run(&j) : builtins_run(s, &j);
}

static const char *
expand(struct shell *s, const struct word *w, struct expansion *e)
{
	struct expand_world world = {
		.root = s->world->deeds->root, .policy = s->world->deeds->policy,
		.account = s->world->deeds->account,
		.wild = s->world->deeds->policy->reveal == POLICY_YES,
		.base = s->scope->here,
	};
	const char *why;

	return expand_word(e, w, &world, &why) == -1 ? why : NULL;
}

static int
run_verb(struct shell *s, const struct verb *verb, const struct script_command *c)
{
	bool utc = s->scope->utc;
	struct expansion e;
	struct variables v;
	const char *why = NULL;
	int end;

	for (size_t i = 0; i < c->assigned; i++)
		shell_take_zone(s->words.list[i].text, &s->scope->utc);
	expansion_init(&e);
	if ((verb->flags & VERB_VARIABLES) != 0) {
		shell_look_around(s, &v);
		(void)variables_put(&v, &s->words, s->room, &why);
	}
	for (size_t i = c->assigned; why == NULL && i < s->words.count; i++)
		why = expand(s, &s->words.list[i], &e);
	if (why == NULL) {
		end = shell_run_words(s, verb, (int)e.count, e.paths);
	} else {
		struct job j = { .verb = verb, .output = &s->output };

		(void)job_say(&j, NULL, why);
		end = JOB_MISUSED;
	}
	expansion_end(&e);
	/* What was said before the command was for it alone; export is what stays. */
	if (c->assigned > 0)
		s->scope->utc = utc;
	return end;
}

void
shell_log_refusal(struct shell *s, const char *command, size_t len, const char *reason)
{
	struct deeds *d = s->world->deeds;
	char shown[AUDIT_STRING_MAX + 1];	/* what is longer is seen to be cut in the log */

	d->errors++;
	if (!audit_is_on(d->audit))
		return;
	snprintf(shown, sizeof(shown), "%.*s", (int)len, command);
	if (audit_command(d->audit, shown, reason) == -1)
		d->unlogged = true;
}

static int
run_command(struct shell *s, const struct sent *l, const struct script_command *c)
{
	struct known k = known_look(&s->words, c);

	s->output.output_to = resolve(s->scope, k.why == NULL ? c->output : SCRIPT_OUTPUT);
	s->output.errors_to = resolve(s->scope, k.why == NULL ? c->errors : SCRIPT_ERRORS);
	s->cut_input = c->no_input;
	s->cut = c->no_input || s->output.output_to != SCRIPT_OUTPUT;
	if (k.why != NULL)
		return refuse(s, l, c, "no such syntax", k.why, JOB_MISUSED);
	if (k.empty) {
		for (size_t i = 0; i < c->assigned; i++)
			shell_take_zone(s->words.list[i].text, &s->scope->utc);
		return JOB_DONE;
	}
	if (k.verb == NULL)
		return refuse(s, l, c, known_not_found, NULL, JOB_UNKNOWN);
	if (!s->scope->served && k.changes)
		return refuse(s, l, c, known_not_served, NULL, JOB_NOT_DONE);
	return run_verb(s, k.verb, c);
}

/* After a copy that went astray only what is said is carried out, so that who waits for it has it. */
static bool
is_carried_out(struct shell *s, const struct script_command *c)
{
	if (c->joint == SCRIPT_AND ? s->status != 0 : c->joint == SCRIPT_OR && s->status == 0)
		return false;
	if (s->state == SHELL_ASTRAY) {
		struct known k = known_look(&s->words, c);

		return k.verb != NULL && strcmp(k.verb->name, "echo") == 0;
	}
	return s->state == SHELL_GOING;
}

/* A record that must be written and could not be ends the session before what it tells of is known. */
static void
look_around(struct shell *s)
{
	if (s->output.lost || s->world->deeds->unlogged) {
		s->state = SHELL_ENDING;
		s->lost = true;
	}
}

/* Where a script says so, the Nth command of a line is the last if it failed, and none asks for that. */
static void
heed_failure(struct shell *s, const struct script *script, size_t n)
{
	bool asked = n + 1 < script->count && script->list[n + 1].joint != SCRIPT_ALWAYS;

	if (s->scope->strict && s->status != 0 && !asked && s->state == SHELL_GOING)
		s->state = SHELL_LEAVING;
}

/* What would have read what comes, and did not: that may be a file, and is no command. */
static void
heed_reader(struct shell *s, const struct script_command *c, bool carried_out)
{
	struct known k;

	if (!s->lines || s->state != SHELL_GOING)
		return;
	k = known_look(&s->words, c);
	if (known_would_take_file(c, &k) ? !s->copied
	    : carried_out && s->status != 0 && known_would_read(&s->words, c, &k)) {
		shell_go_astray(s);
		s->state = SHELL_ASTRAY;
	}
}

void
shell_give_up(struct shell *s)
{
	char text[BEGINNING_MAX];

	snprintf(text, sizeof(text), "sh: %s", text_error(ENOMEM));
	s->output.errors_to = s->scope->errors_to;
	output_say(&s->output, text);
	s->status = JOB_FAILED;
	s->state = SHELL_ENDING;
	s->lost = true;
}

void
shell_run_line(struct shell *s, const char *text, size_t len)
{
	struct sent l = { .sent = text, .copy = malloc(len + 1) };
	struct scope *scope = s->scope;

	if (l.copy == NULL) {
		shell_give_up(s);
		return;
	}
	s->fish = s->fish || fish_is_greeting(text, len);
	memcpy(l.copy, text, len);
	l.copy[len] = '\0';
	script_cut(&l.script, l.copy, len);
	scope->served = (!scope->part || scope->outer->served) &&
	    known_is_served(&s->words, &l.script);
	for (size_t i = 0; i < l.script.count; i++) {
		const struct script_command *c = &l.script.list[i];
		const bool carried_out = is_carried_out(s, c);

		s->copied = false;
		if (carried_out) {
			s->status = run_command(s, &l, c);
			heed_failure(s, &l.script, i);
		}
		heed_reader(s, c, carried_out);
		look_around(s);
	}
	free(l.copy);
}

void
shell_refuse_text(struct shell *s, const char *text, size_t len, const char *why)
{
	const struct script_command c = { .text = text, .len = len };
	struct sent l = { .sent = text };

	s->output.output_to = s->scope->output_to;
	s->output.errors_to = s->scope->errors_to;
	s->status = refuse(s, &l, &c, "no such syntax", why, JOB_MISUSED);
}

void
shell_go_astray(struct shell *s)
{
	s->output.errors_to = s->scope->errors_to;
	output_say(&s->output, "sh: what follows is not read: it is a part of what is not served");
	s->status = JOB_MISUSED;
}

void
shell_run_script(struct shell *s, const char *text, size_t len)
{
	for (size_t at = 0; at < len && s->state == SHELL_GOING;) {
		struct reading reading;
		enum reading_end end;
		size_t n;

		reading_begin(&reading);
		n = reading_take(&reading, text + at, len - at, &end);
		shell_run_line(s, text + at, end == READING_GOES_ON ? n : n - 1);
		at += n;
		if (end == READING_ASTRAY && at < len) {
			shell_go_astray(s);
			return;
		}
	}
}

enum shell_end
shell_run(const struct shell_world *world, const char *script, int *status)
{
	static struct shell shell;
	struct shell *s = &shell;
	struct scope scope = { .output_to = SCRIPT_OUTPUT, .errors_to = SCRIPT_ERRORS };

	s->world = world;
	s->state = SHELL_GOING;
	s->status = 0;
	s->lost = s->lines = s->copied = false;
	s->exec = script != NULL;
	s->scope = &scope;
	strlcpy(scope.here, world->deeds->root->from, sizeof(scope.here));
	output_init(&s->output, &world->conn->stream, world->errors);
	shell_show_title(s);
	if (script != NULL)
		shell_run_script(s, script, strlen(script));
	else
		shell_run_lines(s);
	if (output_flush(&s->output) == -1)
		s->lost = true;
	*status = s->status;
	return s->lost || s->state == SHELL_ASTRAY ? SHELL_LOST
	    : s->state == SHELL_TURNING ? SHELL_SFTP : SHELL_ENDED;
}
