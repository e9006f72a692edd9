"""Which requests go wrong, and how: rules with a count or a seeded probability."""

from __future__ import annotations

import itertools
import random
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gdx_localnet.errors import LocalnetError

MAX_DELAY_MS = 600_000
MAX_RETRY_AFTER_S = 3_600
MAX_RULES = 1_000
CONTROL_PREFIX = "gdx_"
"""Methods that no fault touches, so that faults can always be cleared."""

_BLOCKHASH_METHOD = "getLatestBlockhash"


class FaultKind(StrEnum):
    """What goes wrong.

    DROP             the connection is cut before the chain sees the request; a WebSocket message is lost
    DROP_ANSWER      the chain does what was asked, then the connection is cut
    DELAY            `delay_ms` go by first
    RATE_LIMIT       HTTP 429 with Retry-After
    UNAVAILABLE      HTTP 503
    STALE_BLOCKHASH  getLatestBlockhash answers one that has expired
    DISCONNECT       the WebSocket is cut without a closing handshake
    """

    DROP = "drop"
    DROP_ANSWER = "drop-answer"
    DELAY = "delay"
    RATE_LIMIT = "429"
    UNAVAILABLE = "503"
    STALE_BLOCKHASH = "stale-blockhash"
    DISCONNECT = "disconnect"


class Channel(StrEnum):
    """Where a message travels."""

    HTTP = "http"
    WEBSOCKET = "websocket"


