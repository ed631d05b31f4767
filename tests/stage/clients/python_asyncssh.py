# SPDX-License-Identifier: ISC
"""asyncssh: PORT USER KEY KNOWN put|get FLAGS SOURCE... TARGET, r p in FLAGS."""
import asyncio
import sys

import asyncssh


async def main(port, user, key, known, verb, flags, *paths):
    *sources, target = paths
    errors = []
    async with asyncssh.connect("127.0.0.1", int(port), username=user, client_keys=[key],
                                known_hosts=known, config=None, agent_path=None) as connection:
        def there(path):
            return (connection, path)
        if verb == "put":
            target = there(target)
        else:
            sources = [there(path) for path in sources]
        # Without a handler it would stop at the first error.
        await asyncssh.scp(sources if len(sources) > 1 else sources[0], target,
                           recurse="r" in flags, preserve="p" in flags,
                           error_handler=errors.append)
    return errors


failures = asyncio.run(main(*sys.argv[1:]))
if failures:
    sys.exit("\n".join(f"{type(error).__name__}: {error}" for error in failures))
