"""settle_batch as its documentation has it: routing, chain, entries, record."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.golden import naive_batch, naive_money
from tests.golden.naive_money import Account
from tests.programs.position_mgmt.exchange import ACTIVE, CONFIG, PAUSE, REDUCE_ONLY
from tests.programs.position_mgmt.model import Prices, Refused

from . import money as m
from .batch_bytes import FLUSH, HEARTBEAT, NOTHING, Header, Net, header_of, nets_of, trades_of, version_of
from .book import Draft, Fields
from .config import is_canary
from .feed import price_range, reading

PROGRAM = "position_mgmt"
MAX_FUTURE_SECONDS = 60


@dataclass
class Batch:
    """One call of settle_batch."""

    data: bytes
    market: Pubkey
    feed: Pubkey
    record: Pubkey
    relayer: Pubkey
    positions: Sequence[Pubkey]


@dataclass
class Party:
    """One position while a batch goes through it."""

    account: Fields
    money: Account
    before: int
    side: str | None
    net: Net = NOTHING
    blamed: int | None = None


@dataclass
class Run:
    """What all entries of a batch are measured against, and what they add up to."""

    tx: Draft
    config: Fields
    market: Fields
    prices: Prices
    risk_refusal: str | None
    ledger: Account = field(init=False)
    interest_before: int = field(init=False)
    mark_e6: int = field(init=False)
    bought: int = 0
    paid: int = 0
    slippage: int = 0
    turnover: int = 0
    strayed_most: tuple[int, str] = (0, "")

    def __post_init__(self) -> None:
        self.ledger = m.market_money(self.market)
        self.interest_before = self.ledger["long_interest_e8"]
        self.mark_e6 = self.market["mark_price_e6"] or self.prices.index_e6

    def is_interest_exceeded(self) -> bool:
        interest = self.ledger["long_interest_e8"]
        return interest > self.market["max_open_interest_e8"] and interest > self.interest_before

    def check_band(self, size: int, quote: int, turnover: int, place: str) -> int:
        low, high = self.prices.low_e6, self.prices.high_e6
        for price in (low, high):
            m.fits(ceil(Fraction(size * price, 10**8)), place)
        deviation = naive_money.deviation(size, quote, low, high)
        if not naive_money.is_within_band(deviation, turnover, self.market["price_band_bps"]):
            raise Refused("PriceOutOfBand", place)
        if deviation > self.strayed_most[0]:
            self.strayed_most = (deviation, place)
        return deviation

    def load(self, key: Pubkey, previous: Pubkey | None, market_key: Pubkey, place: str | None) -> Party:
        is_ascending = previous is None or bytes(previous) < bytes(key)
        if not is_ascending or not self.tx.has(key, "UserPosition"):
            raise Refused("BadPositionAccounts", place)
        account = self.tx.edit(key)
        if account["market"] != market_key:
            raise Refused("BadPositionAccounts", place)
        return Party(account, m.position_money(account), account["size"], m.side_of(account["size"]))

    def fill(self, party: Party, size: int, quote: int, fee: int, place: str) -> None:
        before = party.money["collateral_atoms"]
        naive_money.fill(party.money, self.ledger, size, quote)
        party.account["realized_pnl"] += party.money["collateral_atoms"] - before
        naive_money.charge_fee(party.money, self.ledger, fee)
        for amount in (*party.money.values(), *self.ledger.values()):
            m.fits(amount, place)

    def finish(self, party: Party, place: str) -> bool:
        """Checks what the batch left of a position and stores it; whether it added risk."""
        naive_money.settle_overdraft(party.money, self.ledger, party.side)
        try:
            has_added_risk = self._check_risk(party)
            lost = self._lost(party.net, has_added_risk)
            limit = m.slippage_limit(party.money, self.prices.index_e6, self.config)
            error = "PositionSlippageExceeded"
            m.count_slippage(party.account, lost, limit, self.prices.now_ts, error)
            m.store_position(party.account, party.money, self.market, self.mark_e6, self.prices.now_ts)
        except Refused as refused:
            raise Refused(refused.error, place) from None
        return has_added_risk

    def _lost(self, net: Net, has_added_risk: bool) -> int:
        """Loss at the present price, and the fee: all of it where risk was added, else beyond the net."""
        index = self.prices.index_e6
        strayed = naive_money.slippage_loss(net.size, net.quote, index, index)
        if has_added_risk:
            return strayed + max(net.fee, 0)
        if net.fee <= 0 or abs(net.quote) == net.turnover:
            return strayed
        return strayed + max(net.fee - naive_money.fee(abs(net.quote), self.market["taker_fee"]), 0)

    def _check_risk(self, party: Party) -> bool:
        after = party.money["size_e8"]
        if not m.adds_risk(party.before, after):
            return False
        if self.risk_refusal:
            raise Refused(self.risk_refusal)
        if abs(after) > self.market["max_position_size_e8"]:
            raise Refused("PositionTooLarge")
        prices = (self.mark_e6, self.prices.index_e6)
        m.require_initial_margin(party.money, self.market, party.account["leverage"], prices)
        return True


def settle_batch(tx: Draft, batch: Batch) -> None:
    config, header = _route(tx, batch)
    market = tx.edit(batch.market)
    batch_id = naive_batch.batch_id(bytes(batch.market), batch.data)
    if _is_known(tx, batch, header, market, batch_id):
        tx.changed.clear()
        return
    if market["status"] not in (ACTIVE, REDUCE_ONLY):
        raise Refused("MarketNotActive")
    if market["price_oracle"] != batch.feed:
        raise Refused("WrongPriceFeed")
    if not header.flags & (FLUSH | HEARTBEAT) and header.trade_count < config["min_batch_size"]:
        raise Refused("BatchTooSmall")
    if header.is_heartbeat:
        if batch.positions:
            raise Refused("BadPositionAccounts")
    else:
        _settle_entries(tx, batch, header, config, market)
    market["last_batch_sequence"], market["last_batch_id"] = header.sequence, batch_id
    market["last_batch_ts"] = tx.now_ts
    market["event_sequence"] += 1
    _write_record(tx, batch, header, market, batch_id)


def _route(tx: Draft, batch: Batch) -> tuple[Fields, Header]:
    config = tx.read(CONFIG)
    version = version_of(batch.data)
    if not config["allowed_batch_versions"] & version:
        is_candidate = (config["canary_version"], config["canary_market"]) == (version, batch.market)
        if not is_candidate or not is_canary(config, version, batch.market, header_of(batch.data).sequence):
            raise Refused("BatchVersionNotAllowed")
    if config["pause_bits"] & PAUSE["settle"]:
        raise Refused("SettlePaused")
    if config["active_relayer"] != batch.relayer:
        raise Refused("WrongRelayer")
    header = header_of(batch.data)
    if header.epoch != config["relayer_epoch"]:
        raise Refused("WrongEpoch")
    return config, header


def _is_known(tx: Draft, batch: Batch, header: Header, market: Fields, batch_id: bytes) -> bool:
    last, to_ts = market["last_batch_sequence"], header.to_ms // 1_000
    if header.sequence > last:
        if header.sequence > last + 1:
            raise Refused("BatchOutOfOrder")
        if header.previous_id != market["last_batch_id"]:
            raise Refused("BatchPreviousMismatch")
        if to_ts > tx.now_ts + MAX_FUTURE_SECONDS:
            raise Refused("BatchFromFuture")
        return False
    if batch_id == market["last_batch_id"]:
        return True
    if record_address(batch_id)[0] != batch.record:
        raise Refused("WrongBatchAddress")
    is_record = tx.has(batch.record, "SettlementBatch")
    if is_record and tx.read(batch.record)["market_index"] == market["market_index"]:
        return True
    kept_until_ts = to_ts - MAX_FUTURE_SECONDS + tx.read(CONFIG)["batch_retention_seconds"]
    raise Refused("BatchConflict" if kept_until_ts > tx.now_ts else "BatchTooOld")


def _settle_entries(tx: Draft, batch: Batch, header: Header, config: Fields, market: Fields) -> None:
    feed = tx.read(batch.feed)
    found = reading(feed, tx.now_ts)
    if not found.allows("settle_reduction"):
        raise Refused("OracleNotUsable")
    refusal = None if found.allows("add_risk") else "OracleNotUsable"
    refusal = refusal if market["status"] == ACTIVE else "MarketReduceOnly"
    refusal = "AddRiskPaused" if config["pause_bits"] & PAUSE["add_risk"] else refusal
    low, high = price_range(feed, header.from_ms, header.to_ms)
    run = Run(tx, config, market, Prices(low, high, found.price_e6, tx.now_ts), refusal)
    (_settle_trades if header.version == 1 else _settle_nets)(run, batch, header)
    m.store_market(market, run.ledger)
    limit = market["max_slippage_per_hour_atoms"]
    try:
        m.count_slippage(market, run.slippage, limit, tx.now_ts, "MarketSlippageExceeded")
    except Refused as refused:
        raise Refused(refused.error, run.strayed_most[1]) from None
    m.move_mark(market, run.bought, run.paid, run.prices)


def _settle_trades(run: Run, batch: Batch, header: Header) -> None:
    parties: dict[bytes, Party] = {}
    previous = None
    for at, key in enumerate(batch.positions):
        try:
            party = run.load(key, previous, batch.market, None)
            m.touch(party.account, party.money, run.ledger)
        except Refused as refused:
            raise Refused(refused.error, _first_trade_of(header, at, len(batch.positions))) from None
        parties[bytes(key)] = party
        previous = key
    leaves = []
    for number, trade in enumerate(trades_of(header, list(parties))):
        _settle_trade(run, trade, number, parties)
        leaves.append(trade.leaf(bytes(batch.market)))
    if naive_batch.root_of(leaves) != header.root:
        raise Refused("MerkleRootMismatch")
    for party in parties.values():
        if party.blamed is None:
            raise Refused("BadPositionAccounts")
        run.finish(party, f"trade {party.blamed}")


def _first_trade_of(header: Header, at: int, count: int) -> str | None:
    """On what an account that cannot be traded with is blamed: the first trade that uses it, if any."""
    trades = enumerate(trades_of(header, [bytes([n]) for n in range(count)]))
    with contextlib.suppress(Refused):
        return next((f"trade {n}" for n, trade in trades if bytes([at]) in (trade.taker, trade.maker)), None)
    return None


def _settle_trade(run: Run, trade: naive_batch.NaiveTrade, number: int, parties: dict[bytes, Party]) -> None:
    place, size = f"trade {number}", trade.size_e8
    worth = m.fits(trade.notional, place)
    trade.taker_fee_atoms = naive_money.fee(worth, run.market["taker_fee"])
    trade.maker_fee_atoms = naive_money.fee(worth, run.market["maker_fee"])
    legs = [(trade.taker, trade.taker_fee_atoms), (trade.maker, trade.maker_fee_atoms)]
    if trade.taker_sells:
        legs.reverse()
    for (key, fee), sign in zip(legs, (1, -1), strict=True):
        party, quote = parties[key], sign * worth
        run.slippage += run.check_band(sign * size, quote, worth, place)
        lost = naive_money.slippage_loss(sign * size, quote, run.prices.low_e6, run.prices.high_e6)
        before = party.money["size_e8"]
        run.fill(party, sign * size, quote, fee, place)
        party.net = party.net.plus(sign * size, quote, fee, worth)
        after = party.money["size_e8"]
        party.side = m.side_of(after) or party.side
        if m.adds_risk(before, after) or lost or party.blamed is None:
            party.blamed = number
    run.bought, run.paid = m.fits(run.bought + size, place), m.fits(run.paid + worth, place)
    if run.is_interest_exceeded():
        raise Refused("OpenInterestTooLarge", place)


def _settle_nets(run: Run, batch: Batch, header: Header) -> None:
    before, accrued = naive_money.book_value(run.ledger), run.ledger["accrued_fees_atoms"]
    nets = nets_of(header, len(batch.positions))
    last_risk, previous = 0, None
    for number, key in enumerate(batch.positions):
        party = run.load(key, previous, batch.market, f"entry {number}")
        previous, net = key, next(nets)
        if _settle_net(run, party, net, f"entry {number}"):
            last_risk = number
    for _ in nets:
        raise AssertionError("the naive reader gives one entry per account")
    ledger = run.ledger
    is_balanced = ledger["long_interest_e8"] == ledger["short_interest_e8"]
    rate = Fraction(run.market["maker_fee"] + run.market["taker_fee"], 10**6)
    is_earned = ledger["accrued_fees_atoms"] - accrued >= rate * run.turnover / 2
    if not (is_balanced and is_earned and naive_money.book_value(ledger) == before):
        raise Refused("BatchNotBalanced")
    if run.is_interest_exceeded():
        raise Refused("OpenInterestTooLarge", f"entry {last_risk}")


def _settle_net(run: Run, party: Party, net: Net, place: str) -> bool:
    market = run.market
    if net.turnover < abs(net.quote):
        raise Refused("TurnoverTooSmall", place)
    lower, upper = sorted(Fraction(market[rate] * net.turnover, 10**6) for rate in ("maker_fee", "taker_fee"))
    if not lower <= net.fee < upper + net.fills:
        raise Refused("FeeOutOfRange", place)
    run.slippage = m.fits(run.slippage + run.check_band(net.size, net.quote, net.turnover, place), place)
    run.turnover = m.fits(run.turnover + net.turnover, place)
    if net.size > 0:
        run.bought, run.paid = m.fits(run.bought + net.size, place), m.fits(run.paid + net.quote, place)
    m.touch(party.account, party.money, run.ledger)
    opened = naive_money.net_fill_quote(net.size, net.quote, run.prices.index_e6, market["price_band_bps"])
    naive_money.move_collateral(party.money, run.ledger, opened - net.quote)
    party.account["realized_pnl"] += opened - net.quote
    run.fill(party, net.size, opened, net.fee, place)
    party.net = net
    return run.finish(party, place)


def record_address(batch_id: bytes) -> tuple[Pubkey, int]:
    return Pubkey.find_program_address([b"batch", batch_id], PROGRAM_IDS[PROGRAM])


def _write_record(tx: Draft, batch: Batch, header: Header, market: Fields, batch_id: bytes) -> None:
    address, bump = record_address(batch_id)
    if address != batch.record:
        raise Refused("WrongBatchAddress")
    fields = {
        "batch_id": batch_id,
        "relayer": batch.relayer,
        "merkle_root": header.root,
        "timestamp": tx.now_ts,
        "sequence": header.sequence,
        "market_index": market["market_index"],
        "trade_count": header.trade_count,
        "status": 1,
        "bump": bump,
    }
    tx.create(address, PROGRAM, "SettlementBatch", fields)
