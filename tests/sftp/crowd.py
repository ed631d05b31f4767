# SPDX-License-Identifier: ISC
"""A hundred sessions at once, of SFTP and of SCP, that write the same names."""
import os
import random
import subprocess

from lab import get
from stage import packets as p
from stage.packets import attrs, string, u32, u64, well
from stage.report import holds, same

NAME = "crowd"
SESSIONS, SCP_EACH = 100, 10    # one of SCP beside so many of SFTP
SIZE = 300000


def content(number):
    return (b"%09d\n" % number) * (SIZE // 10)


def is_whole(data):
    return len(data) == SIZE and data == data[:10] * (SIZE // 10)


def push_by_scp(lab, number):
    data = content(number)
    said = b"C0644 %d same\n" % len(data) + data + b"\0"
    done = subprocess.run([lab.argv[0], "-t", lab.root], input=said, check=False,
                          stdout=subprocess.PIPE, timeout=p.PATIENCE)
    same("how scp ends", (0, b"\0\0\0"), (done.returncode, done.stdout))


def rule_52_whole_whoever_writes(lab):
    """Each has begun before the first one ends; whose file it is then, it is whole."""
    rng = random.Random(52)
    sessions = [lab.held() for _ in range(SESSIONS)]
    handles = {}
    for number, session in enumerate(sessions):
        flags = p.W | p.CREAT | (p.TRUNC if number % 2 else 0)
        for name in ("/same", f"/own-{number}"):
            handles[number, name] = session.opened(name, flags)
            session.send(b"".join(
                p.request(p.WRITE, at, string(handles[number, name]), u64(at),
                          string(content(number)[at:at + 30000]))
                for at in range(0, SIZE, 30000)))
            session.send(p.request(p.FSETSTAT, 1, string(handles[number, name]), attrs(size=SIZE)))
            for _ in range(SIZE // 30000 + 1):
                well(session.reply())
    same("what is seen before the first one closes", [], os.listdir(lab.root))
    order = list(range(SESSIONS))
    rng.shuffle(order)
    for turn, number in enumerate(order):
        for name in ("/same", f"/own-{number}"):
            well(sessions[number].close(handles[number, name]))
        if turn % SCP_EACH == 0:
            push_by_scp(lab, SESSIONS + turn)
        holds("it is whole", is_whole(get(f"{lab.root}/same")), turn)
        same("its own", content(number), get(f"{lab.root}/own-{number}"))
    for session in sessions:
        same("how it ends", 0, session.end()[0])


def rule_12_who_reads_no_reply_holds_up_nobody(lab):
    """One asks for more than fits and does not listen; the others are served meanwhile."""
    quiet, other = lab.held(), lab.held()
    well(other.put("/f", content(1)[:200000]))
    handle = quiet.opened("/f", p.R)
    quiet.send(b"".join(p.request(p.READ, number, string(handle), u64(0), u32(200000))
                        for number in range(50)))
    well(other.put("/g", content(2)[:200000]))
    for number in range(50):
        reply = quiet.reply()
        same("number and data", (number, content(1)[:200000]), (reply.id, reply.data))
