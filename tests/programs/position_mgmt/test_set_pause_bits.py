"""set_pause_bits: the admin sets any, the guardian only further ones."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config, refuses_strangers
from .exchange import PAUSE, PAUSE_ALL, Exchange


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


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.set_pause_bits(1)
    for bits in (PAUSE_ALL + 1, 2**31, 2**32 - 1):
        chain.refused(call.given(pause_bits=bits), error="UnknownPauseBit")
    refuses_strangers(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
