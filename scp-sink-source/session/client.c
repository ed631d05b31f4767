/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "session/client.h"
#include "text/text.h"

void
client_complain(const struct client *c, const struct trail *where, const char *what, const char *reason)
{
	char text[TEXT_MESSAGE_MAX];

	snprintf(text, sizeof(text), "%s%s%s", what != NULL ? what : "", what != NULL ? ": " : "", reason);
	c->complain(c->self, where != NULL ? where->text : NULL, where != NULL ? where->len : 0, text);
}

bool
client_hear(const struct client *c, const char *path, size_t path_len, const char *text, size_t len,
    bool lost)
{
	static const char no_reason[] = "no reason was given";
	char shown[TEXT_MESSAGE_MAX];

	if (text_escape(shown, sizeof(shown), text, len) > 0) {
		c->hear(c->self, shown);
		return true;
	}
	c->complain(c->self, path, path_len, lost ? "lost connection" : no_reason);
	return false;
}

bool
client_awaits(const struct client *c)
{
	return c == NULL || c->due == NULL || c->due(c->waiter);
}
