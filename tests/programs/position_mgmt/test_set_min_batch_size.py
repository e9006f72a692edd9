"""set_min_batch_size: the admin, at once, up to 18."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import Exchange


@pytest.mark.parametrize("size", [0, 1, 18])
def test_takes_what_one_transaction_surely_holds(delayed: Exchange, chain: Chain, size: int) -> None:
    event = chain.send(delayed.set_min_batch_size(size)).event("ConfigChanged")
    assert delayed.read().min_batch_size == event.min_batch_size == size
    assert (event.signer, event.head.sequence) == (delayed.admin, 2)


def test_refusals(exchange: Exchange, chain: Chain) -> None:
    call = exchange.set_min_batch_size(18)
    for size in (19, 2**32 - 1):
        chain.refused(call.given(min_batch_size=size), error="MinBatchSizeTooLarge")
    refuses_everyone_but_admin(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
