"""Test your own code on a chain: the fixture `gdx_localnet` starts one for the session.

Run by `pytest test_on_local_chain.py` (with `--gdx-engine validator` on solana-test-validator), or by
`python test_on_local_chain.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io

import pytest
from gdx_localnet import LocalnetHandle, rule_from_text
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from gdx_sdk import Client


async def pay(url: str, payer: Keypair, to: Pubkey, lamports: int) -> int:
    """The code under test: pay, and return the receiver's balance."""
    params = TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=lamports)
    async with Client(url) as client:
        await client.send([transfer(params)], [payer])
        return await client.get_balance(to)


def test_a_payment_arrives(gdx_localnet: LocalnetHandle) -> None:
    receiver = Keypair().pubkey()
    paid = pay(gdx_localnet.url, gdx_localnet.keys["alice"], receiver, 1_000_000)
    assert asyncio.run(paid) == 1_000_000


def test_a_busy_endpoint_is_outlasted(gdx_localnet: LocalnetHandle) -> None:
    if gdx_localnet.engine == "validator":
        pytest.skip("a validator injects no faults")
    gdx_localnet.controls.set_faults([rule_from_text("429:method=sendTransaction,count=2")])
    paid = pay(gdx_localnet.url, gdx_localnet.keys["alice"], Keypair().pubkey(), 1_000_000)
    assert asyncio.run(paid) == 1_000_000
    assert gdx_localnet.controls.faults()[0]["struck"] == 2
    gdx_localnet.controls.clear_faults()


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(["-q", __file__])
    print(code.name if isinstance(code, pytest.ExitCode) else code)  # OK
