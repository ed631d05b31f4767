/* SPDX-License-Identifier: ISC */
/* In place of all else here, in a program that shall not be able to start another one. */
#include "originate/originate.h"
#include "process.h"

int
originate_run(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	process_say("scp: this one only serves others: it was built without the half that copies by itself");
	return 1;
}
