# SPDX-License-Identifier: ISC
"""
A copy that is told to stop after each byte that it has sent, or received.  No process is left, no temporary
file here or there, and no half of one; the first process ends by the signal.
"""
import os
import signal

import accounts
import ends
import fakes
from hostile import entry, tree
from stage import process, sshd, suite
from stage.report import Failed, holds, same

# What comes first is heard, or said, as it comes; then nobody says a word, or listens, until we are gone.
FIRST = """\
dd bs=1 count={n} status=none {what}
touch "$FAKE/reached"
cat >/dev/null
"""
TIME = 1400000000               # of all that is sent: times have ten digits
BODY, OLD = b"a" * 20, b"what was there"
CONTENT = {"good/x": BODY, "good/d/old": b"hello"}
TIMES = b"T%d 0 %d 0\n" % (TIME, TIME)
SENT = TIMES + tree(b"good", TIMES + entry(b"x", body=BODY), TIMES + tree(b"d", TIMES + entry(b"old")))
STRIDE = 9                      # of the bytes that a short run takes
# Nothing is said before it is due: each byte is one that the other side has asked for.
WORDS = ("-X", "ahead=no", "-r", "-p")


def make_tree(top):
    for path, body in CONTENT.items():
        os.makedirs(os.path.dirname(f"{top}/{path}"), exist_ok=True)
        with open(f"{top}/{path}", "wb") as file:
            file.write(body)
    for at, dirs, files in os.walk(top, topdown=False):
        for name in dirs + files:
            os.utime(f"{at}/{name}", (TIME, TIME))


def make_old(top):
    os.makedirs(f"{top}/good/d")
    with open(f"{top}/good/d/old", "wb") as file:
        file.write(OLD)


def whole_or_old(top):
    for path, (_, content) in ((f"good/{name}", found) for name, found in fakes.snapshot(top).items()):
        allowed = [CONTENT.get(path), OLD if path == "good/d/old" else None]
        holds(f"{path} is what it was, or what it shall be", content is None or content in allowed, content)


def stopped(lab, words, target, n, told, group):
    """WORDS say what is copied to the directory TARGET of a scene, which gets N bytes of it, and not all."""
    first = FIRST.format(n=n, what='if="$FAKE/says"' if target == "here/target" else "")
    scene = lab.scene(SENT, **{"do" if target == "here/target" else "hear": first})
    try:
        make_tree(f"{scene.here}/sources")
        make_old(f"{scene.top}/{target}")
        with ends.begun(scene, *WORDS, *words, ready=lambda: os.path.exists(f"{scene.top}/reached")) as child:
            (os.killpg if group else os.kill)(child.pid, told)
            try:
                child.wait(process.PATIENCE)
            except process.subprocess.TimeoutExpired:
                raise Failed("an end", "one", "none", ends.said_in(scene)) from None
            same("how it ended, which stops a loop of a shell", -told, child.returncode, ends.said_in(scene))
            for where in ("here", "there"):
                ends.nothing_is_left(scene, child, where)
        whole_or_old(f"{scene.top}/{target}/good")
        holds("few words", len(ends.said_in(scene).splitlines()) <= 4, ends.said_in(scene))
    finally:
        scene.end()


def list_checks(lab):
    step = 1 if suite.is_long() else STRIDE
    for title, words, target in (
            ("received", ("host:good", "target"), "here/target"),
            ("sent", ("sources/good", "there:"), "there"),
            ("passed on", ("-3", "host:good", "there:"), "there")):
        for name, told, group, start in (("SIGINT", signal.SIGINT, True, 0),
                                         ("SIGTERM for it alone", signal.SIGTERM, False, step // 2)):
            for n in range(start, len(SENT), step):
                yield f"cut: {name} after {n} bytes {title}", "dash", stopped, lab, words, target, n, told, group


def check_all(report, out, base):
    accounts.run_at_once(report, list_checks(fakes.Lab(out, base)))