_CHANNELS = {
    FaultKind.DROP: {Channel.HTTP, Channel.WEBSOCKET},
    FaultKind.DELAY: {Channel.HTTP, Channel.WEBSOCKET},
    FaultKind.DISCONNECT: {Channel.WEBSOCKET},
}
_GOES_ON = {FaultKind.DELAY, FaultKind.STALE_BLOCKHASH}


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One rule. Raises LocalnetError naming the member, its value and the rule it breaks.

    methods        JSON-RPC methods, or notifications of a WebSocket (`accountNotification`); empty: all
    count          how many times it strikes (None: until cleared)
    probability    from 0 (never) to 1 (always), of the messages that match
    seed           makes a probability repeatable; drawn, and listed, when not given
    delay_ms       kind delay only
    retry_after_s  kind 429 only
    """

    kind: FaultKind
    methods: tuple[str, ...] = ()
    count: int | None = None
    probability: float = 1.0
    seed: int | None = None
    delay_ms: int = 1_000
    retry_after_s: int = 1

    def __post_init__(self) -> None:
        """Check every member."""
        if self.kind not in list(FaultKind):
            raise _broken("kind", self.kind, f"must be one of {', '.join(FaultKind)}")
        object.__setattr__(self, "kind", FaultKind(self.kind))
        if any(not isinstance(name, str) or not name for name in self.methods):
            raise _broken("methods", list(self.methods), "must be names of methods")
        controls = [name for name in self.methods if name.startswith(CONTROL_PREFIX)]
        if controls:
            raise _broken("methods", controls[0], "the chain's own controls are never disturbed")
        if self.kind is FaultKind.STALE_BLOCKHASH and set(self.methods) - {_BLOCKHASH_METHOD}:
            raise _broken("methods", list(self.methods), f"{self.kind} is about {_BLOCKHASH_METHOD} only")
        _check_integer("count", self.count, 1, 10**9, can_be_none=True)
        _check_integer("seed", self.seed, 0, 2**64 - 1, can_be_none=True)
        _check_integer("delay_ms", self.delay_ms, 1, MAX_DELAY_MS)
        _check_integer("retry_after_s", self.retry_after_s, 0, MAX_RETRY_AFTER_S)
        is_number = isinstance(self.probability, int | float) and not isinstance(self.probability, bool)
        if not (is_number and 0 <= self.probability <= 1):
            raise _broken("probability", self.probability, "must be a number from 0 to 1")

    def is_about(self, method: str, channel: Channel) -> bool:
        """Whether a message of this method can be struck."""
        if method.startswith(CONTROL_PREFIX) or channel not in _CHANNELS.get(self.kind, {Channel.HTTP}):
            return False
        methods = self.methods
        if self.kind is FaultKind.STALE_BLOCKHASH:
            methods = (_BLOCKHASH_METHOD,)
        return not methods or method in methods


_CAMEL = {"delay_ms": "delayMs", "retry_after_s": "retryAfterS"}
_MEMBERS = {_CAMEL.get(name, name): name for name in FaultRule.__dataclass_fields__}
_INTEGERS = ("count", "seed", "delay_ms", "retry_after_s")


def rule_from_json(body: Any) -> FaultRule:
    """A rule from its JSON object: kind, methods, count, probability, seed, delayMs, retryAfterS."""
    if not isinstance(body, Mapping):
        raise LocalnetError(f"fault = {body!r}: must be an object")
    unknown = body.keys() - _MEMBERS.keys()
    if unknown:
        name = min(unknown)
        raise _broken(name, body[name], f"unknown; there are {', '.join(_MEMBERS)}")
    if "kind" not in body:
        raise LocalnetError(f"a fault needs a kind: one of {', '.join(FaultKind)}")
    values = {_MEMBERS[name]: value for name, value in body.items()}
    methods = values.get("methods", [])
    if not isinstance(methods, list | tuple):
        raise _broken("methods", methods, "must be an array of names")
    return FaultRule(**{**values, "methods": tuple(methods)})


def rule_to_json(rule: FaultRule) -> dict[str, Any]:
    """The JSON object of a rule; members that its kind ignores are left out."""
    body: dict[str, Any] = {"kind": rule.kind.value, "methods": list(rule.methods), "count": rule.count}
    body |= {"probability": rule.probability, "seed": rule.seed}
    if rule.kind is FaultKind.DELAY:
        body["delayMs"] = rule.delay_ms
    if rule.kind is FaultKind.RATE_LIMIT:
        body["retryAfterS"] = rule.retry_after_s
    return body


def rule_from_text(text: str) -> FaultRule:
    """A rule as a command line gives it: `KIND[:NAME=VALUE,…]`.

    Names are method (may be repeated), count, probability, seed, delay-ms and retry-after-s:
    `429:method=sendTransaction,count=3,retry-after-s=2`.
    """
    kind, _, rest = text.partition(":")
    values: dict[str, Any] = {"kind": kind}
    methods: list[str] = []
    for part in filter(None, rest.split(",")):
        name, equals, value = part.partition("=")
        field = name.replace("-", "_")
        if not equals or field not in (*_INTEGERS, "method", "probability"):
            known = "method, count, probability, seed, delay-ms, retry-after-s"
            raise LocalnetError(f"fault {text!r}: {part!r} is not NAME=VALUE with a name of {known}")
        if field == "method":
            methods.append(value)
        else:
            values[field] = _number(field, value)
    return FaultRule(**values, methods=tuple(methods))


def _number(name: str, text: str) -> int | float:
    try:
        return float(text) if name == "probability" else int(text)
    except ValueError as error:
        raise _broken(name, text, "must be a number") from error


def _check_integer(name: str, value: Any, least: int, most: int, *, can_be_none: bool = False) -> None:
    if value is None and can_be_none:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _broken(name, value, f"must be an integer from {least} to {most}")


def _broken(name: str, value: object, rule: str) -> LocalnetError:
    return LocalnetError(f"fault {_CAMEL.get(name, name)} = {value!r}: {rule}")


class _Armed:
    """A rule in force: its dice, and how often it struck."""

    def __init__(self, identifier: int, rule: FaultRule) -> None:
        self.id, self.rule = identifier, rule
        self.seed = rule.seed if rule.seed is not None else secrets.randbits(32)
        self.seen, self.struck = 0, 0
        self._dice = random.Random(self.seed)

    @property
    def is_spent(self) -> bool:
        return self.rule.count is not None and self.struck >= self.rule.count

    def strikes(self, methods: Sequence[str], channel: Channel) -> bool:
        if self.is_spent or not any(self.rule.is_about(method, channel) for method in methods):
            return False
        self.seen += 1
        if self._dice.random() >= self.rule.probability:
            return False
        self.struck += 1
        return True

    def described(self) -> dict[str, Any]:
        body = rule_to_json(self.rule)
        return {"id": self.id, **body, "seed": self.seed, "seen": self.seen, "struck": self.struck}


class FaultPlan:
    """The rules in force on one chain, asked for every message. May be used from any thread."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing can go wrong now."""
        return not self._armed

    def set(self, rules: Iterable[FaultRule], *, keep: bool = False) -> None:
        """Put rules in force, instead of those there are or, with `keep`, after them."""
        with self._lock:
            armed = (self._armed if keep else []) + [_Armed(next(self._ids), rule) for rule in rules]
            if len(armed) > MAX_RULES:
                raise LocalnetError(f"{len(armed)} faults: there may be at most {MAX_RULES}")
            self._armed = armed

    def clear(self, identifiers: Iterable[int] | None = None) -> int:
        """Take rules out of force (default: all); how many. Raises LocalnetError for an unknown id."""
        with self._lock:
            chosen = {armed.id for armed in self._armed} if identifiers is None else set(identifiers)
            unknown = chosen - {armed.id for armed in self._armed}
            if unknown:
                raise LocalnetError(f"there is no fault {min(unknown)}")
            self._armed = [armed for armed in self._armed if armed.id not in chosen]
            return len(chosen)

    def described(self) -> list[dict[str, Any]]:
        """Every rule with its id, seed, how many messages matched and how often it struck."""
        with self._lock:
            return [armed.described() for armed in self._armed]

    def strike(self, methods: Sequence[str], channel: Channel) -> list[FaultRule]:
        """What befalls a message (a batch has several methods): delays, then at most one end of it."""
        with self._lock:
            struck: list[FaultRule] = []
            for armed in self._armed:
                if armed.strikes(methods, channel):
                    struck.append(armed.rule)
                    if armed.rule.kind not in _GOES_ON:
                        break
            return struck
