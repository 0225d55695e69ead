"""The runner's own lines, and docker's commands as it writes them."""

from __future__ import annotations

import pytest

from actlite.engines.base import Mount, Progress
from actlite.execution import docker_log, runner_log


@pytest.mark.parametrize(
    ("text", "title"),
    [("echo\n", "echo"), ("\n \t\n  a b \nc", "a b "), ("one\r\ntwo", "one"), ("", ""), ("a\n\n\n", "a")],
)
def test_a_scripts_title(text: str, title: str) -> None:
    assert runner_log.script(text).partition("\n")[0] == f"##[group]Run {title}"


def test_a_scripts_lines() -> None:
    assert runner_log.script("a\r\n\nb\n\n") == "##[group]Run a\n" + "".join(
        f"\x1b[36;1m{line}\x1b[0m\n" for line in ("a", "", "b")
    )
    assert runner_log.script_end("sh -e {0}", {}) == "shell: sh -e {0}\n##[endgroup]\n"


def test_an_actions_header() -> None:
    assert runner_log.action("o/a@v1", {}, {}) == "##[group]Run o/a@v1\n##[endgroup]\n"
    assert runner_log.action("o/a@v1", {"empty": ""}, {"A": "b"}) == (
        "##[group]Run o/a@v1\nwith:\nenv:\n  A: b\n##[endgroup]\n"
    )


def test_markers_are_one_line_whatever_the_name() -> None:
    assert runner_log.start_marker("\n 50%; [x]\nmore", "__self.a") == (
        "##[start-action display=50%25%3B [x%5D;id=__self.a]\n"
    )
    assert len(runner_log.start_marker("x" * 2000, "a")) == len("##[start-action display=;id=a]\n") + 1000
    assert runner_log.end_marker("a", "skipped", "skipped", 5.0).endswith(";duration_ms=0]\n")
    assert runner_log.end_marker("a", "failure", "success", 0.0129).endswith(
        ";outcome=failure;conclusion=success;duration_ms=12]\n"
    )


def test_a_called_workflow() -> None:
    assert runner_log.called_workflow("o/r/x.yml", "refs/heads/main", "abc", {}) == (
        "Uses: o/r/x.yml@refs/heads/main (abc)\n"
    )
    assert runner_log.called_workflow("o/r/x.yml", "", "abc", {"a": "1"}) == (
        "Uses: o/r/x.yml@abc\n##[group] Inputs\n  a: 1\n##[endgroup]\n"
    )


def test_releases() -> None:
    assert runner_log.has("2.277.0", (2, 277))
    assert not runner_log.has("2.276.1", (2, 277))


def test_warnings_name_the_actions_in_order() -> None:
    assert ": a/x@v1, B/y@v2. For" in runner_log.node24_warning(["B/y@v2", "a/x@v1"])
    assert "expected: a/x@v1. Actions" in runner_log.node20_warning(["a/x@v1"])


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("A=b", '"A=b"'), ('a"b', '"a\\"b"'), ('a\\"b', '"a\\\\\\"b"'), ("a\\", '"a\\\\"'), ("a\\b", '"a\\b"')],
)
def test_values_by_the_rules_of_net(text: str, quoted: str) -> None:
    assert docker_log.quoted(text) == quoted


def test_volumes() -> None:
    assert docker_log.volume(Mount("/a", "/b", read_only=True)) == '-v "/a":"/b":ro'
    assert docker_log.volume(Mount(None, "/b")) == '-v "/b"'


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("a/b:1", "docker.io/a/b:1"),
        ("ghcr.io/a/b", "ghcr.io/a/b:latest"),
        ("localhost/b@sha256:1", "localhost/b@sha256:1"),
    ],
)
def test_whole_names(image: str, name: str) -> None:
    assert docker_log.canonical(image) == name


def test_a_pull() -> None:
    pull = docker_log.Pull("alpine:3")
    seen = [
        Progress("Pulling from library/alpine", id="3"),
        Progress("Pulling fs layer", id="aa"),
        Progress("Downloading", 1, 2, "aa"),
        Progress("Download complete", id="aa"),
        Progress("Download complete", id="aa"),
        Progress("Digest: sha256:1"),
        Progress("Status: Downloaded newer image for alpine:3"),
    ]
    assert "".join(pull.line(one) for one in seen).splitlines() == [
        "3: Pulling from library/alpine",
        "aa: Pulling fs layer",
        "aa: Download complete",
        "Digest: sha256:1",
        "Status: Downloaded newer image for alpine:3",
        "docker.io/library/alpine:3",
    ]


def test_names_of_containers() -> None:
    assert docker_log.container_name("9ghcr.io/a-b:1").split("_")[1] == "ghcrioab1"
    assert len(docker_log.label("1")) == 6
