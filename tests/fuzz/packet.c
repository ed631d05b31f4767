/* SPDX-License-Identifier: ISC */
/*
 * One packet of SFTP, taken apart in an order that the input says.  Nothing beyond its end is read,
 * nothing is had from it once something was not there, and what is put together again is the same.
 */
#include <string.h>

#include "fuzz.h"
#include "sftp/attributes.h"
#include "sftp/packet.h"
#include "sftp/status.h"

enum {
	HEAD = 16,		/* of the input: what is asked for, until there is a 0 */
	SIZE_MAX_INPUT = 1 << 16
};

enum asked { NOTHING, BYTE, NUMBER, WIDE, STRING, PATH, ATTRIBUTES, KINDS };

static unsigned char made[SIZE_MAX_INPUT + 64];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void
check_string(const struct packet *p, const uint8_t *data)
{
	struct packet left = *p;
	struct packet_string s = packet_take_string(&left);

	REQUIRE(s.at >= data && s.len <= (size_t)(p->end - s.at), "%zu bytes", s.len);
	REQUIRE(left.bad || left.at == s.at + s.len, "it goes on elsewhere");
	REQUIRE(!left.bad || s.len == 0, "%zu bytes of what is bad", s.len);
}

static void
check_path(const struct packet *p)
{
	static char path[PATH_MAX];
	struct packet left = *p, again = *p;
	struct packet_string s = packet_take_string(&again);

	left.too_long = false;	/* Of one that was taken before. */
	packet_take_path(&left, path);
	REQUIRE(left.at == again.at, "it is not a string");
	if (left.bad || left.too_long) {
		REQUIRE(path[0] == '\0', "\"%s\"", path);
		REQUIRE(again.bad || s.len >= PATH_MAX || memchr(s.at, '\0', s.len) != NULL,
		    "a good one is bad");
	} else {
		REQUIRE(strlen(path) == s.len && memcmp(path, s.at, s.len) == 0, "\"%s\"", path);
	}
}

/* Ours are taken again as what was put. */
static void
check_attributes(const struct packet *p)
{
	struct packet left = *p, again;
	struct wish w, same;
	struct reply r;

	attributes_take(&left, &w);
	REQUIRE(!w.attrs.has_mode || w.attrs.mode <= 07777, "%o", w.attrs.mode);
	if (left.bad || !w.has_size || !w.has_owner || !w.attrs.has_mode || !w.attrs.has_times)
		return;
	reply_init(&r, made, sizeof(made));
	attributes_put(&r, &(struct stat){ .st_size = (off_t)w.size, .st_uid = w.uid, .st_gid = w.gid,
	    .st_mode = w.attrs.mode, .st_atim = w.attrs.times[0], .st_mtim = w.attrs.times[1] });
	REQUIRE(!r.full && r.len == ATTRIBUTES_LENGTH, "%zu bytes", r.len);
	packet_init(&again, made, r.len);
	attributes_take(&again, &same);
	REQUIRE(!again.bad && again.at == again.end, "ours are bad");
	/* No file has more. */
	REQUIRE(same.size == (w.size > INT64_MAX ? 0 : w.size), "another size");
	REQUIRE(same.uid == w.uid && same.gid == w.gid, "others");
	REQUIRE(same.attrs.mode == w.attrs.mode, "%o", same.attrs.mode);
	for (int i = 0; i < 2; i++)
		REQUIRE(same.attrs.times[i].tv_sec == w.attrs.times[i].tv_sec, "another time");
}

/* What is said there is appended to R. */
static void
copy(struct packet *p, enum asked asked, struct reply *r)
{
	static char path[PATH_MAX];
	struct packet_string s;
	struct wish w;

	if (asked == BYTE) {
		reply_put_byte(r, packet_take_byte(p));
	} else if (asked == NUMBER) {
		reply_put_number(r, packet_take_number(p));
	} else if (asked == WIDE) {
		reply_put_wide(r, packet_take_wide(p));
	} else if (asked == STRING) {
		s = packet_take_string(p);
		reply_put_string(r, s.at, s.len);
	} else if (asked == PATH) {
		packet_take_path(p, path);
		reply_put_text(r, path);
	} else {
		attributes_take(p, &w);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool copied = true, was_bad = false;
	struct packet p;
	struct reply r;

	if (size < HEAD || size > SIZE_MAX_INPUT)
		return 0;
	packet_init(&p, data + HEAD, size - HEAD);
	reply_init(&r, made, sizeof(made));
	for (int i = 0; i < HEAD && data[i] % KINDS != NOTHING; i++) {
		enum asked asked = data[i] % KINDS;
		const unsigned char *at = p.at;

		check_string(&p, data);
		check_path(&p);
		copied = copied && asked != ATTRIBUTES;
		if (asked == ATTRIBUTES)
			check_attributes(&p);
		copy(&p, asked, &r);
		REQUIRE(p.at >= at && p.at <= p.end, "beyond its end");
		REQUIRE(!was_bad || p.bad, "it is good again");
		was_bad = p.bad;
	}
	if (copied && !p.bad && !p.too_long) {
		REQUIRE(!r.full && r.len == (size_t)(p.at - data - HEAD), "%zu bytes", r.len);
		REQUIRE(memcmp(made, data + HEAD, r.len) == 0, "it is not the same");
	}
	return 0;
}
