"""Released IDLs: a folder of ``<program>.json`` and a manifest that says which version each one is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdx_sdk.errors import InputError
from gdx_sdk.idlgen.files import write_atomically

if TYPE_CHECKING:
    from gdx_sdk.idlgen.diff.changes import IdlDiff

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """One program against its released IDL; both ``None`` when it has never been released."""

    program: str
    version: str | None
    diff: IdlDiff | None


def check_released(idls: Iterable[str | Path], released: str | Path) -> list[ReleaseCheck]:
    """Compare IDLs with those released under the same program's name.

    A program that is neither in the manifest nor in the folder has never been released. InputError when
    folder and manifest do not agree, when a released file was changed, or when a released program is
    missing among ``idls``; IdlError when an IDL is broken.
    """
    from gdx_sdk.idlgen.diff import diff_programs
    from gdx_sdk.idlgen.parse import parse_file

    folder = Path(released)
    manifest = _read_manifest(folder)
    checks = []
    for path in map(Path, idls):
        program = parse_file(path)
        entry = manifest.get(program.name)
        if entry is None:
            checks.append(ReleaseCheck(program.name, None, None))
            continue
        old = parse_file(folder / f"{program.name}.json")
        checks.append(ReleaseCheck(program.name, entry["version"], diff_programs(old, program)))
    missing = sorted(manifest.keys() - {check.program for check in checks})
    if missing:
        raise InputError("idls", ", ".join(missing), "a released program must still have its IDL")
    return checks


def release(
    idls: Sequence[str | Path], released: str | Path, *, allow_breaking: bool = False
) -> list[ReleaseCheck]:
    """Copy IDLs into the folder of released ones under their own versions; nothing is written on error.

    InputError when one breaks clients of the last release (unless ``allow_breaking``) or when its version
    has been released with other content; also as ``check_released``.
    """
    folder = Path(released)
    checks = check_released(idls, folder)
    entries: dict[str, dict[str, str]] = dict(_read_manifest(folder))
    texts: dict[str, bytes] = {}
    for path, check in zip(map(Path, idls), checks, strict=True):
        text = path.read_bytes()
        version, digest = _version(text), sha256(text).hexdigest()
        if check.diff is not None and check.diff.is_breaking and not allow_breaking:
            first = check.diff.of("breaking")[0]
            raise InputError(check.program, first.path, f"would break clients: {first.sentence}")
        if check.version == version and entries[check.program]["sha256"] != digest:
            raise InputError(f"{check.program}.version", version, "was released with other content; raise it")
        entries[check.program] = {"version": version, "sha256": digest}
        texts[f"{check.program}.json"] = text
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_atomically(folder / name, text)
    write_atomically(folder / MANIFEST, (json.dumps(dict(sorted(entries.items())), indent=2) + "\n").encode())
    return checks


def _version(text: bytes) -> str:
    document = json.loads(text)
    return str(document.get("metadata", {}).get("version") or document["version"])


def _read_manifest(folder: Path) -> dict[str, dict[str, str]]:
    """Program → version and hash, after every released file was found to be what it was."""
    path = folder / MANIFEST
    files = {file.stem for file in folder.glob("*.json")} - {path.stem}
    if not path.exists():
        if files:
            raise InputError(
                str(path), "missing", f"must list {', '.join(sorted(files))}, which are released"
            )
        return {}
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
        entries = {
            str(k): {"version": str(v["version"]), "sha256": str(v["sha256"])} for k, v in manifest.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise InputError(
            str(path), "unreadable", f"must be a JSON object of released programs: {error}"
        ) from None
    if files != entries.keys():
        odd = ", ".join(sorted(files ^ entries.keys()))
        raise InputError(str(path), odd, "folder and manifest must hold the same programs")
    for name, entry in entries.items():
        found = sha256((folder / f"{name}.json").read_bytes()).hexdigest()
        if found != entry["sha256"]:
            raise InputError(
                f"{name}.json", found, "a released IDL changes only at a release: its hash is another"
            )
    return entries
