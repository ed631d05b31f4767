# SPDX-License-Identifier: ISC
"""The package's own tests, debian/tests, by autopkgtest as Debian runs it."""
import os
import re

import chroot
from stage.report import same

PATIENCE = 1800
QUICK = "try"                   # needs no packages that the chroot has not got


def autopkgtest(world, root):
    # A path that is there inside and outside.
    place = f"{world.scratch}/autopkgtest"
    os.mkdir(place)
    os.makedirs(root.at(place))
    # It has containers in mind, to have a loopback interface and no neighbours: we have these.
    words = ["autopkgtest", "--no-built-binaries", "--ignore-restrictions=isolation-container",
             *([] if world.has_network else [f"--test-name={QUICK}"]), world.deb, f"{world.tree}/",
             "--", "chroot", root.path]
    done = chroot.process.run(words, {**os.environ, "TMPDIR": place, "LC_ALL": "C.UTF-8"},
                              patience=PATIENCE)
    results = dict(re.findall(r"^([a-z0-9]+) +(PASS|FAIL.*|SKIP.*)$", done.out, re.M))
    with open(f"{world.tree}/debian/tests/control", encoding="utf-8") as file:
        names = re.findall(r"test-name=(\S+)", file.read())
    wanted = {name: "PASS" for name in (names if world.has_network else [QUICK])}
    same("results and exit status", (wanted, 0), (results, done.code), done.text[-4000:])


def check(report, world):
    """its own tests"""
    report.run("deb: its own tests", autopkgtest, world, chroot.Root(world, "own"))
