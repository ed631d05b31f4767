# SPDX-License-Identifier: ISC
"""A client that vanishes, and a server that is killed, after every byte and before every call."""

import errno
import os
import signal
import tempfile

from checks import SHOWN
from peer import look, put, signal_name, split_temporaries
from transfer import (OLD, OLD_MODE, OLD_TIME, STOPPED, Transfer, any_dir_mode, upload_again,
                      went_well)

WAYS = {                        # how a file is kept until it is whole: what has to fail for it
    "unnamed": "",
    "proc": f"linkempty={errno.ENOENT}",
    "named": f"tmpfile={errno.EOPNOTSUPP}",
    "unlinkable": f"linkempty={errno.ENOENT},linkproc={errno.ENOENT}",
}
CALLS_MAX = 1000                # of one server, and far more than it makes
BUSY_ROUNDS = 5
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


def outcome(status, server, path):
    tree, temporaries = split_temporaries(look(path))
    return {"status": status, "tree": tree, "left": temporaries, "stderr": server.said}


def each_cut(lab, transfer, fault, deed):
    """Plays the upload up to every byte, then DEED(cut, server, path)."""
    for cut in range(len(transfer.wire) + 1):
        with lab.directory() as path:
            transfer.prepare(path)
            with lab.server("-t", *transfer.options, path, fault=fault) as server:
                server.send(transfer.wire[:cut])
                deed(cut, server, path)


def lose_client(lab, checks, preserve, way):
    """The server has taken in all that was sent when the client vanishes: nothing is open."""
    transfer = Transfer(preserve)

    def deed(cut, server, path):
        server.settle()
        server.vanish()
        got = outcome(server.wait(), server, path)
        clean = cut in transfer.clean
        expected = {"status": 0 if clean else 1, "tree": transfer.tree(cut, True), "left": [],
                    "stderr": b""}
        if not clean:
            got["tree"], expected["tree"] = map(any_dir_mode, (got["tree"], expected["tree"]))
        checks.equal(f"client lost after {cut} bytes", expected, got)

    each_cut(lab, transfer, WAYS[way], deed)


def lose_client_at_once(lab, checks, preserve, way):
    """Nobody waits: the server stands somewhere in the session, and it is not known where."""
    transfer = Transfer(preserve)

    def deed(cut, server, path):
        server.vanish()
        got = outcome(server.wait(), server, path)
        got["tree"] = any_dir_mode(got["tree"])
        if got["status"] == 0:
            expected = {"status": 0 if cut in transfer.clean else 1,
                        "tree": any_dir_mode(transfer.tree(cut, True)), "left": [], "stderr": b""}
            checks.equal(f"client lost at once after {cut} bytes", expected, got)
            return
        allowed = [{"status": 1, "tree": tree, "left": [], "stderr": b""}
                   for tree in transfer.trees(cut)]
        checks.among(f"client lost at once after {cut} bytes", allowed, got)

    each_cut(lab, transfer, WAYS[way], deed)


def signal_server(lab, checks, preserve, way, number):
    """The server is signalled when it has taken in all that was sent."""
    transfer = Transfer(preserve)
    may_leave = number == signal.SIGKILL and way != "unnamed"

    def deed(cut, server, path):
        what = f"{signal.Signals(number).name} after {cut} bytes"
        server.settle()
        server.kill(number)
        got = outcome(server.wait(), server, path)
        left = got.pop("left")
        expected = {"tree": transfer.tree(cut, False), "stderr": b""}
        if transfer.entered <= cut < transfer.left:
            got["tree"], expected["tree"] = map(any_dir_mode, (got["tree"], expected["tree"]))
        status = got.pop("status")
        checks.equal(what, expected, got)
        over = cut == len(transfer.wire)
        checks.among(f"{what}: exit", (0,) if over else STOPPED[number], status)
        begun = transfer.begun_file(cut) if may_leave else None
        if begun is None:
            checks.equal(f"{what}: temporaries", [], left)
            return
        checks.equal(f"{what}: temporaries beside {begun}", [os.path.dirname(begun)],
                     [os.path.dirname(name) for name in left])
        checks.equal(f"{what}: the next upload", went_well(transfer),
                     upload_again(lab, path, transfer, WAYS[way]))

    each_cut(lab, transfer, WAYS[way], deed)


