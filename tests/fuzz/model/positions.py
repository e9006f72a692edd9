"""Positions besides batches: opening, collateral in and out, liquidation, bankruptcy, fees, records."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import ceil

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.golden import naive_money
from tests.golden.naive_money import Account
from tests.programs.harness.codec import pda
from tests.programs.position_mgmt.exchange import ACTIVE, CONFIG, HALTED, PAUSE, REDUCE_ONLY
from tests.programs.position_mgmt.model import Refused

from . import money as m
from . import vault
from .book import Draft, Fields
from .config import as_admin, consume_change
from .feed import Pyth, reading
from .vault import pool_of

PROGRAM = "position_mgmt"
MAX_INDEX = 2**62


@cache
def position_of(owner: Pubkey, market: Pubkey) -> Pubkey:
    return pda(PROGRAM, b"position", owner, market)


def require_open(tx: Draft, operation: str, error: str) -> Fields:
    config = tx.read(CONFIG)
    is_paused = config["pause_bits"] & PAUSE[operation]
    if is_paused and (operation != "release" or tx.now_ts < config["release_pause_expiry_ts"]):
        raise Refused(error)
    return config


def require_status(market: Fields, *accepted: int) -> None:
    if market["status"] not in accepted:
        raise Refused("MarketNotActive")


def require_position(tx: Draft, key: Pubkey) -> None:
    """A position account that is not there belongs to the system program."""
    if not tx.has(key, "UserPosition"):
        raise Refused("AccountOwnedByWrongProgram")


def open_position(tx: Draft, owner: Pubkey, market_key: Pubkey, leverage: int) -> None:
    seeds = [b"position", bytes(owner), bytes(market_key)]
    key, bump = Pubkey.find_program_address(seeds, PROGRAM_IDS[PROGRAM])
    if tx.has(key, "UserPosition"):
        raise Refused("system.AccountAlreadyInUse")
    market = tx.edit(market_key)
    require_open(tx, "open", "OpenPaused")
    require_status(market, ACTIVE)
    if not 1 <= leverage <= market["max_leverage"]:
        raise Refused("BadLeverage")
    fields = {"owner": owner, "parent_wallet": owner, "market": market_key, "leverage": leverage}
    times = dict.fromkeys(("open_timestamp", "last_update_timestamp", "last_funding_update"), tx.now_ts)
    rest = {"funding_index": market["funding_index"], "layout_version": 1, "bump": bump}
    tx.create(key, PROGRAM, "UserPosition", fields | times | rest)
    market["position_count"] += 1
    market["event_sequence"] += 1


def close_position(tx: Draft, owner: Pubkey, market_key: Pubkey) -> None:
    key = position_of(owner, market_key)
    require_position(tx, key)
    position = tx.read(key)
    if position["size"] or position["collateral"]:
        raise Refused("PositionNotEmpty")
    tx.close(key)
    market = tx.edit(market_key)
    market["position_count"] -= 1
    market["event_sequence"] += 1


def add_collateral(
    tx: Draft, owner: Pubkey, market_key: Pubkey, amount: int, signer: Pubkey | None = None
) -> None:
    """`signer` is another wallet than the owner: whose collateral is locked."""
    require_position(tx, position_of(owner, market_key))
    market, position = tx.edit(market_key), tx.edit(position_of(owner, market_key))
    if amount == 0:
        raise Refused("AmountIsZero")
    require_open(tx, "add_collateral", "AddCollateralPaused")
    require_status(market, ACTIVE, REDUCE_ONLY, HALTED)
    vault.lock(tx, signer or owner, pool_of(market_key), amount)
    money, ledger = m.position_money(position), m.market_money(market)
    m.touch(position, money, ledger)
    naive_money.move_collateral(money, ledger, amount)
    naive_money.settle_overdraft(money, ledger, None)
    m.store_position(position, money, market, market["mark_price_e6"] or position["entry_price"], tx.now_ts)
    m.store_market(market, ledger)
    market["event_sequence"] += 1


def request_release(tx: Draft, owner: Pubkey, market_key: Pubkey, feed_key: Pubkey, amount: int) -> None:
    require_position(tx, position_of(owner, market_key))
    market, position = tx.edit(market_key), tx.edit(position_of(owner, market_key))
    require_open(tx, "release", "ReleasePaused")
    require_status(market, ACTIVE, REDUCE_ONLY, HALTED)
    money, ledger = m.position_money(position), m.market_money(market)
    m.touch(position, money, ledger)
    naive_money.settle_overdraft(money, ledger, None)
    if money["collateral_atoms"] < amount:
        raise Refused("AmountAboveCollateral")
    index = tx.read(feed_key)["price_e6"]
    if money["size_e8"] and amount:
        rest = money | {"collateral_atoms": money["collateral_atoms"] - amount}
        index = _require_margin_left(tx, feed_key, rest, market, position)
    m.store_position(position, money, market, market["mark_price_e6"] or index, tx.now_ts)
    position["requested_release_atoms"], position["requested_release_slot"] = amount, tx.slot
    m.store_market(market, ledger)
    market["event_sequence"] += 1


def execute_release(tx: Draft, owner: Pubkey, market_key: Pubkey, feed_key: Pubkey) -> None:
    require_position(tx, position_of(owner, market_key))
    market, position = tx.edit(market_key), tx.edit(position_of(owner, market_key))
    config = require_open(tx, "release", "ReleasePaused")
    require_status(market, ACTIVE, REDUCE_ONLY, HALTED)
    amount = position["requested_release_atoms"]
    if amount == 0:
        raise Refused("NoReleaseRequested")
    if tx.slot < position["requested_release_slot"] + config["release_delay_slots"]:
        raise Refused("ReleaseTooEarly")
    position["requested_release_atoms"] = position["requested_release_slot"] = 0
    money, ledger = m.position_money(position), m.market_money(market)
    m.touch(position, money, ledger)
    if money["collateral_atoms"] < amount:
        raise Refused("AmountAboveCollateral")
    naive_money.move_collateral(money, ledger, -amount)
    index = tx.read(feed_key)["price_e6"]
    if money["size_e8"]:
        index = _require_margin_left(tx, feed_key, money, market, position)
    m.store_position(position, money, market, market["mark_price_e6"] or index, tx.now_ts)
    m.store_market(market, ledger)
    position["is_release_by_parent"] = 0
    vault.release(tx, position["parent_wallet"], pool_of(market_key), amount)
    market["event_sequence"] += 1


def _require_margin_left(
    tx: Draft, feed_key: Pubkey, money: Account, market: Fields, position: Fields
) -> int:
    found = reading(tx.read(feed_key), tx.now_ts)
    if not found.allows("release"):
        raise Refused("OracleNotUsable")
    prices = (market["mark_price_e6"] or found.price_e6, found.price_e6)
    m.require_initial_margin(money, market, position["leverage"], prices)
    return found.price_e6


def liquidate(
    tx: Draft,
    market_key: Pubkey,
    feed_key: Pubkey,
    keys: tuple[Pubkey, Pubkey],
    wanted: int,
    fallback: Pyth | None,
) -> None:
    """`keys` are the positions of the liquidatee and of the liquidator."""
    for key in keys:
        require_position(tx, key)
    market = tx.edit(market_key)
    if keys[0] == keys[1]:
        raise Refused("SelfLiquidation")
    position, taker = tx.edit(keys[0]), tx.edit(keys[1])
    if wanted == 0:
        raise Refused("AmountIsZero")
    config = require_open(tx, "liquidate", "LiquidationPaused")
    require_status(market, ACTIVE, REDUCE_ONLY)
    found = reading(tx.read(feed_key), tx.now_ts, fallback, by=PROGRAM)
    if not found.allows("liquidate"):
        raise Refused("OracleNotUsable")
    price, ledger = found.price_e6, m.market_money(market)
    money, taker_money = m.position_money(position), m.position_money(taker)
    m.touch(position, money, ledger)
    m.touch(taker, taker_money, ledger)
    before, taker_before = money["size_e8"], taker_money["size_e8"]
    taken = min(wanted, _most(money, ledger, market, price))
    if taken <= 0:
        raise Refused("PositionHealthy")
    taken = taken if before > 0 else -taken
    worth = m.notional(price, taken)
    quote = worth if taken > 0 else -worth
    for account, one, sign in ((position, money, -1), (taker, taker_money, 1)):
        held = one["collateral_atoms"]
        naive_money.fill(one, ledger, sign * taken, sign * quote)
        account["realized_pnl"] += one["collateral_atoms"] - held
    room = money["collateral_atoms"], naive_money.equity(money, ledger, price)
    fee = naive_money.liquidation_fee(worth, market["liquidation_fee_ppm"], *room)
    _share_fee(money, taker_money, ledger, fee, config)
    naive_money.settle_overdraft(money, ledger, m.side_of(before))
    naive_money.settle_overdraft(taker_money, ledger, m.side_of(taker_before))
    mark = market["mark_price_e6"] or price
    if m.adds_risk(taker_before, taker_money["size_e8"]):
        if abs(taker_money["size_e8"]) > market["max_position_size_e8"]:
            raise Refused("PositionTooLarge")
        m.require_initial_margin(taker_money, market, taker["leverage"], (mark, price))
    m.store_position(position, money, market, mark, tx.now_ts)
    m.store_position(taker, taker_money, market, mark, tx.now_ts)
    m.store_market(market, ledger)
    market["event_sequence"] += 1


def _share_fee(payer: Account, taker: Account, ledger: Account, fee: int, config: Fields) -> None:
    """The market's insurance gets its share, rounded up, the liquidator the rest."""
    insured = ceil(fee * Fraction(config["insurance_share_bps"], m.BPS))
    naive_money.charge_insurance(payer, ledger, insured)
    naive_money.move_collateral(payer, ledger, insured - fee)
    naive_money.move_collateral(taker, ledger, fee - insured)


