"""The app of one visitor: textual-serve starts it and speaks with it over stdin and stdout."""

from __future__ import annotations

import argparse
import sys

from perftui.tui.start import Start


def main() -> int:
    """Open the app; nothing but Textual writes to stdout, which is the connection."""
    parser = argparse.ArgumentParser(prog="perftui serve")
    parser.add_argument("--may-change", action="store_true")
    given = parser.parse_args()
    from perftui.tui.app import run_app

    return run_app(Start(screen="home", is_read_only=not given.may_change)).code


if __name__ == "__main__":
    sys.exit(main())
