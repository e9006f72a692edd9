"""The client: reads any account by its type, sends transactions, waits until they are applied."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk.client.policies import DEFAULT_RETRIES, RetryPolicy
from gdx_sdk.client.pool import RetryHook, RetryingTransport, transport_for
from gdx_sdk.client.reader import Reader
from gdx_sdk.client.replies import SentTransaction, SignatureStatus, Simulation, reading, text_from
from gdx_sdk.client.sender import AnySigner, ComputeLimit, PriorityFee, Sender
from gdx_sdk.client.timing import SystemTimer, Timer
from gdx_sdk.client.transport import RpcTransport
from gdx_sdk.client.watch import SignatureWatch
from gdx_sdk.errors import DryRunRefusal
from gdx_sdk.tx.transaction import SignedTransaction, Tables

if TYPE_CHECKING:
    from solana.rpc.async_api import AsyncClient


class Client(Reader):
    """A connection to one cluster.

    `endpoint` is a URL, several URLs of nodes of one cluster (the next one is asked when one fails), a
    `solana.rpc.async_api.AsyncClient` (which stays yours to close) or an `RpcTransport` such as
    `gdx_sdk.testing.FakeRpc`. A call takes at most `timeout_s`; URLs are asked again by `retry_policy`, and
    `on_retry(method, url, error)` is told. With `dry_run` nothing can be signed or sent: `send` simulates.

    A confirmation is heard of over a WebSocket at `ws_url` (by default the one that goes with the first URL;
    None: polls alone) and polled for as well.

    Used as `async with Client(url) as client:`.
    """

    def __init__(
        self,
        endpoint: str | Sequence[str] | AsyncClient | RpcTransport,
        *,
        commitment: str = "confirmed",
        timeout_s: float = 30.0,
        confirm_timeout_s: float = 120.0,
        retry_policy: RetryPolicy = DEFAULT_RETRIES,
        on_retry: RetryHook | None = None,
        ws_url: str | Literal["auto"] | None = "auto",
        dry_run: bool = False,
        timer: Timer | None = None,
    ) -> None:
        self.timer: Timer = timer or SystemTimer()
        transport = transport_for(
            endpoint, timeout_s=timeout_s, policy=retry_policy, timer=self.timer, on_retry=on_retry
        )
        super().__init__(transport, commitment)
        if ws_url == "auto":
            ws_url = _websocket_beside(transport)
        self.ws_url = ws_url
        self._watch = SignatureWatch(ws_url) if ws_url is not None else None
        self._sender = Sender(
            self, self.timer, dry_run=dry_run, confirm_timeout_s=confirm_timeout_s, watch=self._watch
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that this client opened."""
        if self._watch is not None:
            await self._watch.aclose()
        await self.transport.aclose()

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing can be signed or sent."""
        return self._sender.dry_run

    async def simulate(
        self, instructions: Sequence[Instruction], *, payer: Pubkey, lookup_tables: Tables = ()
    ) -> Simulation:
        """Trial run without signatures; the refusal, if any, is in `error` and not raised."""
        return await self._sender.simulate(instructions, payer, lookup_tables)

    async def sign(
        self,
        instructions: Sequence[Instruction],
        signers: Sequence[AnySigner],
        *,
        payer: Pubkey | None = None,
        lookup_tables: Tables = (),
        compute_unit_limit: int,
        priority_fee: PriorityFee = 0,
    ) -> SignedTransaction:
        """A signed transaction to `broadcast` and `confirm`; `DryRunRefusal` in a dry run.

        The first signer pays unless `payer` (one of the signers) is given. No two transactions signed by
        one client are equal, since equal ones would be applied once.
        """
        return await self._sender.sign(
            instructions,
            signers,
            payer=payer,
            lookup_tables=lookup_tables,
            compute_unit_limit=compute_unit_limit,
            priority_fee=priority_fee,
        )

    async def broadcast(self, signed: SignedTransaction) -> None:
        """Hand signed bytes to the cluster; repeating it is harmless. `DryRunRefusal` in a dry run."""
        await self._sender.broadcast(signed)

    async def confirm(self, signed: SignedTransaction, *, commitment: str | None = None) -> SignatureStatus:
        """Send again until applied at `commitment`, failed (raises the refusal) or expired."""
        return await self._sender.confirm(signed, commitment=commitment)

    async def send(
        self,
        instructions: Sequence[Instruction],
        signers: Sequence[AnySigner],
        *,
        payer: Pubkey | None = None,
        lookup_tables: Tables = (),
        compute_unit_limit: ComputeLimit = "simulate",
        priority_fee: PriorityFee = "recent",
    ) -> SentTransaction:
        """Build, sign, send and wait until the transaction is applied at the client's commitment.

        `compute_unit_limit` is a number of units, or "simulate": a trial run decides, and its refusal is
        raised before anything is signed. `priority_fee` is in 1e-6 lamports per unit, a `FeePolicy`, or
        "recent": what others paid lately for the written accounts, up to the default policy's cap. The first
        signer pays unless `payer` is given.

        Raises `ProgramError` (a program refused), `TransactionError` (the runtime did), `TransactionExpired`,
        `ConfirmationTimeout`, `TransportError`, `RpcError`. In a dry run it only simulates.
        """
        return await self._sender.send(
            instructions,
            signers,
            payer=payer,
            lookup_tables=lookup_tables,
            compute_unit_limit=compute_unit_limit,
            priority_fee=priority_fee,
        )

    async def airdrop(self, address: Pubkey, lamports: int) -> str:
        """Ask a test cluster for lamports and wait until they are there; returns the signature."""
        if self.is_dry_run:
            raise DryRunRefusal("asking for an airdrop")
        answer = await self.rpc("requestAirdrop", [str(address), lamports])
        with reading("requestAirdrop", answer):
            signature = text_from(answer)
        height = (await self.get_latest_blockhash()).last_valid_block_height
        await self._sender.await_foreign(signature, height)
        return signature


def _websocket_beside(transport: RpcTransport) -> str | None:
    """The WebSocket of the first URL; a caller's own transport has none that we know of."""
    if not isinstance(transport, RetryingTransport):
        return None
    from gdx_sdk.streams import websocket_url

    return websocket_url(transport.endpoints[0].name)
