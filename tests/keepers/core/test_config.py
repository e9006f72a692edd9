"""The configuration file: what is accepted, and how each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from gdx_keepers.core.config import (
    FundingConfig,
    OracleConfig,
    RelayerConfig,
    TelemetryConfig,
    load_config,
    parse_config,
)

from gdx_sdk.errors import InputError

GOOD = """
[cluster]
url = "http://127.0.0.1:8899"
commitment = "confirmed"

[signer]
keypair_path = "keeper.json"

[telemetry]
listen = "127.0.0.1:9464"
log_format = "json"

[[job]]
kind = "relayer"
markets = ["SOL-PERP", "BTC-PERP"]
outbox_path = "outbox"
state_path = "/var/lib/gdx"
relayer_epoch = 1

[[job]]
kind = "funding"
markets = ["SOL-PERP"]
poll_ms = 5000

[[job]]
kind = "oracle"
name = "publisher-2"
symbols = ["SOL-PERP"]
source = "static"
prices = { SOL-PERP = "96.5" }
signer = { keypair_env = "PUBLISHER" }
"""


def test_a_full_file_is_read_into_typed_tables() -> None:
    config = parse_config(GOOD)
    relayer, funding, oracle = config.job
    assert isinstance(relayer, RelayerConfig)
    assert isinstance(funding, FundingConfig)
    assert isinstance(oracle, OracleConfig)
    assert relayer.markets == ["SOL-PERP", "BTC-PERP"]
    assert relayer.relayer_epoch == 1
    assert funding.poll_ms == 5_000
    assert oracle.signer is not None
    assert oracle.signer.keypair_env == "PUBLISHER"
    assert [job.job_name for job in config.job] == ["relayer", "funding", "publisher-2"]
    assert config.telemetry.address == ("127.0.0.1", 9464)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "keepers.toml"
    file.write_text(GOOD)
    config = load_config(file)
    relayer = config.job[0]
    assert isinstance(relayer, RelayerConfig)
    assert relayer.outbox_path == str(tmp_path / "outbox")
    assert relayer.state_path == "/var/lib/gdx"
    assert config.signer is not None
    assert config.signer.keypair_path == str(tmp_path / "keeper.json")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "funding"', 'kind = "funding"\nhours = 1', "unknown field `hours` - at `$.job[1]`"),
        ("[cluster]", "[cluster]\nurls = 1", "unknown field `urls` - at `$.cluster`"),
        ("[signer]", "[sinner]", "unknown field `sinner`"),
        ('kind = "funding"', 'kind = "fundings"', "Invalid value 'fundings' - at `$.job[1].kind`"),
        ("poll_ms = 5000", "poll_ms = 0", "Expected `int` >= 1 - at `$.job[1].poll_ms`"),
        ("poll_ms = 5000", 'poll_ms = "5"', "got `str` - at `$.job[1].poll_ms`"),
        ('markets = ["SOL-PERP"]', "markets = []", "Expected `array` of length >= 1"),
        ("relayer_epoch = 1", "", "missing required field `relayer_epoch`"),
        ('"127.0.0.1:9464"', '"9464"', "must be host:port"),
        ('"127.0.0.1:9464"', '"localhost:94640"', "must be host:port"),
        (
            'name = "publisher-2"',
            'name = "funding"',
            "give `name` to the jobs called funding",
        ),
        ('keypair_path = "keeper.json"', "", "exactly one of keypair_path and keypair_env"),
        ('keypair_path = "keeper.json"', 'keypair_path = "a"\nkeypair_env = "B"', "exactly one of"),
        ('commitment = "confirmed"', 'commitment = "processed"', "a relayer needs confirmed or finalized"),
        ('source = "static"', 'source = "guess"', "Invalid enum value 'guess'"),
    ],
)
def test_each_mistake_is_named_with_its_place(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        parse_config(GOOD.replace(old, new), "keepers.toml")
    assert words in str(caught.value)
    assert "keepers.toml" in str(caught.value)


@pytest.mark.parametrize("key", ["keypair", "secret_key", "private_key", "seed", "mnemonic"])
def test_a_secret_in_the_file_is_refused_without_repeating_it(key: str) -> None:
    text = GOOD.replace('keypair_path = "keeper.json"', f'{key} = "super-secret-value"')
    with pytest.raises(InputError, match=f"signer.{key}") as caught:
        parse_config(text)
    assert "super-secret-value" not in str(caught.value)


def test_an_absent_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        load_config(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[cluster\n")
    with pytest.raises(InputError, match="is not TOML"):
        load_config(broken)
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        load_config(broken)


def test_pages_can_be_switched_off_and_ipv6_is_understood() -> None:
    assert TelemetryConfig(listen=None).address is None
    assert TelemetryConfig(listen="[::1]:80").address == ("::1", 80)


def test_the_documented_file_has_every_kind_of_job() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "keepers.md"
    example = page.read_text().split("```toml\n")[1].split("```")[0]
    kinds = [job.kind for job in parse_config(example).job]
    assert kinds == ["relayer", "liquidator", "funding", "premium", "oracle", "pruner", "plugin"]
