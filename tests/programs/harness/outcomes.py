"""Which errors and events the tests saw from each instruction; the programs' pages list them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from gdx_sdk.programs import PROGRAM_IDS

from .codec import Call, idl
from .failures import Failure


class Outcomes:
    """Names by `program.instruction`, of what a transaction names itself, not of what that calls."""

    def __init__(self) -> None:
        self.errors: dict[str, set[str]] = defaultdict(set)
        self.events: dict[str, set[str]] = defaultdict(set)

    def refused(self, step: object, failure: Failure) -> None:
        """Note an error of one of our programs; Anchor's and the runtime's go without saying."""
        if isinstance(step, Call) and isinstance(failure.code, int):
            for program in PROGRAM_IDS:
                if failure.code in idl(program).sentences:
                    name, _ = idl(program).sentences[failure.code]
                    self.errors[f"{step.program}.{step.name}"].add(f"{program}.{name}")

    def succeeded(self, step: object, events: Iterable[str]) -> None:
        """Note the events of a transaction with one instruction."""
        if isinstance(step, Call):
            self.events[f"{step.program}.{step.name}"].update(events)

    def write(self, path: Path) -> None:
        """{"errors": {instruction: [names]}, "events": …} as JSON."""
        tables = {"errors": self.errors, "events": self.events}
        path.write_text(json.dumps(tables, sort_keys=True, default=sorted))


SEEN = Outcomes()
