/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "originate/voice.h"
#include "process.h"
#include "text/text.h"

void
voice_say(const char *line)
{
	process_say(line);
}

static void
complain(void *host, const char *path, size_t len, const char *reason)
{
	char text[TEXT_MESSAGE_MAX];

	(void)host;
	text_message_at(text, path, len, NULL, reason);
	process_say(text);
}

static void
hear(void *self, const char *said)
{
	const char *const *host = self;
	char text[2 * TEXT_MESSAGE_MAX];

	snprintf(text, sizeof(text), "%s%s%s", *host != NULL ? *host : "", *host != NULL ? ": " : "", said);
	process_say(text);
}

static void
begin(void *self, const char *path, size_t len, uint64_t size)
{
	(void)self;
	(void)path;
	(void)len;
	(void)size;
}

static void
move(void *self, uint64_t done)
{
	(void)self;
	(void)done;
}

static void
end(void *self, const char *path, size_t len, const char *reason)
{
	(void)self;
	(void)path;
	(void)len;
	(void)reason;
}

static void
pass_by(void *self, const char *path, size_t len)
{
	(void)self;
	(void)path;
	(void)len;
}

struct client
voice_client(const char **host)
{
	return (struct client){
		.self = host, .complain = complain, .hear = hear, .begin = begin, .move = move, .end = end,
		.enter = pass_by, .skip = pass_by,
	};
}
