# SPDX-License-Identifier: ISC
"""What a check may say, and the counting of it."""
import threading
import time
import traceback

SHOWN = 1000                # characters of a value that was not as expected


class Failed(Exception):
    """A check that did not get what it expected; LOG is what the other side said about it."""

    def __init__(self, what, expected, got, log=""):
        super().__init__(what)
        self.what, self.expected, self.got, self.log = what, expected, got, log

    def __str__(self):
        text = f"{self.what}\n  expected: {self.expected}\n  got:      {self.got}"
        return text + (f"\n  client:   {self.log}" if self.log else "")


class Skipped(Exception):
    """A check that this machine cannot run; the text says why."""


def brief(value):
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


def same(what, expected, got, log=""):
    if expected != got:
        raise Failed(what, brief(expected), brief(got), log)


def holds(what, condition, got, log=""):
    if not condition:
        raise Failed(what, "true", got, log)


def close(suite, passed, failed, skipped):
    """The last line of a suite, and its exit status."""
    print(f"{suite}: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


class Report:
    def __init__(self, suite, only, tail):
        self.suite = suite      # what the closing line begins with
        self.only = only        # text that the names of wanted checks contain; "" for all
        self.tail = tail        # of a check's name: the end of its server's log
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()
        self.stopped = False

    def wants(self, name):
        return self.only in name

    def say(self, text):
        with self.lock:
            print(text, flush=True)

    def run(self, name, check, *args):
        """Runs CHECK(*ARGS) and counts how it ends."""
        if not self.wants(name) or self.stopped:
            return
        start = time.monotonic()
        try:
            check(*args)
        except Skipped as why:
            self.skipped += 1
            self.say(f"SKIP  {name}: {why}")
        except Exception as error:
            self.failed += 1
            self.say(self.describe(name, error))
        else:
            self.passed += 1
            if self.only:
                self.say(f"ok    {name} ({time.monotonic() - start:.1f} s)")

    def skip(self, name, why):
        """A check, or a group of them, that this machine cannot run."""
        def cannot():
            raise Skipped(why)
        self.run(name, cannot)

    def group(self, name, start):
        """A line about the checks of one group."""
        if not self.only and not self.stopped:
            self.say(f"{name}: done in {time.monotonic() - start:.0f} s")

    def describe(self, name, error):
        what = str(error) if isinstance(error, Failed) else traceback.format_exc()
        tail = self.tail(name)
        if tail:
            what += "\nserver's log:\n" + tail
        return f"FAIL  {name}: " + what.rstrip().replace("\n", "\n      ")

    def end(self):
        return close(self.suite, self.passed, self.failed, self.skipped)
