# SPDX-License-Identifier: ISC
"""The same sources make the same bytes."""
import os
import shutil
import subprocess

from stage.report import same

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PARTS = ("common", "scp-sink-source", "packaging")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def build_elsewhere(out, base):
    """Everything, libraries included, from the sources that those of OUT were made of."""
    there = f"{base}/somewhere/else"
    for part in PARTS:
        shutil.copytree(f"{TOP}/{part}", f"{there}/{part}")
    shutil.copy(f"{TOP}/Makefile", there)
    config = read(f"{out}/static/sysconfdir").decode().strip()
    done = subprocess.run(
        ["make", "--no-print-directory", "-j2", "-C", there, f"OUT={base}/out",
         f"SYSCONFDIR={config}", "static"], env={**os.environ, "SOURCES": f"{out}/musl/src"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    same("exit status of make static", 0, done.returncode, done.stdout)
    return f"{base}/out/static/scp"


def is_the_same(out, base):
    first, second = read(f"{out}/static/scp"), read(build_elsewhere(out, base))
    same("bytes of it", len(first), len(second))
    same("the first byte that differs", None,
         next((at for at in range(len(first)) if first[at] != second[at]), None))


def check(report, out, base):
    report.run("again: the same bytes from another directory", is_the_same, out, base)
