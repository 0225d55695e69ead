"""Identifiers of jobs and steps: which are valid, and those that the runner gives to steps without one."""

from __future__ import annotations

import re

_VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")
_LENGTH = 100


def problem(id: str) -> str | None:
    """Why GitHub refuses an identifier, in its own words; None when it is valid."""
    if not _VALID.match(id) or len(id) >= _LENGTH:
        return (
            f"The identifier '{id}' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. "
            f"IDs must start with a letter or '_' and must be less than {_LENGTH} characters."
        )
    if id.startswith("__"):
        return f"The identifier '{id}' is invalid. IDs starting with '__' are reserved."
    return None


class StepIds:
    """The ids of one job or composite action; they differ in more than case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def claim(self, id: str) -> str | None:
        """Take an explicit id; the reason in GitHub's words where it can't be had."""
        wrong = problem(id)
        if wrong:
            return wrong
        if id.casefold() in self._taken:
            return f"The identifier '{id}' may not be used more than once within the same scope."
        self._taken.add(id.casefold())
        return None

    def generate(self, base: str) -> str:
        """An id for a step without one, such as ``__actions_checkout_2``: after all explicit ids are claimed."""
        name = _ILLEGAL.sub("_", "__" + base)
        number = self._next.get(name, 1)
        while True:
            suffix = "" if number == 1 else f"_{number}"
            candidate = name[: _LENGTH - len(suffix)] + suffix
            if candidate.casefold() not in self._taken:
                self._taken.add(candidate.casefold())
                self._next[name] = number + 1
                return candidate
            number += 1


def base_of_uses(uses: str) -> str:
    """What the default id of a ``uses:`` step is made of: ``owner/repo``, the image, ``self`` or
    ``selfRepository``."""
    if uses.startswith("docker://"):
        return uses.removeprefix("docker://") or "run"
    if uses.startswith(("./", ".\\")):
        return "self"
    if uses.startswith("$/"):
        return "selfRepository"
    place, _, ref = uses.partition("@")
    parts = [part for part in re.split(r"[\\/]", place) if part]
    return f"{parts[0]}/{parts[1]}" if len(parts) >= 2 and ref else "run"


def uses_problem(uses: str) -> str | None:
    """Why a step's ``uses:`` isn't a reference to an action, in GitHub's words; None when it is one."""
    if uses.startswith(("docker://", "./", ".\\", "$/")):
        return None
    place, at, ref = uses.partition("@")
    parts = [part for part in re.split(r"[\\/]", place) if part]
    if at and ref and "@" not in ref and len(parts) >= 2:
        return None
    return f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{uses}'"
