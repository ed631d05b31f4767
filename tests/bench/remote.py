# SPDX-License-Identifier: ISC
"""Through a real sshd on the loopback interface: what of all that remains for a user."""
import os
import subprocess
import sys
import time

import machine
from measure import OPENSSH, PATIENCE, Failed, Side, time_line

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from stage.world import world_with     # Only now can it be found.

CIPHER = "aes128-gcm@openssh.com"
LARGE = 1 << 30
SMALL, SMALLS = 1024, 5000


def choose(world, program):
    """From now on, sessions find PROGRAM as their scp."""
    link = f"{world.base}/bin/chosen"
    os.symlink(program, link)
    os.replace(link, f"{world.base}/bin/scp")


def copy(world, words):
    argv = [OPENSSH, "-O", "-q", "-r", "-c", CIPHER, "-F", world.host.config, *words]
    begin = time.monotonic()
    done = subprocess.run(argv, env=world.env, stdin=subprocess.DEVNULL, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)}: {done.stdout.strip()}")
    return {"wall": time.monotonic() - begin}


def sides_of(world, ours, words, prepare):
    """Both programs, of which sshd starts one or the other."""
    def before(program):
        prepare()
        choose(world, program)
    return {name: Side(lambda: copy(world, words), lambda program=program: before(program))
            for name, program in (("ours", ours), ("openssh", OPENSSH))}


def line(bench, world, row, words, prepare):
    """WORDS are of the client; PREPARE is called before each run."""
    sides = sides_of(world, f"{world.base}/bin/ours", words, prepare)
    return time_line(row, "wall", bench.take_turns(sides))


def through_sshd(bench, place):
    """For information only: nearly all of the time is that of ssh and sshd."""
    size, count = bench.scaled(LARGE), bench.scaled(SMALLS)
    large, small, into = f"{place}/large", f"{place}/small", f"{place}/into"
    machine.make_file(large, size)
    machine.make_files(small, count, SMALL)
    lines = []
    with world_with(bench.ours) as world:
        os.rename(f"{world.base}/bin/scp", f"{world.base}/bin/ours")

        def prepare():
            machine.make_empty(into)
            world.give(into)
        for what, path in ((f"one file of {size >> 20:,} MiB", large),
                           (f"{count:,} files of 1 KiB", small)):
            lines.append(line(bench, world, f"through sshd: pull {what}",
                              [f"server:{path}", into], prepare))
            lines.append(line(bench, world, f"through sshd: push {what}",
                              [path, f"server:{into}"], prepare))
    return lines
