# SPDX-License-Identifier: ISC
"""sshfs: a directory of the account, mounted here, and programs that work in it."""
import contextlib
import os

from stage import process
from stage.report import Skipped, same

DATA = bytes(range(256)) * 1500


@contextlib.contextmanager
def mount(ground, made):
    here = f"{ground.local}/mounted"
    if not os.path.exists("/usr/bin/sshfs"):
        raise Skipped("there is no sshfs")
    os.makedirs(here, exist_ok=True)
    outcome = process.run(["/usr/bin/sshfs", "-F", made.host.config, "server:", here], made.env)
    if outcome.code != 0 and "fuse" in outcome.text:
        raise Skipped(f"nothing can be mounted: {outcome.text.strip()}")
    same("exit status of sshfs", 0, outcome.code, outcome.log)
    try:
        yield here
    finally:
        process.run(["/usr/bin/fusermount3", "-u", "-z", here], made.env)


def well(made, *argv):
    outcome = process.run(list(argv), {**made.env, "GIT_CONFIG_GLOBAL": "/dev/null"})
    same(f"exit status of {' '.join(argv[:2])}", 0, outcome.code, outcome.log)
    return outcome.out


def get(path):
    with open(path, "rb") as file:
        return file.read()


def put(path, data, how="wb"):
    with open(path, how) as file:
        file.write(data)


def whole_files(ground, made):
    """What an upload-only account is for: written, listed, and not read again."""
    with mount(ground, made) as here:
        put(f"{here}/by-sshfs", DATA)
        os.mkdir(f"{here}/dir-by-sshfs")
        same("names", {"by-sshfs", "dir-by-sshfs"}, {n for n in os.listdir(here) if "sshfs" in n})
        try:
            found = get(f"{here}/by-sshfs")
        except OSError:
            found = b""
        same("what is read again", b"", found)
    same("file", DATA, get(f"{ground.top}/by-sshfs"))


def programs(ground, made):
    """Saving by rename, writing in the middle, appending, cutting, and git."""
    top = ground.top
    with mount(ground, made) as here:
        put(f"{here}/text", b"old")
        put(f"{here}/text.tmp", DATA)
        os.rename(f"{here}/text.tmp", f"{here}/text")
        same("saved by rename", DATA, get(f"{top}/text"))
        put(f"{ground.local}/piece", b"x" * 1000)
        well(made, "/usr/bin/dd", f"if={ground.local}/piece", f"of={here}/text", "bs=1000",
             "seek=3", "conv=notrunc", "status=none")
        same("written in the middle", DATA[:3000] + b"x" * 1000 + DATA[4000:], get(f"{top}/text"))
        put(f"{here}/text", b"more", "ab")
        same("appended", b"more", get(f"{top}/text")[-4:])
        os.truncate(f"{here}/text", 10)
        same("cut", DATA[:10], get(f"{top}/text"))
        origin = f"{ground.local}/origin"
        well(made, "/usr/bin/git", "init", "-q", origin)
        for number in range(20):
            put(f"{origin}/file-{number}", DATA[:number * 1000] + b"%d" % number)
        git = ("/usr/bin/git", "-c", "user.name=a", "-c", "user.email=a@b", "-c",
               "safe.directory=*")
        well(made, *git, "-C", origin, "add", ".")
        well(made, *git, "-C", origin, "commit", "-qm", "first")
        well(made, *git, "clone", "-q", origin, f"{here}/clone")
        same("what git sees", "", well(made, *git, "-C", f"{here}/clone", "status", "--porcelain"))
        put(f"{here}/clone/file-1", b"changed")
        well(made, *git, "-C", f"{here}/clone", "commit", "-qam", "second")
        well(made, *git, "-C", f"{here}/clone", "fsck", "--strict")
