/* SPDX-License-Identifier: ISC */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

/*
 * The client's part of a session, at the least cost: nothing is looked at that need not be.  It is
 * in step as OpenSSH's client is: after each record, and each body with its status, it waits for
 * the reply.  A body that is small goes out in one write with its status, which is what a server
 * sees where both came in one packet, and the same each time.
 *
 * What is not as it should be is said, and ends the process with exit status 1.
 */
#include <stddef.h>
#include <stdint.h>

struct client {
	int    from;		/* borrowed: what the server says */
	int    to;		/* borrowed: what it hears */
	int    null;		/* owned: /dev/null; -1 where bodies are read instead */
	size_t written;		/* bytes of a write(2) of a body; 0 where its pages are lent */
	char  *pages;		/* owned: what bodies consist of; never changed */
	char  *in;		/* owned: what has been read */
	size_t cap;		/* bytes of a read(2) */
	size_t begin, end;	/* what of it has not been taken yet */
};

/* READ and WRITTEN are bytes of one read(2) and write(2) of a body; 0 for splicing instead. */
void client_init(struct client *c, int from, int to, size_t read, size_t written);

/* Gives back what it owns. */
void client_end(struct client *c);

/* Waits until the server says that it is ready. */
void client_greet(struct client *c);

/* Takes all that the server says, whatever that is, to its end, which is no answer for anybody. */
void client_hear(struct client *c);

/* Takes all that a source sends, to its end. */
void client_pull(struct client *c);

/* Sends COUNT files of SIZE bytes: one is called NAME, more are NAME00001 and so on. */
void client_push(struct client *c, uint64_t size, unsigned long count, const char *name);

/*
 * Sends directories called "d", one in another, LEVELS deep.  COUNT files of SIZE bytes are spread
 * over them evenly, as far as that goes the outer ones get one more; each directory's files come
 * before the directory that is in it.
 */
void client_push_deep(struct client *c, uint64_t size, unsigned long count, unsigned long levels);

#endif
