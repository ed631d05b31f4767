# SPDX-License-Identifier: ISC
"""A host that asyncssh serves, with its own scp: PORT HOSTKEY AUTHORIZED-KEYS.  Whose files these are is not asked."""
import asyncio
import sys

import asyncssh


async def main(port, key, authorized):
    server = await asyncssh.listen("127.0.0.1", int(port), server_host_keys=[key],
                                   authorized_client_keys=authorized, allow_scp=True,
                                   sftp_factory=asyncssh.SFTPServer)
    await server.wait_closed()


asyncio.run(main(*sys.argv[1:]))
