"""Where a load is sent from, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from perftui.model.errors import UsageError
from perftui.presets.cluster import ClusterPlace, parse_cluster, read_hosts
from perftui.presets.loading import parse_preset
from perftui.presets.overrides import Overrides

PRESET = """schema = 1
name = "spread"
[target]
url = "http://127.0.0.1:1"
[load]
rate = 10
duration = "1s"
cluster = "ssh:hosts.txt"
[[operations]]
name = "get"
path = "/"
"""


def test_each_form_is_read() -> None:
    assert parse_cluster("local:4") == ClusterPlace(kind="local", count=4)
    assert parse_cluster("ssh:~/hosts.txt") == ClusterPlace(kind="ssh", file="~/hosts.txt")
    assert parse_cluster("tls://[::1]:8786") == ClusterPlace(kind="scheduler", address="tls://[::1]:8786")
    assert parse_cluster("tls://[::1]:8786").host == "::1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no cluster; write local:N"),
        ("4", "is no cluster; write local:N"),
        ("local:", "from 1 to 64"),
        ("local:0", "from 1 to 64"),
        ("local:65", "from 1 to 64"),
        ("local:²", "from 1 to 64"),
        ("tcp://host", "tcp://HOST:PORT"),
        ("tcp://host:1/x", "tcp://HOST:PORT"),
        ("tls://user@host:1", "tls://HOST:PORT"),
        ("tls://[::1:1", "tls://HOST:PORT"),
        ("ssh:", "is no cluster"),
        ("http://host:1", "is no cluster"),
    ],
)
def test_anything_else_is_told(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_cluster(text)


def test_hosts_of_a_file_are_read_and_no_option_of_ssh_is_one() -> None:
    text = "# ours\n\na.test\nme@b.test /opt/venv/bin/python\n-oProxyCommand=date\nc.test x y\na;date\n"
    text += "me@d.test:2222 py\n[::1]:22\n::1\n"

    hosts, problems = read_hosts(text)

    assert hosts == [
        ("a.test", "python3"), ("me@b.test", "/opt/venv/bin/python"), ("ssh://me@d.test:2222", "py"),
        ("ssh://[::1]:22", "python3"), ("::1", "python3"),
    ]  # fmt: skip
    assert [problem.partition(":")[0] for problem in problems] == ["line 5", "line 6", "line 7"]


def test_a_file_of_hosts_is_beside_its_preset() -> None:
    plan = parse_preset(PRESET, "/somewhere/spread.toml")

    assert plan.load.cluster == "ssh:/somewhere/hosts.txt"
    assert not plan.load.insecure_cluster


def test_the_command_line_says_another_place_and_its_mistakes_are_its_own() -> None:
    plan = parse_preset(PRESET, "spread.toml", overrides=Overrides(cluster="local:2", insecure_cluster=True))

    assert plan.load.cluster == "local:2"
    assert plan.load.insecure_cluster
    with pytest.raises(UsageError, match=r"--cluster.*from 1 to 64"):
        parse_preset(PRESET, str(Path("spread.toml")), overrides=Overrides(cluster="local:x"))
