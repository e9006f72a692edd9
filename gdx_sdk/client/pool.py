"""Calls that are tried again, on the same endpoint or on another one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gdx_sdk.client.policies import RetryPolicy
from gdx_sdk.client.timing import Timer
from gdx_sdk.client.transport import HttpTransport, RpcRefusal, RpcTransport, SolanaPyTransport
from gdx_sdk.errors import InputError, RpcError, TransportError

NODE_UNHEALTHY, MIN_CONTEXT_SLOT_NOT_REACHED = -32005, -32016
_LAGGING = (NODE_UNHEALTHY, MIN_CONTEXT_SLOT_NOT_REACHED)

CONFIG_PLACES = {
    "getAccountInfo": 1,
    "getBalance": 1,
    "getMultipleAccounts": 1,
    "getProgramAccounts": 1,
    "getLatestBlockhash": 0,
    "getSlot": 0,
    "getBlockHeight": 0,
    "getEpochInfo": 0,
}
"""Reading methods that take `minContextSlot`, and the place of their configuration."""

RetryHook = Callable[[str, str, RpcError], None]


@dataclass(slots=True)
class Endpoint:
    """One endpoint and how it has fared."""

    transport: RpcTransport
    name: str
    failed_until_s: float = 0.0


@dataclass(slots=True)
class RetryingTransport:
    """One or several endpoints behind one `RpcTransport`.

    An endpoint is used until it fails (no answer, busy, behind); then the next one is, and the failed one is
    passed over for `policy.cooldown_s`. With several endpoints no read goes back in time: each carries the
    highest slot that was seen at its commitment, and a node that is behind it counts as failed. A call
    that may have been carried out is repeated only when that is harmless: reads, trial runs, and
    `sendTransaction`, whose bytes land once. `retries` counts by method; `on_retry(method, endpoint, error)`
    is told each time.
    """

    endpoints: Sequence[Endpoint]
    policy: RetryPolicy
    timer: Timer
    on_retry: RetryHook | None = None
    rng: random.Random = field(default_factory=random.Random)
    retries: Counter[str] = field(default_factory=Counter)
    _current: int = 0
    _seen_slots: dict[str, int] = field(default_factory=dict)

    async def call(self, method: str, params: list[Any]) -> Any:
        """One call; the last failure is raised when the policy allows no further try."""
        started_s, failures, may_have_arrived = self.timer.now_s(), 0, False
        while True:
            endpoint = self._choose()
            asked = self._with_slot(method, params)
            try:
                result = await endpoint.transport.call(method, asked)
            except RpcError as error:
                may_have_arrived |= isinstance(error, TransportError) and error.may_have_arrived
                if not _may_try_again(method, error):
                    _raise_last(method, error, may_have_arrived)
                failures += 1
                endpoint.failed_until_s = self.timer.now_s() + self.policy.cooldown_s
                wait_s = self._wait_s(endpoint, failures, error)
                late_s = self.timer.now_s() - started_s + wait_s
                is_too_late = late_s > self.policy.total_timeout_s or wait_s > self.policy.max_wait_s
                if failures >= self.policy.attempts or is_too_late:
                    _raise_last(method, error, may_have_arrived)
                self.retries[method] += 1
                if self.on_retry is not None:
                    self.on_retry(method, endpoint.name, error)
                await self.timer.sleep_s(wait_s)
            else:
                endpoint.failed_until_s = 0.0
                self._note_slot(method, params, result)
                return result

    async def aclose(self) -> None:
        """Close every endpoint's connections."""
        for endpoint in self.endpoints:
            await endpoint.transport.aclose()

    def _choose(self) -> Endpoint:
        """The present endpoint, or the next one that did not fail lately, or what may be asked soonest."""
        now_s, count = self.timer.now_s(), len(self.endpoints)
        order = [(self._current + step) % count for step in range(count)]
        working = [index for index in order if self.endpoints[index].failed_until_s <= now_s]
        soonest = min([*order[1:], order[0]], key=lambda index: self.endpoints[index].failed_until_s)
        self._current = working[0] if working else soonest
        return self.endpoints[self._current]

    def _wait_s(self, failed: Endpoint, failures: int, error: RpcError) -> float:
        """No wait while another endpoint works; else what this one asked for, or the policy's."""
        now_s = self.timer.now_s()
        if any(other is not failed and other.failed_until_s <= now_s for other in self.endpoints):
            return 0.0
        asked_s = error.retry_after_s if isinstance(error, TransportError) else None
        return self.policy.wait_s(failures, self.rng) if asked_s is None else asked_s

    def _with_slot(self, method: str, params: list[Any]) -> list[Any]:
        config = _config(method, params) if len(self.endpoints) > 1 else None
        seen = self._seen_slots.get(config.get("commitment", ""), 0) if config is not None else 0
        if config is None or not seen or "minContextSlot" in config:
            return params
        place = CONFIG_PLACES[method]
        return [*params[:place], {**config, "minContextSlot": seen}, *params[place + 1 :]]

    def _note_slot(self, method: str, params: list[Any], result: Any) -> None:
        config = _config(method, params)
        if config is None or not isinstance(result, dict) or not isinstance(result.get("context"), dict):
            return
        level, slot = config.get("commitment", ""), result["context"].get("slot")
        if isinstance(slot, int):
            self._seen_slots[level] = max(slot, self._seen_slots.get(level, 0))