def was_raised(log):
    return os.path.exists(log) and "raised" in lines_of(log)


def lines_of(log):
    with open(log) as f:
        return f.read().split()


def each_call(lab, transfer, sent, rule, deed):
    """
    Plays what is SENT with RULE, in which the number of a call is left open, for every call there
    is.  DEED(number, log, server, path) returns false when there are no more.
    """
    for number in range(1, CALLS_MAX):
        with lab.directory() as path, tempfile.TemporaryDirectory() as logs:
            log = os.path.join(logs, "log")
            transfer.prepare(path)
            with lab.server("-t", *transfer.options, path, fault=rule % number, log=log) as server:
                server.send(sent)
                if not deed(number, log, server, path):
                    return
    raise AssertionError("the server makes calls without an end")


def kind_of_call(log):
    """Of the call before which a signal was raised."""
    lines = lines_of(log)
    return lines[lines.index("raised") - 1]


def kill_at_calls(lab, checks, preserve, way):
    """SIGKILL just before every call that the server makes for the whole upload."""
    transfer = Transfer(preserve)
    rule = ",".join(filter(None, [WAYS[way], f"any={-signal.SIGKILL}@%d"]))

    def deed(number, log, server, path):
        server.close_input()
        got = outcome(server.wait(), server, path)
        if not was_raised(log):
            checks.equal("no call is left", 0, got["status"])
            return False
        what = f"SIGKILL before call {number}, {kind_of_call(log)}"
        left = got.pop("left")
        checks.equal(f"{what}: status", "SIGKILL", signal_name(got["status"]))
        checks.among(f"{what}: tree", transfer.trees(), any_dir_mode(got["tree"]))
        checks.among(f"{what}: temporaries", (0, 1), len(left))
        checks.equal(f"{what}: the next upload", went_well(transfer),
                     upload_again(lab, path, transfer, WAYS[way]))
        return True

    each_call(lab, transfer, transfer.wire, rule, deed)


def stop_at_calls(lab, checks, preserve, way, number):
    """
    SIGTERM or SIGHUP just before every call, of a client that stays and says no more: whatever the
    server was doing when it was told to stop, it stops, and leaves nothing.
    """
    transfer = Transfer(preserve)
    rule = ",".join(filter(None, [WAYS[way], f"any={-number}@%d"]))
    name = signal.Signals(number).name
    goes_on = []                # calls

    def deed(at, log, server, path):
        waits = server.settle()
        if not was_raised(log):
            checks.equal("no call is left", True, waits)
            checks.equal(f"calls after which the server waits on in spite of a {name}", "none",
                         f"{len(goes_on)} of {at - 1}, as {', '.join(goes_on[:SHOWN])}"
                         if goes_on else "none")
            return False
        what = f"{name} before call {at}, {kind_of_call(log)}"
        if waits:
            goes_on.append(f"{at} {kind_of_call(log)}")
        server.close_input()
        got = outcome(server.wait(), server, path)
        checks.among(f"{what}: exit", STOPPED[number], got["status"])
        checks.among(f"{what}: tree", transfer.trees(), any_dir_mode(got["tree"]))
        checks.equal(f"{what}: temporaries", [], got["left"])
        return True

    each_call(lab, transfer, transfer.wire[:transfer.middle], rule, deed)


def stop_while_busy(lab, checks, number):
    """The same, of a server that is kept busy by a client with much to send."""
    chunk, before, after = bytes(1 << 18), 16, 64
    ends = 0
    for _ in range(BUSY_ROUNDS):
        with lab.directory() as path, lab.server("-t", path) as server:
            server.receive(1)
            server.tell(b"C0644 %d big\n" % (len(chunk) * (before + after + 1)))
            server.send(chunk * before)
            server.kill(number)
            if server.send(chunk * after):
                continue
            ends += 1
            server.close_input()
            got = outcome(server.wait(), server, path)
            checks.among("exit", STOPPED[number], got.pop("status"))
            checks.equal("what is left", {"tree": {}, "left": [], "stderr": b""}, got)
    checks.equal("uploads that a signal ended", f"{BUSY_ROUNDS} of {BUSY_ROUNDS}",
                 f"{ends} of {BUSY_ROUNDS}")


