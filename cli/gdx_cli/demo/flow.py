"""Several markets' order flows on one clock: the earlier action goes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from gdx_matcher.recordings import RecordingKind, Replayer, Step
from gdx_matcher.recordings.actions import Action


class Flow:
    """One source replayed through one market's replayer, an action at a time."""

    def __init__(
        self,
        market_index: int,
        replayer: Replayer,
        source: Iterable[Action],
        kind: RecordingKind,
        *,
        is_synthetic: bool,
        offset_ms: int = 0,
        max_trades: int | None = None,
    ) -> None:
        self.market_index = market_index
        self.replayer = replayer
        self._offset_ms = offset_ms
        self._source = iter(source)
        self._ahead: Action | None = next(self._source, None)
        self._steps = replayer.run(
            self._drain(), kind, is_synthetic=is_synthetic, offset_ms=offset_ms, max_trades=max_trades
        )
        self._is_done = self._ahead is None

    @property
    def next_ms(self) -> int | None:
        """Time of the next action on the demo's clock; None at the end."""
        if self._is_done or self._ahead is None:
            return None
        return max(self._ahead.at_ms + self._offset_ms, self.replayer.now_ms)

    def step(self) -> Step | None:
        """Replay the next action; None when the flow has ended (its cap may end it early)."""
        step = next(self._steps, None)
        self._is_done = step is None
        return step

    def _drain(self) -> Iterator[Action]:
        while self._ahead is not None:
            action = self._ahead
            # Looked up before the action is replayed, so that `next_ms` speaks of the one after it.
            self._ahead = next(self._source, None)
            yield action


def merge(flows: Sequence[Flow]) -> Iterator[tuple[int, Step]]:
    """(market index, step) of every flow, in the order of time, until the first flow has ended.

    The first flow is the demo's source; the others keep it company and stop with it.
    """
    while flows[0].next_ms is not None:
        due = [(flow.next_ms, position) for position, flow in enumerate(flows) if flow.next_ms is not None]
        flow = flows[min(due)[1]]
        step = flow.step()
        if step is not None:
            yield flow.market_index, step


def first_time_ms(source: Iterable[Action]) -> tuple[int, Iterable[Action]]:
    """Time of the first action, and the source with that action still in it; 0 for an empty source."""
    actions = iter(source)
    first = next(actions, None)
    if first is None:
        return 0, ()
    return first.at_ms, chain([first], actions)
