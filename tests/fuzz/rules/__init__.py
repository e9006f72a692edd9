"""All rules; importing this package registers them."""

from . import endings, hostile, people, prices, roles, trading, wallets

__all__ = ["endings", "hostile", "people", "prices", "roles", "trading", "wallets"]
