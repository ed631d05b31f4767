/* SPDX-License-Identifier: ISC */
#ifndef DEEDS_DEEDS_H
#define DEEDS_DEEDS_H

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "deeds/answer.h"
#include "deeds/own.h"
#include "log/audit.h"
#include "paths/attrs.h"
#include "paths/listing.h"
#include "paths/root.h"
#include "rules/account.h"
#include "rules/policy.h"
#include "upload/ability.h"
#include "upload/temp.h"

/*
 * What is done to files, in whatever language it is asked for: each deed judges by the policy, goes
 * beneath the root, acts, writes to the log and says what the client may know.  No language touches
 * a file by itself, so a rule of the policy is obeyed in one place, and none can be forgotten.
 *
 * Paths are as the client says them, NUL-terminated.  In a restricted account they are text first:
 * "" and relative ones begin at the start directory, ".." stays at the top, and what is left is
 * judged and opened, component by component the same bytes.  A direction, a right and a name are
 * refused before the filesystem is asked.  SFTP rules 25 to 29, 59, 65.
 *
 * Each returns 0; or -1 with *ANSWER, what the client reads of it: nothing has changed then unless
 * it says otherwise, and the log has the real reason where there is something to be logged.
 */
struct file;

struct deeds {
	const struct policy  *policy;	/* all of these are borrowed */
	const struct root    *root;
	const struct account *account;
	struct audit	     *audit;
	enum audit_way	      way;	/* of the session, as the log calls it: SFTP unless said */
	struct usage	      usage;
	unsigned	      errors;	/* deeds refused or failed, as the log counts them */
	bool		      muted;	/* what is asked in passing is neither logged nor counted */
	bool		      unlogged;	/* a record that is required could not be written: the
					 * session ends without the reply that it tells of */
	time_t		      begun;	/* the session; also the times of what is not shown */
	char		      here[PATH_MAX];	/* on the whole system: the working directory,
					 * without a slash before it */
	struct listing	      listing;	/* of directories, each of which is a level */
	unsigned	      level;	/* that was given last */
	struct own	      own;	/* what this session has made; large, and touched as it grows */
	enum temp_link	      link;	/* how temporaries get names, and whether somewhere none is */
	bool		      named_only;	/* made without one: see upload/temp.h */
	struct ability	      ability;	/* what was found out about names where that had to be tried */
	struct file	     *pending;	/* uploads that have no name yet: see file.h */
	char		      regular[PATH_MAX];	/* plain: where a regular file was seen last,
					 * beneath a root; "": nowhere */
};

/* Attributes that are wished for; what is not there stays as it is. */
struct wish {
	bool		has_size, has_owner;
	uint64_t	size;
	uid_t		uid;
	gid_t		gid;
	struct attrs	attrs;		/* mode (all twelve bits as asked for) and times, either of which
					 * may be UTIME_NOW or UTIME_OMIT */
	const char     *change;		/* what becomes of the mode that there is, as mode_change has it,
					 * in place of that of ATTRS; NULL: nothing */
	mode_t		mask;		/* with CHANGE */
};

enum deeds_link {		/* a symbolic link at the end of a path */
	DEEDS_FOLLOW,		/* as the policy's symlinks says */
	DEEDS_HOLD		/* is itself what is meant */
};

enum deeds_onto {		/* what has a new name already */
	DEEDS_SPARE,		/* stays */
	DEEDS_SPARE_SEEN,	/* likewise, but where the client cannot have meant to spare it, for it
				 * sees only what is its own: there as the next one */
	DEEDS_REPLACE		/* gives way, where the policy has it so */
};

/* Nothing is said that tells what there is. */
bool	deeds_is_quiet(const struct deeds *);
/* Besides, only directories, and what the session has made, are seen at all. */
bool	deeds_is_blind(const struct deeds *);

/* Before the sandbox. */
void	deeds_init(struct deeds *, const struct policy *, const struct root *, const struct account *,
	    struct audit *);

/*
 * The path in full, with a slash before it: in a restricted account plain text, and nothing is looked
 * at; on the whole system links are resolved, and the last component need not be there.
 */
int	deeds_real_path(struct deeds *, const char *path, char dst[PATH_MAX], struct answer *);

/* What stat(2) says of it; of what is pending in this session, that.  The log hears of denied names. */
int	deeds_look(struct deeds *, const char *path, enum deeds_link, struct stat *, struct answer *);

/* The same in passing, before a deed that says itself what there is to say: true, or there is nothing. */
bool	deeds_peek(struct deeds *, const char *path, enum deeds_link, struct stat *);

/* The filesystem that it is in, less what must stay free. */
int	deeds_room(struct deeds *, const char *path, struct statvfs *, struct answer *);

/* Sets size, mode, times and owner in this order, tries all and answers with the first failure. */
int	deeds_set(struct deeds *, const char *path, enum deeds_link, const struct wish *,
	    struct answer *);

/*
 * MODE: of twelve bits, as asked for: umask, or the directory's default ACL, leaves of it what it does;
 * or else it is exactly that, as with -p.
 */
int	deeds_mkdir(struct deeds *, const char *path, mode_t mode, struct answer *);
int	deeds_mkdir_exactly(struct deeds *, const char *path, mode_t mode, struct answer *);
int	deeds_rmdir(struct deeds *, const char *path, struct answer *);
/* What is no directory. */
int	deeds_remove(struct deeds *, const char *path, struct answer *);

int	deeds_rename(struct deeds *, const char *from, const char *to, enum deeds_onto,
	    struct answer *);
/* DEEDS_REPLACE: in one step, and never a directory. */
int	deeds_hard_link(struct deeds *, const char *from, const char *to, enum deeds_onto,
	    struct answer *);
/* LINK is made, and says TEXT. */
int	deeds_symlink(struct deeds *, const char *text, const char *link, enum deeds_onto,
	    struct answer *);
/* What the link says, if the client may know where that is. */
int	deeds_read_link(struct deeds *, const char *path, char dst[PATH_MAX], struct answer *);

#endif
