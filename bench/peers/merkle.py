"""pymerkle on the entries that the leaves of trades are hashes of."""

from __future__ import annotations

from pathlib import Path

from pymerkle import InmemoryTree, SqliteTree
from worker import Case, serve

ENTRY_BYTES = 160


def entries(folder: Path) -> list[bytes]:
    """What pymerkle puts its prefix 0x00 in front of and hashes."""
    raw = (folder / "entries.bin").read_bytes()
    return [raw[at : at + ENTRY_BYTES] for at in range(0, len(raw), ENTRY_BYTES)]


def in_memory(folder: Path) -> Case:
    """The tree of linked nodes."""
    given = entries(folder)
    return Case(lambda: InmemoryTree.init_from_entries(given).get_root(), bytes.hex)


def sqlite(folder: Path) -> Case:
    """The tree over SQLite, in memory too, in one transaction."""
    given = entries(folder)

    def root() -> bytes:
        tree = SqliteTree(":memory:")
        tree.append_entries(given, chunksize=len(given))
        found: bytes = tree.get_root()
        tree.con.close()
        return found

    return Case(root, bytes.hex)


if __name__ == "__main__":
    serve({"in_memory": in_memory, "sqlite": sqlite}, label="pymerkle", package="pymerkle")
