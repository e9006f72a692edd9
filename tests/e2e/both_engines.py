"""What a session leaves on a chain, as flat values, and where two chains' values differ.

Times and slots of the session itself are equal to one another; other values have to be equal, or to stand in
a test's list of what may differ.
"""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gdx_localnet import base58
from gdx_localnet.programs import UPGRADEABLE_LOADER
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk import accounts
from gdx_sdk.errors import ProgramError
from gdx_sdk.events import events_in_transaction
from gdx_sdk.events.transactions import account_keys
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.runtime.events import EVENT_INSTRUCTION
from tests.chain_lane import CLOCK, AnyChain
from tests.keepers.exchange_world import World

Values = dict[tuple[str, str], Any]
"""By (which one, name): a name, such as `PriceFeed.price_e6`, is the same for all of a kind."""

TYPES = {
    kind.DISCRIMINATOR: kind
    for name in accounts.__all__
    if hasattr(kind := getattr(accounts, name), "DISCRIMINATOR")
}
BASE64 = {"encoding": "base64", "commitment": "confirmed"}
VERSIONED = {**BASE64, "maxSupportedTransactionVersion": 0}
HOUR = 3_600
INSTRUCTION = "Program log: Instruction: "
COUNT = re.compile(r"consumed (\d+) of (\d+) compute units")
UNITS = r"\.(computeUnitsConsumed|costUnits|trial_units|units\[\].*)$"
"""Pattern of the names of everything that counts compute units."""
TIME = re.compile(r"(_ts|\.ts|timestamp|_funding_update)$")
SLOT = re.compile(r"[._]slot$")


@dataclass
class TapedWorld(World):
    """A world that keeps what the chain says of each transaction."""

    tape: Values = field(default_factory=dict)
    count: int = 0

    async def send(self, signer: Keypair, *instructions: Instruction) -> None:
        answer = await self.client.send(list(instructions), [signer], priority_fee=0)
        record = self.chain.rpc("getTransaction", [answer.signature, VERSIONED])
        self._note({"trial_units": answer.compute_units, **meaning_of(record)})

    async def send_refused(self, signer: Keypair, *instructions: Instruction) -> None:
        """What a program has to refuse."""
        try:
            answer = await self.client.send(list(instructions), [signer], priority_fee=0)
        except ProgramError as error:
            self._note({"refusal": str(error), **meaning_of_logs(error.logs)})
        else:
            raise AssertionError(f"{answer.signature} has been accepted")

    def _note(self, answer: Mapping[str, Any]) -> None:
        self.count += 1
        said = [line for line in answer["logs"] if line.startswith(INSTRUCTION)]
        name = said[0].removeprefix(INSTRUCTION) if said else "no instruction of ours"
        self.tape |= flat(f"transaction {self.count}", name, answer)


def meaning_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the chain made of a transaction, with its events' fields in place of the calls that carry them."""
    meta = dict(record["meta"])
    seen = [one.event for one in events_in_transaction(dict(record))]
    for inner in meta["innerInstructions"]:
        for call in inner["instructions"]:
            if (base58.decode(call["data"]) or b"").startswith(EVENT_INSTRUCTION):
                call["data"] = "an event"
    sysvars = [key.startswith("Sysvar") for key in account_keys(dict(record), meta)]
    for name in ("preBalances", "postBalances"):
        # LiteSVM gives a sysvar one lamport whenever it writes it.
        paired = zip(sysvars, meta[name], strict=True)
        meta[name] = ["a sysvar's" if is_sysvar else lamports for is_sysvar, lamports in paired]
    events = {f"{number} {type(event).__name__}": event for number, event in enumerate(seen)}
    logs = meaning_of_logs(meta.pop("logMessages"))
    return {"version": record["version"], "event": events, **meta, **logs}


def meaning_of_logs(logs: Iterable[str]) -> dict[str, Any]:
    """What they say, and beside it the units that they count."""
    lines = list(logs)
    return {"logs": [COUNT.sub("", line) for line in lines], "units": [COUNT.findall(line) for line in lines]}


