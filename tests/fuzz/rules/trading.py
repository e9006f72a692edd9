"""Positions and batches."""

from __future__ import annotations

from functools import partial
from itertools import accumulate

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from tests.fuzz.model import positions, settle
from tests.fuzz.model.book import Fields
from tests.fuzz.model.feed import reading
from tests.fuzz.steps import Choice, Scaled, Several, Whole, rule
from tests.fuzz.world import World
from tests.golden import naive_batch, naive_money
from tests.programs.harness.codec import Call
from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.exchange import CONFIG, SETTLING
from tests.programs.position_mgmt.market import Market, Trader

from .people import NUDGE, SHARE, USER, deposit, share_of
from .prices import MARKET, publish_prices, restore_feed
from .roles import change_after_delay, restore_trading
from .settling import wind_up

NEAR = (3, -3, 10, -10, 30, -30)
OFFSET = Choice((0,) * 20 + NEAR * 3 + (100, -100, 190, -190, 210, -2_000))
RANDOM_SIZE, CLOSE, FLIP, DUST, EXTREME = range(5)
MODE = Choice((RANDOM_SIZE,) * 24 + (CLOSE,) * 12 + (FLIP,) * 6 + (DUST,) * 4 + (EXTREME,))
SIZES = Scaled(10)
TRADE = (USER, USER, Whole(0, 1), MODE, SIZES, OFFSET, Choice((0, 0, 1, 40, 700)))
AGE_MS = Choice((0,) * 12 + (500, 5_000, 70_000, 600_000, 4_000_000, -5_000, -59_000, -70_000))
VERSION = Whole(1, 2)
NO_CHANGE = Choice((0,) * 6 + (1, -1, 7, -7, 1_000))


def trader(world: World, market: int, user: int) -> Trader:
    return world.markets[market].as_trader(world.users[user])


def positions_of(world: World, market: int, *, are_open: bool) -> list[int]:
    """Users that have a position in a market; or those that have none."""
    users = range(len(world.users))
    return [user for user in users if (trader(world, market, user).position in world.accounts) is are_open]


@rule(5, market=MARKET, user=USER, leverage=Choice((1, 2, 5, 5, 10, 20, 0, 21)), is_new=Choice((1, 1, 0)))
def open_position(world: World, market: int, user: int, leverage: int, is_new: int) -> None:
    without = positions_of(world, market, are_open=False)
    user = without[user % len(without)] if is_new and without else user
    place, owner = world.markets[market], world.users[user].owner
    effect = partial(positions.open_position, owner=owner, market_key=place.key, leverage=leverage)
    world.submit(place.open_position(owner, leverage=leverage), effect)


@rule(3, market=MARKET, user=USER)
def close_position(world: World, market: int, user: int) -> None:
    one = trader(world, market, user)
    effect = partial(positions.close_position, owner=one.owner, market_key=world.markets[market].key)
    world.submit(world.markets[market].close_position(one), effect)


@rule(4, market=MARKET, user=USER)
def leave(world: World, market: int, user: int) -> None:
    """Somebody whose position is flat takes everything out and closes it."""
    keys = [trader(world, market, one).position for one in range(len(world.users))]
    flat = [one for one, key in enumerate(keys) if key in world.accounts and not world.fields(key)["size"]]
    if flat:
        user = flat[user % len(flat)]
        take_out(world, market, user, 16, 5)
        close_position(world, market, user)


@rule(8, market=MARKET, user=USER, share=SHARE, nudge=NUDGE)
def add_collateral(world: World, market: int, user: int, share: int, nudge: int) -> None:
    one, place = trader(world, market, user), world.markets[market]
    amount = share_of(world.fields(one.collateral)["free_atoms"], share, nudge)
    effect = partial(positions.add_collateral, owner=one.owner, market_key=place.key, amount=amount)
    world.submit(place.add_collateral(one, amount), effect)


