# SPDX-License-Identifier: ISC
"""
Who serves others starts nothing, whatever the client asks for; and where nothing is begun: by the configuration of
a machine, and by a program that was built so.
"""
import os
import shutil
import subprocess

import accounts
import fakes
from stage import packets as p
from stage import process, sshd
from stage.report import Skipped, holds, same

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STARTS = ("clone", "fork", "vfork", "execve")
UPLOAD, DOWNLOAD = b"C0644 5 new\nhello\0", b"\0\0\0\0"
HANDLE = p.string(b"\0\0\0\0\0\0\0\1")      # that of the first file
PUT = p.packet(p.INIT, p.u32(3)) + p.request(p.OPEN, 1, p.string("target/new"), p.u32(p.W | p.CREAT), p.attrs()) + \
    p.request(p.WRITE, 2, HANDLE, p.u64(0), p.string(b"hello")) + p.request(p.CLOSE, 3, HANDLE)
# How it is started, the command of the client, what that sends, what is there then; what is refused instead.
WAYS = [
    ("-t", ["-t", "target"], None, UPLOAD, "target/new"),
    ("-f", ["-f", "sent"], None, DOWNLOAD, "sent"),
    ("--serve, an upload", ["--serve", "--root=/", "--sandbox=none"], "scp -t {here}/target", UPLOAD, "target/new"),
    ("--serve, a download", ["--serve", "--root=/", "--sandbox=none"], "scp -f {here}/sent", DOWNLOAD, "sent"),
    ("--serve, a sandbox", ["--serve", "--root={here}", "--sandbox=try"], "scp -t target", UPLOAD, "target/new"),
    ("--serve, a copy to a host", ["--serve", "--root={here}"], "scp sent host:", b"", None),
    ("--serve, a copy from a host", ["--serve", "--root={here}"], "scp -S ./fake host:x .", b"", None),
    ("--serve, from one host to another", ["--serve", "--root={here}"], "scp -3 -- one:x two:y", b"", None),
    ("--serve, directly", ["--serve", "--root={here}"], "scp -R one:x two:y", b"", None),
    ("--serve, a copy that stays", ["--serve", "--root={here}"], "scp sent copy", b"", None),
    ("--serve, SFTP", ["--serve", "--root={here}"], "internal-sftp", PUT, "target/new"),
    ("--serve, a command", ["--serve", "--root={here}", "--commands=yes"], "cp sent target/new", b"", "target/new"),
    ("--sftp", ["--sftp"], None, PUT, "target/new"),
    ("as a login shell", ["-c", "scp sent host:"], None, b"", None),
]
# The same of a login shell whose account has a root, by what /etc/scp.conf says.
LOGINS = [
    ("an upload", "scp -t target", UPLOAD, "target/new"),
    ("a download", "scp -f sent", DOWNLOAD, "sent"),
    ("SFTP", "/usr/lib/openssh/sftp-server", PUT, "target/new"),
    ("a command", "cp sent target/new", b"", "target/new"),
    ("a copy to a host", "scp sent host:", b"", None),
    ("from one host to another", "scp -3 -- one:x two:y", b"", None),
    ("a copy from a host", "scp -S ./fake host:x .", b"", None),
]


def elsewhere(scene, text):
    """What runs the words behind it where /etc/scp.conf has TEXT."""
    etc = f"{scene.top}/etc"
    os.mkdir(etc)
    for name in ("passwd", "group", "nsswitch.conf"):
        shutil.copy(f"/etc/{name}", etc)
    sshd.write_text(f"{etc}/scp.conf", text)
    return ["/usr/bin/python3", f"{TOP}/tests/stage/namespace.py", "sh", "-c", f'mount --bind {etc} /etc && exec "$@"', "sh"]


