"""Which of two states is newer, for every order in which pushes and reads can arrive."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.streams.views import AccountViews, Verdict

KEY = Pubkey(b"\x01" * 32)
NEW, SAME, OLD, UNDECIDED = Verdict.NEW, Verdict.SAME, Verdict.OLD, Verdict.UNDECIDED


def test_later_slots_are_news_earlier_ones_are_not() -> None:
    views = AccountViews()
    assert views.judge_pushed(KEY, 5, b"a") is NEW
    assert views.judge_pushed(KEY, 7, b"b") is NEW
    assert views.judge_pushed(KEY, 6, b"c") is OLD
    assert views.judge_read(KEY, 6, b"c", views.stamp()) is OLD
    assert views.judge_pushed(KEY, 9, b"b") is SAME
    assert views.judge_pushed(KEY, 8, b"d") is OLD
    assert (views.slot_of(KEY), views.present()) == (9, [KEY])


def test_two_states_in_one_slot_wait_for_a_read() -> None:
    views = AccountViews()
    views.judge_pushed(KEY, 5, b"a")
    assert views.judge_pushed(KEY, 5, b"b") is UNDECIDED
    assert views.judge_pushed(KEY, 5, b"a") is UNDECIDED, "which of a, b, a is the last?"
    asked_at = views.stamp()
    assert views.judge_pushed(KEY, 5, b"c") is UNDECIDED
    assert views.judge_read(KEY, 5, b"b", asked_at) is UNDECIDED, "c came after the read was asked for"
    assert views.undecided == [KEY]
    assert views.judge_read(KEY, 5, b"c", views.stamp()) is NEW
    assert views.undecided == []


def test_a_later_slot_settles_what_was_undecided() -> None:
    for data, verdict in ((b"c", NEW), (b"a", SAME)):
        views = AccountViews()
        views.judge_pushed(KEY, 5, b"a")
        views.judge_pushed(KEY, 5, b"b")
        assert views.judge_pushed(KEY, 6, data) is verdict
        assert views.undecided == []


def test_a_read_that_a_push_overtook_does_not_win() -> None:
    views = AccountViews()
    views.judge_pushed(KEY, 5, b"a")
    asked_at = views.stamp()
    views.judge_pushed(KEY, 6, b"b")
    assert views.judge_read(KEY, 6, b"a", asked_at) is UNDECIDED
    assert views.judge_read(KEY, 6, b"b", views.stamp()) is SAME
    assert views.undecided == []


def test_what_is_gone_is_news_once_and_forgotten_in_time() -> None:
    views = AccountViews()
    assert views.judge_read(KEY, 1, None, views.stamp()) is NEW
    views.judge_pushed(KEY, 5, b"a")
    assert views.judge_read(KEY, 6, None, views.stamp()) is NEW
    assert views.present() == []
    views.forget_gone(6)
    assert views.slot_of(KEY) == 6
    views.forget_gone(7)
    assert views.slot_of(KEY) == 0


@pytest.mark.parametrize("seed", range(40))
def test_no_order_of_arrival_deceives(seed: int) -> None:
    """A history of states, pushed in any order and many times, and reads that are answered late."""
    rng = random.Random(seed)
    print("seed", seed)
    history: list[tuple[int, bytes]] = []
    slot = 1
    for number in range(rng.randint(1, 30)):
        slot += rng.choice((0, 0, 1, 3))
        history.append((slot, bytes([rng.randrange(3), number % 2])))
    views, told = AccountViews(), [(0, b"")]

    def hear(verdict: Verdict, state: tuple[int, bytes]) -> None:
        if verdict is NEW:
            assert state[0] >= told[-1][0]
            assert state[1] != told[-1][1]
            told.append(state)

    waiting: list[Callable[[], None]] = []
    for position, state in enumerate(history):
        waiting.append(lambda state=state: hear(views.judge_pushed(KEY, *state), state))
        asked_at = views.stamp()
        read = history[position]
        if rng.random() < 0.3:
            waiting.append(lambda read=read, at=asked_at: hear(views.judge_read(KEY, *read, at), read))
        while waiting and rng.random() < 0.6:
            waiting.pop(rng.randrange(len(waiting)))()
    rng.shuffle(waiting)
    for arrive in waiting:
        arrive()
    if views.undecided:
        hear(views.judge_read(KEY, *history[-1], views.stamp()), history[-1])
    assert views.undecided == []
    assert told[-1][1] == history[-1][1], (history, told)
