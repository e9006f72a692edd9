"""Faults on purpose, for tests of resilience: `rules` says which, `middleware` does it."""
