"""Repository names from the addresses of remotes."""

from __future__ import annotations

import pytest

from actlite.contexts.remote import local_name, parse_remote


@pytest.mark.parametrize(
    ("url", "full", "host"),
    [
        ("https://github.com/owner/name.git", "owner/name", "github.com"),
        ("https://github.com/owner/name", "owner/name", "github.com"),
        ("https://github.com/owner/name/", "owner/name", "github.com"),
        ("https://user:token@git.example.org:8443/owner/name.git", "owner/name", "git.example.org"),
        ("http://[::1]:3000/owner/name", "owner/name", "::1"),
        ("git://github.com/owner/na.me.git", "owner/na.me", "github.com"),
        ("ssh://git@github.com:22/owner/name.git", "owner/name", "github.com"),
        ("git@github.com:owner/name.git", "owner/name", "github.com"),
        ("github.com:owner/name", "owner/name", "github.com"),
        ("git@GitLab.com:group/sub/name.git", "sub/name", "gitlab.com"),
        ("git+ssh://git@host/owner/name", "owner/name", "host"),
        ("alias:owner/name", "owner/name", "alias"),
        (" https://github.com/owner/name.git\n", "owner/name", "github.com"),
        ("https://host/a b/c?d", "a-b/c", "host"),
    ],
)
def test_addresses(url: str, full: str, host: str) -> None:
    found = parse_remote(url)
    assert found is not None
    assert (found.full, found.host, found.note) == (full, host, "")


@pytest.mark.parametrize(
    "url",
    ["", "/srv/git/name.git", "../name", "./a/b", "~/a/b", "file:///srv/a/b", "C:\\a\\b", "https://host/name",
     "name", "https:///a/b", "host:name", "https://host/../.."],
)  # fmt: skip
def test_addresses_without_a_name(url: str) -> None:
    assert parse_remote(url) is None


def test_a_made_up_name_is_clean_and_says_so() -> None:
    found = local_name("my project!", "the repository has no remote")
    assert found.full == "local/my-project"
    assert "no remote" in found.note
    assert local_name("", "x").full == "local/repository"
    assert local_name("..", "x").full == "local/repository"
