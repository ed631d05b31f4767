/* SPDX-License-Identifier: ISC */
#ifndef BENCH_SFTP_H
#define BENCH_SFTP_H

/*
 * The client's part of a session of SFTP, at the least cost, with as many requests outstanding as
 * OpenSSH's client has.  FROM and TO are borrowed.  Files are in the server's working directory: "large",
 * or "tree/f000000" and so on.  What is not as it should be is said, and ends the process with exit
 * status 1.
 */
#include <stdint.h>

/* Makes "large" of SIZE bytes, PIECE at a time, or reads it. */
void	sftp_put(int from, int to, uint64_t size, uint32_t piece);
void	sftp_get(int from, int to, uint64_t size, uint32_t piece);

/* Makes COUNT files of SIZE bytes, one after the other, or looks at each and reads it. */
void	sftp_put_tree(int from, int to, uint32_t size, unsigned long count);
void	sftp_get_tree(int from, int to, uint32_t size, unsigned long count);

/* Lists "tree", which has COUNT entries and "." and "..". */
void	sftp_list(int from, int to, unsigned long count);

#endif
