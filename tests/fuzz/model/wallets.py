"""Positions of session wallets: the parent's money, which the session key only sends home."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.position_mgmt.model import Refused

from . import positions
from .book import Draft


def open_session_position(
    tx: Draft, owner: Pubkey, parent: Pubkey, market_key: Pubkey, leverage: int
) -> None:
    positions.open_position(tx, owner, market_key, leverage)
    tx.edit(positions.position_of(owner, market_key))["parent_wallet"] = parent
    tx.edit(market_key)["event_sequence"] += 1


def request_release(
    tx: Draft, owner: Pubkey, market_key: Pubkey, feed_key: Pubkey, amount: int, signer: Pubkey
) -> None:
    key = positions.position_of(owner, market_key)
    positions.require_position(tx, key)
    parent, is_by_parent = tx.read(key)["parent_wallet"], tx.read(key)["is_release_by_parent"]
    if signer not in (owner, parent):
        raise Refused("WrongOwner")
    positions.request_release(tx, owner, market_key, feed_key, amount)
    if signer != parent and is_by_parent:
        raise Refused("ReleaseRequestedByParent")
    tx.edit(key)["is_release_by_parent"] = int(signer == parent != owner and amount > 0)


def close_position(tx: Draft, owner: Pubkey, market_key: Pubkey, signer: Pubkey) -> None:
    key = positions.position_of(owner, market_key)
    positions.require_position(tx, key)
    if tx.read(key)["parent_wallet"] != signer:
        raise Refused("WrongOwner")
    positions.close_position(tx, owner, market_key)
