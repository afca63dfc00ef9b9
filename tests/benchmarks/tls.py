"""Closed loop over TLS against wrk (ab and bombardier where they are installed), in turns on one core.

python tests/benchmarks/tls.py [TURNS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Operation, Target, Tls
from support.benchmark import against_others, numbers, pinned_nginx, require
from support.certificates import Authority
from support.load_worker import make_plan

CONNECTIONS = 50
LEAST = 0.8


def main(turns: float = 80) -> int:
    """Print the ratios; 0 when they reach the floor."""
    require("wrk", "nginx", "taskset", "openssl")
    reached = True
    with tempfile.TemporaryDirectory() as directory:
        authority = Authority(Path(directory))
        with pinned_nginx(certificate=authority.issue("server")) as server:
            target = Target(url=server.tls_url, tls=Tls(ca_file=str(authority.certificate)))
            for name, path in (("TLS, equal answers", "/"), ("TLS, varied answers", "/varied")):
                operations = [Operation(name="get", path=path)]
                plan = make_plan("", users=CONNECTIONS, target=target, operations=operations)
                url = f"https://127.0.0.1:{server.tls_port}{path}"
                reached &= against_others(name, plan, url, server, turns=turns, least=LEAST)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
