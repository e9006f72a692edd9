"""Read an IDL file of either dialect into the model, or say what is wrong with it and where."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from gdx_sdk.idlgen.errors import IdlError
from gdx_sdk.idlgen.model import Program
from gdx_sdk.idlgen.parse import legacy, modern
from gdx_sdk.idlgen.parse.node import Node

__all__ = ["parse_file", "parse_text"]


def parse_file(path: Path) -> Program:
    """Parse an IDL file. Raises IdlError when it cannot be read or understood."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise IdlError("$", str(path), f"expected a readable UTF-8 file: {error}", path.name) from None
    return parse_text(text, path.name)


def parse_text(text: str, source: str = "IDL") -> Program:
    """Parse an IDL's JSON; ``source`` names it in errors."""
    try:
        return replace(_program(Node(_json(text, source), "$", source)), source=source)
    except RecursionError:
        raise IdlError("$", text[:40], "expected JSON nested less deeply", source) from None


def _json(text: str, source: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise IdlError("$", text[:40], f"expected JSON: {error}", source) from None
    return value


def _program(root: Node) -> Program:
    metadata = root.get("metadata")
    origin = metadata.get("origin") if metadata else None
    if origin is not None and origin.value == "shank":
        origin.fail(
            "an IDL written by Anchor; this one was written by Shank, whose programs use other tags and "
            "layouts, so a client made from it would send wrong bytes"
        )
    if metadata is not None and metadata.get("spec") is not None:
        return modern.parse(root)
    if root.get("name") is not None:
        return legacy.parse(root)
    return root.fail(
        'an Anchor IDL: "metadata" with "spec" (0.1.0), or "name" and "version" at the top (legacy)'
    )
