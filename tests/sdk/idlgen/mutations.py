"""Broken IDLs by the thousand: valid ones with members that went, changed, moved or were cut off."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

# What may stand where something else belongs.
ODD: list[Any] = [
    *(None, 0, -1, 1, 2**70, 1.5, True, "", "x", "u8", "string", "a.b.c", "::", "\0", "\ud800", "é" * 50),
    *('"""\nimport os\n', "it's", "\\", [], {}, [[]], [1, 2], ["u8", 4], [{"name": "x", "type": "u8"}]),
    *({"defined": {"name": "Nowhere"}}, {"defined": "S"}, {"option": "u8"}, {"vec": {"vec": "string"}}),
    *({"array": ["u8", {"generic": "N"}]}, {"generic": "T"}, {"coption": "string"}, {"name": "x"}),
    {"kind": "const", "value": [1]},
]


def mutations(text: str, rng: random.Random) -> Iterator[str]:
    """Endless variations of an IDL's JSON, each with one to three things wrong (or all right by chance)."""
    while True:
        if rng.random() < 0.05:
            yield text[: rng.randrange(len(text))]
            continue
        document = json.loads(text)
        for part in ("instructions", "events", "accounts", "errors"):
            if len(found := document.get(part, [])) > 4:  # fewer, to be quick
                document[part] = rng.sample(found, 4)
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            _spoil(document, rng)
        yield json.dumps(document)


def _spoil(document: Any, rng: random.Random) -> None:
    spots = list(_spots(document))
    if not spots:
        return
    node, key = rng.choice(spots)
    kind = rng.choice(["gone", "odd", "odd", "elsewhere", "twice"])
    if kind == "gone":
        del node[key]
    elif kind == "odd":
        node[key] = copy.deepcopy(rng.choice(ODD))
    elif kind == "elsewhere":
        other, place = rng.choice(spots)
        node[key] = copy.deepcopy(other[place])
    elif isinstance(node, list):
        node.append(copy.deepcopy(node[key]))
    else:
        node[f"{key}2"] = node[key]


def _spots(node: Any) -> Iterator[tuple[Any, Any]]:
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in members:
        yield node, key
        yield from _spots(value)