def _most(money: Account, ledger: Account, market: Fields, price: int) -> int:
    """What may be taken over of a position that is due; 0 of a healthy one."""
    size = money["size_e8"]
    worth = m.notional(price, size)
    ratio = market["maintenance_margin_ratio"]
    m.value(size, price)
    is_due = naive_money.equity(money, ledger, price) < naive_money.maintenance_requirement(worth, ratio)
    if size == 0 or not is_due:
        return 0
    terms = (market["initial_margin_ratio"], market["liquidation_fee_ppm"], market["min_position_size_e8"])
    return naive_money.liquidation_size(money, ledger, price, *terms)


def resolve_bankruptcy(tx: Draft, market_key: Pubkey, side: str) -> None:
    market, pool_key = tx.edit(market_key), pool_of(market_key)
    require_status(market, ACTIVE, REDUCE_ONLY, HALTED)
    ledger = m.market_money(market, tx.read(pool_key))
    name, gained = f"{side}_shortfall_atoms", "short" if side == "long" else "long"
    if ledger[name] <= 0:
        raise Refused("NoShortfall")
    covered = min(ledger["accrued_insurance_atoms"], ledger[name])
    ledger["accrued_insurance_atoms"] -= covered
    ledger[name] -= covered
    is_left = ledger[name] > ledger["insurance_atoms"]
    if is_left and ledger[f"{gained}_interest_e8"] <= 0:
        raise Refused("NobodyToCarryLoss")
    insured = ledger["insurance_atoms"]
    naive_money.resolve_bankruptcy(ledger, side)
    if ledger[f"{gained}_loss_index"] > MAX_INDEX:
        raise Refused("MathOverflow")
    insured -= ledger["insurance_atoms"]
    m.store_market(market, ledger)
    vault.move_pool(tx, pool_key, "insurance_atoms", "locked_atoms", "total_drawn_atoms", insured)
    market["event_sequence"] += 1


