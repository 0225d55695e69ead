"""The four forms of ``uses:``."""

from __future__ import annotations

import pytest

from actlite.actions.reference import DockerAction, LocalAction, RemoteAction, SelfAction, parse
from actlite.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("actions/checkout@v4", RemoteAction("actions", "checkout", "", "v4")),
        ("actions/cache/restore@v4", RemoteAction("actions", "cache", "restore", "v4")),
        ("o/r/a/b@refs/heads/x", RemoteAction("o", "r", "a/b", "refs/heads/x")),
        ("o\\r\\a@v1", RemoteAction("o", "r", "a", "v1")),
        ("o//r/@v1", RemoteAction("o", "r", "", "v1")),
        ("./", LocalAction("")),
        ("./.github/actions/x/", LocalAction(".github/actions/x")),
        (".\\a\\b", LocalAction("a/b")),
        ("$/actions/x", SelfAction("actions/x")),
        ("docker://alpine:3.20", DockerAction("alpine:3.20")),
        ("docker://ghcr.io/o/i@sha256:00", DockerAction("ghcr.io/o/i@sha256:00")),
    ],
)
def test_forms(text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "checkout@v4", "actions/checkout", "actions/checkout@", "a/b@c@d", "@v1", "/@x"]
)
def test_what_is_none_of_them_is_refused_in_githubs_words(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.what == f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{text}'"


@pytest.mark.parametrize("text", ["actions/cache/save@v4", "./x/y", "docker://a:1", "$/x"])
def test_written_as_read(text: str) -> None:
    assert str(parse(text)) == text


def test_pinned() -> None:
    pinned = parse("actions/checkout@" + "A1" * 20)
    assert isinstance(pinned, RemoteAction)
    assert pinned.is_pinned
    assert pinned.repository == "actions/checkout"
    short = parse("actions/checkout@a1b2c3d")
    assert isinstance(short, RemoteAction)
    assert not short.is_pinned
