"""What peers need from the repository, put where they look for it."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.side import ROOT
from gdx_sdk import PROGRAM_IDS


def give_idl(folder: Path) -> None:
    """The legacy IDL of the position program, and its address."""
    shutil.copy(ROOT / "idl/legacy/position_mgmt.json", folder)
    (folder / "program_id.txt").write_text(str(PROGRAM_IDS["position_mgmt"]))
