"""What a job's token may do, and whether a called workflow asks for more than its caller gives.

Rules: actions/runner ``src/Sdk/WorkflowParser/Permissions.cs``, ``Conversion/PermissionsHelper.cs`` and
``WorkflowTemplateConverter.ConvertToPermissions``.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from typing import Literal

from actlite.document.nodes import Mapping, Node, Scalar

Policy = Literal["Write", "LimitedRead"]
"""What the token may do where nothing is said: a setting of the repository, which is not in its files."""
Permissions = MappingABC[str, str]
"""``read`` or ``write`` by name; what is not named is not allowed."""

COMPARED = (
    *("actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions"),
    *("issues", "packages", "pages", "pull-requests", "repository-projects", "statuses", "security-events"),
    *("id-token", "models", "vulnerability-alerts"),
)
"""The permissions that a caller and the workflow it calls are compared by, in GitHub's order."""
READ_ONLY = frozenset({"models", "vulnerability-alerts"})
"""Those that know no ``write``."""
_LEVELS = {"none": 0, "read": 1, "write": 2}


def read_permissions(node: Node | None) -> Permissions | None:
    """What ``permissions:`` says; None where it is not there (or can't be read)."""
    if isinstance(node, Scalar):
        if node.text in {"read-all", "write-all"}:
            return _all(node.text.removesuffix("-all"))
        return None
    if not isinstance(node, Mapping):
        return None
    found = {}
    for key, value in node.entries:
        if isinstance(value, Scalar) and value.text in {"read", "write"}:
            found[key.text] = "read" if key.text in READ_ONLY else value.text
    return found


def of_policy(policy: Policy, *, trusted: bool) -> Permissions:
    """What a called workflow may ask for where no caller says anything. ``trusted``: it may have ID tokens."""
    if policy == "LimitedRead":
        return {"contents": "read", "packages": "read"}
    every = dict(_all("write"))
    if not trusted:
        del every["id-token"]
    return every


def violations(requested: Permissions, allowed: Permissions) -> tuple[str, str] | None:
    """What is asked for beyond what is allowed, as two lists in GitHub's words (``actions: write`` and
    ``actions: none``); None where nothing is."""
    beyond = [
        (f"{name}: {wanted}", f"{name}: {given}")
        for name in COMPARED
        for wanted, given in [(requested.get(name, "none"), allowed.get(name, "none"))]
        if _LEVELS[wanted] > _LEVELS[given]
    ]
    if not beyond:
        return None
    return ", ".join(wanted for wanted, _ in beyond), ", ".join(given for _, given in beyond)


def _all(level: str) -> Permissions:
    return {name: "read" if name in READ_ONLY else level for name in COMPARED}


def token_lines(permissions: Permissions | None) -> tuple[str, ...]:
    """What the token may do, as the log of ``Set up job`` lists it: by name, with ``Metadata``, which cannot be
    taken away, and without ID tokens, which are none of the token's. Without permissions in the files it is what
    new repositories give (docs: permissions for the GITHUB_TOKEN, restricted)."""
    given = of_policy("LimitedRead", trusted=False) if permissions is None else permissions
    found = {"metadata": "read", **{k: v for k, v in given.items() if k != "id-token"}}
    names = {"".join(word.capitalize() for word in name.split("-")): level for name, level in found.items()}
    return tuple(f"{name}: {names[name]}" for name in sorted(names))
