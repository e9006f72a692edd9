"""withdraw and deposit: the golden sequences under a limit."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.golden import cases, numbers
from tests.programs.harness.vault_world import VaultWorld

CASES = cases("limiter")
RICH = 10**12


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_rolling_limit(vault: VaultWorld, chain: Chain, number: int) -> None:
    case = CASES[number]
    user = vault.user(deposited_atoms=RICH, tokens_atoms=RICH)
    limiter = vault.read().limiter
    limiter.current.limit_atoms, limiter.current.user_minimum_atoms = int(case["limit_atoms"]), 0
    limiter.current.window_seconds = int(case["window_s"])
    for name, value in numbers(case["start"]).items():
        setattr(limiter, name, value)
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
                assert receipt.event("Withdrawn").net_outflow_atoms == c["net_outflow_atoms"], step
        else:
            chain.refused(call, error="WithdrawLimitExceeded")
        after = vault.read().limiter
        found = {name: getattr(after, name) for name in step["after"]}
        assert found == numbers(step["after"]), step
    vault.check_ledger()
