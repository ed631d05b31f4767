/* SPDX-License-Identifier: ISC */
#ifndef RULES_POLICY_H
#define RULES_POLICY_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the administrator allows.  Nothing that a client says gets in here; const once main has it.
 * keys.h fills it in, source by source.  In each enum a later value is the stricter one, unless it
 * says otherwise.
 */
enum {
	POLICY_DEPTH_MAX = 2048,
	POLICY_RULES = 64,		/* allow and deny, in all sources */
	POLICY_PARTIALS = 16,		/* partial, in all sources */
	POLICY_GROUP_MAX = 256		/* bytes of a group's name, NUL included */
};

enum policy_yes_no { POLICY_YES, POLICY_NO };
enum policy_overwrite { OVERWRITE_YES, OVERWRITE_BACKUP, OVERWRITE_NO };
enum policy_replace { REPLACE_AUTO, REPLACE_ATOMIC, REPLACE_IN_PLACE };	/* the last two exclude
									 * each other */
enum policy_sync { SYNC_NONE, SYNC_FILE, SYNC_FULL };
enum policy_symlinks { SYMLINKS_BENEATH, SYMLINKS_NEVER };
enum policy_modes { MODES_CLIENT, MODES_INHERIT };
enum policy_times { TIMES_CLIENT, TIMES_IGNORE };
/* The client sees what goes to stderr, so neither that nor none is the stricter of both. */
enum policy_log { LOG_WAY_UNSAID, LOG_WAY_NONE, LOG_WAY_STDERR, LOG_WAY_SYSLOG };
/* Neither of both is stricter. */
enum policy_log_format { LOG_FORMAT_UNSAID, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum policy_protocol { PROTOCOL_BOTH, PROTOCOL_SCP, PROTOCOL_SFTP };	/* the last two exclude each
									 * other */
/* To change or list what is there: anything, what the session has made itself, nothing. */
enum policy_right { RIGHT_YES, RIGHT_OWN, RIGHT_NO };
enum policy_required { REQUIRED_NO, REQUIRED_YES };
enum policy_sandbox { SANDBOX_NONE, SANDBOX_TRY, SANDBOX_REQUIRE };

/* Of the system, and no key: whether others' files may be written in sticky directories of everybody. */
enum policy_sticky { STICKY_ASK, STICKY_PROTECTED, STICKY_OPEN };	/* ask when it matters */

/* Permission bits: those that may be set, and those of them that always are. */
struct policy_bits {
	mode_t	may, must;
};

struct policy_rule {
	bool	 allow;			/* else deny; of PARTIALS always */
	unsigned source;		/* who said it */
	char	 pattern[NAME_MAX + 1];
};

struct policy {
	bool		   restricted;		/* not a drop-in: regular files and directories
						 * only, and everything beneath the root */
	bool		   upload_only;
	bool		   download_only;
	bool		   has_root;		/* some source has said one */
	bool		   has_start;		/* else relative paths begin in the working
						 * directory: nobody has said root or start */
	unsigned	   overwrite, replace, sync, symlinks, hidden, recursive, mkdir;
	unsigned	   modes, times, log, log_format, log_required, reveal, sandbox;
	unsigned	   protocol;
	unsigned	   commands;	/* of enum policy_yes_no: a shell's words, without a shell */
	unsigned	   list, rename, remove, attributes;	/* of enum policy_right */
	unsigned	   make_links;				/* of enum policy_yes_no */
	unsigned	   originate;	/* likewise: our own side may begin a copy */
	unsigned	   log_facility;	/* LOG_AUTH and so on, as of syslog(3); 0: unsaid */
	uint64_t	   max_depth;		/* at most POLICY_DEPTH_MAX */
	uint64_t	   max_file_size, max_session_bytes, max_files;	/* AMOUNT_NONE: no limit */
	uint64_t	   min_free;		/* bytes that stay free; 0: none */
	unsigned	   min_free_percent;
	uint64_t	   rate, idle_timeout, max_duration;	/* AMOUNT_NONE: no limit */
	bool		   has_umask, has_group;
	mode_t		   umask;		/* with HAS_UMASK */
	gid_t		   group;		/* with HAS_GROUP: that of what is new */
	char		   group_name[POLICY_GROUP_MAX];
	struct policy_bits file_mode, dir_mode;
	unsigned	   nrules;
	unsigned	   npartials;
	unsigned	   sticky;		/* of enum policy_sticky */
	bool		   settled;		/* what nobody has said is filled in */
	uint64_t	   said;		/* keys that any source has said: a bit each */
	uint64_t	   said_now;		/* those of the source that speaks */
	unsigned	   source;		/* its number */
	/* What has a length of its own, all behind the rest, and is touched as far as it is used. */
	char		   root[PATH_MAX];	/* absolute and plain: "/", "/srv" */
	char		   inner[PATH_MAX];	/* the root proper, beneath ROOT; "": ROOT itself */
	char		   start[PATH_MAX];	/* beneath the root proper; "" is the root proper */
	struct policy_rule rules[POLICY_RULES];		/* NRULES of them */
	struct policy_rule partials[POLICY_PARTIALS];	/* and NPARTIALS */
};

/* What one session has moved, or begun to. */
struct usage {
	uint64_t bytes;			/* announced, of files that were not refused */
	uint64_t files;			/* files and directories */
};

/*
 * Nothing said: everything is allowed, as to a drop-in for the scp that everybody knows.
 * keys_settle fills in what no source has said.
 */
void	policy_init(struct policy *);

/*
 * The questions; each answers NULL, or why not: a constant text for the peer.
 *
 * A NAME of one component, of a directory or else of a file that is transferred.
 */
const char *policy_denies_name(const struct policy *, const char *name, bool directory);
/*
 * A PATH beneath the root, plain: each component that leads to it as a directory, the last as
 * above.  "" is the root, which nobody denies.
 */
const char *policy_denies_path(const struct policy *, const char *path, bool directory);

/* Whether any name may be denied; whether a rule has other characters than those of ASCII. */
bool	policy_judges_names(const struct policy *);
bool	policy_is_beyond_ascii(const struct policy *);
/*
 * Where the letters of names have no case: whether NAME is denied as it is, one component.  What
 * is allowed is for policy_denies_name alone.
 */
bool	policy_denies_folded(const struct policy *, const char *name);

/* A file of SIZE bytes; MORE bytes besides those that were moved. */
const char *policy_denies_size(const struct policy *, uint64_t size);
const char *policy_denies_bytes(const struct policy *, const struct usage *, uint64_t more);
/* Directories at all; one within DEPTH others. */
const char *policy_denies_recursion(const struct policy *);
const char *policy_denies_depth(const struct policy *, uint64_t depth);
/* One more file of SIZE bytes; counts it where it is allowed. */
const char *policy_denies_file(const struct policy *, struct usage *, uint64_t size);
/*
 * One more directory, new or not, within DEPTH others below the target; counts it likewise.
 * Whether a new one may be made is said by MKDIR.
 */
const char *policy_denies_dir(const struct policy *, struct usage *, unsigned depth);
/* An upload, or else a download. */
const char *policy_denies_direction(const struct policy *, bool upload);
/* SFTP, or else SCP. */
const char *policy_denies_protocol(const struct policy *, bool sftp);
/* A copy by SCP, in that direction. */
const char *policy_denies_copy(const struct policy *, bool upload);

/*
 * True for a NAME that clients give to what is not whole yet: it is made and written under that name
 * at once, and stays there when it is cut off.
 */
bool	policy_is_partial(const struct policy *, const char *name);

/*
 * The mode of what a client calls ASKED (of twelve bits): what a new file or directory is made
 * with, and, where *EXACTLY comes out true, what it shall have in the end, as with -p (PRESERVE).
 */
mode_t	policy_mode(const struct policy *, mode_t asked, bool directory, bool preserve,
	    bool *exactly);

#endif
