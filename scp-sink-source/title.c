/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include <bsd/unistd.h>

#include "text/text.h"
#include "title.h"

enum {
	NAME_SHOWN_MAX = 256	/* bytes of a path that ps(1) gets to see, from its end */
};

void
title_init(struct title *t, const char *verb)
{
	*t = (struct title){ .verb = verb };
}

static void
show(const struct title *t, const char *path, size_t len, const char *progress)
{
	char name[NAME_SHOWN_MAX];
	size_t skip = len >= NAME_SHOWN_MAX ? len - NAME_SHOWN_MAX + 1 : 0;

	text_escape(name, sizeof(name), path + skip, len - skip);
	setproctitle("%s %s%s", t->verb, name, progress);
}

void
title_show(struct title *t, const char *path, size_t len)
{
	t->detailed = false;
	show(t, path, len, "");
}

void
title_show_percent(struct title *t, const char *path, size_t len, unsigned percent)
{
	char progress[sizeof(" 4294967295%")];

	t->detailed = true;
	t->percent = percent;
	snprintf(progress, sizeof(progress), " %u%%", percent);
	show(t, path, len, progress);
}
