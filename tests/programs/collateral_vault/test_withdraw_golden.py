"""withdraw and deposit: the golden sequences under a limit."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.golden import cases, numbers
from tests.programs.harness.vault_world import VaultWorld

CASES = cases("limiter")
RICH = 10**12
FIELDS = {"updated_ts": "window_start_ts", "net_outflow_atoms": "window_net_atoms"}
"""Where the account keeps what the vectors name."""


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_rolling_limit(vault: VaultWorld, chain: Chain, number: int) -> None:
    case = CASES[number]
    user = vault.user(deposited_atoms=RICH, tokens_atoms=RICH)
    limiter = vault.read().limiter
    limiter.current.limit_atoms, limiter.current.user_minimum_atoms = int(case["limit_atoms"]), 0
    limiter.current.window_seconds = int(case["window_s"])
    for name, value in numbers(case["start"]).items():
        setattr(limiter, FIELDS[name], value)
    chain.rewrite(vault.state, limiter=limiter)
    for step in case["steps"]:
        c = numbers(step)
        # Two equal transactions at one time would be one.
        chain.set_clock(ts=c["ts"], slot=chain.slot + 1)
        chain.svm.expire_blockhash()
        call = getattr(vault, step["op"])(user, c["amount_atoms"])
        if step["is_allowed"]:
            receipt = chain.send(call)
            if step["op"] == "withdraw":
                left = int(step["after"]["net_outflow_atoms"])
                assert receipt.event("Withdrawn").net_outflow_atoms == left, step
        else:
            chain.refused(call, error="WithdrawLimitExceeded")
        after = vault.read().limiter
        found = {name: getattr(after, FIELDS[name]) for name in step["after"]}
        assert found == numbers(step["after"]), step
    vault.check_ledger()
