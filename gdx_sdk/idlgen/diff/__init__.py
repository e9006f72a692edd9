"""What changed between two IDLs of a program, and whom each change breaks."""

from __future__ import annotations

from gdx_sdk.idlgen.concrete import concrete
from gdx_sdk.idlgen.diff import calls, names, records, types
from gdx_sdk.idlgen.diff.changes import Changes, IdlChange, IdlDiff
from gdx_sdk.idlgen.model import Program

__all__ = ["IdlChange", "IdlDiff", "diff_programs"]


def diff_programs(old: Program, new: Program) -> IdlDiff:
    """Compare two parsed IDLs; IdlError when either contradicts itself."""
    before, after = concrete(old), concrete(new)
    found = Changes()
    names.compare_program(old, new, found)
    calls.compare_instructions(before, after, found)
    records.compare_accounts(before, after, found)
    records.compare_events(before, after, found)
    types.compare_types(before, after, found)
    names.compare_errors(old, new, found)
    names.compare_constants(before, after, found)
    return found.result(old.name)
