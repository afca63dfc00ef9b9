"""Realistic made-up values. The library is loaded on first use: most presets need none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mimesis import Generic

POOL_SIZE = 2000
"""Values prepared per kind: a request then only picks one."""


@cache
def fake_pool(kind: str) -> tuple[str, ...]:
    """Prepared values of a kind of grammar.FAKES, the same in every process."""
    make = _makers(_generator())[kind]
    return tuple(make() for _ in range(POOL_SIZE))


@cache
def _generator() -> Generic:
    from mimesis import Generic  # 100 ms, and only presets with fakes need it

    return Generic(seed=20_240)


def _makers(generator: Generic) -> dict[str, Callable[[], str]]:
    person, text, address, when = generator.person, generator.text, generator.address, generator.datetime
    return {
        "name": person.full_name,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
        # Reserved names only: a load test must never write to somebody's mailbox or call somebody's host.
        "email": lambda: person.email(domains=["example.com", "example.org", "example.net"]),
        "phone": person.phone_number,
        "company": generator.finance.company,
        "job": person.occupation,
        "word": text.word,
        "sentence": text.sentence,
        "paragraph": lambda: text.text(quantity=4),
        "city": address.city,
        "country": address.country,
        "street": address.address,
        "postcode": address.postal_code,
        "date": lambda: when.date(start=2000, end=2025).isoformat(),
        "datetime": lambda: when.datetime(start=2000, end=2025).isoformat(timespec="seconds") + "Z",
        "time": lambda: when.time().isoformat(timespec="seconds"),
        "url": lambda: f"https://{text.word().lower().replace(' ', '-')}.example.com/",
        "ip": lambda: f"192.0.2.{generator.random.randint(1, 254)}",
        "color": text.hex_color,
        "password": lambda: person.password(length=12),
    }
