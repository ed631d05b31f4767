# SPDX-License-Identifier: ISC
"""The log of the machine of our own: who listens to it, and what the records say."""
import contextlib
import json
import os
import re
import select
import socket
import threading
import time
from dataclasses import dataclass, field

from stage import machine
from stage.report import Failed, holds, same

PATIENCE = 60                   # seconds for a session whose client is gone to say that it ended
RECORD_MAX = 8192
HEAD = re.compile(rb"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d scp\[(\d+)\]: ")
STRING = r'"((?:[^"\\]|\\["\\]|\\[0-7]{3})*)"'
WHO = r"local user (\S+) from \[([0-9.]+|unknown)\]"
NUMBERS = r"bytes read (\d+) written (\d+) seconds (\d+\.\d{3}) mode ([0-7]{4})"
FORMS = {
    # event, its fields, and what a record of it looks like
    "start": ("user address direction root request sandbox",
              rf"session opened for {WHO} (upload|download|sftp) root {STRING} request {STRING}"
              rf"(?: sandbox {STRING})?"),
    "file": ("path read written seconds mode reason remark",
             rf"(?:forced )?close {STRING} {NUMBERS}(?: reason {STRING})?(?: remark {STRING})?"),
    "mkdir": ("path mode", rf"mkdir name {STRING} mode ([0-7]{{4}})"),
    "opendir": ("path", rf"opendir {STRING}"),
    "refused": ("path reason", rf"refused {STRING} reason {STRING}"),
    "denied": ("request user address reason",
               rf"refused request {STRING} for {WHO} reason {STRING}"),
    "rename": ("path to", rf"rename old {STRING} new {STRING}"),
    "remove": ("path", rf"(?:remove|rmdir) name {STRING}"),
    "link": ("path to", rf"link old {STRING} new {STRING}"),
    "symlink": ("to path", rf"symlink old {STRING} new {STRING}"),
    "set": ("path what value", rf"set {STRING} (mode|modtime|size|owner) (\S+)"),
    "end": ("user address files bytes errors exit",
            rf"session closed for {WHO} files (\d+) bytes (\d+) errors (\d+) exit ([01])"),
}
ESCAPE = re.compile(rb'\\(?:([0-7]{3})|(["\\]))')
LAST = ("end", "denied")        # events after which there is no more
UNSAFE = re.compile(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]")


def undo(text):
    """What a string of a record stands for: bytes."""
    def byte(match):
        return bytes([int(match[1], 8)]) if match[1] else match[2]
    return ESCAPE.sub(byte, text.encode())


@dataclass
class Record:
    priority: int
    pid: int
    event: str
    text: str
    fields: dict = field(default_factory=dict)


def read_text(text):
    for event, (names, form) in FORMS.items():
        if found := re.fullmatch(form, text):
            return event, dict(zip(names.split(), found.groups()))
    raise Failed("a record of the log", "one of the known forms", repr(text))


def json_event(fields):
    """The event as the text records tell them apart."""
    if fields["event"] == "dir":
        return "mkdir" if fields["made"] else "opendir"
    if fields["event"] == "refusal":
        return "refused" if "path" in fields else "denied"
    return fields["event"]


def read_json(text):
    fields = json.loads(text)
    return json_event(fields), fields


def read(datagram):
    """A record; what is no valid one is a failure."""
    head = HEAD.match(datagram)
    holds("a record begins as syslog wants it", head, repr(datagram[:200]))
    body = datagram[head.end():]
    holds("a record has no control bytes", not UNSAFE.search(body), repr(body))
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Failed("a record is UTF-8", "yes", repr(body)) from None
    event, fields = read_json(text) if text.startswith("{") else read_text(text)
    return Record(int(head[1]), int(head[2]), event, text, fields)


class Log:
    """Listens where a daemon for the system's log would."""

    def __init__(self):
        self.lock = threading.Lock()
        self.socket, self.got, self.recent = None, [], []
        self.ending = False
        self.begin()
        # The queue of such a socket is short, and whoever finds it full waits.
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def begin(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(machine.LOG)
        os.chmod(machine.LOG, 0o666)

    def listen(self):
        while not self.ending:
            try:
                select.select([self.socket], [], [], 0.1)
            except (OSError, ValueError):
                time.sleep(0.02)    # There is none just now.
            self.drain()

    def drain(self):
        with self.lock, contextlib.suppress(OSError):
            while True:
                datagram = self.socket.recv(RECORD_MAX, socket.MSG_DONTWAIT)
                # sshd and its like are no concern of ours.
                if b" scp[" in datagram[:40]:
                    self.got.append(datagram)

    def end(self):
        self.ending = True
        self.thread.join()
        self.socket.close()

    @contextlib.contextmanager
    def away(self):
        """Nobody listens, for a while."""
        with self.lock:
            self.socket.close()
            os.remove(machine.LOG)
        try:
            yield
        finally:
            with self.lock:
                self.begin()

    def forget(self):
        """What has come so far is of no interest."""
        self.drain()
        with self.lock:
            self.got.clear()

    def take(self):
        """All records since the last time, once every session that began has ended."""
        end = time.monotonic() + PATIENCE
        while True:
            self.drain()
            with self.lock:
                records = [read(datagram) for datagram in self.got]
            if not self.open_sessions(records) or time.monotonic() > end:
                break
            time.sleep(0.02)
        self.recent = records
        self.forget()
        same("sessions that did not end", set(), self.open_sessions(records))
        return records

    @staticmethod
    def open_sessions(records):
        ended = {record.pid for record in records if record.event in LAST}
        return {record.pid for record in records} - ended

    def tail(self, lines):
        """What came last, for people to read."""
        self.drain()
        with self.lock:
            recent = [datagram.decode(errors="replace") for datagram in self.got[-lines:]]
        return recent or [record.text for record in self.recent[-lines:]]
