"""Write the registry of errors: `python -m gdx_sdk.errors.build_registry [IDL_FOLDER]` (default: idl)."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
GUIDANCE = HERE / "guidance.toml"
REGISTRY = HERE / "registry.json"


def build(idl_folder: Path) -> list[dict[str, Any]]:
    """The IDLs' errors with their guidance, by number; `ValueError` names what is missing or left over."""
    guidance: dict[str, dict[str, Any]] = tomllib.loads(GUIDANCE.read_text(encoding="utf-8"))
    entries, gaps = [], []
    for file in sorted(idl_folder.glob("*.json")):
        idl = json.loads(file.read_bytes())
        program = idl["metadata"]["name"]
        advice = guidance.pop(program, {})
        for error in idl.get("errors", []):
            found = advice.pop(error["name"], None)
            if found is None:
                gaps.append(f"{program}.{error['name']} has no guidance")
            else:
                entries.append(_entry(program, error, found))
        gaps += [f"{program}.{name} has guidance but is no error" for name in advice]
    gaps += [f"{program} has guidance but no IDL" for program in guidance]
    if gaps:
        raise ValueError("; ".join(gaps))
    return sorted(entries, key=lambda entry: entry["code"])


def render(entries: list[dict[str, Any]]) -> str:
    """One error per line."""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f"[\n{lines}\n]\n"


def _entry(program: str, error: dict[str, Any], advice: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": error["code"],
        "program": program,
        "name": error["name"],
        "sentence": error["msg"],
        "cause": advice["cause"],
        "fix": advice["fix"],
        "is_retryable": bool(advice.get("retryable", False)),
    }


def main() -> None:
    """Write the registry beside this module."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("idl")
    REGISTRY.write_text(render(build(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
