# SPDX-License-Identifier: ISC
"""
As everybody's scp, where there is dropbear and nothing of OpenSSH's: dbclient reaches the other host, which has the
same program.
"""
import json
import os
import shutil

from stage import process, servers, sshd, trees
from stage.report import Skipped, holds, same
from stage.world import world_with

TREE = [("a b", "file", 0o640, b"blanks\n"), ("b\u00e4r", "file", 0o600, b"not ASCII\n"), ("dir", "dir", 0o750, None),
        ("dir/large", "file", 0o644, b"large\n" * 100_000)]


def copies(scp, base):
    if not os.access("/usr/bin/dbclient", os.X_OK) or not os.access("/usr/sbin/dropbear", os.X_OK):
        raise Skipped("there is no dropbear")
    tools = base
    os.mkdir(tools)
    shutil.copy(scp, tools)
    os.symlink("/usr/bin/dbclient", f"{tools}/dbclient")
    with world_with(scp) as world, servers.dropbear_for(world) as host, world.place() as place:
        way = servers.dbclient_way(world, host)[2:]
        where = f"{host.user}@{sshd.HOST}"

        def run(*words):
            got = process.run([f"{tools}/scp", *way, *words], world.env | {"PATH": tools})
            same("status", 0, got.code, got.log)
            return got

        here = trees.build(f"{place.local}/tree", TREE)
        run("-r", "-p", here, f"{where}:{place.remote}")
        run("-r", "-p", f"{where}:{place.remote}/tree", f"{where}:{place.remote}/copy")
        said = run("-r", "-p", "--progress=json", f"{where}:{place.remote}/copy", f"{place.local}/back").out
        end = json.loads(said.splitlines()[-1])
        same("files, directories and exit", (3, 2, 0), (end["files"], end["directories"], end["exit"]))
        same("what has come back", about(here), about(f"{place.local}/back"))
        run(f"{where}:{place.remote}/copy/[ab]*", place.local)
        holds("by a pattern", os.path.exists(f"{place.local}/b\u00e4r"), os.listdir(place.local))


def about(top):
    """{name: (mode, time, content)} of all that is in TOP."""
    found = {}
    for where, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(where, name)
            now = os.stat(path)
            with open(path if name in files else "/dev/null", "rb") as file:
                found[os.path.relpath(path, top)] = (oct(now.st_mode), int(now.st_mtime), file.read())
    return found


def check(report, out, base):
    report.run("static: copies where there is dropbear alone", copies, f"{out}/static/scp", f"{base}/copying-tools")
