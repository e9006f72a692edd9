"""Which requests a rule strikes, and what a rule may say."""

from __future__ import annotations

import pytest
from gdx_localnet.errors import LocalnetError
from gdx_localnet.faults.rules import (
    MAX_RULES,
    Channel,
    FaultKind,
    FaultPlan,
    FaultRule,
    rule_from_json,
    rule_from_text,
    rule_to_json,
)


def struck(plan, method="getSlot", channel=Channel.HTTP):
    return [rule.kind.value for rule in plan.strike([method], channel)]


def test_the_next_three():
    plan = FaultPlan()
    plan.set([FaultRule(FaultKind.UNAVAILABLE, ("getSlot",), count=3)])
    assert [struck(plan, "getHealth"), struck(plan)] == [[], ["503"]]
    assert [struck(plan) for _ in range(3)] == [["503"], ["503"], []]
    assert plan.described()[0] | {"seed": 0} == {
        "id": 1,
        "kind": "503",
        "methods": ["getSlot"],
        "count": 3,
        "probability": 1.0,
        "seed": 0,
        "seen": 3,
        "struck": 3,
    }


def test_a_seed_repeats_a_probability():
    runs = []
    for seed in (7, 7, 8):
        plan = FaultPlan()
        plan.set([FaultRule(FaultKind.DROP, probability=0.5, seed=seed)])
        runs.append([bool(struck(plan)) for _ in range(200)])
    assert runs[0] == runs[1] != runs[2]
    assert 60 < sum(runs[0]) < 140


def test_a_drawn_seed_is_listed_and_repeats_the_run():
    plan, again = FaultPlan(), FaultPlan()
    plan.set([FaultRule(FaultKind.DROP, probability=0.5)])
    seed = plan.described()[0]["seed"]
    again.set([FaultRule(FaultKind.DROP, probability=0.5, seed=seed)])
    assert [struck(plan) for _ in range(50)] == [struck(again) for _ in range(50)]


def test_delays_add_to_what_follows_and_an_end_hides_the_rest():
    plan = FaultPlan()
    plan.set([rule_from_text("delay"), rule_from_text("429"), rule_from_text("503:count=1")])
    assert struck(plan) == ["delay", "429"]
    assert plan.described()[2]["struck"] == 0


def test_each_kind_has_its_channel():
    plan = FaultPlan()
    plan.set([FaultRule(kind) for kind in (FaultKind.DISCONNECT, FaultKind.RATE_LIMIT)])
    assert struck(plan) == ["429"]
    assert struck(plan, "slotNotification", Channel.WEBSOCKET) == ["disconnect"]
    assert struck(plan, "gdx_clearFaults") == []


def test_rules_are_kept_replaced_and_cleared():
    plan = FaultPlan()
    plan.set([FaultRule(FaultKind.DROP)])
    plan.set([FaultRule(FaultKind.RATE_LIMIT)], keep=True)
    assert [entry["id"] for entry in plan.described()] == [1, 2]
    with pytest.raises(LocalnetError, match="there is no fault 9"):
        plan.clear([1, 9])
    assert plan.clear([1]) == 1
    assert [entry["id"] for entry in plan.described()] == [2]
    plan.set([FaultRule(FaultKind.DROP)])
    assert [entry["id"] for entry in plan.described()] == [3]
    assert plan.clear() == 1
    assert plan.is_quiet
    with pytest.raises(LocalnetError, match="at most 1000"):
        plan.set([FaultRule(FaultKind.DROP)] * (MAX_RULES + 1))


def test_text_and_json_say_the_same():
    rule = rule_from_text("429:method=sendTransaction,method=getSlot,count=3,seed=5,retry-after-s=2")
    assert rule == FaultRule(
        FaultKind.RATE_LIMIT, ("sendTransaction", "getSlot"), count=3, seed=5, retry_after_s=2
    )
    assert rule_from_json(rule_to_json(rule)) == rule
    slow = rule_from_text("delay:delay-ms=20,probability=0.25")
    assert rule_from_json(rule_to_json(slow)) == slow


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("boom", "kind = 'boom': must be one of drop"),
        ("drop:count=0", "count = 0: must be an integer from 1"),
        ("drop:count=x", "count = 'x': must be a number"),
        ("drop:probability=1.5", "probability = 1.5: must be a number from 0 to 1"),
        ("drop:probability=nan", "must be a number from 0 to 1"),
        ("delay:delay-ms=-1", "delayMs = -1: must be an integer from 1"),
        ("429:retry-after-s=-1", "retryAfterS = -1"),
        ("drop:method=gdx_warp", "never disturbed"),
        ("drop:method=", "must be names of methods"),
        ("stale-blockhash:method=getSlot", "about getLatestBlockhash only"),
        ("drop:often", "'often' is not NAME=VALUE"),
    ],
)
def test_bad_rules_are_named(text, message):
    with pytest.raises(LocalnetError, match=message):
        rule_from_text(text)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "must be an object"),
        ({}, "needs a kind"),
        ({"kind": "drop", "often": 1}, "often = 1: unknown"),
        ({"kind": "drop", "methods": "getSlot"}, "must be an array"),
        ({"kind": "drop", "count": True}, "count = True"),
        ({"kind": 429}, "kind = 429: must be one of"),
    ],
)
def test_bad_objects_are_named(body, message):
    with pytest.raises(LocalnetError, match=message):
        rule_from_json(body)
