# SPDX-License-Identifier: ISC
"""paramiko: PORT USER KEY KNOWN, then words of put A B, get A B, rename A B, list A, times A N."""
import sys

import paramiko

port, user, key, known, *words = sys.argv[1:]
client = paramiko.SSHClient()
client.load_host_keys(known)
client.connect("127.0.0.1", int(port), user, key_filename=key, allow_agent=False,
               look_for_keys=False)
sftp = client.open_sftp()
while words:
    verb, first = words.pop(0), words.pop(0)
    if verb == "list":
        print("\n".join(sftp.listdir(first)))
    elif verb == "times":
        sftp.utime(first, (int(words[0]), int(words.pop(0))))
    else:
        getattr(sftp, verb)(first, words.pop(0))
client.close()
