"""Runs of the fuzzer: rounds of reads, of writes and of WebSocket frames, each with its own checks."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets

from .checks import Broken, check_answer, check_http
from .requests import READS, SUBSCRIPTIONS, WRITES, Maker
from .world import World

ROUND = 250
"""Requests between two looks at the chain."""

FINDS = Path(__file__).parent / "finds"
_FRAME_TIMEOUT_S = 30
_WS_MAX_BYTES = 64 * 1024
_CUT = 1006  # what is left of a frame too large may reset the connection before its farewell arrives
_UNKNOWN = {"getConfirmedBlock": lambda m: [m.slot()], "": lambda m: [], "gdx_no": lambda m: [m.slot()]}


@dataclass
class Report:
    """What a run sent and got."""

    seed: int
    http: int = 0
    batched: int = 0
    frames: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    resident_bytes: tuple[int, int] = (0, 0)
    last_frame_bytes: int = 0

    @property
    def requests(self) -> int:
        """All requests: alone, in batches, in frames."""
        return self.http + self.batched + self.frames

    def lines(self) -> list[str]:
        """For people."""
        before, after = (size // 2**20 for size in self.resident_bytes)
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in self.kinds.most_common())
        return [
            f"seed {self.seed}: {self.requests:,} requests "
            f"({self.http:,} alone, {self.batched:,} in batches, {self.frames:,} in frames)",
            f"answers: {kinds}",
            f"methods: {len(self.methods)}, the rarest {min(self.methods.values())} times",
            f"memory of the chain: {before} MiB before, {after} MiB after",
        ]


def run(world: World, seed: int, requests: int, directory: Path, tell: Callable[[int], None]) -> Report:
    """Send at least `requests` requests. Raises Broken at the first wrong answer; it is kept in `finds/`."""
    report = Report(seed)
    maker = Maker(world, random.Random(seed))
    before = world.resident_bytes()
    rounds = (_read_round, _write_round, _frame_round)
    number = 0
    while report.requests < requests:
        world.refresh()
        rounds[number % len(rounds)](maker, report, directory)
        world.pay(10**9 + number)
        _check_log(world)
        number += 1
        tell(report.requests)
    report.resident_bytes = (before, world.resident_bytes())
    return report


def _check_log(world: World) -> None:
    text = world.log()
    if "Traceback" in text or "ERROR" in text:
        raise Broken(f"the log of the chain: {text[-3_000:]}")


def _read_round(maker: Maker, report: Report, directory: Path) -> None:
    before = maker.world.digest(directory)
    _send(maker, report, READS | _UNKNOWN, ROUND)
    if maker.world.digest(directory) != before:
        raise Broken(f"seed {report.seed}, up to request {report.requests}: reads changed the chain")


def _write_round(maker: Maker, report: Report, directory: Path) -> None:  # noqa: ARG001 - as the others
    _send(maker, report, WRITES | READS, ROUND)


def _send(maker: Maker, report: Report, methods: dict[str, Any], count: int) -> None:
    sent = 0
    while sent < count:
        is_batch = maker.rng.random() < 0.1
        body: Any = [_made(maker, report, methods) for _ in range(maker.below(30))] if is_batch else None
        raw = maker.encoded(body if is_batch else _made(maker, report, methods))
        if maker.rng.random() < 0.12:
            raw = maker.bent_bytes(raw)
        if maker.rng.random() < 0.002:
            raw += b" " * 60_000
        try:
            kinds = check_http(raw, *maker.world.post(raw))
        except Exception as error:
            raise _kept(raw, report, error) from error
        report.kinds.update(kinds)
        members = len(body) if is_batch else 1
        sent += max(1, members)
        if is_batch:
            report.batched += members
        else:
            report.http += 1


def _made(maker: Maker, report: Report, methods: dict[str, Any]) -> dict[str, Any]:
    request = maker.request(methods)
    report.methods[str(request.get("method"))[:40]] += 1
    return request


def _frame_round(maker: Maker, report: Report, directory: Path) -> None:  # noqa: ARG001
    asyncio.run(_frames(maker, report))


async def _frames(maker: Maker, report: Report) -> None:
    """Frames on a socket that is opened again whenever one of them closes it, as it may."""
    sent = 0
    while sent < ROUND:
        async with websockets.connect(maker.world.handle.ws_url, compression=None, max_size=None) as socket:
            try:
                while sent < ROUND:
                    sent += 1
                    report.frames += 1
                    await _frame(maker, report, socket)
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd is not None else _CUT
                if code not in (1007, 1009) and not (
                    code == _CUT and report.last_frame_bytes > _WS_MAX_BYTES
                ):
                    raise Broken(f"seed {report.seed}: a socket was closed: {closed}") from closed
                report.kinds[f"closed {code}"] += 1


async def _frame(maker: Maker, report: Report, socket: websockets.ClientConnection) -> None:
    body: Any = _made(maker, report, SUBSCRIPTIONS | _UNKNOWN)
    if maker.rng.random() < 0.1:
        body = [body, _made(maker, report, SUBSCRIPTIONS)]
    raw = maker.encoded(body)
    if maker.rng.random() < 0.12:
        raw = maker.bent_bytes(raw)
    if maker.rng.random() < 0.002:
        raw += b" " * 70_000
    frame: str | bytes = raw
    report.last_frame_bytes = len(raw)
    try:
        text = raw.decode()
        frame = text if maker.rng.random() < 0.8 else raw
    except UnicodeDecodeError:
        await socket.send(raw)
        await asyncio.wait_for(_until_closed(socket), _FRAME_TIMEOUT_S)
        raise AssertionError("unreachable") from None
    await socket.send(frame)
    # The answer to a request of our own tells that everything before it has been answered.
    await socket.send(json.dumps({"jsonrpc": "2.0", "id": "fence", "method": "fence"}))
    answers = []
    while True:
        answer = await asyncio.wait_for(socket.recv(), _FRAME_TIMEOUT_S)
        parsed = json.loads(answer)
        if isinstance(parsed, dict) and parsed.get("id") == "fence":
            break
        if not isinstance(parsed, dict) or "id" in parsed:
            answers.append(str(answer))
    try:
        if len(answers) > 1:
            raise Broken(f"{len(answers)} answers: {answers}")
        report.kinds.update(check_answer(text, answers[0] if answers else ""))
    except Exception as error:
        raise _kept(raw, report, error) from error


async def _until_closed(socket: websockets.ClientConnection) -> None:
    while True:
        await socket.recv()


def _kept(raw: bytes, report: Report, error: Exception) -> Broken:
    """The failure, with its request written where the regression test finds it."""
    FINDS.mkdir(exist_ok=True)
    path = FINDS / f"seed_{report.seed}_request_{report.requests}.json"
    found = {
        "seed": report.seed,
        "request_base64": base64.b64encode(raw).decode(),
        "error": str(error)[:2_000],
    }
    path.write_text(json.dumps(found, indent=2) + "\n")
    return Broken(f"seed {report.seed}, request {report.requests}, kept in {path}: {error}: {raw[:1_500]!r}")
