# SPDX-License-Identifier: ISC
"""asyncssh: PORT USER KEY KNOWN, then words of put A B, get A B, rename A B, list A, times A N."""
import asyncio
import sys

import asyncssh


async def main(port, user, key, known, *words):
    words = list(words)
    async with asyncssh.connect("127.0.0.1", int(port), username=user, client_keys=[key],
                                known_hosts=known, config=None, agent_path=None) as connection, \
            connection.start_sftp_client() as sftp:
        while words:
            verb, first = words.pop(0), words.pop(0)
            if verb == "list":
                print("\n".join(await sftp.listdir(first)))
            elif verb == "times":
                await sftp.utime(first, (int(words[0]), int(words.pop(0))))
            else:
                await getattr(sftp, verb)(first, words.pop(0))


asyncio.run(main(*sys.argv[1:]))
