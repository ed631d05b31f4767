# SPDX-License-Identifier: ISC
"""How this machine gets packages, lent to what is built and not left in it."""
import os
import subprocess


def settings():
    """What apt is told here about fetching, proxies among it."""
    told = subprocess.run(["apt-config", "dump"], text=True, check=True, stdout=subprocess.PIPE)
    return "".join(line for line in told.stdout.splitlines(keepends=True)
                   if line.startswith("Acquire::"))


def mounts(top):
    """What is to be seen while something is installed: (ours, theirs) each, a file of TOP too."""
    own = f"{top}/apt.conf"
    with open(own, "w", encoding="utf-8") as file:
        file.write(settings())
    same = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs")
    rows = [(own, "/etc/apt/apt.conf.d/99-of-this-machine"), *((path, path) for path in same)]
    return [row for row in rows if os.path.exists(row[0])]
