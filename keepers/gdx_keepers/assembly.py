"""From a configuration file to a runner: one client, one sender per job, the jobs, health and metrics."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from solders.pubkey import Pubkey

from gdx_keepers.chain import SdkChain
from gdx_keepers.core.client_sender import ClientSender
from gdx_keepers.core.clock import ChainClock
from gdx_keepers.core.config import (
    FundingConfig,
    JobConfig,
    KeepersConfig,
    LiquidatorConfig,
    OracleConfig,
    PluginConfig,
    PremiumConfig,
    PrunerConfig,
    RelayerConfig,
)
from gdx_keepers.core.flights import FlightJournal
from gdx_keepers.core.health import Health, HealthServer
from gdx_keepers.core.job import AnyJob, Job
from gdx_keepers.core.keys import public_key, signing_key
from gdx_keepers.core.log import Logger, make_logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.runner import JobSummary, Runner
from gdx_keepers.core.tables import LookupTables, NoTables
from gdx_keepers.errors import Fatal
from gdx_keepers.feeds import PriceSource, RecordedSource, StaticSource
from gdx_keepers.jobs.funding import Funding
from gdx_keepers.jobs.liquidator import Liquidator
from gdx_keepers.jobs.oracle import Oracle
from gdx_keepers.jobs.premium import Premium
from gdx_keepers.jobs.pruner import Pruner
from gdx_keepers.jobs.relayer import Relayer
from gdx_keepers.live import LiveMarkets
from gdx_sdk import pdas, plugins
from gdx_sdk.batch import FileOutbox
from gdx_sdk.client import Client, RetryPolicy
from gdx_sdk.units import price_e6_from

RETRY_POLICY = RetryPolicy(attempts=2, max_wait_s=1.0)
"""A hiccup is not worth a job's turn; what lasts is the runner's to back off from, and shows in readiness."""


@dataclass(slots=True)
class Parts:
    """What the makers of jobs share."""

    config: KeepersConfig
    client: Client
    chain: SdkChain
    metrics: Metrics
    log: Logger
    is_dry_run: bool
    signers: dict[str, Pubkey] = field(default_factory=dict)  # by job
    live: list[LiveMarkets] = field(default_factory=list)  # to be entered while the jobs run
    journals: dict[Path, FlightJournal] = field(default_factory=dict)  # by state folder

    def sender(self, job: JobConfig) -> ClientSender:
        """The job's own signer, or the process's; only its public half in a dry run."""
        source = job.signer or self.config.signer
        if source is None:
            raise Fatal(f"job {job.job_name}: there is neither [signer] nor a signer of its own")
        sender = ClientSender(
            self.client,
            public_key(source) if self.is_dry_run else signing_key(source),
            metrics=self.metrics,
            job=job.job_name,
            priority_fee=self.config.cluster.priority_fee,
        )
        self.signers[job.job_name] = sender.pubkey
        return sender

    def journal(self, state: Path) -> FlightJournal:
        """The journal below a state folder, locked against other processes; the same one for every market."""
        if state not in self.journals:
            journal = FlightJournal(state / "flights")
            journal.lock()
            self.journals[state] = journal
        return self.journals[state]


def make_relayer(parts: Parts, config: RelayerConfig) -> Relayer:
    """The relayer, with its journal locked against a second process."""
    sender, state = parts.sender(config), Path(config.state_path)
    return Relayer(
        config.job_name,
        parts.metrics,
        parts.log,
        markets=_markets(config.markets),
        relayer_epoch=config.relayer_epoch,
        chain=parts.chain,
        sender=sender,
        outbox=FileOutbox(config.outbox_path),
        journal=parts.journal(state),
        tables=LookupTables(sender, parts.chain, state / "tables.json", sleep_ms=sleep_ms)
        if config.use_lookup_table
        else NoTables(),
        sleep_ms=sleep_ms,
        beat_every_slots=config.beat_every_slots,
    )


def make_liquidator(parts: Parts, config: LiquidatorConfig) -> Liquidator:
    """The liquidator, told of changes by streams unless its table says otherwise."""
    markets, name = _markets(config.markets), config.job_name
    live = None
    if config.use_streams:
        live = LiveMarkets(
            name, parts.metrics, parts.log, client=parts.client, chain=parts.chain, markets=list(markets)
        )
        parts.live.append(live)
    return Liquidator(
        name,
        parts.metrics,
        parts.log,
        markets=markets,
        chain=live or parts.chain,
        sender=parts.sender(config),
        max_size_e8=config.max_size_e8,
        max_per_run=config.max_per_run,
        wake=live.changed if live is not None else None,
    )


def make_funding(parts: Parts, config: FundingConfig) -> Funding:
    """The funding job."""
    return Funding(
        config.job_name,
        parts.metrics,
        parts.log,
        markets=_markets(config.markets),
        chain=parts.chain,
        sender=parts.sender(config),
    )


def make_premium(parts: Parts, config: PremiumConfig) -> Premium:
    """The premium sampler."""
    return Premium(
        config.job_name,
        parts.metrics,
        parts.log,
        markets=_markets(config.markets),
        every_s=config.every_s,
        chain=parts.chain,
        sender=parts.sender(config),
    )


def make_oracle(parts: Parts, config: OracleConfig) -> Oracle:
    """The price publisher."""
    return Oracle(
        config.job_name,
        parts.metrics,
        parts.log,
        symbols=config.symbols,
        source=_price_source(config),
        chain=parts.chain,
        sender=parts.sender(config),
        min_change_bps=config.min_change_bps,
        max_age_slots=config.max_age_slots,
    )


def make_pruner(parts: Parts, config: PrunerConfig) -> Pruner:
    """The pruner."""
    return Pruner(
        config.job_name,
        parts.metrics,
        parts.log,
        markets=_markets(config.markets),
        chain=parts.chain,
        sender=parts.sender(config),
        max_per_run=config.max_per_run,
    )


def make_plugin(parts: Parts, config: PluginConfig) -> AnyJob:
    """A plugin's keeper: ``factory(name, metrics, log, client=…, sender=…, **options)``."""
    factory = plugins.keepers()[config.keeper]
    sender = parts.sender(config)
    try:
        job = factory(
            config.job_name, parts.metrics, parts.log, client=parts.client, sender=sender, **config.options
        )
    except TypeError as error:
        raise Fatal(
            f"job {config.job_name}: keeper {config.keeper!r} does not take its options: {error}"
        ) from error
    if not isinstance(job, Job):
        raise Fatal(f"job {config.job_name}: keeper {config.keeper!r} made a {type(job).__name__}, not a Job")
    return job


