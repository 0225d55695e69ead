"""What actions/checkout takes and gives, by its version (the action.yml and sources of its tags)."""

from __future__ import annotations

import re

from actlite.actions.known import known_release

Version = tuple[int, int, int]
NEWEST: Version = (999, 0, 0)
_LAST = 999

_INPUTS: tuple[tuple[str, str, Version], ...] = (
    ("repository", "${{ github.repository }}", (2, 0, 0)),
    ("ref", "", (2, 0, 0)),
    ("token", "${{ github.token }}", (2, 0, 0)),
    ("ssh-key", "", (2, 0, 0)),
    ("ssh-known-hosts", "", (2, 0, 0)),
    ("ssh-strict", "true", (2, 0, 0)),
    ("ssh-user", "git", (4, 1, 3)),
    ("persist-credentials", "true", (2, 0, 0)),
    ("path", "", (2, 0, 0)),
    ("clean", "true", (2, 0, 0)),
    ("filter", "", (4, 1, 0)),
    ("sparse-checkout", "", (3, 5, 3)),
    ("sparse-checkout-cone-mode", "true", (3, 5, 3)),
    ("fetch-depth", "1", (2, 0, 0)),
    ("fetch-tags", "false", (3, 6, 0)),
    ("show-progress", "true", (4, 0, 0)),
    ("lfs", "false", (2, 0, 0)),
    ("submodules", "false", (2, 1, 0)),
    ("set-safe-directory", "true", (2, 4, 2)),
    ("github-server-url", "", (3, 1, 0)),
    ("allow-unsafe-pr-checkout", "false", (2, 8, 0)),
)
"""Name, default and first version of each input, in the order in which a warning names them."""
_LATER = {
    "set-safe-directory": ((3, 0, 0), (3, 0, 2)),
    "allow-unsafe-pr-checkout": (
        (3, 0, 0),
        (3, 7, 0),
        (4, 0, 0),
        (4, 4, 0),
        (5, 0, 0),
        (5, 1, 0),
        (6, 0, 0),
        (6, 1, 0),
    ),
}
"""Inputs that came to several major versions: from … up to … they were not there."""

OUTPUTS: Version = (4, 2, 0)
"""From here on it has the outputs ref and commit."""
ALL_TAGS: Version = (6, 0, 2)
"""From here on ``fetch-tags`` brings all tags; before, those of the commits that are fetched."""
NEEDS_SPARSE_GIT: Version = (4, 1, 3)
"""From here on a git without sparse-checkout counts as none."""


def version_of(ref: str) -> Version:
    """The version that a ref of actions/checkout means: the last one of ``v4``; a branch or an unknown commit is the
    newest."""
    if re.fullmatch(r"[0-9a-fA-F]{40}", ref):
        ref = known_release("actions", "checkout", ref)
    found = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", ref)
    if found is None:
        return NEWEST
    major, minor, patch = (_LAST if part is None else int(part) for part in found.groups())
    return major, minor, patch


def inputs_of(version: Version) -> dict[str, str]:
    """The inputs that a version declares, with their defaults."""
    return {
        name: default for name, default, since in _INPUTS if version >= since and not _missing(name, version)
    }


def _missing(name: str, version: Version) -> bool:
    days = _LATER.get(name, ())
    return any(start <= version < end for start, end in zip(days[::2], days[1::2], strict=True))
