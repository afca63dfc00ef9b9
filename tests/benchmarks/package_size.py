"""Size of perftui and all it needs, installed into an empty environment.

python tests/benchmarks/package_size.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALLOWED_BYTES = 120_000_000
_SHOWN = 12
_INSTALLERS = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence")


def size_of(path: Path, *, compiled: bool) -> int:
    """Bytes of a file or of the files in a directory.

    Args:
        path: of either.
        compiled: whether the .pyc files count, which Python makes itself and an installation may leave out.
    """
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    return sum(file.stat().st_size for file in files if compiled or file.suffix != ".pyc")


def main() -> int:
    """Print the largest parts and the sum; 0 when it is within the bound."""
    with tempfile.TemporaryDirectory(prefix="pt-size-") as name:
        venv.create(name, with_pip=True)
        pip = [f"{name}/bin/python", "-m", "pip", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", str(ROOT)], check=True)
        packages = next(Path(name).glob("lib/python*/site-packages"))
        parts = [path for path in packages.iterdir() if not path.name.startswith(_INSTALLERS)]
        sizes = {path.name: size_of(path, compiled=False) for path in parts}
        with_compiled = sum(size_of(path, compiled=True) for path in parts)
    for part, size in sorted(sizes.items(), key=lambda item: -item[1])[:_SHOWN]:
        print(f"{size / 1e6:7.1f} MB  {part}")
    total = sum(sizes.values())
    print(f"{total / 1e6:7.1f} MB  in total; allowed {ALLOWED_BYTES / 1e6:g} MB")
    print(f"{with_compiled / 1e6:7.1f} MB  with the .pyc files that Python adds")
    return 0 if total <= ALLOWED_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
