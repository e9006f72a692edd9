"""The keepers' configuration file: TOML, every key known and typed, secrets by path or environment only.

```toml
[cluster]
url = "http://127.0.0.1:8899"

[signer]
keypair_path = "keeper.json"        # or keypair_env = "GDX_KEEPER_KEYPAIR"

[telemetry]
listen = "127.0.0.1:9464"

[[job]]
kind = "relayer"
markets = ["SOL-PERP"]
outbox_path = "outbox"
state_path = "relayer-state"
```
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import msgspec

from gdx_sdk.errors import InputError

PositiveInt = Annotated[int, msgspec.Meta(ge=1)]
NonNegativeInt = Annotated[int, msgspec.Meta(ge=0)]
Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Symbols = Annotated[list[Symbol], msgspec.Meta(min_length=1)]
Commitment = Literal["processed", "confirmed", "finalized"]

_SECRET_KEY = re.compile(r"(keypair|secret|private|seed|mnemonic)(?!_path$|_env$)")
LISTEN = re.compile(r"^(?P<host>\[[0-9a-fA-F:]+\]|[^:\s]+):(?P<port>\d{1,5})$")


class Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A table of the file: unknown keys are refused."""


class ClusterConfig(Strict, frozen=True, kw_only=True):
    """`[cluster]`: where the chain is."""

    url: str = "http://127.0.0.1:8899"
    ws_url: str | None = None  # the one that goes with url: its port plus one, or its own when it names none
    commitment: Commitment = "confirmed"
    priority_fee: NonNegativeInt | Literal["recent"] = "recent"  # 1e-6 lamports per compute unit


class SignerConfig(Strict, frozen=True, kw_only=True):
    """Where a signing key is: exactly one of the two, never the key itself."""

    keypair_path: str | None = None
    keypair_env: str | None = None

    def __post_init__(self) -> None:
        if (self.keypair_path is None) == (self.keypair_env is None):
            raise ValueError("exactly one of keypair_path and keypair_env must be given")


class TelemetryConfig(Strict, frozen=True, kw_only=True):
    """`[telemetry]`: health and metrics pages, log format."""

    listen: str | None = "127.0.0.1:9464"
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __post_init__(self) -> None:
        if self.listen is not None and (
            not (match := LISTEN.match(self.listen)) or int(match["port"]) > 65_535
        ):
            raise ValueError(f"listen = {self.listen!r}: must be host:port")

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on; None when the pages are switched off."""
        match = LISTEN.match(self.listen) if self.listen is not None else None
        return (match["host"].strip("[]"), int(match["port"])) if match else None


BEAT_PATIENCE_SLOTS = 10


class JobConfig(Strict, frozen=True, kw_only=True, tag_field="kind"):
    """What every `[[job]]` has."""

    name: str | None = None  # the kind, unless two jobs of one kind run
    poll_ms: PositiveInt | None = None
    signer: SignerConfig | None = None  # the process's signer, unless the job has one of its own

    @property
    def kind(self) -> str:
        """The job's kind, as the file spells it."""
        return str(self.__struct_config__.tag)

    @property
    def job_name(self) -> str:
        """Its name in logs, metrics and `--job`."""
        return self.name or self.kind

    @property
    def traded_symbols(self) -> list[str]:
        """Symbols of the markets or feeds that it works for; a plugin's are its own business."""
        symbols: list[str] = getattr(self, "markets", None) or getattr(self, "symbols", None) or []
        return symbols

    def by_symbol(self) -> list[Self]:
        """One job for each symbol, named ``<name>/<symbol>``; the job itself where it has one symbol at most.

        So no market waits for another: one that is paused, closed or without a price holds up its own job.
        """
        symbols = self.traded_symbols
        if len(symbols) < 2:
            return [self]
        field = "markets" if hasattr(self, "markets") else "symbols"
        parts = [{"name": f"{self.job_name}/{symbol}", field: [symbol]} for symbol in symbols]
        return [msgspec.structs.replace(self, **part) for part in parts]


class RelayerConfig(JobConfig, frozen=True, kw_only=True, tag="relayer"):
    """Settles the outbox's batches, one transaction each."""

    markets: Symbols
    outbox_path: str
    state_path: str
    relayer_epoch: NonNegativeInt
    use_lookup_table: bool = True
    beat_every_slots: NonNegativeInt = 50  # 0: never; well below half of the configuration's takeover_slots

    def by_symbol(self) -> list[Self]:
        """One for each market; the first gives the sign of life, the others only when it is late."""
        parts = super().by_symbol()
        slots = self.beat_every_slots
        lates = [slots + min(BEAT_PATIENCE_SLOTS * n, slots) for n in range(len(parts))]
        return [
            msgspec.structs.replace(part, beat_every_slots=late)
            for part, late in zip(parts, lates, strict=True)
        ]


class LiquidatorConfig(JobConfig, frozen=True, kw_only=True, tag="liquidator"):
    """Takes over positions below their maintenance requirement."""

    markets: Symbols
    max_size_e8: PositiveInt | None = None
    max_per_run: PositiveInt = 8
    use_streams: bool = True  # False: only ask, every poll_ms


