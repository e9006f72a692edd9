"""All rules; importing this package registers them."""

from . import custody, endings, hostile, people, prices, roles, settling, trading, wallets

__all__ = ["custody", "endings", "hostile", "people", "prices", "roles", "settling", "trading", "wallets"]
