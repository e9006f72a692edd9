"""Spreading orders over accounts."""

from __future__ import annotations

import pytest
from gdx_matcher.recordings import AccountSpread

from gdx_sdk.errors import InputError


def test_accounts_follow_from_ids_and_all_are_used() -> None:
    spread = AccountSpread(range(4), range(4, 7))
    ids = [f"order-{number}" for number in range(200)]
    assert [spread.maker(name) for name in ids] == [spread.maker(name) for name in ids]
    assert {spread.maker(name) for name in ids} == set(range(4))
    assert {spread.taker(name) for name in ids} == set(range(4, 7))


@pytest.mark.parametrize(("makers", "takers"), [([], [1]), ([1], []), ([1, 2], [2, 3])])
def test_makers_and_takers_are_disjoint_and_not_empty(makers, takers) -> None:
    with pytest.raises(InputError, match="accounts"):
        AccountSpread(makers, takers)