MAKERS: dict[type[JobConfig], Callable[..., AnyJob]] = {
    RelayerConfig: make_relayer,
    LiquidatorConfig: make_liquidator,
    FundingConfig: make_funding,
    PremiumConfig: make_premium,
    OracleConfig: make_oracle,
    PrunerConfig: make_pruner,
    PluginConfig: make_plugin,
}


def build_jobs(parts: Parts, only: str | None = None) -> list[AnyJob]:
    """The configured jobs, or the one named `only`; one for each market."""
    names = [job.job_name for job in parts.config.job]
    if only is not None and only not in names:
        raise Fatal(f"no job is named {only!r}; the file has {', '.join(names)}")
    jobs = []
    for job_config in parts.config.job:
        if only in (None, job_config.job_name):
            for one in job_config.by_symbol():
                job = MAKERS[type(one)](parts, one)
                job.poll_ms = one.poll_ms or job.poll_ms
                jobs.append(job)
    return jobs


async def run_keepers(
    config: KeepersConfig, *, only: str | None = None, is_dry_run: bool = False, log: Logger | None = None
) -> list[JobSummary]:
    """Run until SIGTERM or the last job's fatal error; the closing summary."""
    telemetry = config.telemetry
    log = log or make_logger(telemetry.log_format, telemetry.log_level)
    metrics, health = Metrics(), Health()
    async with Client(
        config.cluster.url,
        commitment=config.cluster.commitment,
        retry_policy=RETRY_POLICY,
        dry_run=is_dry_run,
        ws_url=config.cluster.ws_url or "auto",
    ) as client:
        chain = SdkChain(client)
        parts = Parts(config, client, chain, metrics, log, is_dry_run)
        jobs = build_jobs(parts, only)
        runner = Runner(jobs, ChainClock(chain), metrics, health, log, drain_seconds=config.drain_seconds)
        health.add_readiness("rpc", chain.check)
        for name, signer in parts.signers.items():
            balance = partial(chain.check_balance, signer, config.min_balance_lamports)
            health.add_readiness(f"{name}:balance", balance)
        server = HealthServer(health, metrics, *telemetry.address) if telemetry.address else None
        if server is not None:
            await server.start()
            log.info("listening", host=telemetry.address and telemetry.address[0], port=server.port)
        try:
            log.info("started", jobs=[job.name for job in jobs], url=config.cluster.url, dry_run=is_dry_run)
            async with contextlib.AsyncExitStack() as stack:
                for live in parts.live:
                    await stack.enter_async_context(live)
                return await runner.run_forever()
        finally:
            if server is not None:
                await server.stop()


async def sleep_ms(ms: int) -> None:
    """Wait by the operating system's clock."""
    await asyncio.sleep(ms / 1000)


def _markets(symbols: Sequence[str]) -> dict[Pubkey, str]:
    return {pdas.market(symbol): symbol for symbol in symbols}


def _price_source(config: OracleConfig) -> PriceSource:
    if config.source == "recorded":
        if config.source_path is None:
            raise Fatal(f"job {config.job_name}: source = 'recorded' needs source_path")
        return RecordedSource.from_csv(config.source_path, config.confidence_bps)
    if missing := [symbol for symbol in config.symbols if symbol not in config.prices]:
        raise Fatal(f"job {config.job_name}: prices lacks {', '.join(missing)}")
    prices = {symbol: price_e6_from(text, field=f"prices.{symbol}") for symbol, text in config.prices.items()}
    return StaticSource(prices, config.confidence_bps)
