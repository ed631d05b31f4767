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

    def begin(self, *options, **how):
        """A session whose working directory is the top, umask 022."""
        return self.start([*self.argv, *options], **how)

    def start(self, argv, **how):
        session = packets.Session(argv, **{"cwd": self.top, **how})
        self.sessions.append(session)
        return session

    def held(self, *options, **how):
        """One that sees only the directory ROOT, logging to standard error."""
        os.makedirs(self.root, exist_ok=True)
        return self.begin(f"--root={self.root}", "--log=stderr", *options, **how)

    def forced(self, command, *options, **how):
        """The same behind a forced command, where the client asked for COMMAND, or for a shell."""
        os.makedirs(self.root, exist_ok=True)
        return self.start([self.argv[0], "--serve", f"--root={self.root}", "--log=none", *options],
                          env=asking(command), **how)

    def close(self):
        for session in self.sessions:
            if not session.ended:
                session.kill()


def asking(command):
    """The environment in which sshd starts who is to serve COMMAND, or nothing."""
    return {"PATH": os.defpath} | ({} if command is None else {"SSH_ORIGINAL_COMMAND": command})


def in_a_lab(argv, base, name, check, alien=False):
    top = os.path.join(base, name)
    os.mkdir(top)
    lab = Lab(argv, top, alien)
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
