/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "originate/cage.h"
#include "sandbox.h"

/* There may be secrets in it, of programs that know of no host. */
static void
forget_environment(void)
{
	for (char **word = environ; *word != NULL; word++)
		explicit_bzero(*word, strlen(*word));
}

int
cage_enter(const struct cage *c, char problem[TEXT_MESSAGE_MAX])
{
	const struct sandbox sandbox = {
		.root = c->dir, .log = -1, .terminal = true, .rights = c->rights,
		.required = c->policy->sandbox == SANDBOX_REQUIRE,
	};
	char text[SANDBOX_TEXT_MAX];
	const char *what;

	forget_environment();
	if (c->policy->sandbox == SANDBOX_NONE || sandbox_enter(&sandbox, text, &what) == 0)
		return 0;
	snprintf(problem, TEXT_MESSAGE_MAX, "no sandbox: %s: %s", what, text_error(errno));
	return -1;
}
