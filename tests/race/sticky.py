# SPDX-License-Identifier: ISC
"""Uploads into a directory like /tmp, while another account makes and removes a symbolic link of the
same name there, as fast as it can: it leads to what only the uploader may write to.

The kernel follows no such link (protected_symlinks in proc(5)), and what the server follows by itself
must not be more, whatever it saw when: nothing is ever written through it.
"""

import os
import shutil
import subprocess
from collections import namedtuple

import accounts
from accounts import UPLOADER
from stage import packets as p

BODY = "uploaded"
SFTP_TIMES = 2                  # uploads by SFTP for one by SCP: it needs no program for each
SETTING = "/proc/sys/fs/protected_symlinks"

Race = namedtuple("Race", "server entry")


def races():
    found = [Race(server, entry) for entry in ("file", "sftp")
             for server in ("drop-in", "openat2", "walk")]
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


def sftp_argv(race, base, tools, program):
    if race.server == "drop-in":
        return [program, "--sftp", "--log=none"]
    argv = [program, "--sftp", "--root=" + base, "--symlinks=beneath", "--log=none"]
    return [os.path.join(tools, "launch"), *argv] if race.server == "walk" else argv


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
                             target], **accounts.attacker(True), stdout=subprocess.PIPE, text=True)


def uploaded_by_scp(race, base, tools, program):
    """A function that uploads once, and says whether that was stored."""
    argv, env = command(race, base, tools, program)

    def upload(number):
        return subprocess.run(argv, input=script(race, number), env=env, capture_output=True,
                              cwd=base, **accounts.user(True)).returncode == 0

    return upload, lambda: None


def uploaded_by_sftp(race, base, tools, program):
    """The same in one session, in each way in which a file may be opened, and its end."""
    session = p.Session(sftp_argv(race, base, tools, program), cwd=base, user=UPLOADER)
    path = p.string((base if race.server == "drop-in" else "") + "/tmp/x")
    ways = (p.W | p.CREAT | p.TRUNC, p.W | p.CREAT, p.W | p.CREAT | p.APPEND, p.R | p.W | p.CREAT)

    def upload(number):
        opened = session.ask(p.OPEN, path, p.u32(ways[number % len(ways)]), p.attrs())
        return opened.handle is not None and \
            session.write(opened.handle, 0, BODY.encode()).code == p.OK and \
            session.close(opened.handle).code == p.OK

    return upload, session.end


def play(race, tools, base, program, uploads):
    """{what: (expected, got)}"""
    make_world(base)
    begin = uploaded_by_sftp if race.entry == "sftp" else uploaded_by_scp
    upload, end = begin(race, base, tools, program)
    attacker = attacking(race, base, tools)
    begun = attacker.stdout.readline() != ""
    stored = met = 0
    for number in range(uploads * (SFTP_TIMES if race.entry == "sftp" else 1)):
        done = upload(number)
        stored, met = stored + done, met + (not done)
        if os.path.lexists(os.path.join(base, "tmp", "x")):
            remove(os.path.join(base, "tmp", "x"))
    end()
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
