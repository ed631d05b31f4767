/* SPDX-License-Identifier: ISC */
/* What stat says of a file.  COMMANDS rule 33. */
#include <inttypes.h>

#include "commands/verbs.h"
#include "text/ls.h"

enum {
	MODE_BITS = 07777
};

static const char *
kind_of(const struct stat *st)
{
	static const struct {
		mode_t	    type;
		const char *name;
	} kinds[] = {
		{ S_IFDIR, "directory" }, { S_IFLNK, "symbolic link" }, { S_IFIFO, "fifo" },
		{ S_IFSOCK, "socket" }, { S_IFCHR, "character special file" },
		{ S_IFBLK, "block special file" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((st->st_mode & S_IFMT) == kinds[i].type)
			return kinds[i].name;
	return st->st_size == 0 ? "regular empty file" : "regular file";
}

static void
put_number(const struct job *j, const struct stat *st, char letter)
{
	const intmax_t value = letter == 'X' ? st->st_atime : letter == 'Y' ? st->st_mtime
	    : letter == 'Z' ? st->st_ctime : letter == 's' ? st->st_size : letter == 'u' ? st->st_uid
	    : letter == 'g' ? st->st_gid : (intmax_t)st->st_nlink;

	output_print(j->output, "%jd", value);
}

static void
put_name_of(const struct job *j, const struct stat *st, char letter)
{
	char number[PEOPLE_NAME_MAX];

	output_print(j->output, "%s", letter == 'U' ? people_user(j->people, st->st_uid, number)
	    : people_group(j->people, st->st_gid, number));
}

/* What a letter behind a % stands for. */
static void
put_field(const struct job *j, const char *name, const struct stat *st, char letter)
{
	char mode[LS_MODE_MAX];

	switch (letter) {
	case 'n':
		output_put_name(j->output, name, "\n");
		break;
	case 'f':
		output_print(j->output, "%x", (unsigned)st->st_mode);
		break;
	case 'a':
		output_print(j->output, "%o", (unsigned)st->st_mode & MODE_BITS);
		break;
	case 'A':
		ls_mode(mode, st->st_mode);
		output_print(j->output, "%s", mode);
		break;
	case 'F':
		output_print(j->output, "%s", kind_of(st));
		break;
	case 's': case 'X': case 'Y': case 'Z': case 'u': case 'g': case 'h':
		put_number(j, st, letter);
		break;
	case 'U': case 'G':
		put_name_of(j, st, letter);
		break;
	default:
		output_put(j->output, letter == '%' ? "%" : "?", 1);
	}
}

static void
put_format(const struct job *j, const char *format, const char *name, const struct stat *st)
{
	for (const char *p = format; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] != '\0')
			put_field(j, name, st, *++p);
		else
			output_put(j->output, p, 1);
	}
	output_put(j->output, "\n", 1);
}

static void
put_all(const struct job *j, const char *name, const struct stat *st)
{
	char mode[LS_MODE_MAX], modified[LS_TIME_MAX];

	ls_mode(mode, st->st_mode);
	ls_full_time(modified, &st->st_mtim, j->utc);
	output_print(j->output, "  File: ");
	output_put_name(j->output, name, "\n");
	output_print(j->output, "\n  Size: %jd\nAccess: (%04o/%s)\nModify: %s\n",
	    (intmax_t)st->st_size, (unsigned)st->st_mode & MODE_BITS, mode, modified);
}

int
verb_stat(struct job *j)
{
	const enum deeds_link link = job_has(j, 'L') ? DEEDS_FOLLOW : DEEDS_HOLD;
	const char *format = job_value(j, 'c');
	int status = JOB_DONE;

	for (int i = 0; i < j->count && !j->output->lost; i++) {
		const char *name = j->operands[i];
		struct answer a;
		struct stat st;

		if (job_look(j, name, link, &st, &a) == -1)
			status = job_answer(j, name, &a);
		else if (format != NULL)
			put_format(j, format, name, &st);
		else
			put_all(j, name, &st);
	}
	return status;
}
