"""The table of well-known actions."""

from __future__ import annotations

from importlib import resources

import pytest

from actlite.actions.known import known_plugin, known_using


@pytest.mark.parametrize(
    ("name", "ref", "using"),
    [
        ("actions/checkout", "v2", "node12"),
        ("Actions/Checkout", "v3", "node16"),
        ("actions/checkout", "v4", "node20"),
        ("actions/checkout", "v5", "node24"),
        ("actions/checkout", "v3.5.2", "node16"),
        ("actions/cache", "v2", "node12"),
        ("actions/upload-artifact", "v3", "node16"),
        ("actions/create-release", "v1", "node12"),
        ("actions/upload-release-asset", "v1", "node12"),
        ("actions-rs/toolchain", "v1", "node12"),
        ("softprops/action-gh-release", "v0.1.0", "docker"),
        ("softprops/action-gh-release", "v1", "node16"),
        ("dtolnay/rust-toolchain", "stable", "composite"),
        ("actions/checkout", "v1", None),
        ("actions/checkout", "v99", None),
        ("actions/checkout", "no-such-branch", None),
        ("someone/something", "v1", None),
        ("docker/login-action", "v1.14.1", "node12"),
        ("docker/login-action", "v1.12.0", None),
    ],
)
def test_what_is_declared(name: str, ref: str, using: str | None) -> None:
    owner, repo = name.split("/")
    assert known_using(owner, repo, "", ref) == using


def test_folders_of_an_action() -> None:
    assert known_using("actions", "cache", "restore", "v4") == "node20"
    assert known_using("actions", "cache", "other", "v4") is None
    assert known_using("actions", "checkout", "x", "v4") is None


def test_pinned_commits() -> None:
    line = next(
        text
        for text in resources.files("actlite.actions").joinpath("known.txt").read_text("utf-8").splitlines()
        if text.startswith("actions/checkout node12 ")
    )
    sha = next(word for word in line.split() if word.startswith("v2=")).removeprefix("v2=")
    assert known_using("actions", "checkout", "", sha + "0" * 28) == "node12"
    assert known_using("actions", "checkout", "", "f" * 40) is None


def test_plugins() -> None:
    assert known_plugin("actions", "checkout", "v1") == "checkout"
    assert known_plugin("actions", "upload-artifact", "v1") == "publish"
    assert known_plugin("actions", "download-artifact", "v1") == "download"
    assert known_plugin("actions", "checkout", "v2") is None
    assert known_plugin("x", "y", "v1") is None
