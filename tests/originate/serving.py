# SPDX-License-Identifier: ISC
"""Who serves others starts nothing, whatever the client asks for."""
import os
import shutil

import fakes
from stage import process
from stage.report import Skipped, holds, same

STARTS = ("clone", "fork", "vfork", "execve")
UPLOAD, DOWNLOAD = b"C0644 5 new\nhello\0", b"\0\0\0\0"
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
    ("as a login shell", ["-c", "scp sent host:"], None, b"", None),
]


def serves(lab, words, command, says, there):
    if not shutil.which("strace"):
        raise Skipped("there is no strace")
    scene = lab.scene()
    try:
        env = scene.env | {"HOME": scene.here}
        if command:
            env["SSH_ORIGINAL_COMMAND"] = command.format(here=scene.here)
        with open(f"{scene.top}/says", "wb") as file:
            file.write(says)
        trace = f"{scene.top}/trace"
        with open(f"{scene.top}/says", "rb") as given:
            got = process.run(["strace", "-f", "-qq", "-e", "signal=none", "-e", f"trace={','.join(STARTS)},clone3",
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


def check_all(report, out, base):
    lab = fakes.Lab(out, base)
    for name, *rest in WAYS:
        report.run(f"serving: {name}", serves, lab, *rest)
