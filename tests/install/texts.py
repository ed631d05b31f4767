# SPDX-License-Identifier: ISC
"""What README.md and the examples, as they are installed, tell an administrator to type and to write."""
import re

from stage import installed, process, sshd
from stage.report import holds, same

EXAMPLES = f"/usr/{installed.EXAMPLES}"
ROOTS_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def readme(heading):
    text = sshd.read_text(f"/usr/{installed.DOC}/README.md")
    found = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    holds(f"README has {heading!r}", found, text)
    return found


def blocks(text):
    """The indented blocks of a text, without their indentation."""
    found = []
    for block in re.findall(r"(?:^ {4,}.*\n)+", text + "\n", re.MULTILINE):
        margin = len(block) - len(block.lstrip(" "))
        found.append("".join(line[margin:] + "\n" for line in block.splitlines()))
    return found


def way(number):
    """README's blocks for one of the three ways in."""
    return blocks(re.split(r"(?m)^\d\. ", readme("Three ways in"))[number])


def shown(path):
    """The blocks that the comment at the head of an example shows."""
    head = re.match(r"(?:#.*\n)*", sshd.read_text(f"{EXAMPLES}/{path}"))[0]
    found = re.findall(r"(?:^#\t.*\n)+", head, re.MULTILINE)
    return [re.sub(r"(?m)^#\t", "", block) for block in found]


def as_root(line, status=0, cwd=None):
    outcome = process.run(["/bin/sh", "-ec", line], {"PATH": ROOTS_PATH}, cwd=cwd)
    same(f"exit status of {line!r}", status, outcome.code, outcome.log)
    return outcome


def typed(block, **names):
    """Each line of it, by root; NAMES are put in the place of words in capitals."""
    for line in block.splitlines():
        for word, name in names.items():
            line = line.replace(word, name)
        # There is no service here: a server of ours reads the same directory.
        as_root(line.replace(" && systemctl reload ssh", ""))
