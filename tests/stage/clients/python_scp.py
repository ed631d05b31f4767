# SPDX-License-Identifier: ISC
"""python3-scp over paramiko: PORT USER KEY KNOWN put|get FLAGS SOURCE... TARGET, r p g in FLAGS."""
import sys

import paramiko
import scp


def connect(port, user, key, known):
    client = paramiko.SSHClient()
    client.load_host_keys(known)
    client.connect("127.0.0.1", int(port), user, key_filename=key, look_for_keys=False,
                   allow_agent=False)
    return client


def main(port, user, key, known, verb, flags, *paths):
    *sources, target = paths
    more = {"sanitize": lambda path: path} if "g" in flags else {}
    with connect(port, user, key, known) as client, \
            scp.SCPClient(client.get_transport(), **more) as copy:
        do = copy.put if verb == "put" else copy.get
        # A list of one means something else than the one alone.
        what = sources if len(sources) > 1 else sources[0]
        do(what, target, recursive="r" in flags, preserve_times="p" in flags)


try:
    main(*sys.argv[1:])
except scp.SCPException as error:
    sys.exit(f"{type(error).__name__}: {error}")
