"""What keepers need of the chain to send: simulate, sign, broadcast, ask what became of it.

Dry mode is decided here and nowhere else. A dry sender is built from a public key alone, so that no code path
behind it can make a signature: `sign` and `send` have no key to use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk.errors import ChainError
from gdx_sdk.tx import SignedTransaction

Tables = Sequence[AddressLookupTableAccount]


@dataclass(frozen=True, slots=True)
class Simulation:
    """The cluster's answer to an unsigned trial run. `error` is the refusal, as it would be after sending."""

    error: ChainError | None
    compute_units: int
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the cluster knows about a signature. `error` None means it was applied."""

    slot: int
    error: ChainError | None
    is_finalized: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that was applied."""

    signature: str
    slot: int
    compute_units: int


class Sender(Protocol):
    """One signer on one cluster. Every call may raise `RpcError`."""

    @property
    def pubkey(self) -> Pubkey:
        """The signer and fee payer."""

    @property
    def is_dry_run(self) -> bool:
        """True when nothing can be signed."""

    async def simulate(self, instructions: Sequence[Instruction], tables: Tables = ()) -> Simulation:
        """Trial run without a signature, at the sender's commitment."""

    async def sign(
        self, instructions: Sequence[Instruction], tables: Tables = (), *, compute_units: int
    ) -> SignedTransaction:
        """A transaction with a fresh blockhash; `compute_units` is the expected use. Dry: `DryRunRefusal`."""

    async def broadcast(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to the cluster, without a trial run; repeating it is harmless."""

    async def outcomes(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> list[Outcome | None]:
        """What became of each; None while the cluster has not seen it (lately, unless `search_history`)."""

    async def finalized_block_height(self) -> int:
        """Height below which nothing changes any more: a blockhash that expired before it is dead."""

    async def send(self, instructions: Sequence[Instruction], tables: Tables = ()) -> Sent | None:
        """Sign, send, rebroadcast, wait until applied; raises the refusal. Dry: simulate, return None."""
