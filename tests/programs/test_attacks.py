"""Which attacks the tests of each instruction run, by name: see `pytest --collect-only` of this file.

Read from the sources: a test file counts with the helpers beside it that it calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.codec import idl

FOLDER = Path(__file__).parent
ANYONE_SIGNS = {
    "payer": "anyone may pay",
    "parent_wallet": "who signs as the parent becomes the parent",
}
"""Signers of whom nothing is asked but to sign."""
WRONG_SIGNER = {
    "active_relayer": {"WrongRelayer"},
    "admin": {"NotAdmin"},
    "authority": {"NotFeedAuthority"},
    "funding_authority": {"ConstraintSeeds"},
    "liquidator": {"WrongOwner"},
    "new_admin": {"NotPendingAdmin"},
    "new_authority": {"NotPendingAuthority"},
    "owner": {"NotCollateralOwner", "WrongOwner", "ConstraintSeeds"},
    "position_authority": {"NotPositionAuthority"},
    "publisher": {"NotPublisher"},
    "relayer": {"WrongRelayer", "RelayerNotApproved"},
    "session_key": {"NotSessionKey"},
    "signer": {"NotAdminOrGuardian"},
    "token_authority": {"token.OwnerMismatch"},
    "upgrade_authority": {"NotUpgradeAuthority"},
    "user_wallet": {"NotUser", "ConstraintSeeds"},
}
"""What tells somebody else who signs in the place of an account: one of these errors is asserted."""
SINGLETONS = {"vault_state", "vault_token", "config", "beat"}
"""Accounts of which each program has one."""
CALLER_CHECKED = "the position program, whose address signs, has compared it with the position"
ANY_INSTANCE = {
    "collateral_vault.deposit.collateral": "anyone may deposit for anyone",
    "collateral_vault.lock.collateral": CALLER_CHECKED,
    "collateral_vault.lock.pool": CALLER_CHECKED,
    "collateral_vault.release.collateral": CALLER_CHECKED,
    "collateral_vault.release.pool": CALLER_CHECKED,
    "collateral_vault.sweep_fees.pool": CALLER_CHECKED,
    "collateral_vault.fund_insurance.pool": CALLER_CHECKED,
    "collateral_vault.draw_insurance.pool": CALLER_CHECKED,
    "collateral_vault.close_pool.pool": CALLER_CHECKED,
    "collateral_vault.close_pool.recipient": "the position program, whose address signs, names it",
    "funding_rate.set_max_rate.funding": "the admin of all markets names one",
    "position_mgmt.open_position.market": "the user names one, and the position's address follows",
    "position_mgmt.open_session_position.market": "the user names one, and the position's address follows",
    "position_mgmt.prune_batch.batch": "any record that is old enough may go",
    "position_mgmt.set_market_limits.market": "the admin of all markets names one",
    "position_mgmt.set_market_status.market": "the admin of all markets names one",
}
"""`program.instruction.account` where another account of the same type is as good, with the reason."""


def files_of(program: str, instruction: str) -> list[Path]:
    """The instruction's test file, or files."""
    folder = FOLDER / program
    return [*folder.glob(f"test_{instruction}.py"), *folder.glob(f"test_{instruction}_*.py")]


@cache
def functions_of(path: Path) -> dict[str, ast.AST]:
    """Functions and methods of a file by name, and the whole file as an empty name."""
    tree = ast.parse(path.read_text())
    named = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return {"": tree, **named}


@cache
def helpers_of(program: str) -> dict[str, ast.AST]:
    """Functions of the modules beside a program's tests."""
    found: dict[str, ast.AST] = {}
    for path in (FOLDER / program).glob("*.py"):
        if not path.name.startswith("test_"):
            found |= {name: node for name, node in functions_of(path).items() if name}
    return found


def nodes_of(program: str, instruction: str) -> Iterator[ast.AST]:
    """Everything that the tests of an instruction say, themselves and by the helpers they name."""
    helpers, seen = helpers_of(program), set[str]()
    todo: list[ast.AST] = [functions_of(path)[""] for path in files_of(program, instruction)]
    while todo:
        for node in ast.walk(todo.pop()):
            yield node
            name = getattr(node, "id", None) or getattr(node, "attr", None)
            if name in helpers and name not in seen:
                seen.add(name)
                todo.append(helpers[name])


def names_in(program: str, instruction: str) -> set[str]:
    """Names, strings and keywords that the tests of an instruction use."""
    found = set()
    for node in nodes_of(program, instruction):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        found |= {
            value for field in ("id", "attr", "arg") if isinstance(value := getattr(node, field, None), str)
        }
    return found


def swapped_in(program: str, instruction: str) -> set[str]:
    """Accounts that the tests of an instruction replace by `call.but(account=...)` or a mapping."""
    found, mapped = set[str](), set[str]()
    for node in nodes_of(program, instruction):
        if isinstance(node, ast.Dict):
            mapped |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "but":
            found |= {keyword.arg if keyword.arg else "**" for keyword in node.keywords}
    return found | mapped if "**" in found else found


def is_other_instance_possible(entry: dict[str, Any]) -> bool:
    """Whether there can be another account of the same type: no program, sysvar or signer."""
    is_fixed = "address" in entry or entry["name"] in SINGLETONS
    return not is_fixed and not entry.get("signer") and entry.get("writable", False)


def kinds(program: str, instruction: str) -> list[str]:
    """The attacks that apply to an instruction."""
    entries = idl(program).instructions[instruction]["accounts"]
    found = ["works", "wrong accounts"]
    for entry in entries:
        name = entry["name"]
        if entry.get("signer") and name not in ANYONE_SIGNS:
            found.append(f"wrong signer {name}")
        if name == "instructions":
            found.append("durable nonce")
        if is_other_instance_possible(entry):
            found.append(f"swapped {name}")
    return found


CASES = [
    (program, instruction, kind)
    for program in sorted(PROGRAM_IDS)
    for instruction in idl(program).instructions
    for kind in kinds(program, instruction)
]


@pytest.mark.parametrize(("program", "instruction", "kind"), CASES)
def test_the_attack_is_run(program: str, instruction: str, kind: str) -> None:
    used = names_in(program, instruction)
    word, _, account = kind.partition(" ")
    if kind == "works":
        assert "send" in used or "settled" in used
    elif kind == "wrong accounts":
        assert "refuses_wrong_accounts" in used
    elif kind == "durable nonce":
        assert "refuses_durable_nonce" in used
    elif word == "swapped":
        label = f"{program}.{instruction}.{account}"
        assert account in swapped_in(program, instruction) or label in ANY_INSTANCE, f"nobody swaps {account}"
    else:
        account = kind.removeprefix("wrong signer ")
        assert account in WRONG_SIGNER, f"say in WRONG_SIGNER what tells another {account}"
        assert WRONG_SIGNER[account] & used, f"nobody else signs for {account}"


def test_no_exception_is_left_over() -> None:
    cases = {f"{program}.{instruction}.{kind.partition(' ')[2]}" for program, instruction, kind in CASES}
    assert ANY_INSTANCE.keys() <= cases
    assert WRONG_SIGNER.keys() <= {kind.removeprefix("wrong signer ") for _, _, kind in CASES}
