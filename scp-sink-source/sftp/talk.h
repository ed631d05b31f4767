/* SPDX-License-Identifier: ISC */
#ifndef SFTP_TALK_H
#define SFTP_TALK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "deeds/deeds.h"
#include "sftp/channel.h"
#include "sftp/handles.h"
#include "sftp/packet.h"
#include "sftp/status.h"
#include "text/ls.h"
#include "title.h"

/* One session, and what each request has in common with the others. */
struct talk {
	struct deeds   *deeds;		/* borrowed, and so is TITLE */
	struct title   *title;
	bool		greeted;	/* INIT was there */
	unsigned	writers;	/* open files that may be written to */
	const struct handle *shown;	/* whom the title is about; NULL: nobody yet */
	struct ls_view	view;
	struct channel	channel;
	struct handles	handles;
	char		path[PATH_MAX], other[PATH_MAX];	/* what a request says */
	char		real[PATH_MAX];				/* what it is told */
};

/* Does what a request asks for, and replies once.  The packet is behind the id. */
typedef void talk_request(struct talk *, struct packet *, uint32_t id);

/* The replies.  TEXT is a constant. */
void	talk_say(struct talk *, uint32_t id, enum status, const char *text);
/* What a deed returned. */
void	talk_answer(struct talk *, uint32_t id, int end, const struct answer *);
/* Its attributes, where that is 0. */
void	talk_answer_stat(struct talk *, uint32_t id, int end, const struct answer *,
	    const struct stat *);
/* A name alone, of a path. */
void	talk_answer_name(struct talk *, uint32_t id, int end, const struct answer *, const char *name);
void	talk_answer_handle(struct talk *, uint32_t id, const struct handle *);

/* True where the packet was good so far; else that is the reply. */
bool	talk_is_good(struct talk *, const struct packet *, uint32_t id);

/* The open one that the packet has next, of any kind, or NULL: that is the reply. */
struct handle *talk_take_handle(struct talk *, struct packet *, uint32_t id);
struct handle *talk_take_file(struct talk *, struct packet *, uint32_t id);

/* A new one; or NULL, and that is the reply. */
struct handle *talk_new_handle(struct talk *, uint32_t id, enum handle_kind);

/* DST: what the folder's path is to a deed. */
void	talk_name_folder(const struct folder *, char dst[PATH_MAX]);

#endif
