"""A long run at 200 requests per second, half of the answers errors, while people look and steer: what grows per hour.

python tests/benchmarks/soak.py [--hours 8]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.home import new_home
from support.soak import soak

ALLOWED_BYTES_PER_H = 1_000_000


def main() -> int:
    """Print growth of memory and journal per hour; 0 when memory does not grow faster than allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=0.5)
    hours = parser.parse_args().hours
    with new_home() as home:
        soaked = soak(home, hours * 3600)
    kept = True
    for role in ("runner", "worker"):
        per_h = soaked.growth_bytes_per_h(role)
        kept &= per_h <= ALLOWED_BYTES_PER_H
        descriptors = soaked.descriptors[role]
        print(
            f"{role}: {soaked.resident[role][-1][1] / 1e6:.1f} MB, {per_h / 1e6:+.2f} MB per hour, "
            f"{min(descriptors)} to {max(descriptors)} descriptors"
        )
    print(
        f"journal: {soaked.journal_bytes / hours / 1e6:.1f} MB per hour; {soaked.viewers} viewers, {soaked.marks} marks"
    )
    print(f"memory may grow by {ALLOWED_BYTES_PER_H / 1e6:g} MB per hour")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
