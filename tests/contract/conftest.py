"""A stranger's driver, in a package of its own, installed into a virtual environment that has perftui besides."""

from __future__ import annotations

import site
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.demo.server import Demo
from perftui.presets import drivers

PACKAGE = Path(__file__).parent.parent / "support" / "echo_driver"


@pytest.fixture
def demo_url(demo: Demo) -> str:
    """Where the demo service is."""
    return demo.url


@pytest.fixture(scope="session")
def strange_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's folder."""
    folder = tmp_path_factory.mktemp("strange") / "venv"
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    lines = [f"import site; site.addsitedir({path!r})\n" for path in site.getsitepackages()]
    (packages / "ours.pth").write_text("".join(lines))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--target", str(packages), str(PACKAGE)]
    subprocess.run(command, check=True, timeout=100)
    return folder


@pytest.fixture(scope="session")
def stranger(strange_environment: Path) -> Iterator[None]:
    """The same driver, found by this process and by the workers that it starts."""
    (packages,) = strange_environment.glob("lib/python*/site-packages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(packages))
        patch.syspath_prepend(str(packages))
        forget()
        yield
    forget()


def forget() -> None:
    """Drivers are looked for once; they have changed."""
    drivers.drivers.cache_clear()
    drivers.driver_named.cache_clear()
