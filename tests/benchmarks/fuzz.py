"""Damaged inputs of every kind, many of them: only documented errors, no hang, memory flat.

python tests/benchmarks/fuzz.py [--count 1000000] [--seed TEXT] [KIND ...]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.damaged import KINDS, examples_of, try_out

SLOWEST_S = 5.0
"""One input that takes longer has found a way to keep us busy."""
MOST_GROWTH_BYTES = 100_000_000
_WARM = 1000


def main() -> int:
    """Try them out; 0 when none is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", default=str(time.time_ns()))
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all by default")
    given = parser.parse_args()
    faults = 0
    for kind in given.kinds or KINDS:
        begin_s, slowest_s, warm_bytes = time.monotonic(), 0.0, 0
        for number, data in enumerate(islice(examples_of(kind, given.seed), given.count)):
            start_s = time.process_time()
            try:
                try_out(kind, data)
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                faults += 1
                print(f"{kind}: {type(error).__name__}: {error}\n  {data[:2000]!r}")
            slowest_s = max(slowest_s, time.process_time() - start_s)
            if number == min(_WARM, given.count // 2):
                warm_bytes = _peak_bytes()
        grown = _peak_bytes() - warm_bytes
        faults += (slowest_s > SLOWEST_S) + (grown > MOST_GROWTH_BYTES)
        took_s = time.monotonic() - begin_s
        print(f"{kind}: {given.count:,} in {took_s:.0f} s, slowest {slowest_s:.2f} s, memory +{grown / 1e6:.0f} MB")
    print(f"{faults} faults, seed {given.seed}")
    return min(1, faults)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    raise SystemExit(main())
