"""create_feed: only the upgrade authority, with publishers and limits that make sense."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import UPGRADEABLE_LOADER, Chain, program_data
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.oracle_world import LIMITS, FeedWorld, feed_of

THIRTY_DAYS = 30 * 86_400


@pytest.fixture
def planned(chain: Chain) -> FeedWorld:
    """A feed's people, no feed yet."""
    return FeedWorld(chain)


@pytest.mark.parametrize("count", [3, 5, 8])
def test_creates_a_feed_without_a_price(chain: Chain, count: int) -> None:
    world = FeedWorld(chain, publisher_count=count)
    receipt = chain.send(world.create_feed(delay_seconds=THIRTY_DAYS, min_publishers=count))
    feed = world.read()
    assert (feed.symbol_hash, feed.authority) == (world.symbol_hash, world.authority)
    assert (feed.publisher_count, feed.min_publishers) == (count, count)
    assert world.publisher_keys() == world.publishers
    assert vars(feed.limits) == LIMITS
    assert (feed.price_e6, feed.ema_e9, feed.twap_e9, feed.last_good_price_e6) == (0, 0, 0, 0)
    assert (feed.delay_seconds, feed.layout_version, feed.minutes.newest_minute) == (THIRTY_DAYS, 1, 0)
    event = receipt.event("FeedCreated")
    assert (event.feed, event.symbol_hash, event.authority) == (
        world.address,
        world.symbol_hash,
        world.authority,
    )
    assert (event.publishers, event.min_publishers) == (world.publishers, count)
    assert (vars(event.limits), event.delay_seconds, event.head.sequence) == (LIMITS, THIRTY_DAYS, 1)


def test_lamports_sent_ahead_do_not_block_it(planned: FeedWorld) -> None:
    planned.chain.fund(planned.address, 1)
    planned.create()


def test_a_symbol_has_one_feed(feed: FeedWorld) -> None:
    feed.chain.refused(feed.create_feed(), error="system.AccountAlreadyInUse")


def test_only_the_upgrade_authority_may(planned: FeedWorld) -> None:
    for signer in (planned.authority, planned.publishers[0]):
        call = planned.create_feed().but(upgrade_authority=signer)
        planned.chain.refused(call, error="NotUpgradeAuthority")


def test_the_program_data_of_another_program_is_refused(planned: FeedWorld) -> None:
    call = planned.create_feed().but(program_data=program_data("funding_rate"))
    planned.chain.refused(call, error="NotUpgradeAuthority")


def test_a_program_that_is_final_has_nobody_to_create_it(planned: FeedWorld) -> None:
    key = program_data("oracle")
    data = bytearray(planned.chain.data(key))
    data[12] = 0
    planned.chain.put(key, bytes(data), UPGRADEABLE_LOADER)
    planned.chain.refused(planned.create_feed(), error="NotUpgradeAuthority")


@pytest.mark.parametrize("count", [0, 2, 9])
def test_three_to_eight_publishers(planned: FeedWorld, count: int) -> None:
    publishers = [Pubkey.new_unique() for _ in range(count)]
    planned.chain.refused(planned.create_feed(publishers=publishers), error="WrongPublisherCount")


def test_publishers_are_different_addresses(planned: FeedWorld) -> None:
    first, second, third = planned.publishers
    for publishers in ([first, second, first], [first, second, third, Pubkey.default()]):
        planned.chain.refused(planned.create_feed(publishers=publishers), error="PublisherRepeated")


@pytest.mark.parametrize("least", [0, 1, 2, 4, 255])
def test_the_least_number_of_publishers(planned: FeedWorld, least: int) -> None:
    planned.chain.refused(planned.create_feed(min_publishers=least), error="InvalidMinPublishers")


@pytest.mark.parametrize(
    "changes",
    [
        {"max_confidence_bps": 0},
        {"max_confidence_bps": 10_001},
        {"max_deviation_bps": 0},
        {"max_deviation_bps": 10_001},
        {"stale_seconds": 0},
        {"stale_seconds": 61},
        {"too_old_seconds": 9},
        {"too_old_seconds": THIRTY_DAYS + 1},
    ],
    ids=str,
)
def test_limits_make_sense(planned: FeedWorld, changes: dict[str, int]) -> None:
    planned.chain.refused(planned.create_feed(limits=LIMITS | changes), error="InvalidLimits")


def test_the_delay_is_at_most_thirty_days(planned: FeedWorld) -> None:
    planned.chain.refused(planned.create_feed(delay_seconds=THIRTY_DAYS + 1), error="DelayTooLong")


def test_the_authority_is_somebody(planned: FeedWorld) -> None:
    planned.chain.refused(planned.create_feed(authority=Pubkey.default()), error="DefaultAddressRefused")


def test_the_feed_of_another_symbol_is_refused(planned: FeedWorld) -> None:
    call = planned.create_feed().but(feed=feed_of(bytes(32)))
    planned.chain.refused(call, error="ConstraintSeeds")


def test_accounts_are_checked(planned: FeedWorld) -> None:
    # The account `program` is not read: this_program, checked, has the same address.
    refuses_wrong_accounts(planned.chain, planned.create_feed(), program__other=None)
