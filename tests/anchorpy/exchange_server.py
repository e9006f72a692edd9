"""A local chain with an exchange on it, for the other environment: prints where it is, ends with its input.

Run by the Python of the main environment; anchorpy's cannot hold the local chain.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))


async def main() -> None:
    from exchange import FEED, open_exchange

    async with open_exchange() as exchange:
        found = {"url": exchange.url, "mint": str(exchange.mint), "feed": str(FEED)}
        print(json.dumps(found | {"alice": bytes(exchange.alice).hex()}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