def sweep_fees(tx: Draft, market_key: Pubkey) -> None:
    market, pool_key = tx.edit(market_key), pool_of(market_key)
    require_status(market, ACTIVE, REDUCE_ONLY, HALTED)
    ledger = m.market_money(market, tx.read(pool_key))
    fees = naive_money.sweep_fees(ledger)
    insurance = min(ledger["accrued_insurance_atoms"], ledger["locked_atoms"])
    if fees == 0 and insurance == 0:
        raise Refused("NothingToSweep")
    ledger["accrued_insurance_atoms"] -= insurance
    m.store_market(market, ledger)
    vault.move_pool(tx, pool_key, "locked_atoms", "fees_atoms", "total_swept_atoms", fees)
    vault.move_pool(tx, pool_key, "locked_atoms", "insurance_atoms", "total_insured_atoms", insurance)
    market["event_sequence"] += 1


def prune_batch(tx: Draft, market_key: Pubkey, record: Pubkey, relayer: Pubkey) -> None:
    if not tx.has(record, "SettlementBatch"):
        raise Refused("AccountOwnedByWrongProgram")
    batch, market = tx.read(record), tx.edit(market_key)
    if batch["relayer"] != relayer:
        raise Refused("WrongBatchRelayer")
    if batch["market_index"] != market["market_index"]:
        raise Refused("WrongMarket")
    is_old = tx.now_ts > batch["timestamp"] + tx.read(CONFIG)["batch_retention_seconds"]
    if batch["sequence"] >= market["last_batch_sequence"] or not is_old:
        raise Refused("BatchNotPrunable")
    tx.close(record)
    market["event_sequence"] += 1