@rule(6, market=MARKET, user=USER, share=SHARE, nudge=NUDGE)
def request_release(world: World, market: int, user: int, share: int, nudge: int) -> None:
    one, place = trader(world, market, user), world.markets[market]
    held = world.fields(one.position)["collateral"] if one.position in world.accounts else 1
    amount = share_of(held, share, nudge)
    effect = partial(
        positions.request_release, owner=one.owner, market_key=place.key, feed_key=place.feed, amount=amount
    )
    world.submit(place.request_release(one, amount), effect)


@rule(6, market=MARKET, user=USER)
def execute_release(world: World, market: int, user: int) -> None:
    one, place = trader(world, market, user), world.markets[market]
    effect = partial(positions.execute_release, owner=one.owner, market_key=place.key, feed_key=place.feed)
    world.submit(place.execute_release(one), effect)


@rule(4, market=MARKET, user=USER, share=SHARE, seconds=Choice((0, 1, 4, 5, 5, 60)))
def take_out(world: World, market: int, user: int, share: int, seconds: int) -> None:
    """Request and execution, with too little time between them perhaps."""
    heal(world, market, 2)
    request_release(world, market, user, share, 0)
    world.chain.advance(seconds)
    execute_release(world, market, user)


@rule(
    45,
    market=MARKET,
    version=VERSION,
    trades=Several(TRADE, 1, 9),
    flush=Choice((0, 1, 1, 1, 1)),
    age_ms=AGE_MS,
    healing=Choice((2,) * 8 + (1, 1, 0, 3)),
    gift=Choice((0,) * 12 + (1, 10**6, 10**9)),
)
def settle_trades(
    world: World,
    market: int,
    version: int,
    trades: list[list[int]],
    flush: int,
    age_ms: int,
    healing: int,
    gift: int = 0,
) -> None:
    """Fair trades between holders of positions, which may yet be too large, too dear or too late.

    Somebody may have sent lamports to where the batch will be recorded.
    """
    heal(world, market, healing)
    if healing >= 2:
        for row in trades[:2]:
            fund(world, market, row[0])
    found = _trades(world, market, trades, age_ms)
    if found:
        submit_batch(world, market, _encode(world, market, version, found, flush), gift)


def heal(world: World, market: int, healing: int) -> None:
    """1: a price by everybody where the present one blocks; 2: pauses end, too; 3: first terms come back."""
    config, place = world.fields(CONFIG), world.fields(world.markets[market].key)
    if healing == 3 and place["status"] == SETTLING:
        wind_up(world, market, 4)
        place = world.fields(world.markets[market].key)
    if healing == 3:
        change_after_delay(world, 1, market, 0, 0)
        restore_feed(world, market)
    if healing >= 2 and (config["pause_bits"], config["allowed_batch_versions"], place["status"]) != (
        0,
        3,
        0,
    ):
        restore_trading(world, market)
    if healing and not reading(world.fields(world.markets[market].feed), world.chain.now_ts).allows(
        "add_risk"
    ):
        publish_prices(world, market, 0, 0, 9, 0)


def fund(world: World, market: int, user: int) -> None:
    """Fresh money for a position that has little left."""
    key = trader(world, market, user).position
    if key not in world.accounts:
        open_position(world, market, user, 5, 0)
    elif world.fields(key)["collateral"] < 1_000 * USDT:
        deposit(world, user, 5_000 * USDT)
        add_collateral(world, market, user, 8, 0)


@rule(2, market=MARKET, version=VERSION)
def heartbeat(world: World, market: int, version: int) -> None:
    submit_batch(world, market, _encode(world, market, version, [], 2))


