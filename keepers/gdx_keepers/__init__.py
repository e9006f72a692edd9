"""Keeper jobs on one runner: relayer, liquidator, funding, oracle."""