def set_market_status(tx: Draft, market_key: Pubkey, signer: Pubkey, status: int, data: bytes) -> None:
    config = as_admin(tx, signer)
    if status not in (ACTIVE, REDUCE_ONLY, HALTED):
        raise Refused("BadMarketStatus")
    require_status(tx.read(market_key), ACTIVE, REDUCE_ONLY, HALTED)
    consume_change(tx, config, data, market_key)
    market = tx.edit(market_key)
    market["status"], market["is_active"] = status, int(status == ACTIVE)
    market["event_sequence"] += 1


def set_market_limits(
    tx: Draft, market_key: Pubkey, signer: Pubkey, params: dict[str, int], data: bytes
) -> None:
    config = as_admin(tx, signer)
    error = wrong_params(params)
    if error:
        raise Refused(error)
    market = tx.edit(market_key)
    require_status(market, ACTIVE, REDUCE_ONLY, HALTED)
    consume_change(tx, config, data, market_key)
    market.update(renamed_params(params))
    market["event_sequence"] += 1


def renamed_params(params: dict[str, int]) -> dict[str, int]:
    """As the market's fields are called."""
    renamed = {"initial_margin_ratio_bps": "initial_margin_ratio", "maker_fee_ppm": "maker_fee"}
    renamed |= {"maintenance_margin_ratio_bps": "maintenance_margin_ratio", "taker_fee_ppm": "taker_fee"}
    return {renamed.get(name, name): value for name, value in params.items()}


def wrong_params(params: dict[str, int]) -> str | None:
    initial, maintenance = params["initial_margin_ratio_bps"], params["maintenance_margin_ratio_bps"]
    maker, taker = params["maker_fee_ppm"], params["taker_fee_ppm"]
    sizes = [params[f"{name}_e8"] for name in ("min_position_size", "max_position_size", "max_open_interest")]
    liquidation = params["liquidation_fee_ppm"]
    rules = {
        "BadMarginRatios": 0 < maintenance < initial <= m.BPS,
        "BadLeverageLimit": params["max_leverage"] >= 1 and params["max_leverage"] * initial <= m.BPS,
        "BadFees": max(taker, abs(maker)) <= 10_000 and maker + taker >= 0,
        "BadLiquidationFee": liquidation <= 50_000 and liquidation < maintenance * 100,
        "BadPriceBand": 0 < params["price_band_bps"] < m.BPS,
        "BadLimits": 0 < sizes[0] <= sizes[1] <= sizes[2] <= m.I64_MAX
        and params["max_slippage_per_hour_atoms"] > 0,
    }
    return next((error for error, holds in rules.items() if not holds), None)