@rule(
    5,
    market=MARKET,
    trades=Several(TRADE, 1, 5),
    place=Whole(0, 9),
    changes=Several((NO_CHANGE,) * 4, 1, 1),
    is_paired=Whole(0, 1),
)
def settle_claims(
    world: World, market: int, trades: list[list[int]], place: int, changes: list[list[int]], is_paired: int
) -> None:
    """A relayer's key in the wrong hands: nets that no trades made, some of them balanced."""
    found = _trades(world, market, trades, 0)
    if not found:
        return
    data, keys = _encode(world, market, 2, found, 1)
    nets = [list(net) for net in naive_batch.nets(found).values()]
    size, quote, fee, turnover = changes[0]
    changed = [(nets[place % len(nets)], 1)]
    if is_paired:
        changed.append((nets[(place + 1) % len(nets)], -1))
    for net, sign in changed:
        net[0], net[1], net[2] = net[0] + sign * size, net[1] + sign * quote, net[2] + sign * fee
        net[3] = max(net[3] + turnover, 0)
    entries = b"".join(
        naive_batch.varint(naive_batch.zigzag(amount) if which < 3 else amount)
        for net in nets
        for which, amount in enumerate(net)
    )
    submit_batch(world, market, (data[:92] + entries, keys))


@rule(3, market=MARKET, version=VERSION, trades=Several(TRADE, 2, 4), how=Whole(0, 4), which=Whole(0, 7))
def settle_misplaced(
    world: World, market: int, version: int, trades: list[list[int]], how: int, which: int
) -> None:
    """The position accounts out of order, one twice, one missing, one too many, one of another market."""
    found = _trades(world, market, trades, 0)
    if not found:
        return
    data, keys = _encode(world, market, version, found, 1)
    place = which % len(keys)
    elsewhere = (market + how // 4) % len(world.markets)
    others = [trader(world, elsewhere, user).position for user in range(len(world.users))]
    spare = [key for key in others if key in world.accounts and key not in keys]
    if how == 0:
        keys.reverse()
    elif how == 1:
        keys.insert(place, keys[place])
    elif how == 2:
        del keys[place]
    elif spare:
        keys = sorted([*keys, spare[which % len(spare)]], key=bytes)
    submit_batch(world, market, (data, keys))


@rule(
    5,
    market=MARKET,
    version=VERSION,
    trades=Several(TRADE, 1, 3),
    at=Whole(0, 160),
    bit=Whole(0, 7),
    cut=Choice((0, 0, 0, 1, 5)),
)
def settle_mutated(
    world: World, market: int, version: int, trades: list[list[int]], at: int, bit: int, cut: int
) -> None:
    """One bit of a good batch is changed, or its end is cut off."""
    found = _trades(world, market, trades, 0)
    if not found:
        return
    data, keys = _encode(world, market, version, found, 1)
    mutated = bytearray(data)
    if cut:
        del mutated[-cut:]
    else:
        mutated[at % len(data)] ^= 1 << bit
    submit_batch(world, market, (bytes(mutated), keys))


@rule(4, back=Whole(0, 12), change=Choice((0, 0, 1, 2)), is_stamped=Choice((1, 1, 1, 0)))
def send_again(world: World, back: int, change: int, is_stamped: int) -> None:
    """A batch of before, in its own or the present epoch, as it was, changed, or for another market."""
    if not world.sent:
        return
    market, data, keys = world.sent[-1 - back % len(world.sent)]
    if is_stamped:
        data = data[:2] + world.fields(CONFIG)["relayer_epoch"].to_bytes(4, "little") + data[6:]
    if change == 1:
        data = data[:80] + bytes([data[80] ^ 1]) + data[81:]
    if change == 2:
        market = (market + 1) % len(world.markets)
    submit_batch(world, market, (data, keys))


def submit_batch(
    world: World, market: int, content: tuple[bytes, list[Pubkey]], gift_lamports: int = 0
) -> None:
    """Sends a batch as the active relayer, and remembers it when it settles."""
    data, keys = content
    call = batch_call(world, world.markets[market], data, keys)
    if gift_lamports and call.address_of("batch") not in world.accounts:
        world.chain.fund(call.address_of("batch"), gift_lamports)
    batch = settle.Batch(
        data,
        world.markets[market].key,
        world.markets[market].feed,
        call.address_of("batch"),
        call.address_of("relayer"),
        keys,
    )
    if world.submit(call, partial(settle.settle_batch, batch=batch)) is None:
        world.sent.append((market, data, keys))


def batch_call(world: World, market: Market, data: bytes, keys: list[Pubkey]) -> Call:
    batch_id = naive_batch.batch_id(bytes(market.key), data)
    accounts = {
        "relayer": world.fields(CONFIG)["active_relayer"],
        "market": market.key,
        "price_feed": market.feed,
        "batch": settle.record_address(batch_id)[0],
    }
    metas = tuple(AccountMeta(key, False, True) for key in keys)
    return Call("position_mgmt", "settle_batch", dict(accounts), {"data": data}, metas)


def _encode(
    world: World, market: int, version: int, trades: list[naive_batch.NaiveTrade], flags: int
) -> tuple[bytes, list[Pubkey]]:
    place = world.fields(world.markets[market].key)
    out, keys = naive_batch.encode(
        version,
        bytes(world.markets[market].key),
        place["last_batch_sequence"] + 1,
        place["last_batch_id"],
        trades,
        epoch=world.fields(CONFIG)["relayer_epoch"],
        flags=flags,
        at_ms=world.chain.now_ts * 1_000,
    )
    return out.data, [Pubkey.from_bytes(key) for key in keys]


def _trades(world: World, market: int, rows: list[list[int]], age_ms: int) -> list[naive_batch.NaiveTrade]:
    """Trades between users who have a position; the price is near the feed's."""
    place = world.fields(world.markets[market].key)
    keys = [trader(world, market, user).position for user in range(len(world.users))]
    holders = [key for key in keys if key in world.accounts]
    if len(holders) < 2:
        return []
    index = world.fields(world.markets[market].feed)["price_e6"]
    start = world.chain.now_ts * 1_000 - age_ms
    times = accumulate((row[6] for row in rows), initial=start)
    sizes = {key: world.fields(key)["size"] for key in holders}
    found = []
    for row, at_ms in zip(rows, times, strict=False):
        taker, maker = holders[row[0] % len(holders)], holders[row[1] % len(holders)]
        if taker == maker:
            maker = holders[(row[1] + 1) % len(holders)]
        carried = min(_carried(world, taker), _carried(world, maker))
        size, is_selling = _size(row, sizes[taker], carried * 10**8 // index)
        price = max(index * (10_000 + row[5]) // 10_000, 1)
        world.trade_id += 1
        trade = naive_batch.NaiveTrade(
            world.trade_id, bytes(taker), bytes(maker), is_selling, price, size, 0, 0, at_ms
        )
        _charge(trade, place)
        sizes[taker] += -size if is_selling else size
        sizes[maker] += size if is_selling else -size
        found.append(trade)
    return found


def _size(row: list[int], held: int, most: int) -> tuple[int, bool]:
    """Size and whether the taker sells; `most` is about what the parties' collateral can carry."""
    mode, mantissa = row[3], row[4]
    if mode in (CLOSE, FLIP) and held:
        size = abs(held) * (2 if mode == FLIP else 1) + mantissa % 2 * (mode == FLIP)
        return min(size, 2**63 - 1), held > 0
    if mode == DUST:
        return mantissa % 3 + 1, bool(row[2])
    if mode == EXTREME:
        return 2**62 + mantissa, bool(row[2])
    return max(most * mantissa // 2_000, 1), bool(row[2])


def _carried(world: World, position: Pubkey) -> int:
    """Notional that a position's collateral and leverage allow, roughly."""
    found = world.fields(position)
    return int(found["collateral"] * found["leverage"])


def _charge(trade: naive_batch.NaiveTrade, place: Fields) -> None:
    """The market's fees; none where no fee would fit its field."""
    if trade.notional > 2**62:
        return
    trade.taker_fee_atoms = naive_money.fee(trade.notional, place["taker_fee"])
    trade.maker_fee_atoms = naive_money.fee(trade.notional, place["maker_fee"])
