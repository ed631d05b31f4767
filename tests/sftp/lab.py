# SPDX-License-Identifier: ISC
"""Where one check happens, and the sessions it begins, which end with it."""
import os

from stage import packets, trees
from stage.report import holds, same


class Lab:
    def __init__(self, argv, top, alien=False):
        self.argv, self.top = argv, top
        self.alien = alien      # a server that is not ours is asked
        self.sessions = []
        self.root = f"{top}/root"

    def begin(self, *options, begin=True):
        """A session whose working directory is the top, umask 022."""
        session = packets.Session([*self.argv, *options], cwd=self.top, begin=begin)
        self.sessions.append(session)
        return session

    def held(self, *options):
        """One that sees only the directory ROOT, logging to standard error."""
        os.makedirs(self.root, exist_ok=True)
        return self.begin(f"--root={self.root}", "--log=stderr", *options)

    def close(self):
        for session in self.sessions:
            if not session.ended:
                session.kill()


def in_a_lab(argv, base, name, check):
    top = os.path.join(base, name)
    os.mkdir(top)
    lab = Lab(argv, top)
    try:
        check(lab)
        left = [found for _, _, files in os.walk(os.fsencode(top)) for found in files
                if found.startswith(b".scp-")]
        same("temporary files left", [], left)
    finally:
        lab.close()
        trees.remove(top)


def put(path, data=b"old"):
    with open(path, "wb") as file:
        file.write(data)
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def says(session, *words):
    """The session ends well, and its log has each of WORDS."""
    code, said = session.end()
    same("how it ends", 0, code)
    for word in words:
        holds(f"the log has {word!r}", word in said, said)
