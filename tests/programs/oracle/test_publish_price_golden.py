"""publish_price: the golden prices, confidences and averages."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.golden import cases, numbers
from tests.programs.harness.oracle_world import LIMITS, FeedWorld


@pytest.mark.parametrize("number", range(len(cases("oracle"))))
def test_price_confidence_and_average(chain: Chain, number: int) -> None:
    case = cases("oracle")[number]
    c, quotes = numbers(case), [(int(price), int(confidence)) for price, confidence in case["quotes"]]
    patient = LIMITS | {
        "stale_seconds": 86_400,
        "too_old_seconds": 86_400,
    }  # no sample weighs less for its age
    feed = FeedWorld(chain, publisher_count=len(quotes)).create(limits=patient)
    feed.publish(7 * 10**6)
    chain.advance(3_600)
    now_ts, state = chain.now_ts, feed.read()
    publishers = state.publishers
    for publisher, (price, confidence) in zip(publishers, quotes, strict=False):
        publisher.price_e6, publisher.confidence_e6, publisher.publish_ts = price, confidence, now_ts
    publishers[len(quotes) - 1].publish_ts = now_ts - 1
    averages = {"ema_e9": c["previous_average_e9"], "average_ts": now_ts - c["elapsed_s"]}
    chain.rewrite(feed.address, publishers=publishers, **averages)
    chain.send(feed.publish_price(feed.publishers[len(quotes) - 1], *quotes[-1]))
    after = feed.read()
    assert (after.price_e6, after.confidence_e6) == (c["price_e6"], c["confidence_e6"])
    assert after.ema_e9 == c["average_e9"]
