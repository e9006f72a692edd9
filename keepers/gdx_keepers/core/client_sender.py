"""The `Sender` of production: `gdx_sdk.client.Client` and one key, or no key at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Outcome, Sent, Simulation, Tables
from gdx_sdk.client import Client, SignatureStatus
from gdx_sdk.client.replies import reading, record_from
from gdx_sdk.client.sender import limit_with_margin
from gdx_sdk.errors import ChainError, DryRunRefusal, TransactionError
from gdx_sdk.tx import SignedTransaction, Signer, decode_failure

PriorityFee: TypeAlias = int | Literal["recent"]


class ClientSender:
    """Signs with `key`. Given a public key only, or a dry client, it is a dry sender: it owns no secret."""

    def __init__(
        self,
        client: Client,
        key: Signer | Keypair | Pubkey,
        *,
        metrics: Metrics,
        job: str,
        priority_fee: PriorityFee = "recent",
    ) -> None:
        self._client, self._metrics, self._job = client, metrics, job
        self._priority_fee: PriorityFee = priority_fee
        self.pubkey: Pubkey = key if isinstance(key, Pubkey) else Signer.of(key).pubkey
        may_sign = not isinstance(key, Pubkey) and not client.is_dry_run
        self._signer = Signer.of(key) if may_sign and not isinstance(key, Pubkey) else None

    @property
    def is_dry_run(self) -> bool:
        """True when nothing can be signed."""
        return self._signer is None

    async def simulate(self, instructions: Sequence[Instruction], tables: Tables = ()) -> Simulation:
        """Trial run without a signature."""
        trial = await self._client.simulate(instructions, payer=self.pubkey, lookup_tables=tables)
        self._count("simulated")
        return Simulation(trial.error, trial.compute_units, trial.logs)

    async def sign(
        self, instructions: Sequence[Instruction], tables: Tables = (), *, compute_units: int
    ) -> SignedTransaction:
        """A transaction with a fresh blockhash; `compute_units` is the expected use."""
        signed = await self._client.sign(
            instructions,
            [self._key()],
            lookup_tables=tables,
            compute_unit_limit=limit_with_margin(compute_units),
            priority_fee=self._priority_fee,
        )
        self._count("signed")
        return signed

    async def broadcast(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to the cluster. An endpoint that runs them at once may refuse; the status tells."""
        self._key()
        try:
            await self._client.broadcast(transaction)
        except ChainError:
            self._count("refused on arrival")
        else:
            self._count("sent")

    async def outcomes(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> list[Outcome | None]:
        """What became of each; None while the cluster has not seen it."""
        statuses = await self._client.get_statuses(signatures, search_history=search_history)
        return [
            await self._outcome(signature, status)
            for signature, status in zip(signatures, statuses, strict=True)
        ]

    async def finalized_block_height(self) -> int:
        """Height at finalized commitment."""
        return await self._client.get_block_height(commitment="finalized")

    async def send(self, instructions: Sequence[Instruction], tables: Tables = ()) -> Sent | None:
        """Sign, send and wait until applied; raises the refusal. Dry: simulate, return None."""
        if self._signer is None:
            trial = await self.simulate(instructions, tables)
            if trial.error is not None:
                raise trial.error
            return None
        sent = await self._client.send(
            instructions, [self._signer], lookup_tables=tables, priority_fee=self._priority_fee
        )
        self._count("landed")
        return Sent(sent.signature, sent.slot, sent.compute_units)

    async def _outcome(self, signature: str, status: SignatureStatus | None) -> Outcome | None:
        if status is None:
            return None
        if status.error is None:
            return Outcome(status.slot, None, status.is_finalized)
        found = await self._client.get_transaction(signature)
        if found is None:  # without its log nobody can say which program refused: not an answer yet
            return Outcome(status.slot, TransactionError(f"{signature} failed: {status.error}"), False)
        with reading(f"getTransaction of {signature}", found):
            record = record_from(found)
        logs = record.logs if record is not None else ()
        return Outcome(status.slot, decode_failure(status.error, logs), status.is_finalized)

    def _key(self) -> Signer:
        if self._signer is None:
            raise DryRunRefusal("signing or sending a transaction")
        return self._signer

    def _count(self, outcome: str) -> None:
        self._metrics.transactions.labels(self._job, outcome).inc()
