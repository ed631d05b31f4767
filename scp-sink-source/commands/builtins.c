/* SPDX-License-Identifier: ISC */
/* What concerns the session itself, and changes no file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "commands/known.h"
#include "commands/scope.h"
#include "text/text.h"

/* The directory PATH as text, which is "/" and what is plain. */
static int
go_to(struct shell *s, struct job *j, const char *operand)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct answer a = { 0 };
	struct stat st;

	if (job_path(j, operand, path) != 0)
		return JOB_FAILED;
	if (deeds_look(j->deeds, path, DEEDS_FOLLOW, &st, &a) == -1 ||
	    deeds_real_path(j->deeds, path, real, &a) == -1)
		return job_answer(j, operand, &a);
	if (!S_ISDIR(st.st_mode))
		return job_say(j, operand, text_error(ENOTDIR));
	strlcpy(s->scope->here, real + 1, sizeof(s->scope->here));
	return JOB_DONE;
}

static int
change_directory(struct shell *s, struct job *j)
{
	int end = JOB_DONE;

	if (j->count > 0)
		end = go_to(s, j, j->operands[0]);
	else
		strlcpy(s->scope->here, j->deeds->root->from, sizeof(s->scope->here));
	shell_show_title(s);
	return end;
}

static int
print_directory(struct shell *s, struct job *j)
{
	output_print(j->output, "/%s\n", s->scope->here);
	return JOB_DONE;
}

static int
leave(struct shell *s, struct job *j)
{
	const char *error = NULL;
	int status = j->count > 0 ? (int)strtonum(j->operands[0], 0, 255, &error) : s->status;

	if (error != NULL)
		return job_say(j, j->operands[0], "it is no number"), JOB_MISUSED;
	s->state = SHELL_LEAVING;
	return status;
}

/* Clients prepare an environment that nothing here has, but for the zone. */
static int
export(struct shell *s, struct job *j)
{
	for (int i = 0; i < j->count; i++)
		shell_take_zone(j->operands[i], &s->scope->utc);
	return JOB_DONE;
}

static int
forget(struct shell *s, struct job *j)
{
	(void)s;
	(void)j;
	return JOB_DONE;
}

/* Of what a script says to its shell, -e is no matter of taste: what follows a failure relies on it. */
static int
set_options(struct shell *s, struct job *j)
{
	bool named = false;	/* the word is the name of an option */

	for (int i = 0; i < j->count; i++) {
		const char *word = j->operands[i];
		bool on = named ? j->operands[i - 1][0] == '-' : word[0] == '-';

		if (!named && (strcmp(word, "--") == 0 || (word[0] != '-' && word[0] != '+')))
			break;
		if (named ? strcmp(word, "errexit") == 0 : strchr(word, 'e') != NULL)
			s->scope->strict = on;
		named = !named && word[strlen(word) - 1] == 'o';
	}
	return JOB_DONE;
}

static int
print_variables(struct shell *s, struct job *j)
{
	struct variables v;
	char value[VARIABLES_VALUE];
	const char *name;

	shell_look_around(s, &v);
	if (j->count > 0) {
		name = j->operands[0];
		if (!variables_get(&v, name, strlen(name), value))
			return JOB_FAILED;
		output_print(j->output, "%s\n", value);
		return JOB_DONE;
	}
	for (size_t n = 0; (name = variables_name(n)) != NULL; n++) {
		(void)variables_get(&v, name, strlen(name), value);
		output_print(j->output, "%s=%s\n", name, value);
	}
	return JOB_DONE;
}

/* What a client masks is masked besides what the administrator does. */
static int
mask(struct shell *s, struct job *j)
{
	const struct policy *p = j->deeds->policy;
	mode_t was = umask(0777);
	unsigned long mode;
	char *end;

	(void)s;
	umask(was);
	if (j->count == 0) {
		output_print(j->output, "%04o\n", (unsigned)was);
		return JOB_DONE;
	}
	mode = strtoul(j->operands[0], &end, 8);
	if (j->operands[0][0] < '0' || j->operands[0][0] > '7' || *end != '\0' || mode > 0777) {
		(void)job_say(j, j->operands[0], "it is no octal mode");
		return JOB_MISUSED;
	}
	umask((mode_t)mode | (p->has_umask ? p->umask : 0));
	return JOB_DONE;
}

