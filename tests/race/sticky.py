# SPDX-License-Identifier: ISC
"""Uploads into a directory like /tmp, while another account makes and removes a symbolic link of the
same name there, as fast as it can: it leads to what only the uploader may write to.

The kernel follows no such link (protected_symlinks in proc(5)), and what the server follows by itself
must not be more, whatever it saw when: nothing is ever written through it.
"""

import os
import pwd
import shutil
import subprocess
from collections import namedtuple

# Whose home is known, for else nobody could tell what the root holds; and nobody's number.
UPLOADER, ATTACKER = pwd.getpwnam("nobody").pw_uid, 60002
BODY = "uploaded"
SETTING = "/proc/sys/fs/protected_symlinks"

Race = namedtuple("Race", "server entry")


def races():
    found = [Race(server, "file") for server in ("drop-in", "openat2", "walk")]
    # Where the kernel does not mind, it follows links to directories itself: it was told so.
    if open(SETTING).read().strip() != "0":
        found += [Race(server, "directory") for server in ("drop-in", "openat2", "walk")]
    return found


def name_of(race):
    return f"sticky, {race.entry}, {race.server}"


def make_world(base):
    """Everybody may write to "tmp", and only the uploader to "mine"."""
    os.chmod(base, 0o755)
    os.mkdir(os.path.join(base, "tmp"))
    os.chmod(os.path.join(base, "tmp"), 0o1777)
    os.makedirs(os.path.join(base, "mine", "d"))
    for at in ("mine", "mine/d"):
        os.chown(os.path.join(base, at), UPLOADER, UPLOADER)


def command(race, base, tools, program):
    words = ["-r", "-t"] if race.entry == "directory" else ["-t"]
    if race.server == "drop-in":
        return [program] + words + [os.path.join(base, "tmp", "x")], os.environ
    argv = [program, "--serve", "--root=" + base, "--symlinks=beneath", "--log=none"]
    if race.server == "walk":
        argv.insert(0, os.path.join(tools, "launch"))
    return argv, dict(os.environ, SSH_ORIGINAL_COMMAND=" ".join(["scp"] + words + ["tmp/x"]))


def script(race, number):
    file = f"C0644 {len(BODY)} u{number}\n{BODY}\0"
    return (file if race.entry == "file" else f"D0755 0 d\n{file}E\n").encode()


def remove(path):
    """What an upload has left; the link, if it is that, is not the uploader's to remove."""
    try:
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    except FileNotFoundError:
        pass


def attacking(race, base, tools):
    target = os.path.join("..", "mine", "d" if race.entry == "directory" else "%lu")
    return subprocess.Popen([os.path.join(tools, "swap"), "trap", os.path.join(base, "tmp", "x"),
                             target], user=ATTACKER, group=ATTACKER, extra_groups=[],
                            stdout=subprocess.PIPE, text=True)


def play(race, tools, base, program, uploads):
    """{what: (expected, got)}"""
    make_world(base)
    argv, env = command(race, base, tools, program)
    attacker = attacking(race, base, tools)
    begun = attacker.stdout.readline() != ""
    stored = met = 0
    for number in range(uploads):
        got = subprocess.run(argv, input=script(race, number), env=env, capture_output=True,
                             cwd=base, user=UPLOADER, group=UPLOADER, extra_groups=[])
        stored += got.returncode == 0
        met += got.returncode != 0
        if os.path.lexists(os.path.join(base, "tmp", "x")):
            remove(os.path.join(base, "tmp", "x"))
    attacker.terminate()
    attacker.communicate()
    through = len(os.listdir(os.path.join(base, "mine"))) - 1 \
        + len(os.listdir(os.path.join(base, "mine", "d")))
    return {
        "somebody made links": (True, begun and attacker.returncode == 0),
        "uploads that were stored": (True, stored > 0),
        "uploads that met the link": (True, met > 0),
        "uploads written through the link": (0, through),
    }
