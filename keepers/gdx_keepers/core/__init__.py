"""What every keeper shares: runner, clock, backoff, metrics, health, configuration, sender."""
