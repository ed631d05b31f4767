# SPDX-License-Identifier: ISC
"""
Each key that an administrator can say, as a client gets to feel it: the same with the key and
without it, so that it is the key that makes the difference.
"""
import os
import re
import shlex
import time

import common
from common import HERE
from scenes import (
    COPIED, Scene, by_sftp, count_records, facility, form, list_by_command, list_by_sftp, pull,
    pull_by_link, pull_tree, push,
    push_dir_mode, push_from_the_top, push_group, push_hidden, push_in_closed, push_into_tree,
    push_missing, push_mode, push_onto, push_onto_the_same, push_relative, push_slowly,
    push_small_and_large, push_three, push_times, push_tree, push_two_names,
    push_where_there_is_little, push_without_log, put_over, read_log_on_stderr, sandboxed,
    say_nothing)
from stage import sshd
from stage.machine import Person
from stage.report import Skipped, holds, same

NAME = "policy"
PEOPLE = [Person("polly", groups=("crew",))]
READY = []
EVENTS = ["start", "file", "end"]
TOO_LONG = "scp: the session took too long\n"
IDLE = "scp: idle for too long\n"
NO_NAME = "this name is not allowed"
NO_LOG = "scp: /dev/log: No such file or directory"

ROWS = [
    # options, what is done, what comes of it, and what would without them
    (["upload-only"], pull, "downloads are not allowed", COPIED),
    (["download-only"], push, "uploads are not allowed", COPIED),
    (["start=PLACE/below"], push_relative, (False, True), (True, False)),
    (["start=ROOT/PLACE/below"], push_relative, (False, True), (True, False)),
    (["overwrite=no"], push_onto, ("File exists", b"old\n", ["file"]),
     (COPIED, b"new\n", ["file"])),
    (["overwrite=backup"], push_onto, (COPIED, b"new\n", ["file", "file.~1~"]),
     (COPIED, b"new\n", ["file"])),
    (["replace=in-place"], push_onto_the_same, (COPIED, True), (COPIED, False)),
    (["replace=atomic"], push_in_closed, "Permission denied", COPIED),
    (["symlinks=beneath"], pull_by_link, COPIED, "symbolic links are not followed here"),
    (["hidden=yes"], push_hidden, COPIED, "names that begin with a dot are not allowed"),
    (["allow=*.txt", "allow=*.t?t"], push_two_names, (NO_NAME, ["a.txt"]),
     (COPIED, ["a.txt", "b.bin"])),
    (["deny=*.bin", "deny=*.exe"], push_two_names, (NO_NAME, ["a.txt"]),
     (COPIED, ["a.txt", "b.bin"])),
    (["recursive=no"], push_tree, "directories are not allowed", COPIED),
    (["recursive=no"], pull_tree, "directories are not allowed", COPIED),
    (["mkdir=no"], push_into_tree, (COPIED, "No such file or directory", ["tree"]),
     (COPIED, COPIED, ["new", "tree"])),
    (["max-depth=2"], push_tree, "directories are nested too deeply", COPIED),
    (["max-file-size=10K"], push_small_and_large, ("larger than allowed", ["small"]),
     (COPIED, ["large", "small"])),
    (["max-session-bytes=15K"], push_three, ("more data than allowed", ["1", "2"]),
     (COPIED, ["1", "2", "3"])),
    (["max-files=2"], push_three, ("more files than allowed", ["1", "2"]),
     (COPIED, ["1", "2", "3"])),
    (["min-free=3500K"], push_where_there_is_little, "No space left on device", COPIED),
    (["min-free=90%"], push_where_there_is_little, "No space left on device", COPIED),
    (["umask=077"], push_mode(0o644), (COPIED, "0o600"), (COPIED, "0o644")),
    (["file-mode=660+040"], push_mode(0o601), (COPIED, "0o640"), (COPIED, "0o601")),
    (["file-mode=600"], push_mode(0o755, preserve=True), (COPIED, "0o600"), (COPIED, "0o755")),
    (["dir-mode=770+050"], push_dir_mode(0o701), (COPIED, "0o750"), (COPIED, "0o701")),
    (["modes=inherit"], push_mode(0o600, preserve=True), (COPIED, "0o644"), (COPIED, "0o600")),
    (["modes=inherit"], push_dir_mode(0o700), (COPIED, "0o755"), (COPIED, "0o700")),
    (["times=ignore"], push_times, (COPIED, False), (COPIED, True)),
    (["group=crew"], push_group, (COPIED, True), (COPIED, False)),
    (["log=none"], count_records, (COPIED, []), (COPIED, EVENTS)),
    (["log=stderr"], read_log_on_stderr, (0, True), (0, False)),
    (["log-facility=local3"], facility, {19}, {4}),
    (["log-format=json"], form, {True}, {False}),
    # The protocol says so, and standard error nothing more.
    (["log-required=yes"], push_without_log, (1, [], [NO_LOG]), (0, ["file"], [])),
    (["sandbox=none"], sandboxed, {False}, {True}),
    (["protocol=scp"], by_sftp("rm new"), (255, ["old"]), (0, ["old"])),
    (["protocol=sftp"], push, "use sftp, or scp without -O", COPIED),
    (["commands=yes"], list_by_command, (0, "old\n"), (1, "")),
    (["list=no"], list_by_sftp, [], ["old"]),
    (["rename=own"], by_sftp("rename new newer", "rename old older"), (1, ["newer", "old"]),
     (0, ["newer", "older"])),
    (["rename=no"], by_sftp("rename new newer"), (1, ["new", "old"]), (0, ["newer", "old"])),
    (["remove=own"], by_sftp("rm new", "rm old"), (1, ["old"]), (0, [])),
    (["remove=no"], by_sftp("rm new"), (1, ["new", "old"]), (0, ["old"])),
    (["attributes=own"], by_sftp("chmod 600 new", "chmod 600 old", "rm old"), (1, ["new", "old"]),
     (0, ["new"])),
    (["make-links=yes"], by_sftp("ln new second"), (0, ["new", "old", "second"]),
     (1, ["new", "old"])),
    (["partial=old"], put_over, (0, True), (0, False)),
    (["reveal=no"], push_missing, "Permission denied", "No such file or directory"),
]

