/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "commands/verbs.h"

static int
verb_true(struct job *j)
{
	(void)j;
	return JOB_DONE;
}

static int
verb_false(struct job *j)
{
	(void)j;
	return JOB_FAILED;
}

static int
verb_echo(struct job *j)
{
	bool newline = j->count == 0 || strcmp(j->operands[0], "-n") != 0;

	for (int i = newline ? 0 : 1; i < j->count; i++) {
		output_put(j->output, j->operands[i], strlen(j->operands[i]));
		if (i + 1 < j->count)
			output_put(j->output, " ", 1);
	}
	if (newline)
		output_put(j->output, "\n", 1);
	return JOB_DONE;
}

static const struct verb verbs[] = {
	{ ":", "", NULL, 0, -1, VERB_BARE, verb_true },
	{ "[", "", NULL, 0, -1, VERB_BARE, verb_test },
	{ "ash", "", NULL, 0, -1, VERB_BARE | VERB_SHELL, NULL },
	{ "bash", "", NULL, 0, -1, VERB_BARE | VERB_SHELL, NULL },
	{ "busybox", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "cat", "", NULL, 0, -1, VERB_READS | VERB_NEEDS_DOWNLOAD, verb_cat },
	{ "cd", "", NULL, 0, 1, 0, NULL },
	{ "chgrp", "Rfh", NULL, 2, -1, VERB_CHANGES | VERB_NEEDS_ATTRIBUTES, verb_chown },
	{ "chmod", "Rf", NULL, 2, -1, VERB_CHANGES | VERB_MODE | VERB_NEEDS_ATTRIBUTES, verb_chmod },
	{ "chown", "Rfh", NULL, 2, -1, VERB_CHANGES | VERB_NEEDS_ATTRIBUTES, verb_chown },
	{ "command", "", NULL, 1, -1, VERB_BARE, NULL },
	{ "cp", "aprRfT", NULL, 2, -1, VERB_CHANGES | VERB_NEEDS_DOWNLOAD | VERB_NEEDS_UPLOAD, verb_cp },
	{ "dash", "", NULL, 0, -1, VERB_BARE | VERB_SHELL, NULL },
	{ "df", "kP", NULL, 0, 1, VERB_NEEDS_REVEAL, verb_df },
	{ "echo", "", NULL, 0, -1, VERB_BARE | VERB_VARIABLES, verb_echo },
	{ "exec", "", NULL, 0, -1, VERB_BARE | VERB_EXEC, NULL },
	{ "exit", "", NULL, 0, 1, VERB_BARE | VERB_VARIABLES, NULL },
	{ "export", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "false", "", NULL, 0, -1, VERB_BARE, verb_false },
	{ "groups", "", NULL, 0, 0, 0, verb_groups },
	{ "ksh", "", NULL, 0, -1, VERB_BARE | VERB_SHELL, NULL },
	{ "ln", "sfTn", NULL, 2, 2, VERB_CHANGES | VERB_NEEDS_LINKS, verb_ln },
	{ "ls", "aAdFfhHlLnqrStU1\1\2", "full-time=\1 color=\2?", 0, -1, VERB_NEEDS_LIST, verb_ls },
	{ "md5sum", "bt", NULL, 0, -1, VERB_READS | VERB_NEEDS_DOWNLOAD, verb_sum },
	{ "mkdir", "pm:", NULL, 1, -1, VERB_CHANGES | VERB_NEEDS_MKDIR | VERB_NEEDS_RECURSION, verb_mkdir },
	{ "mv", "fnT", NULL, 2, -1, VERB_CHANGES | VERB_NEEDS_RENAME, verb_mv },
	{ "printenv", "", NULL, 0, 1, VERB_BARE, NULL },
	{ "pwd", "LP", NULL, 0, 0, 0, NULL },
	{ "readlink", "", NULL, 1, 1, VERB_NEEDS_DOWNLOAD, verb_readlink },
	{ "rm", "frRd", NULL, 0, -1, VERB_CHANGES | VERB_NEEDS_REMOVE, verb_rm },
	{ "rmdir", "", NULL, 1, -1, VERB_CHANGES | VERB_NEEDS_REMOVE | VERB_NEEDS_RECURSION, verb_rmdir },
	{ "scp", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "set", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "sftp-server", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "sh", "", NULL, 0, -1, VERB_BARE | VERB_SHELL, NULL },
	{ "sha1sum", "bt", NULL, 0, -1, VERB_READS | VERB_NEEDS_DOWNLOAD, verb_sum },
	{ "sha256sum", "bt", NULL, 0, -1, VERB_READS | VERB_NEEDS_DOWNLOAD, verb_sum },
	{ "sha384sum", "bt", NULL, 0, -1, VERB_READS | VERB_NEEDS_DOWNLOAD, verb_sum },
	{ "sha512sum", "bt", NULL, 0, -1, VERB_READS | VERB_NEEDS_DOWNLOAD, verb_sum },
	{ "start_fish_server", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "stat", "Lc:", "dereference=L format=c", 1, -1, 0, verb_stat },
	{ "test", "", NULL, 0, -1, VERB_BARE, verb_test },
	{ "touch", "amct:d:", NULL, 1, -1, VERB_CHANGES | VERB_NEEDS_ATTRIBUTES, verb_touch },
	{ "true", "", NULL, 0, -1, VERB_BARE, verb_true },
	{ "type", "", NULL, 1, 1, VERB_BARE, NULL },
	{ "umask", "", NULL, 0, 1, 0, NULL },
	{ "unalias", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "uname", "", NULL, 0, -1, VERB_BARE, verb_uname },
	{ "unlink", "", NULL, 1, 1, VERB_CHANGES | VERB_NEEDS_REMOVE, verb_unlink },
	{ "unset", "", NULL, 0, -1, VERB_BARE, NULL },
	{ "wc", "c", NULL, 1, 1, VERB_READS, verb_wc },
	{ "which", "", NULL, 1, 1, VERB_BARE, NULL },
	{ "whoami", "", NULL, 0, 0, 0, verb_whoami },
};

const struct verb *
verbs_find(const char *word)
{
	const char *slash = strrchr(word, '/'), *name = slash != NULL ? slash + 1 : word;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}
