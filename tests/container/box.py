# SPDX-License-Identifier: ISC
"""A container as the checks know it, whoever runs it."""
import os
import time
from dataclasses import dataclass

import containerfile
from stage import sshd

PATIENCE = 120               # seconds to make host keys and to listen, or to end
SHOWN = 1500                # characters of a log in a failure


@dataclass(frozen=True)
class Ended:
    log: str
    code: int
    told: bool              # it ended because it was told to, and was not killed


class Box:
    """
    One container at a time, and the volumes that outlive it.  Who derives from this has begin, log,
    alive, pid, end, place_of, inside, facts and close.
    """
    kind = ""

    def __init__(self, command):
        self.command = command      # as the comment of the Containerfile has it

    def mounts(self, here, more=()):
        """Those of the command, with HERE for $PWD, and MORE, which may replace them."""
        known = [containerfile.Mount(each.source.replace("$PWD", here), each.target, each.read_only)
                 for each in self.command.mounts]
        targets = [each.target for each in more]
        return [each for each in known if each.target not in targets] + list(more)

    def start(self, mounts, options=None):
        """As the comment has it, or with OPTIONS instead of its own.  It listens then."""
        self.begin(self.command.options if options is None else options, mounts)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.alive():
            if sshd.listens(self.command.port):
                return
            time.sleep(0.05)
        ended = self.end(0)
        raise RuntimeError(f"it does not listen; exit status {ended.code}\n{ended.log}")

    def fails(self, mounts, options=None, user=None):
        """It cannot start: how it ends."""
        self.begin(self.command.options if options is None else options, mounts, user)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.alive():
            time.sleep(0.02)
        return self.end(0)

    def stop(self):
        return self.end(PATIENCE)

    def status(self):
        """What /proc says of the first process."""
        with open(f"/proc/{self.pid()}/status", encoding="ascii") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def tail(self):
        """The end of the log of what is running."""
        return self.log()[-SHOWN:] if self.alive() else ""

    def owner(self):
        """Whose everything is: the numbers that the image says."""
        return tuple(int(number) for number in self.facts()["user"].split(":"))

    def public_key(self, volume):
        path = os.path.join(self.place_of(volume), "ed25519.pub")
        return sshd.read_text(path)
