# SPDX-License-Identifier: ISC
"""What several sections ask, and the clients they ask with."""
import contextlib
import os
import stat
import subprocess
import time

from stage import adapters, process, sshd, suite, transfers, trees
from stage.estate import World
from stage.report import Failed, brief, holds, same

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "this must not be seen"  # what files outside of a root contain
NAMES = ["two  words, it's \"gr\u00fc\u00dfe\" $(x);&|`y` ~<*?>[a-b]{c,d}\\e #f!", "-rf"]
VISIBLE = [entry for entry in trees.TREE if not entry[0].startswith(".")]
UNLINKED = [entry for entry in VISIBLE if entry[1] != "link"]
ONLY_SCP = "this account takes SCP only: use scp -O"
NO_SHELL = "scp: this account is for copying files: there is no shell here.\n"


def relative(client, path):
    """PATH from where relative paths begin, as the client has to be told."""
    return f"/~/{path}" if client.name == "curl" else path


def is_hidden(path):
    return any(part.startswith(".") for part in path.split("/"))


def snapshot(top, times_of_dirs=True):
    """All there is to know of what is at TOP, which no session may change."""
    found = {}
    for path, dirs, files in os.walk(top):
        for name in [".", *dirs, *files]:
            full = os.path.join(path, name)
            st = os.lstat(full)
            what = [oct(st.st_mode), st.st_uid, st.st_gid, st.st_ino]
            if times_of_dirs or not stat.S_ISDIR(st.st_mode):
                what.append(st.st_mtime_ns)
            if stat.S_ISREG(st.st_mode):
                what.append(trees.digest(full))
            found[os.path.relpath(full, top)] = what
    return found


@contextlib.contextmanager
def unchanged(*tops, times_of_dirs=True):
    before = [snapshot(top, times_of_dirs) for top in tops]
    yield
    for top, was in zip(tops, before):
        now = snapshot(top, times_of_dirs)
        names = [name for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name)]
        if names:
            raise Failed(f"what is in {top}", {name: was.get(name) for name in names},
                         {name: now.get(name) for name in names})


def some(client, rows, number=2):
    """All of ROWS for one client, the first ones for the others: what differs is how they quote."""
    return rows if client.name == "openssh" else rows[:number]


def knows(client, outcome):
    """A client that takes a refusal for success loses what was to be copied, and nobody knows."""
    holds(f"{client.name} knows that it failed", outcome.code != 0, f"exit {outcome.code}",
          outcome.log)


def refused(client, outcome, reason=transfers.DENIED):
    """One file or directory is: the client fails, and where it shows the server's words..."""
    knows(client, outcome)
    if "reasons" not in client.cannot:
        holds(f"the client says {reason!r}", reason in outcome.text, outcome.text)


def refused_later(client, outcome):
    """One file is, for what there is, and nobody may know before he has sent it."""
    if "late refusals" not in client.cannot:
        refused(client, outcome)


def refused_at_once(client, outcome, reason):
    """The whole request is, before the protocol begins: not everybody shows standard error."""
    if client.name in ("openssh", "pscp"):
        holds(f"the client says {reason!r}", client.says(outcome, reason, at_once=True), outcome.text)
    knows(client, outcome)


def nothing_leaked(outcome, *tops):
    """Neither the client's words nor the files at TOPS have anything from outside."""
    holds("the client does not say what is outside", MARK not in outcome.text, outcome.log)
    for top in tops:
        for path, _, files in os.walk(top):
            for name in files:
                content = transfers.get(os.path.join(path, name))
                holds(f"{name} has nothing from outside", MARK.encode() not in content,
                      brief(content), outcome.log)


def plant(world):
    """
    What somebody else may have put beside the root and into it.  All of it could be written by the
    account, if only it got there.  Returns the directory outside and one whose name is longer.
    """
    outside, longer = f"{os.path.dirname(world.root)}/outside", f"{world.root}-evil"
    for top in (outside, longer):
        os.mkdir(top)
        os.mkdir(f"{top}/below")
        for name in ("secret", "below/secret"):
            transfers.put(f"{top}/{name}", MARK.encode(), 0o666)
        for path in (top, f"{top}/below"):
            os.chmod(path, 0o777)
        world.give(top)
    for name, target in (("out", "../outside"), ("absolute", outside), ("loop", "loop"),
                         ("to-secret", "../outside/secret"), ("dangling", "../outside/new")):
        os.symlink(target, f"{world.root}/{name}")
    return outside, longer


