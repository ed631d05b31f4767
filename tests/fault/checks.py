# SPDX-License-Identifier: ISC
"""Counts checks; what was expected and what came are printed where they differ."""

SHOWN = 5                       # failures of one test that are printed
TEXT = 2000                     # characters of what was expected, and of what came


class Checks:
    """Those of one test."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = 0
        self.skips = []         # (what, why)
        self.lines = []

    def equal(self, what, expected, got):
        if expected == got:
            self.passed += 1
        else:
            self.fail(what, *map(brief, differing(expected, got)))

    def among(self, what, allowed, got):
        """One of several things may come."""
        if got in allowed:
            self.passed += 1
        else:
            self.fail(what, "one of " + "\n            or ".join(brief(repr(a)) for a in allowed),
                      brief(repr(got)))

    def fail(self, what, expected, got):
        self.failed += 1
        if self.failed <= SHOWN:
            self.lines.append(f"FAIL {self.name}: {what}\n"
                              f"  expected: {expected}\n  got:      {got}")

    def skip(self, what, why):
        self.skips.append((what, why))

    def text(self):
        lines = list(self.lines)
        if self.failed > SHOWN:
            lines.append(f"FAIL {self.name}: ... and {self.failed - SHOWN} more")
        lines += [f"SKIP {self.name}: {what}: {why}" for what, why in self.skips]
        return "\n".join(lines)


def brief(text):
    return text if len(text) <= TEXT else f"{text[:TEXT]}... ({len(text)} characters)"


def differing(expected, got):
    """Of two outcomes with named parts, only the parts that differ are worth reading."""
    if not isinstance(expected, dict) or not isinstance(got, dict):
        return repr(expected), repr(got)
    parts = [k for k in {**expected, **got} if expected.get(k, ...) != got.get(k, ...)]
    show = [{k: d.get(k, "(nothing)") for k in parts} for d in (expected, got)]
    return repr(show[0]), repr(show[1])
