# SPDX-License-Identifier: ISC
"""The cases of tests/conformance."""
import argparse
import collections
import os

from conformance import casefile, play

HERE = os.path.dirname(os.path.abspath(__file__))

# In a sandbox, a running program cannot be told from one that may not be read.
OUTSIDE = ("target/busy",)


def count(report, results):
    verdicts = collections.Counter(result.verdict for result in results)
    report.passed += verdicts["passed"]
    report.failed += verdicts["failed"]
    report.skipped += verdicts["skipped"]
    play.say_skipped(results)


def check(report, out, _base):
    cases = casefile.load(os.path.join(HERE, "..", "conformance"))
    setup = play.make_setup(f"{out}/static")
    how = argparse.Namespace(only=None, transport="pipe", chop=0)
    try:
        if report.wants("conformance"):
            count(report, play.run_cases(cases, setup, how))
        if report.wants("conformance, in a sandbox"):
            inside = [case for case in cases if case.title not in OUTSIDE]
            count(report, play.run_cases(inside, setup._replace(words=["--sandbox=try"]), how))
    finally:
        play.clean(setup)
