# SPDX-License-Identifier: ISC
"""Plays cases against a server, in parallel, and reports; shared by both runners."""

import argparse
import collections
import concurrent.futures
import os
import resource
import subprocess
import tempfile

from conformance import casefile
from conformance.peer import Fault, Peer
from conformance.world import Unsupported, World
from stage import suite

WORKERS = 4                     # much of a case is waiting
USER = 65534                    # who "as user" is when we are root
UNKNOWN = 54321                 # "as unknown": a user that no table of users has
FAULTS_SHOWN = 40               # lines about one failure, and how much of each
LINE_SHOWN = 1000
SANITIZER_STATUS = 99           # what a sanitizer's complaint makes of the exit status

# The server, where everybody may run it, and its first words: those of the case come after them.
Setup = collections.namedtuple("Setup", "prog top timeout san words", defaults=[()])
Pass = collections.namedtuple("Pass", "transport chop glue", defaults=[False])
Result = collections.namedtuple("Result", "title verdict text")

PASSES = (Pass("pipe", 0), Pass("pipe", 1), Pass("socketpair", 0))


def environment(base, extra):
    env = {"PATH": "/usr/bin:/bin", "HOME": os.fsdecode(base), "LC_ALL": "C"}
    # Whatever a sanitizer finds must not look like an error of the session.
    for name in ("ASAN", "LSAN", "UBSAN"):
        env[name + "_OPTIONS"] = "exitcode=%d:print_stacktrace=1" % SANITIZER_STATUS
    for line in extra:
        key, _, value = line.partition("=")
        env[key] = value
    return env


def why_skipped(case, setup):
    """None, or why the case cannot be played here."""
    needs = [w for line in case.options.get("needs", []) for w in line.split()]
    if "root" in needs and os.geteuid() != 0:
        return "needs root"
    if "plain" in needs and setup.san:
        return "sanitizers cannot run under its limits"
    return None


def uid_of(case):
    who = case.options.get("as", [None])[0]
    return {"user": USER, "unknown": UNKNOWN}[who] if who and os.geteuid() == 0 else None


def hand_over(base, uid):
    """Gives all that is there so far to the user that the server will be."""
    os.chown(base, uid, uid)
    for root, dirs, files in os.walk(base):
        for name in dirs + files:
            os.chown(os.path.join(root, name), uid, uid, follow_symlinks=False)


def prepare(case, world):
    """Makes the tree: all of it belongs to the server's user, but for what is given to others."""
    late = ("owner", "mode", "times")
    uid = uid_of(case)
    for verb, args, content in case.have:
        if verb not in late:
            world.act(verb, args, content)
    if uid is not None:
        hand_over(world.base, uid)
    for verb, args, content in case.have:
        if verb in late:
            world.act(verb, args, content)
    world.remember({args[0] for verb, args, _ in case.then if verb in ("nested", "ignored")} |
                   {args[0] for verb, args, _ in case.have if verb == "deep"})


def limits_of(case):
    return [(line.split()[0], int(line.split()[1])) for line in case.options.get("limit", [])]


def start(case, setup, how, world):
    options = case.options
    env = environment(world.base, options.get("env", []))
    if case.command is not None:
        env["SSH_ORIGINAL_COMMAND"] = world.tell(case.command)
    return Peer(
        [setup.prog, *setup.words] + [a.replace(b"\\W", world.base) for a in case.args],
        os.fsdecode(world.base), how.transport, how.chop, setup.timeout,
        "packets" in options and how == PASSES[0], env,
        int(options.get("umask", ["022"])[0], 8), uid_of(case), limits_of(case))


def set_limit(pid, name, value):
    """The soft limit of a running server, which may be raised again."""
    which = getattr(resource, "RLIMIT_" + name)
    hard = resource.prlimit(pid, which)[1]
    resource.prlimit(pid, which, (int(value), hard))


def glued(steps):
    """The same dialogue of a client that waits for nothing until it has to look at the tree."""
    done, sent, told, said = [], b"", [], b""
    for kind, what in steps + [("end", None)]:
        if kind == "send":
            sent += what
        elif kind == "error":
            said += what
        elif kind in ("expect", "any"):
            told.append((kind, what))
        else:
            done += [("send", sent)] * bool(sent) + told + [("error", said)] * bool(said)
            done += [(kind, what)] * (kind != "end")
            sent, told, said = b"", [], b""
    return done


def take_steps(case, how, peer, world):
    steps = glued(case.steps) if how.glue else list(case.steps)
    while steps:
        kind, what = steps.pop(0)
        if isinstance(what, bytes):
            what = world.tell(what)
        if kind == "send":
            peer.send(what)
        elif kind == "expect":
            peer.expect(what)
        elif kind == "error":
            peer.expect_error(what)
        elif kind == "any":
            chunks = [what]
            while steps and steps[0][0] == "any":
                chunks.append(world.tell(steps.pop(0)[1]))
            peer.expect_any(chunks)
        elif kind == "now":
            world.act(*what)
        elif kind == "while":
            faults = world.check(*what)
            if faults:
                raise Fault("meanwhile: " + "; ".join(faults))
        elif kind == "limit":
            set_limit(peer.process.pid, *what)
        else:
            getattr(peer, kind)()