/* Of names alone: what a client would run is one of ours, or not there. */
static int
find_verb(struct shell *s, struct job *j)
{
	bool command = strcmp(j->verb->name, "command") == 0;
	const char *name;

	(void)s;
	if (command && strcmp(j->operands[0], "-v") != 0) {
		(void)job_say(j, j->operands[0], "no such option");
		return JOB_MISUSED;
	}
	if (j->count != 1 + command) {
		(void)job_say(j, NULL, j->count > 1 ? "too many operands" : "missing operand");
		return JOB_MISUSED;
	}
	name = j->operands[command ? 1 : 0];
	if (verbs_find(name) == NULL)
		return JOB_FAILED;
	output_print(j->output, "%s\n", name);
	return JOB_DONE;
}

/* A script within, which has a directory, and redirections, of its own. */
static int
run_shell(struct shell *s, struct job *j)
{
	struct scope scope = *s->scope;
	bool string = j->count > 0;

	if (string && (strcmp(j->operands[0], "-c") != 0 || j->count != 2)) {
		(void)job_say(j, NULL, "it takes -c and a string, or nothing");
		return JOB_MISUSED;
	}
	if (s->scope->depth == KNOWN_DEPTH) {
		(void)job_say(j, NULL, known_too_deep);
		return JOB_MISUSED;
	}
	scope.depth++;
	scope.output_to = s->output.output_to;
	scope.errors_to = s->output.errors_to;
	scope.outer = s->scope;
	scope.strict = false;
	scope.part = string;
	s->scope = &scope;
	s->status = 0;
	if (string)
		shell_run_script(s, j->operands[1], strlen(j->operands[1]));
	else if (!s->cut_input)
		shell_run_lines(s);
	s->scope = scope.outer;
	shell_show_title(s);
	if (s->state == SHELL_LEAVING)
		s->state = SHELL_GOING;
	return s->status;
}

/* Without a command, where messages go is so from here on. */
static int
execute(struct shell *s, struct job *j)
{
	const struct verb *verb = j->count > 0 ? verbs_find(j->operands[0]) : NULL;
	int status;

	if (j->count == 0) {
		s->scope->output_to = s->output.output_to;
		s->scope->errors_to = s->output.errors_to;
		return JOB_DONE;
	}
	if (verb == NULL) {
		(void)job_say(j, j->operands[0], known_not_found);
		s->state = SHELL_LEAVING;
		return JOB_UNKNOWN;
	}
	status = shell_run_words(s, verb, j->count, j->operands);
	if (s->state == SHELL_GOING)
		s->state = SHELL_LEAVING;
	return status;
}

static int
turn_to_sftp(struct shell *s, struct job *j)
{
	const char *why = policy_denies_protocol(j->deeds->policy, true);

	if (why != NULL)
		return job_say(j, NULL, why);
	s->state = SHELL_TURNING;
	return JOB_DONE;
}

/* Whose clients look for it, and go on without. */
static int
miss(struct shell *s, struct job *j)
{
	(void)s;
	(void)job_say(j, NULL, known_not_found);
	return JOB_UNKNOWN;
}

static const struct {
	const char *name;
	int	  (*run)(struct shell *, struct job *);
} builtins[] = {
	{ "ash", run_shell },	{ "bash", run_shell },	{ "busybox", miss },	{ "cd", change_directory },
	{ "command", find_verb },	{ "dash", run_shell },	{ "exec", execute },
	{ "exit", leave },	{ "export", export },	{ "ksh", run_shell },
	{ "printenv", print_variables },	{ "pwd", print_directory },	{ "set", set_options },
	{ "sftp-server", turn_to_sftp },	{ "sh", run_shell },	{ "start_fish_server", miss },
	{ "type", find_verb },	{ "umask", mask },	{ "unalias", forget },	{ "unset", forget },
	{ "which", find_verb },
};

int
builtins_run(struct shell *s, struct job *j)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (strcmp(builtins[i].name, j->verb->name) == 0)
			return builtins[i].run(s, j);
	abort();
}
