/* SPDX-License-Identifier: ISC */
#ifndef WIRE_IO_H
#define WIRE_IO_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading and writing in full, on descriptors that may be non-blocking because somebody else made
 * them so: EAGAIN is waited out with poll(2), and no flag of a descriptor is changed.  EINTR is an
 * error like any other, but of poll(2), which no signal lets go on: those that ask the program to stop
 * take the descriptors away, and the others are none of its business.
 */
enum io_side {
	IO_FROM = -1,		/* reading failed, with errno; 0 where the input ended early */
	IO_TO = -2		/* writing failed, with errno */
};

/* How bytes last moved from one descriptor to another; starts as IO_SPLICE, 0. */
enum io_way {
	IO_SPLICE,
	IO_SENDFILE,
	IO_PLAIN
};

/* One read(2): more than 0, 0 at the end, -1. */
ssize_t	io_read(int fd, void *, size_t);

/* Waits until there is something to read, or nothing will ever be; false where it cannot. */
bool	io_await_input(int fd);

/* The byte that a read would begin with, which stays: 1, 0 at the end, -1.  It waits for one. */
int	io_peek(int fd, char *);

/* How many bytes that were written to FD nobody has read yet; 0 where that is not to be known. */
int	io_count_unread(int fd);

/* 0 when all N bytes are written, else -1. */
int	io_write_all(int fd, const void *, size_t n);

/* Writes N bytes of a file, from OFFSET on: 0, or -1; *DONE more are written. */
int	io_write_at(int fd, const void *, size_t n, uint64_t offset, size_t *done);

/* Reads until N bytes are there or the input ends: how many, or -1. */
ssize_t	io_read_all(int fd, void *, size_t n);

/*
 * Moves some of N bytes, at least one, from a file to a peer; 0 or the side that failed.  *MOVED is
 * how many left FROM, in every case.  However slow the peer, no call waits for it to take more than
 * CAP bytes.  SCRATCH of CAP bytes is used where the kernel cannot move them; *WAY remembers what
 * works for this pair.  EINTR may be said of either side.
 */
int	io_move(int from, int to, uint64_t n, void *scratch, size_t cap, enum io_way *way,
	    uint64_t *moved);

/*
 * Has FD, if it is a pipe, hold SIZE bytes, where it holds less and the kernel grants it: both ends
 * then have fewer reasons to wake each other up.
 */
void	io_widen(int fd, int size);

#endif
