"""What can run a local chain: this package's own, or a real validator."""
