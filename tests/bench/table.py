# SPDX-License-Identifier: ISC
"""The table, as text and as Markdown."""
from dataclasses import astuple

HEAD = ("row", "measure", "ours", "OpenSSH's, or (other)", "ratio", "goal", "met", "to yardstick")
WORDS = 2                   # columns of words, and not of figures


def rows_of(lines):
    """What a row is called stands once."""
    rows, last = [], None
    for line in map(astuple, lines):
        rows.append(line if line[0] != last else ("", *line[1:]))
        last = line[0]
    return rows


def text(lines):
    rows = [HEAD, *rows_of(lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) if i < WORDS else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
                     for row in rows)


def markdown(lines):
    rule = ["---"] * WORDS + ["---:"] * (len(HEAD) - WORDS)
    return "\n".join("| " + " | ".join(row) + " |" for row in (HEAD, rule, *rows_of(lines)))
