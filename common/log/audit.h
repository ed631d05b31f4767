/* SPDX-License-Identifier: ISC */
#ifndef LOG_AUDIT_H
#define LOG_AUDIT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "log/journal.h"
#include "log/line.h"

/*
 * The administrator's log: one record an event, each written at once and whole.  Text records say
 * what sftp-server would, where it has words for it:
 *
 *	session opened for local user U from [ADDRESS] upload root "R" request "Q"[ sandbox "S"]
 *	close "P" bytes read N written N seconds N.NNN mode 0644[ remark "W"]
 *	forced close "P" bytes read N written N seconds N.NNN mode 0644 reason "W"
 *	mkdir name "P" mode 0755
 *	opendir "P"
 *	rename old "A" new "B"
 *	remove name "P"
 *	rmdir name "P"
 *	symlink old "T" new "P"
 *	link old "A" new "B"
 *	set "P" size N
 *	set "P" mode 0644
 *	set "P" modtime 2026-01-31T12:00:00Z
 *	set "P" acctime 2026-01-31T12:00:00Z
 *	set "P" owner 1000:1000
 *	refused "P" reason "W"
 *	refused command "C" reason "W"
 *	refused request "Q" for local user U from [ADDRESS] reason "W"
 *	session closed for local user U from [ADDRESS] files N bytes N errors N exit N[ reason "W"]
 *
 * JSON records are one object each: event (start, file, dir, rename, remove, link, set, refusal, end),
 * time, pid, user and address, then of direction, request, command, root, sandbox, kind, path, to, bytes, back,
 * seconds, made, size, mode, modtime, acctime, owner, result (ok, failed, refused), reason, remark, files, errors
 * and exit what the event has; a directory that is not new has no mode, and BACK is what was moved
 * against the direction, if anything was.
 *
 * What peers and file names bring in is escaped, so that no record can be forged, and can be
 * undone: text_quote in text, text_quote_json in JSON, which is UTF-8 and valid in every case.
 *
 * In the system's log a request that is refused is a warning, a file or directory that is refused
 * or fails a notice, and all else for information.
 */
enum audit_form {
	AUDIT_TEXT,
	AUDIT_JSON
};

enum {
	AUDIT_RECORD_MAX = LINE_TEXT_MAX,	/* bytes of one record, NUL included */
	AUDIT_STRING_MAX = 5000,	/* bytes of one escaped path or request in it, NUL included;
					 * longer ones end in "..." */
	AUDIT_PAIR_MAX = 3200,		/* the same of each of two paths */
	AUDIT_WORD_MAX = 1000		/* the same of a user, a root or a reason */
};

enum audit_way {		/* of a session, or of what is refused */
	AUDIT_DOWNLOAD,
	AUDIT_UPLOAD,
	AUDIT_SFTP,		/* either, as the client likes */
	AUDIT_COMMANDS		/* likewise */
};

enum audit_act {
	AUDIT_RENAME, AUDIT_REMOVE, AUDIT_RMDIR, AUDIT_SYMLINK, AUDIT_LINK
};

enum audit_attribute {
	AUDIT_SIZE, AUDIT_MODE, AUDIT_MODTIME, AUDIT_ACCTIME, AUDIT_OWNER
};

struct audit {
	struct journal	journal;
	int		facility;	/* of the system's log */
	enum audit_form	form;
	bool		required;	/* a record that cannot be written is an error */
	const char     *user;		/* borrowed */
	const char     *connection;	/* borrowed: SSH_CONNECTION, whose first word is the
					 * address; may be NULL */
};

/* What happened to one file or directory. */
struct audit_entry {
	const char *path;		/* from the root on, with a slash before it */
	bool	    upload;
	uint64_t    bytes;		/* of contents that were moved */
	uint64_t    back;		/* of those that were moved the other way */
	double	    seconds;
	mode_t	    mode;
	const char *reason;		/* NULL: all is well; else why it failed */
	const char *remark;		/* of a file that is well: what is to be said of it; or NULL */
};

/* No log. */
void	audit_init(struct audit *, const char *user, const char *connection);

/*
 * Logs to the descriptor FD, borrowed: a line a record, and where it is no longer than PIPE_BUF, or
 * FD is no pipe, in one write(2).  Whoever reads FD may be slow, but not stand still: see
 * audit_start.  SIGPIPE is the caller's to ignore.
 */
void	audit_to_fd(struct audit *, int fd, enum audit_form, bool required);

/*
 * Logs to the system's log, a datagram socket at PATH ("/dev/log"), borrowed, under FACILITY (as
 * of syslog(3), LOG_AUTH).  Where nobody is there it is -1 with errno if that is REQUIRED, else
 * there is no log.  Whoever is there later, because the daemon was started anew, is found again.
 */
int	audit_to_syslog(struct audit *, const char *path, int facility, enum audit_form,
	    bool required);

/* No log from here on, and none is required. */
void	audit_close(struct audit *);

/*
 * True when there is anybody to write for: otherwise nothing needs to be gathered.  A log that is
 * required but cannot be had counts, because each of its records fails.
 */
bool	audit_is_on(const struct audit *);

/*
 * Each: 0, or -1 with errno when the record is required and could not be written.  No log makes
 * them wait for ever: after some seconds without room in it a record is lost, and so is each after
 * that, without any wait, until there is room.  Signals do not disturb them.
 */
/* SANDBOX: what of it is in force, or NULL where nobody asked for one. */
int	audit_start(struct audit *, enum audit_way, const char *request, const char *root,
	    const char *sandbox);
int	audit_file(struct audit *, const struct audit_entry *);
/* MADE: it is new. */
int	audit_dir(struct audit *, const struct audit_entry *, bool made);
/* What was done to names: to PATH, and TO is the other one (what a symbolic link says), or NULL. */
int	audit_act(struct audit *, enum audit_act, const char *path, const char *to);
/* One attribute that was set, by the path of what has it. */
int	audit_set(struct audit *, const char *path, enum audit_attribute, const char *value);
/* A file or directory that was refused before anything of it was moved. */
int	audit_refusal(struct audit *, const char *path, enum audit_way, const char *reason);
/* A command of a session that was refused before anything came of it, as it was sent. */
int	audit_command(struct audit *, const char *command, const char *reason);
/* A whole request that was refused; there is no session. */
int	audit_denial(struct audit *, const char *request, const char *reason);
/* REASON: why the session was brought to an end, or NULL. */
int	audit_end(struct audit *, uint64_t files, uint64_t bytes, unsigned errors, int status,
	    const char *reason);

#endif