class FundingConfig(JobConfig, frozen=True, kw_only=True, tag="funding"):
    """Updates each market's funding once per full hour."""

    markets: Symbols


class PremiumConfig(JobConfig, frozen=True, kw_only=True, tag="premium"):
    """Samples each market's premium."""

    markets: Symbols
    every_s: PositiveInt = 60


class PrunerConfig(JobConfig, frozen=True, kw_only=True, tag="pruner"):
    """Removes records of old batches, of closed markets too; their rent goes back to the relayer."""

    markets: Symbols
    max_per_run: PositiveInt = 16

    def by_symbol(self) -> list[Self]:
        """One for all: records of a closed market are of no symbol, and one that is gone is passed over."""
        return [self]


class OracleConfig(JobConfig, frozen=True, kw_only=True, tag="oracle"):
    """Publishes prices of one source to the feeds."""

    symbols: Symbols
    source: Literal["static", "recorded"]
    source_path: str | None = None  # recorded: a csv with the columns ts_ms, symbol, price[, confidence]
    prices: dict[str, str] = {}  # static: symbol -> decimal text
    confidence_bps: NonNegativeInt = 5
    min_change_bps: NonNegativeInt = 1
    max_age_slots: PositiveInt = 20


class PluginConfig(JobConfig, frozen=True, kw_only=True, tag="plugin"):
    """A keeper that an installed plugin offers by the hook `register_keepers`."""

    keeper: str  # the name it is offered under
    options: dict[str, Any] = {}  # keyword arguments of its factory

    @property
    def job_name(self) -> str:
        """The keeper's own name, unless the file gives another."""
        return self.name or self.keeper


AnyJobConfig = (
    RelayerConfig
    | LiquidatorConfig
    | FundingConfig
    | PremiumConfig
    | OracleConfig
    | PrunerConfig
    | PluginConfig
)


class KeepersConfig(Strict, frozen=True, kw_only=True):
    """The whole file."""

    cluster: ClusterConfig = ClusterConfig()
    signer: SignerConfig | None = None
    telemetry: TelemetryConfig = TelemetryConfig()
    job: Annotated[list[AnyJobConfig], msgspec.Meta(min_length=1)]
    drain_seconds: PositiveInt = 20
    min_balance_lamports: NonNegativeInt = 10_000_000  # below it a signer counts as not ready

    def __post_init__(self) -> None:
        names = [job.job_name for job in self.job]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"job names must differ; give `name` to the jobs called {', '.join(twice)}")
        if self.cluster.commitment == "processed" and any(isinstance(job, RelayerConfig) for job in self.job):
            rule = "a relayer needs confirmed or finalized: what it acknowledges is never sent again"
            raise ValueError(f"cluster.commitment = 'processed': {rule}")


def parse_config(text: str, source: str = "configuration") -> KeepersConfig:
    """Read TOML `text`; `InputError` names the offending key and `source`."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError("config", source, f"is not TOML: {error}") from error
    if secret := _find_secret(tree):
        raise InputError(secret, "…", "a secret must be named by …_path or …_env, never written in the file")
    try:
        return msgspec.convert(tree, KeepersConfig)
    except msgspec.ValidationError as error:
        raise InputError("config", source, str(error)) from error


def load_config(path: str | Path) -> KeepersConfig:
    """Read the file at `path`; relative paths inside it are relative to its folder."""
    file = Path(path)
    try:
        text = file.read_text()
    except OSError as error:
        raise InputError("config", str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError("config", str(path), "is not UTF-8 text") from error
    return _with_absolute_paths(parse_config(text, str(path)), file.resolve().parent)


def _find_secret(tree: object, path: str = "") -> str | None:
    """The first key that looks like a secret value instead of a reference to one."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            here = f"{path}.{key}" if path else str(key)
            if not isinstance(value, dict | list) and _SECRET_KEY.search(str(key)):
                return here
            if found := _find_secret(value, here):
                return found
    if isinstance(tree, list):
        for index, value in enumerate(tree):
            if found := _find_secret(value, f"{path}[{index}]"):
                return found
    return None


def _with_absolute_paths(config: KeepersConfig, folder: Path) -> KeepersConfig:
    def absolute(table: msgspec.Struct) -> msgspec.Struct:
        changes: dict[str, object] = {}
        for field in table.__struct_fields__:
            value = getattr(table, field)
            if field.endswith("_path") and isinstance(value, str):
                changes[field] = str(folder / Path(os.path.expanduser(value)))
            elif isinstance(value, msgspec.Struct):
                changes[field] = absolute(value)
            elif isinstance(value, list):
                changes[field] = [
                    absolute(item) if isinstance(item, msgspec.Struct) else item for item in value
                ]
        return msgspec.structs.replace(table, **changes)

    resolved = absolute(config)
    assert isinstance(resolved, KeepersConfig)
    return resolved