def serves(lab, words, command, says, there, text=None):
    if text and os.geteuid() != 0:
        raise Skipped("no root, and no other /etc")
    accounts.needs_strace()
    scene = lab.scene()
    try:
        env = scene.env | {"HOME": scene.here}
        if command:
            env["SSH_ORIGINAL_COMMAND"] = command.format(here=scene.here)
        with open(f"{scene.top}/says", "wb") as file:
            file.write(says)
        trace = f"{scene.top}/trace"
        with open(f"{scene.top}/says", "rb") as given:
            before = elsewhere(scene, text.format(here=scene.here)) if text else []
            got = process.run([*before, "strace", "-f", "-qq", "-e", "signal=none", "-e", f"trace={','.join(STARTS)},clone3",
                               "-o", trace, lab.scp, *(word.format(here=scene.here) for word in words)], env,
                              cwd=scene.here, stdin=given)
        if there:
            same("status", 0, got.code, got.log)
            holds("it is there", os.path.exists(f"{scene.here}/{there}"), got.log)
        else:
            same("status", 1, got.code, got.log)
            same("what has come", {}, scene.new())
        with open(trace, encoding="utf-8", errors="replace") as file:
            calls = [line for line in file.read().splitlines() if "+++" not in line]
        same("programs that were executed, ours at first, and processes", 1, len(calls), "\n".join(calls))
    finally:
        scene.end()


def copies(scene, words, status, err):
    got = process.run([*words, "-S", scene.lab.fake, "host:good", "target"], scene.env, cwd=scene.here)
    same("status and words", (status, err), (got.code, got.err), got.log)
    same("what has come", {} if status else {"target/good": ("0o644", b"hello")}, scene.new())


def configured(lab, text, status, err):
    """What an administrator says in /etc/scp.conf."""
    if os.geteuid() != 0:
        raise Skipped("no root, and no other /etc")
    scene = lab.scene(b"C0644 5 good\nhello\0")
    try:
        copies(scene, [*elsewhere(scene, text), lab.scp], status, err)
    finally:
        scene.end()


def built_alone(lab, out):
    """Of the same objects, but for those of the client; it is linked, and what it needs is compiled."""
    alone = f"{lab.base}/alone"
    os.mkdir(alone)
    subprocess.run(["cp", "-a", f"{out}/obj", f"{alone}/obj"], check=True)
    words = [f"SAN={os.environ['SAN']}"] if os.environ.get("SAN") else []
    made = subprocess.run(["make", "-s", "-C", TOP, "ORIGINATE=no", f"OUT={alone}", *words, f"{alone}/scp"],
                          capture_output=True, text=True, check=False)
    same("exit status of make", 0, made.returncode, made.stderr)
    listed = subprocess.run(["nm", "-D", f"{alone}/scp"], capture_output=True, text=True, check=True).stdout
    used = [line.split()[-1].partition("@")[0] for line in listed.splitlines()]
    if not words:
        same("what starts something", [], [name for name in used if name in ("fork", "vfork", "clone", "system") or
                                          name.startswith(("exec", "posix_spawn"))])
    scene = lab.scene(b"C0644 5 good\nhello\0")
    try:
        copies(scene, [f"{alone}/scp"], 1, ALONE)
    finally:
        scene.end()


ROOT = "root {here}\ncommands yes\nlog none\n"
FORBIDDEN = "scp: copies to and from other hosts are not allowed here\n"
BROKEN = "scp: /etc/scp.conf, line 1: originate: it takes yes or no\n"
ALONE = "scp: this one only serves others: it was built without the half that copies by itself\n"


def check_all(report, out, base):
    lab = fakes.Lab(out, base)
    for name, *rest in WAYS:
        report.run(f"serving: {name}", serves, lab, *rest)
    for name, *rest in LOGINS:
        report.run(f"serving: as a login shell, {name}", serves, lab, ["-c", rest[0]], None, *rest[1:], ROOT)
    report.run("serving: originate yes", configured, lab, "originate yes\n", 0, "")
    report.run("serving: originate no", configured, lab, "originate no\n", 1, FORBIDDEN)
    report.run("serving: a configuration that is broken", configured, lab, "originate perhaps\n", 1, BROKEN)
    report.run("serving: built to serve alone", built_alone, lab, out)