# -- downloads, and backups

FILE_REPLIES, TREE_REPLIES = 3, 6       # of a client: for T, C and the body; for a tree with a file
LARGE = 1 << 20                 # bytes: more than a pipe holds


def end_download(lab, checks, operands, replies, over, number):
    """
    The client has given so many replies when it vanishes, or the server gets a signal: who sends
    changes nothing.
    """
    what = f"{signal.Signals(number).name if number else 'client lost'} after {replies} replies"
    with lab.directory() as path:
        os.mkdir(os.path.join(path, "tree"))
        for name, size in (("file", 3), ("tree/inner", 5), ("large", LARGE)):
            put(os.path.join(path, name), bytes(size), OLD_MODE, OLD_TIME)
        before = look(path)
        with lab.server("-r", "-p", "-f",
                        *(os.path.join(path, name) for name in operands)) as server:
            server.send(b"\0" * replies)
            server.settle(greeted=True)
            if number:
                server.kill(number)
            else:
                server.vanish()
            status = server.wait()
        checks.among(f"{what}: exit", (0,) if over else STOPPED.get(number, (1,)), status)
        checks.equal(f"{what}: standard error", b"", server.said)
        checks.equal(f"{what}: what is there", before, look(path))


def end_downloads(lab, checks, number):
    most = 1 + FILE_REPLIES + TREE_REPLIES
    for replies in range(most + 1):
        end_download(lab, checks, ("file", "tree"), replies, replies == most, number)
    # The last one is for the record of a body that does not fit into the pipe.
    for replies in range(most, most + FILE_REPLIES):
        end_download(lab, checks, ("file", "tree", "large"), replies, False, number)


def kill_backups(lab, checks, way):
    """
    SIGKILL just before every call: the old file never is without a name, and the new one whole.
    """
    body = b"something else"
    for number in range(1, CALLS_MAX):
        fault = ",".join(filter(None, [WAYS[way], f"any={-signal.SIGKILL}@{number}"]))
        with lab.directory() as path:
            put(os.path.join(path, "old"), OLD, OLD_MODE, OLD_TIME)
            with lab.server("--serve", f"--root={path}", "--log=none",
                            "--sandbox=none", "--overwrite=backup",
                            command="scp -t .", fault=fault) as server:
                server.send(b"C0644 %d old\n" % len(body) + body + b"\0")
                server.close_input()
                status = server.wait()
            tree, _ = split_temporaries({n: e[1] for n, e in look(path).items()})
            whole = {"old": body, "old.~1~": OLD}
            if status == 0:
                checks.equal("no call is left", whole, tree)
                return
            checks.among(f"SIGKILL before call {number}",
                         ({"old": OLD}, {"old": OLD, "old.~1~": body}, whole), tree)
    raise AssertionError("the server makes calls without an end")


def tests():
    """(name, needs the shim, function, arguments)"""
    found = [(f"{s.name if s else 'client lost'}, download", False, end_downloads, (s,))
             for s in (0, *SIGNALS)]
    found += [(f"SIGKILL at calls, with backups, {way}", True, kill_backups, (way,))
              for way in WAYS]
    found += [(f"{s.name} while busy", False, stop_while_busy, (s,))
             for s in (signal.SIGTERM, signal.SIGHUP)]
    for preserve in (False, True):
        p = " -p" if preserve else ""
        for way in ("unnamed", "named"):
            shim = way != "unnamed"
            found += [
                (f"client lost, {way}{p}", shim, lose_client, (preserve, way)),
                (f"client lost at once, {way}{p}", shim, lose_client_at_once, (preserve, way)),
            ]
            found += [(f"{s.name}, {way}{p}", shim, signal_server, (preserve, way, s))
                      for s in SIGNALS]
        for way in WAYS:
            found.append((f"SIGKILL at calls, {way}{p}", True, kill_at_calls, (preserve, way)))
            found += [(f"{s.name} at calls, {way}{p}", True, stop_at_calls, (preserve, way, s))
                      for s in (signal.SIGTERM, signal.SIGHUP) if preserve or s == signal.SIGTERM]
    return found
