# SPDX-License-Identifier: ISC
"""The slow line before real servers that are not OpenSSH's, which have packets of their own."""
import contextlib
import shlex

import accounts
import hosts
from ahead import FILES, SOME, Line, few_turns, in_lockstep
from stage import servers
from stage.report import Skipped
from stage.world import world_with


def line_to(stage, world, host, server, files):
    """To HOST, and there the scp SERVER, or None for what it has itself; all of it is its user's."""
    way = shlex.join(["/usr/bin/ssh", "-F", host.config, "server"])
    line = Line(stage, server, files, LINE_VIA=way)
    world.give(line.source)
    world.give(line.target)
    return line


def copied(stage, world, host, server, upload, few, words):
    check, files = (few_turns, FILES) if few else (in_lockstep, SOME)
    check(line_to(stage, world, host, server, files), upload, *words)


def list_checks(stage, world, host, name, server, knows):
    """On the way up nobody waits for a server that KNOWS what it is asked."""
    for words in ((), ("-p",)):
        for upload in (False, True):
            few = knows or not upload
            yield f"{name}, {'upload' if upload else 'download'} {words}", "ssh", \
                copied, stage, world, host, server, upload, few, words


def check_servers(report, stage, world, named, host_for, programs):
    try:
        with host_for(world) as host:
            for name, server, knows in programs:
                checks = list_checks(stage, world, host, named + name, server, knows)
                # dropbear lets few come at a time.
                accounts.run_at_once(report, checks, 2)
    except Skipped as why:
        report.skip(named, str(why))


def check_all(report, out, base):
    stage = accounts.Stage(out, base)
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(world_with(f"{out}/scp"))
        theirs = [(" with OpenSSH's", accounts.find("scp"), False)] if accounts.find("scp") else []
        check_servers(report, stage, world, "dropbear", servers.dropbear_for, [
            (" with ours", f"{world.base}/bin/scp", True), *theirs])
        check_servers(report, stage, world, "asyncssh", hosts.asyncssh_for, [("", None, False)])
