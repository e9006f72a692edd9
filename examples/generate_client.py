"""Generate a typed client from an Anchor IDL, here of the oracle, and read an account with it."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from exchange import FEED, open_exchange

from gdx_sdk.idlgen import generate
from gdx_sdk.units import format_price

IDL = Path(__file__).resolve().parent.parent / "idl/oracle.json"


async def main() -> None:
    with TemporaryDirectory() as folder:
        (written,) = generate([IDL], Path(folder) / "clients")
        print(f"{written.program}: {'price_feed.py' in ' '.join(written.files)}")  # oracle: True

        sys.path.insert(0, folder)
        oracle = import_module("clients.oracle")
        async with open_exchange() as exchange:
            # Reading: by type, with the discriminator and the length checked.
            feed = await exchange.client.fetch(oracle.accounts.PriceFeed, FEED)
            print(format_price(feed.price_e6))  # 50000

            # Building: arguments and accounts are typed; addresses that are fixed fill themselves in.
            now_ts = await exchange.client.get_time()
            step = oracle.instructions.publish_price(
                {"price_e6": 50_000_000_000, "confidence_e6": 0, "publish_ts": now_ts},
                {"feed": FEED, "publisher": exchange.publishers[0].pubkey()},
            )
            print(step.program_id == oracle.PROGRAM_ID, len(step.data))  # True 32


asyncio.run(main())
