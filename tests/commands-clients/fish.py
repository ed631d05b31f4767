# SPDX-License-Identifier: ISC
"""lftp's fish: a shell that it speaks a protocol to, and what it says of each thing that goes wrong."""
import os
import shlex
import stat

from stage import process
from stage.report import holds, same

LFTP = "/usr/bin/lftp"
DATA = bytes(range(256)) * 1500


def say(ground, place, *lines):
    """What lftp does by these lines, in the directory of the check."""
    return process.run([LFTP, "-c", "\n".join((
        "set cmd:fail-exit yes", "set net:max-retries 1", "set net:timeout 30",
        f'set fish:connect-program "ssh -a -x -F {ground.host.config}"',
        f"open -u {ground.host.user}, fish://server", f"cd {place.name}", *lines))], ground.env,
        cwd=place.local)


def well(ground, place, *lines):
    outcome = say(ground, place, *lines)
    same("exit status", 0, outcome.code, outcome.log)
    return outcome.out


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def lists(ground, place):
    os.mkdir(f"{place.top}/dir")
    place.put("dir/two  words", b"12345", 0o640)
    place.put("it's")
    names = well(ground, place, "cls -1 --sort=name").split("\n")
    same("names", ["dir/", "it's", ""], names)
    listed = well(ground, place, "ls dir")
    holds("the listing", "-rw-r----- 1 " in listed and listed.rstrip().endswith("two  words"), listed)
    same("from elsewhere", ["dir/two  words", ""], well(ground, place, "cls -1 dir").split("\n"))


def copies(ground, place):
    for number, name in enumerate(("plain", "two  words", "it's", "a;b$c", "empty")):
        put(f"{place.local}/{name}", DATA * number if name != "empty" else b"")
        well(ground, place, f"put {shlex.quote(name)}")
        same(name, get(f"{place.local}/{name}"), get(f"{place.top}/{name}"))
        same("mode", 0o644, stat.S_IMODE(os.stat(f"{place.top}/{name}").st_mode))
        well(ground, place, f"get {shlex.quote(name)} -o back")
        same(f"{name}, which came back", get(f"{place.local}/{name}"), get(f"{place.local}/back"))
        os.remove(f"{place.local}/back")


def copies_many(ground, place):
    for name in ("a.txt", "b.txt", "c.bin"):
        put(f"{place.local}/{name}", name.encode())
    well(ground, place, "mkdir sub", "cd sub", "mput *.txt", "cls -1")
    same("names", ["a.txt", "b.txt"], sorted(os.listdir(f"{place.top}/sub")))


def changes(ground, place):
    for name in ("f", "g", "h"):
        place.put(name, name.encode())
    well(ground, place, "mkdir dir", "mv f dir/new", "chmod 600 g", "ln -s g link", "rm h", "mkdir other",
         "rmdir other")
    same("names", ["dir", "g", "link"], sorted(os.listdir(place.top)))
    same("what was moved", b"f", get(f"{place.top}/dir/new"))
    same("mode", 0o600, stat.S_IMODE(os.stat(f"{place.top}/g").st_mode))
    same("link", "g", os.readlink(f"{place.top}/link"))


def fails(ground, place):
    """Each reason is shown, and nothing is there that should not be."""
    place.put("f")
    for line, reason in (("mkdir f", "File exists"),
                         ("mv f f.refused", "this name is not allowed"),
                         ("rmdir none", "No such file or directory"), ("get none", "No such file"),
                         ("chmod 600 none", "No such file or directory")):
        outcome = say(ground, place, line)
        holds(f"{line}: it knows", outcome.code != 0, outcome.log)
        holds(f"{line}: it says {reason!r}", reason in outcome.text, outcome.text)
    put(f"{place.local}/x.refused", b"x")
    outcome = say(ground, place, "put x.refused")
    holds("it knows that nothing has come", outcome.code != 0, outcome.log)
    same("names", ["f"], os.listdir(place.top))


CHECKS = [(f"lftp's fish {check.__name__.replace('_', ' ')}", LFTP, check)
          for check in (lists, copies, copies_many, changes, fails)]
