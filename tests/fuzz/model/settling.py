"""Winding a market up: a reason and a price, every size closed, every claim paid, the accounts closed."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.golden import naive_money
from tests.golden.naive_money import Account
from tests.programs.harness.codec import pda
from tests.programs.position_mgmt.exchange import ACTIVE, CONFIG, HALTED, REDUCE_ONLY, SETTLING
from tests.programs.position_mgmt.model import HOUR, Refused

from . import money as m
from . import vault
from .book import Draft, Fields
from .config import as_admin, consume_change, end_canary
from .feed import reading
from .funding import funding_of
from .positions import MAX_INDEX, PROGRAM, renamed_params, require_position, require_status, wrong_params
from .vault import pool_of

DELISTING, SILENCE, STUCK_LOSS, USED_UP_INDEX = range(4)
SILENT_SECONDS, DEAD_ORACLE_SECONDS, INDEX_ALARM = 86_400, 3 * 86_400, 2**61


def settlement_of(market: Pubkey) -> Pubkey:
    return pda(PROGRAM, b"settlement", market)


def start_settling(
    tx: Draft,
    market_key: Pubkey,
    feed_key: Pubkey,
    payer: Pubkey,
    admin: Pubkey | None,
    reason: int,
    data: bytes,
) -> None:
    key, bump = Pubkey.find_program_address([b"settlement", bytes(market_key)], PROGRAM_IDS[PROGRAM])
    if tx.has(key, "MarketSettlement"):
        raise Refused("system.AccountAlreadyInUse")
    market = tx.edit(market_key)
    require_status(market, ACTIVE, REDUCE_ONLY, HALTED)
    if reason > USED_UP_INDEX:
        raise Refused("BadSettlingReason")
    if reason == DELISTING:
        config = as_admin(tx, admin or Pubkey.default())
        consume_change(tx, config, data, market_key)
    else:
        _require_reason(tx, market, pool_of(market_key), reason)
    fields = {
        "market": market_key,
        "payer": payer,
        "reason": reason,
        "price_e6": _price(tx, market, feed_key),
        "open_interest_e8": market["total_open_interest"],
        "started_ts": tx.now_ts,
        "layout_version": 1,
        "bump": bump,
    }
    tx.create(key, PROGRAM, "MarketSettlement", fields)
    market["status"], market["is_active"] = SETTLING, 0
    market["event_sequence"] += 1


def _require_reason(tx: Draft, market: Fields, pool_key: Pubkey, reason: int) -> None:
    ledger = m.market_money(market, tx.read(pool_key))
    indices = [ledger[f"{name}_index"] for name in ("funding", "long_loss", "short_loss")]
    is_stuck = ledger["long_interest_e8"] == 0 and ledger["outstanding_loss_atoms"] > 0
    holds, error = {
        SILENCE: (tx.now_ts - market["last_batch_ts"] >= SILENT_SECONDS, "MarketNotSilent"),
        STUCK_LOSS: (
            is_stuck or _is_unresolvable(ledger, "long") or _is_unresolvable(ledger, "short"),
            "LossNotStuck",
        ),
        USED_UP_INDEX: (any(abs(index) >= INDEX_ALARM for index in indices), "IndexNotNearlyUsedUp"),
    }[reason]
    if not holds:
        raise Refused(error)


def _is_unresolvable(ledger: Account, side: str) -> bool:
    """Whether the side's shortfall is beyond insurance and nobody can carry the rest."""
    after, gained = dict(ledger), "short" if side == "long" else "long"
    covered = min(after["accrued_insurance_atoms"], after[f"{side}_shortfall_atoms"])
    after[f"{side}_shortfall_atoms"] -= covered
    if after[f"{side}_shortfall_atoms"] <= after["insurance_atoms"]:
        return False
    if after[f"{gained}_interest_e8"] <= 0:
        return True
    naive_money.resolve_bankruptcy(after, side)
    return after[f"{gained}_loss_index"] > MAX_INDEX


def _price(tx: Draft, market: Fields, feed_key: Pubkey) -> int:
    """The feed's hourly average, near the price unless the market has been silent for days."""
    feed = tx.read(feed_key)
    average = feed["twap_e9"] // 1_000
    if not market["total_long_interest"]:
        return average
    if average == 0:
        raise Refused("OracleNotUsable")
    if tx.now_ts - market["last_batch_ts"] < DEAD_ORACLE_SECONDS:
        found = reading(feed, tx.now_ts)
        if found.faults - {"stale"}:
            raise Refused("OracleNotUsable")
        band = Fraction(market["price_band_bps"], m.BPS)
        if abs(average - found.price_e6) > found.price_e6 * band:
            raise Refused("AverageTooFar")
    return average


def _open(tx: Draft, market_key: Pubkey) -> tuple[Fields, Fields]:
    """Market and settlement; without a settlement the account belongs to the system program."""
    if not tx.has(settlement_of(market_key), "MarketSettlement"):
        raise Refused("AccountOwnedByWrongProgram")
    return tx.edit(market_key), tx.edit(settlement_of(market_key))


def settle_position(tx: Draft, market_key: Pubkey, position_key: Pubkey) -> None:
    market, settlement = _open(tx, market_key)
    require_position(tx, position_key)
    position = tx.edit(position_key)
    if position["size"] == 0:
        raise Refused("NothingToSettle")
    money, ledger = m.position_money(position), m.market_money(market)
    m.touch(position, money, ledger)
    side, held = m.side_of(money["size_e8"]), money["collateral_atoms"]
    worth = m.fits(naive_money.close_at(money, ledger, settlement["price_e6"]))
    position["realized_pnl"] += money["collateral_atoms"] - held
    naive_money.settle_overdraft(money, ledger, side)
    position["requested_release_atoms"] = position["requested_release_slot"] = 0
    position["is_release_by_parent"] = 0
    m.store_position(position, money, market, settlement["price_e6"], tx.now_ts)
    m.store_market(market, ledger)
    settlement["imbalance_atoms"] += worth
    settlement["settled_count"] += 1
    market["event_sequence"] += 1