def transport_for(
    endpoint: object,
    *,
    timeout_s: float,
    policy: RetryPolicy,
    timer: Timer,
    on_retry: RetryHook | None = None,
) -> RpcTransport:
    """The transport for what a caller gave: an URL or several, solana-py's client, or a transport.

    What a caller brings himself is used as it is: his transport is not tried again.
    """
    if isinstance(endpoint, str):
        endpoint = [endpoint]
    if isinstance(endpoint, list | tuple):
        urls = [url for url in endpoint if isinstance(url, str)]
        if not urls or len(urls) != len(endpoint) or len(set(urls)) != len(urls):
            raise InputError("endpoint", endpoint, "must be one URL, or several that differ")
        made = [Endpoint(HttpTransport(url, timeout_s=timeout_s), url) for url in urls]
        return RetryingTransport(made, policy, timer, on_retry)
    if hasattr(endpoint, "call"):
        return endpoint  # type: ignore[return-value]
    if hasattr(getattr(endpoint, "_provider", None), "make_request_unparsed"):
        return SolanaPyTransport(endpoint, timeout_s=timeout_s)  # type: ignore[arg-type]
    raise TypeError(
        f"endpoint must be a URL, an AsyncClient or an RpcTransport, not {type(endpoint).__name__}"
    )


def _config(method: str, params: list[Any]) -> dict[str, Any] | None:
    place = CONFIG_PLACES.get(method)
    found = params[place] if place is not None and len(params) > place else None
    return found if isinstance(found, dict) else None


def _may_try_again(method: str, error: RpcError) -> bool:
    if isinstance(error, RpcRefusal):
        return error.code in _LAGGING
    if not isinstance(error, TransportError):
        return False
    return not error.may_have_arrived or _is_harmless_twice(method)


def _raise_last(method: str, error: RpcError, may_have_arrived: bool) -> NoReturn:
    """Raise the last try's error; that it did nothing does not say that an earlier one did nothing."""
    says_so = isinstance(error, TransportError) and error.may_have_arrived
    if not may_have_arrived or says_so or _changes_nothing(method):
        raise error
    said = f"{error.reason}; an earlier try may have arrived"
    raise TransportError(method, said, retry_after_s=getattr(error, "retry_after_s", None)) from error


def _is_harmless_twice(method: str) -> bool:
    """Equal bytes have one signature, which lands once."""
    return method == "sendTransaction" or _changes_nothing(method)


def _changes_nothing(method: str) -> bool:
    """Reads and trial runs."""
    return method.startswith(("get", "is", "minimum", "simulate"))
