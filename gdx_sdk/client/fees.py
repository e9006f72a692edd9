"""The going priority fee for the accounts a transaction writes."""

from __future__ import annotations

from collections.abc import Sequence

from solders.instruction import Instruction

from gdx_sdk.client.policies import FeePolicy
from gdx_sdk.client.reader import Reader
from gdx_sdk.client.replies import reading
from gdx_sdk.client.timing import Timer

MAX_ACCOUNTS = 128  # of getRecentPrioritizationFees
FRESH_S = 10.0
MAX_REMEMBERED = 256


class RecentFees:
    """Asks the cluster what others paid lately; an answer is good for ten seconds."""

    def __init__(self, reader: Reader, timer: Timer) -> None:
        self._reader, self._timer = reader, timer
        self._known: dict[frozenset[str], tuple[float, list[int]]] = {}

    async def price(self, instructions: Sequence[Instruction], policy: FeePolicy) -> int:
        """Price in 1e-6 lamports per compute unit by what the last slots paid to write the same accounts."""
        written = {str(m.pubkey) for ix in instructions for m in ix.accounts if m.is_writable}
        accounts = frozenset(sorted(written)[:MAX_ACCOUNTS])
        now = self._timer.now_s()
        known = self._known.get(accounts)
        if known is not None and now - known[0] < FRESH_S:
            return policy.price(known[1])
        recent = await self._reader.rpc("getRecentPrioritizationFees", [sorted(accounts)])
        with reading("getRecentPrioritizationFees", recent):
            fees = [int(entry["prioritizationFee"]) for entry in recent]
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[accounts] = (now, fees)
        return policy.price(fees)