def begin(estate, name, root):
    """A World with a root that is the account's own."""
    os.makedirs(root, exist_ok=True)
    world = World(estate, name, root)
    os.chown(root, world.account.uid, world.account.gid)
    return world


def push_tree(world, client, place, entries, flags):
    """ENTRIES, and what else this client can send, go up and arrive as they are."""
    for what, more in transfers.EXTRA:
        if what not in client.cannot and what != "push closed":
            entries = entries + more
    source = trees.build(f"{place.local}/tree", entries)
    since = transfers.now()
    outcome = client.push([source], place.remote, recursive=True, **flags)
    transfers.well(outcome)
    transfers.compare_push(world, client, source, f"{place.remote}/tree", bool(flags), since,
                           outcome)


def push_odd_names(_world, client, place):
    """In the words of the client, quoted as it quotes: it is us who undo that."""
    source = transfers.put(f"{place.local}/file", b"odd\n")
    for name in NAMES:
        transfers.well(client.push([source], f"{place.remote}/{name}"))
    same("names there", sorted(NAMES), sorted(os.listdir(place.remote)))


def pull_odd_names(world, client, place):
    for name in NAMES:
        source = world.give(transfers.put(f"{place.remote}/{name}", name.encode()))
        transfers.well(client.pull([source], f"{place.local}/copy"))
        same(f"content of {name!r}", name.encode(), transfers.get(f"{place.local}/copy"))


# Half of what these do here is to begin: tests/e2e has them, and LONG=1.
SLOW = () if suite.is_long() else (adapters.AsyncSSH, adapters.NetScp)
USUAL = tuple(kind for kind in adapters.ALL if kind not in SLOW)


def each_client(report, section, world, checks, kinds=USUAL):
    """CHECKS: rows of a name, what a client needs for it, the check and its arguments."""
    for kind in kinds:
        client = kind(world.host, world.env)
        if why := client.unavailable():
            report.skip(f"{section}, {client.name}: everything", why)
            continue
        start = time.monotonic()
        for name, needs, check, *args in checks:
            if not set(needs) & client.cannot.keys():
                report.run(f"{section}, {client.name}: {name}", transfers.in_a_place, world, client,
                           check, *args)
        report.group(f"{section}, {client.name}", start)


@contextlib.contextmanager
def connection(estate, *names):
    """Commands of these accounts share one connection each: the greatest part of the work."""
    with contextlib.ExitStack() as stack:
        for name in names:
            path = f"{estate.base}/{name}.mux"
            # It is asked, too, whether a variable may be sent.
            child = subprocess.Popen(
                ["/usr/bin/ssh", "-F", estate.host(name).config, "-M", "-N", "-S", path,
                 "-o", "SendEnv=SSH_ORIGINAL_COMMAND", "server"],
                env=estate.env, stdin=subprocess.DEVNULL)
            stack.callback(sshd.stop, child)
            end = time.monotonic() + sshd.START_PATIENCE
            while not os.path.exists(path) and time.monotonic() < end:
                time.sleep(0.02)
            estate.shared[name] = ["-S", path]
            stack.callback(estate.shared.pop, name)
        yield


def talk(estate, name, command, data, options=(), env=None):
    """The server's raw answer to COMMAND and DATA, which is sent without waiting for anything."""
    path = f"{estate.base}/dialogue"
    with open(path, "wb") as file:
        file.write(data)
    with open(path, "rb") as file:
        return estate.ssh(name, command, stdin=file, options=options, env=env)


def pscp_words(client):
    """What PuTTY's tools need to be told to find the server."""
    host = client.host
    return ["-batch", "-noagent", "-P", str(host.port), "-l", host.user, "-i", client.key(),
            "-hostkey", host.fingerprint]


def run(estate, *argv, **more):
    return process.run(list(argv), estate.env, **more)


def one_line(outcome, text):
    """Nothing but one line on standard error, and exit status 1."""
    same("exit status", 1, outcome.code, outcome.log)
    same("standard output", "", outcome.out, outcome.log)
    same("standard error", text, outcome.err)
