"""`python -m perftui.demo --port N`: the demo service in this process, until a signal."""

from __future__ import annotations

import argparse
import os

from perftui.demo.server import POSTGRES, REDIS
from perftui.demo.service import serve

parser = argparse.ArgumentParser(prog="python -m perftui.demo", description="Serve the demo service on loopback.")
parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1; 0 takes a free one")
parser.add_argument("--until-eof", action="store_true", help="also stop when standard input ends")
parser.add_argument(
    "--database", default="", help="SQLite file to make and keep the data in; by default a temporary one"
)
options = parser.parse_args()
raise SystemExit(
    serve(
        options.port,
        until_eof=options.until_eof,
        database=options.database,
        # not as arguments, which every user of the machine can read: they may hold passwords
        postgres=os.environ.pop(POSTGRES, ""),
        redis=os.environ.pop(REDIS, ""),
    )
)
