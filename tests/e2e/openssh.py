# SPDX-License-Identifier: ISC
"""What is checked with OpenSSH's client alone: that it is us, much data, root, dropbear."""
import contextlib
import os
import time

from stage import adapters, servers, sshd, transfers, trees
from stage.report import Skipped, same
from stage.world import is_ours

BIG = 100 << 20
MANY = 2000


def big_file(_world, client, place):
    source = f"{place.local}/big"
    with open(source, "wb") as file:
        for _ in range(BIG >> 20):
            file.write(os.urandom(1 << 20))
    there, back = f"{place.remote}/big", f"{place.local}/back"
    transfers.well(client.push([source], there))
    same("digest there", trees.digest(source), trees.digest(there))
    transfers.well(client.pull([there], back))
    same("digest back here", trees.digest(source), trees.digest(back))


def many_files(world, client, place):
    source = f"{place.local}/many"
    trees.build(source, [(f"file {n}", "file", 0o644, b"%d\n" % n) for n in range(MANY)])
    since = transfers.now()
    outcome = client.push([source], place.remote, recursive=True, preserve=True)
    transfers.well(outcome)
    transfers.compare_push(world, client, source, f"{place.remote}/many", True, since, outcome)
    os.mkdir(f"{place.local}/back")
    outcome = client.pull([f"{place.remote}/many"], f"{place.local}/back", recursive=True,
                          preserve=True)
    transfers.well(outcome)
    transfers.compare_pull(client, source, f"{place.local}/back/many", True, since, outcome)


def closed_to_the_user(world, client, place):
    """What the session's user cannot read is reported; everything else arrives."""
    source = world.give(trees.build(f"{place.remote}/tree", trees.TREE + trees.CLOSED))
    since = transfers.now()
    outcome = client.pull([source], place.local, recursive=True, preserve=True)
    transfers.badly(client, outcome, transfers.DENIED)
    same("words of the client", [f"scp: {source}/closed: {transfers.DENIED}"],
         outcome.text.splitlines())
    trees.remove(f"{source}/closed")
    os.utime(source, (trees.FIRST_TIME, trees.FIRST_TIME))
    transfers.compare_pull(client, source, f"{place.local}/tree", True, since, outcome)


def closed_to_nobody(_world, client, place, pull):
    """Root reads and fills directories of mode 0000."""
    entries = trees.TREE + trees.CLOSED
    here, there = (place.remote, place.local) if pull else (place.local, place.remote)
    source = trees.build(f"{here}/tree", entries)
    since = transfers.now()
    copy = client.pull if pull else client.push
    outcome = copy([source], there, recursive=True, preserve=True)
    transfers.well(outcome)
    transfers.compare_pull(client, source, f"{there}/tree", True, since, outcome)


def is_locked(user):
    """sshd lets nobody in whose password is locked, whatever the key."""
    for line in sshd.read_text("/etc/shadow").splitlines():
        name, password = line.split(":")[:2]
        if name == user:
            return password.startswith("!")
    return False


def root_client(world):
    if not world.is_root:
        raise Skipped("only root can have sessions of root")
    if is_locked("root"):
        raise Skipped("root's account is locked, so that sshd refuses it")
    host = sshd.Host(world.base, "root", world.host.port, "root", world.host.key,
                     sshd.read_text(f"{world.base}/hostkey.pub"))
    return adapters.OpenSSH(host, world.env)


def root_session(world, pull):
    transfers.in_a_place(world, root_client(world), closed_to_nobody, pull)


def serves_some(world):
    """The second way into service: a Match block."""
    with servers.matched_for(world) as host:
        is_ours(world, host)


def check_dropbear(report, world):
    with contextlib.ExitStack() as stack:
        hosts = []

        def serves_too():
            hosts.append(stack.enter_context(servers.dropbear_for(world)))
            is_ours(world, hosts[0])

        report.run("dropbear: the program is ours", serves_too)
        for name, check in DROPBEAR_CHECKS if hosts else []:
            client = adapters.OpenSSH(hosts[0], world.env)
            report.run(f"dropbear: {name}", transfers.in_a_place, world, client, check, True)


DROPBEAR_CHECKS = [
    ("push a file and its times", transfers.push_one),
    ("pull a file and its times", transfers.pull_one),
    ("push a tree and its times", transfers.push_tree),
    ("pull a tree and its times", transfers.pull_tree),
]


def check_openssh(report, world, few):
    start = time.monotonic()
    client = adapters.OpenSSH(world.host, world.env)
    much = () if few else (("2,000 files both ways", many_files),)
    for name, check in (("100 MiB both ways", big_file), *much,
                        ("pull a tree that is closed in part", closed_to_the_user)):
        report.run(f"openssh: {name}", transfers.in_a_place, world, client, check)
    for way in ("push", "pull"):
        report.run(f"openssh: {way} a tree as root", root_session, world, way == "pull")
    report.run("openssh: ours by a Match block", serves_some, world)
    check_dropbear(report, world)
    report.group("openssh, more of it", start)
