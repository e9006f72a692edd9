"""Chains in this process, a funded payer, and short ways to build and send transactions."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from gdx_localnet import EmbeddedChain, RpcFault
from solders.account import Account
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
SOL = 10**9


class Driver:
    """A chain and a payer with 1,000 SOL."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self.chain = chain
        self.payer = Keypair.from_seed(bytes([1] * 32))
        self.receiver = Keypair.from_seed(bytes([2] * 32)).pubkey()
        chain.set_account(self.payer.pubkey(), Account(1_000 * SOL, b"", Pubkey.default(), False, 2**64 - 1))

    def blockhash(self) -> Hash:
        return Hash.from_string(
            self.chain.rpc("getLatestBlockhash", [{"commitment": "processed"}])["value"]["blockhash"]
        )

    def pay(self, lamports: int = SOL) -> Instruction:
        return transfer(
            TransferParams(from_pubkey=self.payer.pubkey(), to_pubkey=self.receiver, lamports=lamports)
        )

    def sign(
        self,
        instructions: Sequence[Instruction],
        *more_signers: Keypair,
        tables: Sequence[Any] | None = None,
        blockhash: Hash | None = None,
    ) -> VersionedTransaction:
        blockhash = blockhash or self.blockhash()
        payer = self.payer.pubkey()
        if tables is None:
            message: Any = Message.new_with_blockhash(instructions, payer, blockhash)
        else:
            message = MessageV0.try_compile(payer, instructions, tables, blockhash)
        return VersionedTransaction(message, [self.payer, *more_signers])

    def send(self, tx: VersionedTransaction, **config: Any) -> str:
        return self.chain.rpc("sendTransaction", [wire(tx), {"encoding": "base64", **config}])

    def run(self, *instructions: Instruction, signers: Sequence[Keypair] = ()) -> dict[str, Any]:
        """Send, and the transaction as `getTransaction` gives it."""
        signature = self.send(self.sign(instructions, *signers))
        config = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
        return self.chain.rpc("getTransaction", [signature, config])

    def fault(self, method: str, *params: Any) -> RpcFault:
        """The error that a method answers with."""
        with pytest.raises(RpcFault) as caught:
            self.chain.rpc(method, params)
        return caught.value


def wire(tx: VersionedTransaction) -> str:
    return base64.b64encode(bytes(tx)).decode()


@pytest.fixture
def chain() -> EmbeddedChain:
    """A chain in mode fast."""
    return EmbeddedChain(seed=b"test")


@pytest.fixture
def driver(chain: EmbeddedChain) -> Driver:
    return Driver(chain)


@pytest.fixture
def manual() -> Driver:
    """A chain in mode manual, at unix time 1,700,000,000."""
    return Driver(EmbeddedChain(slot_mode="manual", unix_ts=1_700_000_000, seed=b"test"))


@pytest.fixture
def memo_elf(chain: EmbeddedChain) -> bytes:
    """A small program that runs: it checks its accounts' signatures and logs its data."""
    account = chain.accounts.get(MEMO)
    assert account is not None
    return account.data
