# SPDX-License-Identifier: ISC
"""Servers that do what none may: each is noticed, or the suite shows nothing."""
import os
import signal
import socket
import subprocess

import kinds
import left
import rounds
import watch
from stage import machine, sshd, trees
from stage.report import Failed, holds

HERE = os.path.dirname(os.path.abspath(__file__))
HUNDREDS = "hundreds"
COUNT = 400

# The client's command, in the server that BREAK in it says.
SCRIPT = """\
#!/bin/sh
BREAK=${{SSH_ORIGINAL_COMMAND##*/broken-}}
export BREAK=${{BREAK%%-*}} LD_PRELOAD={shim}
eval "exec $SSH_ORIGINAL_COMMAND"
"""


class Broken:
    """What the sessions have in common: the way to the server, which reads in a path what to do."""
    key = "broken"
    end = ""                    # of the path

    def __init__(self, ground, number, how):
        super().__init__(ground, number)
        self.there = f"{ground.there}/broken-{how}{self.end}"
        self.here = f"{ground.here}/broken-{how}{self.end}"
        self.direct = True


class BrokenPush(Broken, kinds.PushFiles):
    pass


class BrokenThousands(Broken, kinds.PushThousands):
    tree, end = HUNDREDS, f"-{kinds.THOUSANDS}"


def prepare(ground):
    base = ground.world.base
    shim = f"{base}/broken.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Wextra",
                    "-Werror", "-D_GNU_SOURCE", "-o", shim, f"{HERE}/broken.c"], check=True)
    os.chmod(shim, 0o755)
    script = sshd.write_text(f"{base}/broken", SCRIPT.format(shim=shim), 0o755)
    with open(f"{base}/authorized_keys", "a", encoding="utf-8") as file:
        file.write(ground.make_key("broken", script))
    trees.build(f"{ground.pool}/{HUNDREDS}", kinds.thousands_of(COUNT))


def noticed(what, check, *args):
    """Fails where CHECK does not, or for another reason."""
    try:
        check(*args)
    except Failed as failure:
        holds(f"{what} is what is noticed", what in str(failure), str(failure))
        return
    raise Failed("a server that is broken", f"a failure: {what}", "none")


CONTENTS = {                    # what is done to the files, and what is said of them then
    "corrupt": "1 of 7 entries differ",
    "short": "1 of 7 entries differ",
    "temporary": "entries differ",
}
GROWTHS = {                     # what is lost with each file
    "descriptor": (left.check_descriptor_growth, "descriptors grow"),
    "memory": (left.check_memory_growth, "memory (anonymous) grows"),
}


def growth_of(servers, session):
    session.check()
    found = [server for server in servers if session.there in server.title]
    holds("the server was seen", len(found) == 1, [server.title for server in servers])
    return left.growth_of(found[0])


def check_growth(how, servers, session):
    check, what = GROWTHS[how]
    noticed(what, check, growth_of(servers, session))


def play(crowd, sessions):
    """All of them: the servers that they had."""
    crowd.watch.take()
    crowd.play_all(sessions, rounds.both)
    crowd.await_end(rounds.both)
    crowd.watch.look()
    return crowd.watch.take()


def end_lingering():
    """A server that is nobody's any more is ours to end."""
    for process in watch.below(os.getpid()):
        if process.name == "scp" and process.parent == os.getpid():
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)


def check_peers(system):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.connect(machine.LOG)
        noticed("sockets at the log", system.check_peers)


def check(report, crowd, system):
    def notice(what, check, *args):
        report.run(f"what is wrong is noticed: {what}", check, *args)

    kinds_of = {how: BrokenPush for how in (*CONTENTS, "linger")}
    kinds_of.update({how: BrokenThousands for how in GROWTHS})
    sessions = {how: kind(crowd.ground, 0, how) for how, kind in kinds_of.items()}
    servers = play(crowd, sessions.values())
    for how, what in CONTENTS.items():
        notice(how, noticed, what, sessions[how].check)
    for how in GROWTHS:
        notice(how, check_growth, how, servers, sessions[how])
    notice("it leaves a file", noticed, "names in there", system.check_names)
    crowd.clear(sessions.values())
    notice("it leaves a process", noticed, "processes", system.check_processes)
    if system.ground.log is not None:
        notice("it leaves a file without a name", noticed, "files in all", system.check_unnamed)
        notice("somebody is still connected to the log", check_peers, system)
    end_lingering()
