"""Prometheus metrics of one keeper process, in a registry of its own (tests may run several)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """Every metric the runner, the sender and the jobs write."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.runs = Counter(
            "gdx_keeper_runs", "Runs of a job by outcome.", ["job", "outcome"], registry=self.registry
        )
        self.actions = Counter(
            "gdx_keeper_actions", "Actions a job carried out.", ["job", "action"], registry=self.registry
        )
        self.run_seconds = Histogram(
            "gdx_keeper_run_seconds",
            "Time of one run: observe, plan, act.",
            ["job"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.is_up = Gauge(
            "gdx_keeper_up", "1 while the job runs, 0 once it has stopped.", ["job"], registry=self.registry
        )
        self.is_live = Gauge(
            "gdx_keeper_live",
            "1 while the job works from streams, 0 while it polls the chain.",
            ["job"],
            registry=self.registry,
        )
        self.last_success_ts = Gauge(
            "gdx_keeper_last_success_timestamp_seconds",
            "Unix time of the last run without an error.",
            ["job"],
            registry=self.registry,
        )
        self.transactions = Counter(
            "gdx_keeper_transactions",
            "Transactions by outcome: simulated, signed, sent, landed, refused, expired, failed.",
            ["job", "outcome"],
            registry=self.registry,
        )
        self.compute_units = Counter(
            "gdx_keeper_compute_units",
            "Compute units of landed transactions.",
            ["job"],
            registry=self.registry,
        )
        self.pending_batches = Gauge(
            "gdx_relayer_pending_batches", "Batches in the outbox.", ["market"], registry=self.registry
        )
        self.settled_sequence = Gauge(
            "gdx_relayer_settled_sequence", "Last sequence on chain.", ["market"], registry=self.registry
        )

    def render(self) -> bytes:
        """The exposition text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def value(self, name: str, **labels: str) -> float:
        """One sample's present value, 0 when it was never written."""
        return self.registry.get_sample_value(name, labels) or 0.0
