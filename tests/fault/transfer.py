# SPDX-License-Identifier: ISC
"""The upload that is cut everywhere: what is sent, and what must be there after each byte of it."""

import os
import signal

from peer import UMASK, look, put, split_temporaries

OLD = b"what has been there before"
OLD_MODE = 0o604                # one that the umask would not let pass
OLD_TIME = 500000000


class Transfer:
    """
    A new file, one that replaces another, and a directory with a file, each with its times, and an
    E that ends the session.  Each file has its own content, mode and time: none passes for another.
    """

    def __init__(self, preserve):
        self.preserve = preserve
        self.wire = b""
        self.clean = {0}        # offsets at which an end of input cuts nothing in two
        self.files = []         # (path, end of the body, what look() finds)
        self.entered = self.left = 0    # where the directory's record and its E end
        self.file("new", b"twelve bytes", 0o666, 1000000001)
        self.file("old", b"something else", 0o640, 1000000002)
        self.record(b"T1000000003 0 1000000004 0\n")
        self.record(b"D0511 0 dir\n")
        self.entered = len(self.wire)
        self.file("dir/inner", b"inside", 0o600, 1000000005)
        self.record(b"E\n")
        self.left = len(self.wire)
        self.record(b"E\n")

    def record(self, data):
        self.wire += data
        self.clean.add(len(self.wire))

    def file(self, path, content, mode, mtime):
        self.record(b"T%d 0 %d 0\n" % (mtime, mtime + 9))
        self.wire += b"C%04o %d %s\n" % (mode, len(content), os.path.basename(path).encode())
        self.record(content)
        if not self.preserve:
            mode = OLD_MODE if path == "old" else mode & ~UMASK
        self.files.append((path, len(self.wire), ("file", content, mode, mtime)))
        self.record(b"\0")

    @property
    def options(self):
        return ["-r", "-p"] if self.preserve else ["-r"]

    @property
    def middle(self):
        """In the body of the last file: a server that got this far waits for more."""
        return self.files[-1][1] - 2

    def prepare(self, path):
        put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)

    def tree(self, cut, over):
        """
        What is there when CUT bytes are taken in; OVER when the client was then seen to be done,
        which is as good as a status byte, and applies what is pending.
        """
        tree = {"old": ("file", OLD, OLD_MODE, OLD_TIME)}
        for path, end, found in self.files:
            if cut >= (end if over else end + 1):
                tree[path] = found
        if cut >= self.entered:
            done = over and cut in self.clean or cut >= self.left
            tree["dir"] = ("dir", self.dir_mode(done))
        return tree

    def dir_mode(self, done):
        if not done:
            return 0o711 & ~UMASK       # ours to fill until then
        return 0o511 if self.preserve else 0o511 & ~UMASK

    def trees(self, upto=None):
        """Every state that the target may be in, as far as it is a matter of how far it came."""
        upto = len(self.wire) if upto is None else upto
        found = []
        for cut in range(upto + 1):
            tree = any_dir_mode(self.tree(cut, True))
            if tree not in found:
                found.append(tree)
        return found

    def begun_file(self, cut):
        """The path of the file whose bytes are being taken in after CUT bytes, or None."""
        for path, end, (_, content, _, _) in self.files:
            if end - len(content) <= cut <= end:
                return path
        return None


def any_dir_mode(tree):
    """The mode of a directory that is not finished is not promised."""
    return {n: ("dir",) if e[0] == "dir" else e for n, e in tree.items()}


def upload_again(lab, path, transfer, fault):
    """The next upload of the same names: its exit status, and what is there then."""
    with lab.server("-t", *transfer.options, path, fault=fault) as server:
        server.send(transfer.wire)
        server.close_input()
        status = server.wait()
    tree, temporaries = split_temporaries(look(path))
    return {"status": status, "tree": any_dir_mode(tree), "left": temporaries}


def went_well(transfer):
    return {"status": 0, "tree": any_dir_mode(transfer.tree(len(transfer.wire), True)), "left": []}


STOPPED = {signal.SIGKILL: (-signal.SIGKILL,), signal.SIGTERM: (1, -signal.SIGTERM),
           signal.SIGHUP: (1, -signal.SIGHUP)}
