/* SPDX-License-Identifier: ISC */
#ifndef SFTP_SFTP_H
#define SFTP_SFTP_H

/*
 * Tells a client that speaks SFTP, in its own protocol, that nobody here does.  sshd shows nobody what
 * a subsystem writes to standard error; but clients show the text of a status, and each of them asks
 * for something first.
 */
enum {
	SFTP_REPLIES_MAX = 16,		/* requests that are answered */
	SFTP_TEXT_MAX = 200		/* bytes of what is said */
};

/*
 * Reads requests from IN and answers each with the text WHY, at most SFTP_TEXT_MAX bytes, on OUT, until the
 * client has heard enough.
 */
void	sftp_decline(int in, int out, const char *why);

#endif