def pay_position(tx: Draft, market_key: Pubkey, position_key: Pubkey) -> None:
    """To the parent wallet's free balance."""
    market, settlement = _open(tx, market_key)
    require_position(tx, position_key)
    position, pool_key = tx.read(position_key), pool_of(market_key)
    if market["total_long_interest"] or market["total_short_interest"]:
        raise Refused("PositionsNotSettled")
    money, ledger = m.position_money(position), m.market_money(market, tx.read(pool_key))
    if not settlement["is_paying"]:
        claims, payable, drawn = naive_money.open_payouts(ledger)
        settlement.update(is_paying=1, claims_atoms=claims, payable_atoms=payable, drawn_atoms=drawn)
        vault.move_pool(tx, pool_key, "insurance_atoms", "locked_atoms", "total_drawn_atoms", drawn)
    paid = naive_money.pay_out(money, ledger, settlement["claims_atoms"], settlement["payable_atoms"])
    m.store_market(market, ledger)
    if paid:
        vault.release(tx, position["parent_wallet"], pool_key, paid)
    settlement["paid_atoms"] += paid
    settlement["paid_count"] += 1
    market["position_count"] -= 1
    market["event_sequence"] += 1
    tx.close(position_key)


def close_funding(tx: Draft, market_key: Pubkey) -> None:
    if not tx.has(funding_of(market_key), "FundingState"):
        raise Refused("AccountOwnedByWrongProgram")
    if tx.read(market_key)["status"] != SETTLING:
        raise Refused("MarketNotSettling")
    tx.close(funding_of(market_key))


def close_market(tx: Draft, market_key: Pubkey) -> None:
    """What is left goes to the vault's fees."""
    market, _ = _open(tx, market_key)
    if tx.has(funding_of(market_key), "FundingState"):
        raise Refused("FundingNotClosed")
    if market["position_count"]:
        raise Refused("PositionsLeft")
    pool_key = pool_of(market_key)
    for source, target, total in (
        ("insurance_atoms", "locked_atoms", "total_drawn_atoms"),
        ("locked_atoms", "fees_atoms", "total_swept_atoms"),
    ):
        vault.move_pool(tx, pool_key, source, target, total, tx.read(pool_key)[source])
    config = tx.edit(CONFIG)
    config["has_closed_markets"] = 1
    if config["canary_market"] == market_key:
        end_canary(config)
    for key in (market_key, settlement_of(market_key), pool_key):
        tx.close(key)


def create_market(tx: Draft, admin: Pubkey, feed_key: Pubkey, args: Fields, data: bytes) -> None:
    """A market at an address that may have had one before."""
    config = as_admin(tx, admin)
    error = wrong_params(args["params"])
    if error:
        raise Refused(error)
    consume_change(tx, config, data, feed_key)
    seeds = [b"market", args["symbol_hash"]]
    key, bump = Pubkey.find_program_address(seeds, PROGRAM_IDS[PROGRAM])
    index, pool_key = config["market_count"], pool_of(key)
    config["market_count"] += 1
    fields = {name: args[name] for name in ("symbol", "base_asset", "quote_asset", "fee_recipient")}
    fields |= {"authority": CONFIG, "market_id": args["symbol_hash"], "usdt_vault": pool_key}
    fields |= {"price_oracle": feed_key, "market_index": index, "bump": bump, "layout_version": 2}
    fields |= dict.fromkeys(("last_batch_ts", "mark_ts", "last_funding_update"), tx.now_ts)
    fields |= {"is_active": 1, "event_sequence": 1} | renamed_params(args["params"])
    if config["has_closed_markets"]:
        start = sha256(b"gdx/market" + bytes(key) + index.to_bytes(4, "little")).digest()
        fields |= {"last_batch_sequence": 1, "last_batch_id": start}
    tx.create(key, PROGRAM, "PerpMarket", fields)
    pool_bump = Pubkey.find_program_address([b"pool", bytes(key)], PROGRAM_IDS[vault.PROGRAM])[1]
    pool = {"market": key, "bump": pool_bump, "layout_version": 1}
    tx.create(pool_key, vault.PROGRAM, "MarketPool", pool)


def create_funding(tx: Draft, market_key: Pubkey, rate_e9: int) -> None:
    market = tx.read(market_key)
    seeds = [b"funding", bytes(market_key)]
    key, bump = Pubkey.find_program_address(seeds, PROGRAM_IDS["funding_rate"])
    fields = {
        "market": market_key,
        "funding_index": market["funding_index"],
        "market_premium_sum_e9": market["premium_accumulator"],
        "market_weight_seconds": market["premium_weight_seconds"],
        "max_rate_e9": rate_e9,
        "next_hour": tx.now_ts // HOUR,
        "last_update_ts": tx.now_ts,
        "last_sample_ts": tx.now_ts,
        "bump": bump,
        "layout_version": 1,
        "event_sequence": 1,
    }
    tx.create(key, "funding_rate", "FundingState", fields)


def prune_orphan(tx: Draft, record: Pubkey) -> None:
    kept_seconds = tx.read(CONFIG)["batch_retention_seconds"] + SILENT_SECONDS
    if tx.now_ts <= tx.read(record)["timestamp"] + kept_seconds:
        raise Refused("BatchNotPrunable")
    tx.close(record)
