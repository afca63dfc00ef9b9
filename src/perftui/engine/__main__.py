"""The detached runner. Its first worker is started before anything else: both load their modules at once."""

from __future__ import annotations

import sys

from perftui.engine.fleet.ahead import drop_worker, start_worker

if __name__ == "__main__":
    start_worker()
    try:
        from perftui.engine.detached import main

        code = main()
    finally:
        drop_worker()
    sys.exit(code)
