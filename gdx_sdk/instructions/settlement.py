"""Instructions of settlement: batches, the relayer's beat, take-over, and the market's books."""

from __future__ import annotations

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.position_mgmt import instructions as generated
from gdx_sdk.batch.sealed import SealedBatch
from gdx_sdk.instructions._shared import POSITION_EVENTS
from gdx_sdk.units import Side


def settle_batch(
    relayer: Pubkey, batch: SealedBatch, *, relayer_epoch: int, price_feed: Pubkey
) -> Instruction:
    """Settle a sealed batch. The active relayer signs; `relayer_epoch` is the configuration's."""
    return generated.settle_batch(
        {"data": batch.encode(relayer_epoch)},
        {
            "relayer": relayer,
            "config": pdas.config(),
            "market": batch.market,
            "price_feed": price_feed,
            "batch": pdas.settlement_batch(batch.batch_id),
            "event_authority": POSITION_EVENTS,
        },
        remaining_accounts=[AccountMeta(key, is_signer=False, is_writable=True) for key in batch.positions],
    )


def prune_batch(market: Pubkey | None, batch_id: bytes, *, relayer: Pubkey) -> Instruction:
    """Close the record of an old batch; its rent goes to the relayer that settled it. Anyone may.

    `market` is None when it was closed; then the record has to be a day past the retention time.
    """
    return generated.prune_batch(
        {
            "config": pdas.config(),
            "market": market,
            "batch": pdas.settlement_batch(batch_id),
            "relayer": relayer,
            "event_authority": POSITION_EVENTS,
        }
    )


def beat(active_relayer: Pubkey) -> Instruction:
    """The active relayer's sign of life."""
    return generated.beat(
        {"config": pdas.config(), "beat": pdas.relayer_beat(), "active_relayer": active_relayer}
    )


def take_over(relayer: Pubkey) -> Instruction:
    """Become the active relayer when its beat is too old; `relayer` is approved and signs."""
    return generated.take_over(
        {
            "config": pdas.config(),
            "beat": pdas.relayer_beat(),
            "relayer": relayer,
            "event_authority": POSITION_EVENTS,
        }
    )


def resolve_bankruptcy(market: Pubkey, *, bankrupt_side: Side) -> Instruction:
    """Cover the shortfall that bankrupt longs (BUY) or shorts (SELL) left behind; anyone may."""
    return generated.resolve_bankruptcy(
        {"is_short_bankrupt": bankrupt_side is Side.SELL},
        {
            "market": market,
            "pool": pdas.market_pool(market),
            "vault_state": pdas.vault_state(),
            "event_authority": POSITION_EVENTS,
        },
    )


def sweep_fees(market: Pubkey) -> Instruction:
    """Move a market's accrued fees from its pool to the vault's fee ledger; anyone may."""
    return generated.sweep_fees(
        {
            "market": market,
            "pool": pdas.market_pool(market),
            "vault_state": pdas.vault_state(),
            "event_authority": POSITION_EVENTS,
        }
    )
