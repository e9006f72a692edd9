"""What the demo takes along from the embedded chain to a validator: its accounts, in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID

from gdx_cli.demo.world import World
from gdx_sdk.programs import PROGRAM_IDS

_BASE64 = {"encoding": "base64", "commitment": "confirmed"}


async def read_accounts(world: World) -> dict[str, Any]:
    """The programs' accounts, the tokens and the wallets, by address, as the chain gives them."""
    client, mint = world.chain.client, str(world.mint.pubkey())
    of_mint: dict[str, Any] = {"filters": [{"memcmp": {"offset": 0, "bytes": mint}}]}
    listings: list[tuple[str, dict[str, Any]]] = [(str(program), _BASE64) for program in PROGRAM_IDS.values()]
    listings.append((str(TOKEN_PROGRAM_ID), {**_BASE64, **of_mint}))
    found: dict[str, Any] = {}
    for program, options in listings:
        for entry in await client.rpc("getProgramAccounts", [program, options]):
            found[entry["pubkey"]] = entry["account"]
    wallets = [mint, *(str(key) for key in _wallets(world))]
    answer = await client.rpc("getMultipleAccounts", [wallets, _BASE64])
    found.update(zip(wallets, answer["value"], strict=True))
    return found


def write_accounts(accounts: dict[str, Any], directory: Path) -> tuple[tuple[Pubkey, Path], ...]:
    """Write each in the JSON form of the CLI's dumps; returns each address with its file."""
    directory.mkdir(parents=True)
    return tuple(_write(directory, address, account) for address, account in accounts.items())


def _wallets(world: World) -> list[Pubkey]:
    """Whoever pays for anything; the administrator's wallet comes with the fixture."""
    operators = [world.relayer, world.guardian, *world.publishers]
    return [key.pubkey() for key in operators] + [trader.pubkey for trader in world.traders]


def _write(directory: Path, address: str, account: dict[str, Any]) -> tuple[Pubkey, Path]:
    path = directory / f"{address}.json"
    path.write_text(json.dumps({"pubkey": address, "account": account}))
    return Pubkey.from_string(address), path
