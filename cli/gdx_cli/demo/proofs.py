"""What the demo proves at the end, each from the chain's own accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gdx_matcher.shard import Shard

from gdx_cli.demo.follower import Follower
from gdx_cli.demo.world import DemoMarket, World
from gdx_sdk import pdas
from gdx_sdk.accounts import (
    MarketPool,
    PerpMarket,
    SettlementBatch,
    UserPosition,
    VaultState,
    market_state,
    position_state,
)
from gdx_sdk.batch import (
    FileOutbox,
    MerkleProof,
    Trade,
    merkle_proof,
    verify_batch,
    verify_chain,
    verify_fill,
)
from gdx_sdk.client import Client
from gdx_sdk.errors import ProofError

PROOFS = (
    "every_fill_verified_against_its_root",
    "batches_chain_without_gap",
    "altered_trade_refused",
    "vault_ledger_equals_tokens",
    "sizes_sum_to_zero",
    "collateral_minus_cost_conserved",
    "positions_equal_engine_belief",
    "replayed_log_gives_same_state",
)

ALTERED = ("price_e6", "size_e8", "taker_fee_atoms", "maker_fee_atoms", "executed_at_ms")


@dataclass(slots=True)
class Proofs:
    """Runs every proof; a proof that fails says why in `failures`."""

    world: World
    shard: Shard
    outbox: FileOutbox
    follower: Follower
    failures: list[str]

    @property
    def _client(self) -> Client:
        return self.world.chain.client

    async def run(self, settled_trades: int) -> dict[str, bool]:
        """Name → holds, in the order of the closing table."""
        held = (
            await self._fills(settled_trades),
            await self._chains(),
            await self._altered_trade(),
            await self._ledger(),
            await self._each_market(self._sizes),
            await self._each_market(self._conserved),
            await self._each_market(self._beliefs),
            self._replay(),
        )
        return dict(zip(PROOFS, held, strict=True))

    async def _records(self, market: DemoMarket) -> list[tuple[SettlementBatch | None, int]]:
        settled = self.outbox.settled(market.address)
        addresses = [pdas.settlement_batch(item.batch.batch_id) for item in settled]
        found = await self._client.fetch_multiple(SettlementBatch, addresses)
        return [(record, item.batch.sequence) for record, item in zip(found, settled, strict=True)]

    async def _fills(self, expected: int) -> bool:
        """Each trade's leaf leads to the root in the on-chain record of its batch; none is missing."""
        verified = 0
        for market in self.world.markets:
            records = await self._records(market)
            for (record, sequence), item in zip(records, self.outbox.settled(market.address), strict=True):
                if record is None or record.trade_count != len(item.batch.trades):
                    return self._fail(
                        f"{market.symbol}: batch {sequence} has no record of its trades on chain"
                    )
                leaves, root = [trade.leaf() for trade in item.batch.trades], record.merkle_root
                for index, trade in enumerate(item.batch.trades):
                    try:
                        proof = merkle_proof(leaves, index)
                        verify_fill(trade, proof, root, trade_count=record.trade_count)
                    except ProofError as error:
                        return self._fail(f"{market.symbol}: trade {trade.trade_id}: {error}")
                    verified += 1
                if item.batch.trades:
                    verify_batch(item.batch.trades, item.batch)
        if verified != expected:
            return self._fail(f"{verified} fills verified, {expected} were matched and not busted")
        return True

    async def _chains(self) -> bool:
        """Ids and sequences follow each other up to what the market's account holds."""
        for market in self.world.markets:
            batches = [item.batch for item in self.outbox.settled(market.address)]
            account = await self._client.fetch(PerpMarket, market.address)
            try:
                verify_chain(batches)
            except ProofError as error:
                return self._fail(f"{market.symbol}: {error}")
            last = (batches[-1].sequence, batches[-1].batch_id) if batches else (0, bytes(32))
            if last != (account.last_batch_sequence, bytes(account.last_batch_id)):
                return self._fail(f"{market.symbol}: the chain ends at batch {account.last_batch_sequence}")
        return True

    async def _altered_trade(self) -> bool:
        """A trade verifies; one unit more or less in any number of it, and it verifies no more."""
        market = self.world.markets[0]
        records = await self._records(market)
        for (record, _), item in zip(records, self.outbox.settled(market.address), strict=True):
            if record is not None and item.batch.trades:
                return self._refuses_altered(item.batch.trades, bytes(record.merkle_root))
        return self._fail("there is no trade to alter")

    def _refuses_altered(self, trades: Sequence[Trade], root: bytes) -> bool:
        trade, proof = trades[0], merkle_proof([each.leaf() for each in trades], 0)
        if not _verifies(trade, proof, root):
            return self._fail(f"trade {trade.trade_id} does not verify as it is")
        altered = (
            replace(trade, **{name: getattr(trade, name) + step}) for name in ALTERED for step in (-1, 1)
        )
        if any(_verifies(other, proof, root) for other in altered):
            return self._fail(f"an altered trade {trade.trade_id} still verifies")
        return True

    async def _ledger(self) -> bool:
        """The vault's ledger adds up to the tokens it holds."""
        vault = await self._client.fetch(VaultState, pdas.vault_state())
        tokens = await self._client.get_token_balance(pdas.vault_token())
        owed = vault.free_atoms + vault.locked_atoms + vault.insurance_atoms + vault.fees_atoms
        return owed == tokens or self._fail(f"the vault owes {owed} atoms and holds {tokens}")

    async def _each_market(
        self, check: Callable[[DemoMarket, PerpMarket, MarketPool, list[UserPosition]], bool]
    ) -> bool:
        results = []
        for market in self.world.markets:
            account = await self._client.fetch(PerpMarket, market.address)
            pool = await self._client.fetch(MarketPool, pdas.market_pool(market.address))
            found = await self._client.scan(UserPosition, [UserPosition.memcmp("market", market.address)])
            results.append(check(market, account, pool, [position for _, position in found]))
        return all(results)

    def _sizes(
        self, market: DemoMarket, account: PerpMarket, _pool: MarketPool, positions: list[UserPosition]
    ) -> bool:
        """Σ size = 0, and the longs are the market's open interest."""
        total = sum(position.size for position in positions)
        longs = sum(max(position.size, 0) for position in positions)
        if total != 0 or longs != account.total_long_interest or longs != account.total_short_interest:
            return self._fail(
                f"{market.symbol}: Σ size = {total}, longs {longs}, market {account.total_long_interest}"
            )
        return True

    def _conserved(
        self, market: DemoMarket, account: PerpMarket, pool: MarketPool, positions: list[UserPosition]
    ) -> bool:
        """Σ(collateral − cost) with the market's counters = the pool = what users put in."""
        value = sum(position.collateral - position.cost_atoms for position in positions)
        if value != account.collateral_sum_atoms - account.cost_sum_atoms:
            return self._fail(
                f"{market.symbol}: Σ(collateral − cost) = {value}, not the market's running sums"
            )
        state = market_state(account, pool)
        put_in = self.follower.added_atoms[market.index] - self.follower.swept_atoms[market.index]
        if not state.book_value_atoms == state.locked_atoms == put_in:
            return self._fail(
                f"{market.symbol}: books {state.book_value_atoms}, pool {state.locked_atoms}, "
                f"put in {put_in} atoms"
            )
        return True

    def _beliefs(
        self, market: DemoMarket, _account: PerpMarket, _pool: MarketPool, positions: list[UserPosition]
    ) -> bool:
        """Each position the engine believes in is the account on chain, field by field."""
        by_owner = {position.owner: position for position in positions}
        self.world.chain.report.funding_paid_atoms += sum(
            max(position.accumulated_funding, 0) for position in positions
        )
        for trader in self.world.traders:
            believed = self.shard.position(trader.account, market.index)
            account = by_owner.pop(trader.pubkey, None)
            if account is None:
                return self._fail(f"{market.symbol}: {trader.name} has no position on chain")
            pairs = {
                "state": (believed.settled, position_state(account)),
                "entry_price": (believed.settled.entry_price_e6, account.entry_price),
                "leverage": (believed.leverage, account.leverage),
                "realized_pnl": (believed.realized_pnl_atoms, account.realized_pnl),
                "accumulated_funding": (believed.accumulated_funding_atoms, account.accumulated_funding),
                "requested_release": (believed.release_atoms, account.requested_release_atoms),
            }
            for name, (engine, chain) in pairs.items():
                if engine != chain:
                    return self._fail(
                        f"{market.symbol}: {trader.name}: {name}: engine {engine}, chain {chain}"
                    )
        return not by_owner or self._fail(f"{market.symbol}: {len(by_owner)} positions of nobody")

    def _replay(self) -> bool:
        """A second shard that reads the log ends in the same state."""
        live = self.shard.state_hash()
        self.shard.close()
        again = Shard(self.shard.directory.parent, [market.config() for market in self.world.markets])
        try:
            return again.state_hash() == live or self._fail("the replayed log gives another state")
        finally:
            again.close()

    def _fail(self, reason: str) -> bool:
        self.failures.append(reason)
        return False


def _verifies(trade: Trade, proof: MerkleProof, root: bytes) -> bool:
    try:
        verify_fill(trade, proof, root, trade_count=proof.leaf_count)
    except ProofError:
        return False
    return True
