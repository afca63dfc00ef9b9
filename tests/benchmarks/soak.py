"""A long run at 200 requests per second, by every driver, while people look and steer: what grows per hour.

python tests/benchmarks/soak.py [--hours 8 | --seconds 180] [--share 0.5] [DRIVER ...]

Beside the runs a screen looks, another may steer, and commands come and go that follow a run line by line or set a
mark; the memory of each is watched as well. Every ten minutes a line for each says how it stands.

All drivers, `--share 0.3`, 55 minutes on two cores that thirty other processes wanted (a second interval now and then
held two, so the history of 900 filled late). Resident memory at 50 minutes, and growth per hour from 30 to 50 minutes:
- workers of http, page, sqlite, postgresql, redis, memcached, files, functions, ws: 48 to 70 MB, 0.0 MB;
- worker of mysql 76 MB, 0.7 MB; of events 59 MB, 0.6 MB, less in each ten minutes;
- runners: 60 to 85 MB, between -4.1 (sqlite) and +3.5 (events), 0 in the mean: memory given back and taken again moves
  it by a megabyte; what a runner keeps grows by 0.7 MB per hour (long_run.py);
- viewer and controller, the same screen: 97 MB, 8 to 9 MB, with 400 marks per hour. What they keep, why it grew, and by
  how much less since, is in long_run.py as well. At 30 minutes they had 94 MB, and now have 91.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.conservation import assert_conserved
from support.home import new_home
from support.soak import DRIVERS, Soaked, soak

ALLOWED_BYTES_PER_H = 1_000_000
SHORT_S = 3600
"""A shorter run says nothing about growth: a process takes memory until it is warm, and its history full."""
TOLD_EVERY_S = 600.0
MOST_WARMING_BYTES = 12_000_000
MOST_DESCRIPTORS = 150
MOST_JOURNAL_BYTES_PER_S = 20_000


def main() -> int:
    """Print growth of memory and journal per hour; 0 when nothing grows faster than allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, help="instead of --hours")
    parser.add_argument("--share", type=float, default=1.0, help="of the rates, for a machine that has other work")
    parser.add_argument("drivers", nargs="*", metavar="DRIVER", help=f"of {', '.join(DRIVERS)}; all by default")
    given = parser.parse_args()
    seconds = given.seconds or given.hours * 3600
    with new_home() as home:
        soaked = soak(
            home, seconds, given.drivers or tuple(DRIVERS), share=given.share, every_s=TOLD_EVERY_S, tell=tell
        )
    wrong = [] if soaked.roles else ["no process was seen for long enough"]
    for role in soaked.roles:
        per_h, grown = soaked.growth_bytes_per_h(role), soaked.grown_bytes(role)
        descriptors = soaked.descriptors[role]
        print(_standing(soaked, role))
        if grown > MOST_WARMING_BYTES or (seconds >= SHORT_S and per_h > ALLOWED_BYTES_PER_H):
            wrong.append(f"{role} grows")
        if descriptors and max(descriptors) > MOST_DESCRIPTORS:
            wrong.append(f"{role} holds {max(descriptors)} descriptors")
    for name, record in soaked.records.items():
        assert_conserved(record)
        size = soaked.journal_bytes[name]
        whole = record.whole_run
        print(
            f"{name:11} journal {size / seconds * 3600 / 1e6:5.1f} MB per hour; {whole.scheduled:,} scheduled, "
            f"{whole.ok:,} ok, {whole.errors:,} errors, {whole.timeouts:,} timeouts, {whole.client_errors} of our own"
        )
        if size > MOST_JOURNAL_BYTES_PER_S * seconds:
            wrong.append(f"the journal of {name} is large")
        if record.status != "finished" or whole.client_errors:
            wrong.append(f"{name}: {record.status}, {whole.client_errors} errors of our own")
    print(f"{soaked.viewers} viewers, {soaked.marks} marks; once settled, memory may grow by 1 MB per hour")
    print("\n".join(wrong) or "nothing grows")
    return 1 if wrong else 0


def tell(soaked: Soaked, now_s: float) -> None:
    """Say how every process stands."""
    print(f"after {now_s / 60:.0f} minutes")
    for role in soaked.resident:
        if soaked.resident[role]:
            print(f"  {_standing(soaked, role)}")
    sys.stdout.flush()


def _standing(soaked: Soaked, role: str) -> str:
    points, descriptors = soaked.resident[role], soaked.descriptors[role] or [0]
    warm, settled = (soaked.growth_bytes_per_h(role, since_s) / 1e6 for since_s in (TOLD_EVERY_S, None))
    return (
        f"{role:18} {points[0][1] / 1e6:6.1f} MB at first, {points[-1][1] / 1e6:6.1f} now, {warm:+7.2f} MB per hour "
        f"after ten minutes, {settled:+7.2f} once settled, {min(descriptors)} to {max(descriptors)} descriptors"
    )


if __name__ == "__main__":
    raise SystemExit(main())
