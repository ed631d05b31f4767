/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#include "sftp/inflow.h"
#include "sftp/sftp.h"
#include "sftp/status.h"

static void
answer(struct reply *r, struct packet *p, const char *why)
{
	uint8_t type = packet_take_byte(p);
	uint32_t id = packet_take_number(p);

	if (type != PACKET_INIT) {
		status_put(r, id, STATUS_PERMISSION_DENIED, why);
		return;
	}
	reply_put_number(r, 1 + PACKET_NUMBER);
	reply_put_byte(r, PACKET_VERSION);
	reply_put_number(r, PACKET_SPOKEN);
}

void
sftp_decline(int in, int out, const char *why)
{
	/* Not on the stack: most of it is never touched. */
	static struct channel channel;
	struct packet p;

	assert(strlen(why) <= STATUS_TEXT_MAX);
	channel_init(&channel, in, out, NULL, 0);
	for (int i = 0; i < SFTP_REPLIES_MAX && inflow_next(&channel, &p) == 1; i++)
		answer(channel_reply(&channel), &p, why);
	channel_close(&channel);
}