def left_behind(chain: AnyChain, programs: Iterable[Pubkey], people: Mapping[str, Pubkey]) -> Values:
    """Every account of these programs, and the people's own."""
    values: Values = {}
    for program in programs:
        for entry in chain.rpc("getProgramAccounts", [str(program), BASE64]):
            values |= account_values(entry["pubkey"], entry["account"])
    for name, address in people.items():
        values |= account_values(name, chain.rpc("getAccountInfo", [str(address), BASE64])["value"])
    return values


def account_values(which: str, account: Mapping[str, Any] | None) -> Values:
    """Each byte of the account's data, in its fields, and what else the chain knows of it."""
    if account is None:
        return {(which, "account"): None}
    rest = {name: value for name, value in account.items() if name != "data"}
    data = base64.b64decode(account["data"][0])
    if account["owner"] in map(str, PROGRAM_IDS.values()):
        state = TYPES[data[:8]].decode(data)
        assert state.encode() == data, f"{which}: there are bytes in no field"
        return flat(which, type(state).__name__, state) | flat(which, "account", rest)
    if account["owner"] == str(UPGRADEABLE_LOADER) and data[:4] == (3).to_bytes(4, "little"):
        rest["slot"], data = int.from_bytes(data[4:12], "little"), data[:4] + data[12:]
    return flat(which, "account", {"data": data.hex(), **rest})


def flat(which: str, name: str, value: Any) -> Values:
    """Its leaves. Places in a list and numbers of events say which one it is, and are no part of the name."""
    return dict(_leaves(which, name, value))


def _leaves(which: str, name: str, value: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    if dataclasses.is_dataclass(value):
        value = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        for key, one in value.items():
            number, _, kind = str(key).rpartition(" ")
            yield from _leaves(f"{which} {number}".rstrip(), f"{name}.{kind}", one)
    elif isinstance(value, list | tuple):
        yield (which, f"{name}.length"), len(value)
        for number, one in enumerate(value):
            yield from _leaves(f"{which} {number}", f"{name}[]", one)
    else:
        yield (which, name), value


class Stopwatch:
    """Knows a chain's times and slots since it was made."""

    def __init__(self, chain: AnyChain) -> None:
        self.chain, self.first = chain, _clock(chain)

    def hide(self, values: Values) -> Values:
        """The values, with those times (or an hour later) and those slots equal to one another."""
        pairs = zip(self.first, _clock(self.chain), strict=True)
        slots, times = [range(first, last + 1) for first, last in pairs]

        def hidden(name: str, value: Any) -> Any:
            if SLOT.search(name) and (value in slots or value - 2 in slots):
                return "a slot"
            is_time = TIME.search(name) and (value in times or value - HOUR in times)
            return "a time" if is_time else value

        return {key: hidden(key[1], value) for key, value in values.items()}


def _clock(chain: AnyChain) -> tuple[int, int]:
    account = chain.account(Pubkey.from_string(CLOCK))
    assert account is not None
    return int.from_bytes(account.data[:8], "little"), int.from_bytes(account.data[32:40], "little")


def differences(ours: Values, theirs: Values, allowed: Mapping[str, str]) -> list[str]:
    """Each place where they are not equal, with both values; not where `allowed` (pattern: reason)."""
    names = {name for _, name in ours}
    unknown = [pattern for pattern in allowed if not any(re.search(pattern, name) for name in names)]
    assert not unknown, f"nothing has such a name: {unknown}"
    return [
        f"{name} of {which}: {shown(ours, which, name)} and {shown(theirs, which, name)}"
        for which, name in sorted(ours.keys() | theirs.keys())
        if ours.get((which, name), "absent") != theirs.get((which, name), "absent")
        and not any(re.search(pattern, name) for pattern in allowed)
    ]


def shown(values: Values, which: str, name: str) -> str:
    """At most 100 letters of it."""
    return repr(values.get((which, name), "absent"))[:100]