def judge(case, peer, world):
    """All that is wrong after the dialogue."""
    faults = []
    status = peer.finish(case.quits)
    if status != case.status:
        faults.append("exit status %d, not %d" % (status, case.status))
    if ("stderr" in case.options) != bool(peer.unexpected_error()):
        faults.append("standard error is not %s" % (
            "used" if "stderr" in case.options else "as expected" if peer.told else "empty"))
    return faults + world.compare(case.then)


def transcript(peer):
    return ["      %-10s %s" % (who, casefile.show(data)) for who, data in peer.log]


def play(case, setup, how):
    """One case: the list of its faults, with the dialogue, or nothing."""
    base = tempfile.mkdtemp(dir=setup.top)
    os.chmod(base, 0o755)
    world, peer, faults = World(base), None, []
    old_umask = os.umask(0)
    try:
        prepare(case, world)
        peer = start(case, setup, how, world)
        take_steps(case, how, peer, world)
        faults = judge(case, peer, world)
    except Fault as e:
        faults = [str(e)]
    finally:
        os.umask(old_umask)
        if peer is not None:
            peer.close()
            if faults:
                faults += transcript(peer)
            if faults and peer.err:
                faults.append("      stderr     %s" % casefile.show(peer.err, 2000))
        world.close()
    return faults


def play_and_say(job):
    case, setup, how = job
    skipped = why_skipped(case, setup)
    if skipped is not None:
        return Result(case.title, "skipped", skipped)
    try:
        faults = play(case, setup, how)
    except Unsupported as e:
        return Result(case.title, "skipped", str(e))
    except Exception as e:              # a fault of the case or of ours, and never a silent one
        faults = ["the runner failed: %r" % e]
    if not faults:
        return Result(case.title, "passed", "")
    if len(faults) > FAULTS_SHOWN:
        faults[FAULTS_SHOWN:] = ["and %d lines more" % (len(faults) - FAULTS_SHOWN)]
    head = "FAIL %s (%s%s%s): %s" % (case.title, how.transport, ", a byte at a time" if how.chop else "",
                                     ", glued" if how.glue else "", case.shows)
    return Result(case.title, "failed", "\n".join([head] + ["    " + f[:LINE_SHOWN] for f in faults]))


def wanted(case, only):
    return not only or any(o in (case.title, case.suite, case.name) for o in only)


def in_pass(case, how):
    if "once" in case.options:
        return how == PASSES[0]
    if how.glue:
        return "apart" not in case.options
    return not how.chop or (case.reads_much and "whole" not in case.options)


def options(description, numbers=()):
    """NUMBERS: (option, its usual value, what it says) of one suite."""
    ap = argparse.ArgumentParser(description=description.split("\n\n")[0])
    ap.add_argument("out", help="the directory that holds scp")
    ap.add_argument("--only", action="append", help="cases of this name, or of this file")
    ap.add_argument("--transport", choices=("pipe", "socketpair"))
    ap.add_argument("--chop", type=int, help="write so many bytes at a time")
    for option, usual, text in numbers:
        ap.add_argument(option, type=int, default=usual, help=text)
    return ap.parse_args()


def passes_of(args, usual):
    if args.transport is None and args.chop is None:
        return usual
    return (Pass(args.transport or "pipe", args.chop or 0),)


def make_setup(out):
    """Copies the program to where every user can run it."""
    top = tempfile.mkdtemp(prefix="scp-test.")
    os.chmod(top, 0o755)
    prog = suite.within_reach(os.path.join(out, "scp"), top)
    with open(prog, "rb") as f:
        san = b"__asan_init" in f.read()
    return Setup(prog, top, 60, san)


def clean(setup):
    subprocess.call(["chmod", "-R", "u+rwx", setup.top], stderr=subprocess.DEVNULL)
    subprocess.call(["rm", "-rf", "--", setup.top])


def run_jobs(function, jobs):
    """Results in the order of the jobs; failures are printed as they come."""
    results = []
    with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
        for result in pool.map(function, jobs, chunksize=2):
            if result.verdict == "failed":
                print(result.text, flush=True)
            results.append(result)
    return results


def say_skipped(results):
    """Loudly: what was not shown is named."""
    reasons = collections.defaultdict(list)
    for r in results:
        if r.verdict == "skipped" and r.title not in reasons[r.text]:
            reasons[r.text].append(r.title)
    for reason, titles in reasons.items():
        print("SKIPPED, NOT SHOWN HERE (%s): %s" % (reason, " ".join(titles)))


def report(suite, results):
    """The last line, and the exit status."""
    say_skipped(results)
    count = collections.Counter(r.verdict for r in results)
    print("%s: %d passed, %d failed, %d skipped" %
          (suite, count["passed"], count["failed"], count["skipped"]))
    return 1 if count["failed"] else 0


def run_cases(cases, setup, args, passes=PASSES):
    jobs = [(c, setup, how) for how in passes_of(args, passes) for c in cases
            if wanted(c, args.only) and in_pass(c, how)]
    return run_jobs(play_and_say, sorted(jobs, key=lambda job: "once" not in job[0].options))
