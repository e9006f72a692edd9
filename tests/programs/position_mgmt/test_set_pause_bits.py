"""set_pause_bits: the admin sets any, the guardian only further ones."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config, refuses_strangers
from .exchange import PAUSE, PAUSE_ALL, Exchange

RELEASE, THREE_DAYS = PAUSE["release"], 72 * 3_600


@pytest.mark.parametrize("bit", PAUSE.values(), ids=PAUSE)
def test_each_bit_alone(delayed: Exchange, chain: Chain, bit: int) -> None:
    event = chain.send(delayed.set_pause_bits(bit, delayed.guardian)).event("ConfigChanged")
    config = delayed.read()
    assert (config.pause_bits, config.is_paused, event.pause_bits) == (bit, 0, bit)
    chain.send(delayed.set_pause_bits(0))
    assert delayed.read().pause_bits == 0


def test_all_bits_are_a_full_pause(exchange: Exchange, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(PAUSE_ALL, exchange.guardian))
    assert (exchange.read().pause_bits, exchange.read().is_paused) == (PAUSE_ALL, 1)
    chain.send(exchange.set_pause_bits(PAUSE_ALL ^ 1))
    assert exchange.read().is_paused == 0


def test_guardian_never_lifts_a_pause(exchange: Exchange, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(PAUSE["settle"]))
    for bits in (0, PAUSE["open"], PAUSE_ALL ^ PAUSE["settle"]):
        chain.refused(exchange.set_pause_bits(bits, exchange.guardian), error="GuardianMayOnlyRestrict")
    chain.send(exchange.set_pause_bits(PAUSE["settle"] | PAUSE["open"], exchange.guardian))


def test_a_pause_of_releases_tells_its_end(exchange: Exchange, chain: Chain) -> None:
    receipt = chain.send(exchange.set_pause_bits(RELEASE, exchange.guardian))
    expiry = chain.now_ts + THREE_DAYS
    event, config = receipt.event("ReleasePauseBegun"), exchange.read()
    assert (event.signer, event.expiry_ts) == (exchange.guardian, expiry)
    assert event.head.sequence == receipt.event("ConfigChanged").head.sequence + 1 == config.event_sequence
    assert (config.release_pause_expiry_ts, config.releases_open_since_ts) == (expiry, 0)
    chain.advance(5)
    receipt = chain.send(exchange.set_pause_bits(0))
    assert exchange.read().releases_open_since_ts == chain.now_ts
    assert [name for name, _ in receipt.events] == ["ConfigChanged"]


def test_repeating_a_pause_of_releases_does_not_renew_it(exchange: Exchange, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(RELEASE, exchange.guardian))
    expiry = exchange.read().release_pause_expiry_ts
    chain.advance(THREE_DAYS - 1)
    receipt = chain.send(exchange.set_pause_bits(PAUSE_ALL, exchange.guardian))
    assert [name for name, _ in receipt.events] == ["ConfigChanged"]
    chain.send(exchange.set_pause_bits(0))
    chain.send(exchange.set_pause_bits(RELEASE))
    assert exchange.read().release_pause_expiry_ts == expiry
    chain.advance(1)
    for signer in (exchange.guardian, exchange.admin):
        chain.refused(exchange.set_pause_bits(PAUSE_ALL, signer), error="ReleasesMustStayOpen")


@pytest.mark.parametrize("clears", [True, False], ids=["the admin clears", "nobody clears"])
@pytest.mark.parametrize("again", ["admin", "guardian"])
def test_after_it_lapsed_releases_stay_open_for_three_days(
    exchange: Exchange, chain: Chain, clears: bool, again: str
) -> None:
    signer = getattr(exchange, again)
    chain.send(exchange.set_pause_bits(RELEASE, exchange.guardian))
    chain.advance(THREE_DAYS + 100)
    if clears:
        chain.send(exchange.set_pause_bits(0))
    for seconds in (0, THREE_DAYS - 101):
        chain.advance(seconds)
        chain.refused(exchange.set_pause_bits(RELEASE, signer), error="ReleasesMustStayOpen")
    chain.send(exchange.set_pause_bits(PAUSE_ALL ^ RELEASE, signer))
    chain.advance(1)
    chain.send(exchange.set_pause_bits(PAUSE_ALL, signer))
    config = exchange.read()
    assert (config.release_pause_expiry_ts, config.is_paused) == (chain.now_ts + THREE_DAYS, 1)


def test_after_an_early_end_releases_stay_open_as_long(exchange: Exchange, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(RELEASE))
    chain.advance(10)
    chain.send(exchange.set_pause_bits(0))
    chain.advance(THREE_DAYS - 1)
    chain.refused(exchange.set_pause_bits(RELEASE), error="ReleasesMustStayOpen")
    chain.advance(1)
    chain.send(exchange.set_pause_bits(RELEASE))


def test_other_bits_do_not_lapse(exchange: Exchange, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(PAUSE["settle"], exchange.guardian))
    chain.advance(2 * THREE_DAYS)
    chain.send(exchange.set_pause_bits(PAUSE["settle"] | PAUSE["open"], exchange.guardian))
    assert exchange.read().pause_bits == PAUSE["settle"] | PAUSE["open"]


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.set_pause_bits(1)
    for bits in (PAUSE_ALL + 1, 2**31, 2**32 - 1):
        chain.refused(call.given(pause_bits=bits), error="UnknownPauseBit")
    refuses_strangers(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
