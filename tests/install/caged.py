# SPDX-License-Identifier: ISC
"""
The example of a chroot, followed to the letter.  Its program is the static one where that was built,
else the ordinary one, with the libraries that it then needs.
"""
import os
import re
import shutil

import texts
from stage import adapters, process, sshd
from stage.report import Skipped, holds, same

READY = "sshd_config.d/40-scp-chroot.conf"
CAGE = "/srv/cage"


def tree_of(made, out):
    """Where build/static/scp is, as in the tree after make static."""
    tree = f"{made.base}/tree"
    os.makedirs(f"{tree}/build/static")
    static = f"{out}/static/scp"
    is_static = os.path.exists(static)
    shutil.copy(static if is_static else f"{out}/scp", f"{tree}/build/static/scp")
    return tree, is_static


def add_libraries(program):
    said = process.run(["ldd", program], {"PATH": "/usr/bin:/bin"})
    for path in re.findall(r"(/\S+) \(0x", said.out):
        texts.as_root(f"install -D {os.path.realpath(path)} {CAGE}{path}")


def make_cage(made, out):
    tree, is_static = tree_of(made, out)
    for line in texts.shown(READY)[0].splitlines():
        texts.as_root(line.replace("NAME", "cato"), cwd=tree)
    if not is_static:
        add_libraries(f"{tree}/build/static/scp")
    texts.as_root(f"cp {texts.EXAMPLES}/{READY} /etc/ssh/sshd_config.d")


def serves(made, port):
    local = f"{made.base}/local-cato"
    os.mkdir(local)
    sshd.write_text(f"{local}/file", "into the cage\n")
    client = adapters.OpenSSH(made.host("cato", port), made.env)
    pushed = client.push([f"{local}/file"], ".")
    same("exit status", 0, pushed.code, pushed.log)
    there = f"{CAGE}/incoming/file"
    same("content", "into the cage\n", sshd.read_text(there))
    same("group", os.stat(f"{CAGE}/incoming").st_gid, os.stat(there).st_gid)
    pulled = client.pull(["file"], f"{local}/back")
    holds("nothing can be pulled", pulled.code != 0 and not os.path.exists(f"{local}/back"),
          pulled.log)


def nothing_else(made, port):
    if os.environ.get("SAN"):
        raise Skipped("a sanitizer looks for leaks in /proc, and complains where there is none")
    config = made.host("cato", port).config
    for words in (["id"], ["/bin/sh"], []):
        got = made.ssh("cato", *words, host=made.host("cato", port))
        holds(f"{words} is refused", got.code == 1 and got.err.startswith("scp: "), got.log)
    got = made.sftp("cato", port, "ls -1 /")
    holds("SFTP is held to the directory", "/usr" not in got.out.split(), got.log)
    same("but it is served", 0, got.code, got.log)
    got = process.run(["/usr/bin/ssh", "-F", config, "-W", f"127.0.0.1:{port}", "server"], made.env)
    holds("nothing is forwarded", "SSH-2.0" not in got.out and got.code != 0, got.log)


def check(report, made, out):
    report.run("ways: a chroot is made", make_cage, made, out)
    with made.server(sftp="internal-sftp") as port:
        report.run("ways: a chroot serves", serves, made, port)
        report.run("ways: a chroot has nothing else", nothing_else, made, port)