# Ends that come by themselves, however late; what would be without them is not waited for.
ENDS = [
    (["idle-timeout=1"], say_nothing, (1, IDLE, [])),
    (["max-duration=1s"], say_nothing, (1, TOO_LONG, [])),
    (["max-duration=2", "idle-timeout=1h"], say_nothing, (1, TOO_LONG, [])),
    (["idle-timeout=1m", "max-duration=1d"], push, COPIED),
]
# Neither limit alone keeps anybody from copying this.
RATE = (["rate=1K/s", "max-duration=6"], push_slowly, "the session took too long")
RATE_ALONE = (["max-duration=6"], push_slowly, COPIED)


def options_of(world, place, options):
    """As they are typed for a shell; every other value is a word of its own."""
    words = []
    for number, option in enumerate(options):
        key, equals, value = option.partition("=")
        value = shlex.quote(value.replace("PLACE", place.name).replace("ROOT", world.root))
        words.append(f"--{key}{' ' if number % 2 else equals}{value if equals else ''}")
    return " ".join(words)


def run_scene(world, options, scene):
    with world.place() as place:
        base = f"--root={world.root}"
        world.estate.forced_key("polly", f"{base} {options_of(world, place, options)}")
        return scene(Scene(world, place))


def makes_a_difference(world, options, scene, expected, without):
    same(f"without {options}", without, run_scene(world, [], scene))
    same(f"with {options}", expected, run_scene(world, options, scene))


def comes_to_an_end(world, options, scene, expected):
    same(f"with {options}", expected, run_scene(world, options, scene))


def has_a_root(world):
    """All roots that end in the same place; and without one, the top is that of the system."""
    home, name = world.account.home, world.account.name
    for root in ("", f"{world.root}/PLACE", f"{world.root}/PLACE/", f"/{world.root}/./PLACE"):
        with world.place() as place:
            options = f"--root={root}".replace("PLACE", place.name) if root else ""
            world.estate.forced_key(name, options)
            expected = (COPIED, ["landed"]) if root else ("Permission denied", [])
            same(f"with {options}", expected, push_from_the_top(Scene(world, place)))
    top = world.root
    for token, path in (("%h/in", f"{home}/in"), (f"{top}/%u-%g", f"{top}/polly-polly"),
                        (f"{top}/100%%", f"{top}/100%")):
        os.mkdir(path)
        world.give(path)
        with world.place() as place:
            world.estate.forced_key(name, f"--root={token}")
            push_from_the_top(Scene(world, place))
        same(f"names at {token}", ["landed"], os.listdir(path))


def count_syncs(world, options):
    """How often the session asks for something to be on the disk, as strace sees it."""
    path = f"{world.estate.base}/syncs"
    strace = ["/usr/bin/strace", "-D", "-f", "-q", "-o", path, "-e", "trace=execve,fsync,fdatasync"]
    with world.estate.server(before=strace, env={"ASAN_OPTIONS": "detect_leaks=0"}) as port:
        host, world.host = world.host, world.estate.host("polly", port)
        try:
            result = run_scene(world, options, push)
        finally:
            world.host = host
    same("the transfer", COPIED, result)
    trace = sshd.read_text(path).splitlines()
    ours = {line.split(" ")[0] for line in trace if "/bin/scp\"" in line}
    same("sessions", 1, len(ours))
    return len([line for line in trace if line.split(" ")[0] in ours and "sync(" in line])


def syncs(world):
    if not os.path.exists("/usr/bin/strace"):
        raise Skipped("there is no strace")
    counts = [count_syncs(world, options) for options in ([], ["sync=file"], ["sync=full"])]
    holds("none, file and full ask for more each", counts[0] == 0 < counts[1] < counts[2], counts)


def keys_in_manual():
    """Those that scp.conf.5 has a paragraph for."""
    manual = sshd.read_text(os.path.join(HERE, "..", "..", "scp.conf.5"))
    section = manual.split(".Sh KEYS\n")[1].split("\n.Sh ")[0]
    lines = [line for line in section.splitlines() if line.startswith(".It Cm ")]
    return {key for line in lines for key in re.findall(r"Cm ([a-z-]+)", line)}


def is_complete():
    """No key is forgotten here; root and sync have checks of their own."""
    tried = {option.split("=")[0] for row in [*ROWS, *ENDS, RATE] for option in row[0]}
    same("keys of the manual", sorted(keys_in_manual()), sorted(tried | {"root", "sync", "originate"}))


def check(report, estate):
    start = time.monotonic()
    world = common.begin(estate, "polly", f"{estate.base}/srv/polly")
    report.run(f"{NAME}: every key is here", is_complete)
    report.run(f"{NAME}: root", has_a_root, world)
    for row in ROWS:
        report.run(f"{NAME}: {' '.join(row[0])}, {row[1].__name__}", makes_a_difference, world,
                   *row)
    report.run(f"{NAME}: sync", syncs, world)
    for row in [*ENDS, RATE, RATE_ALONE]:
        report.run(f"{NAME}: {' '.join(row[0])}, {row[1].__name__}", comes_to_an_end, world, *row)
    report.group(NAME, start)
