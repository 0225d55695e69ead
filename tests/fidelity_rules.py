"""The rules of GitHub's runner that actlite follows or, where it says so, does not: ``tests/docker/fidelity/rules/*.toml``.

A rule's id is its file's name and its table's, ``shells/default-in-container``. Tests name the rules that they prove
(``@pytest.mark.rule``); ``scripts/fidelity.py`` makes docs/fidelity.md of rules and results.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from actlite.records import frozen

FOLDER = Path(__file__).resolve().parent / "docker" / "fidelity" / "rules"
_KEYS = {"rule", "source", "differs", "cases", "told"}


@frozen
class Rule:
    """One rule."""

    id: str
    text: str
    source: tuple[str, ...]
    """Files below ``src`` of actions/runner, or ``docs: PAGE``, ``languageservices: FILE``, ``checkout: FILE``."""
    differs: str = ""
    """What actlite does instead, and why; '' where it does the same."""
    cases: tuple[int, ...] = ()
    """Numbers in the list of cases that the tests began with."""
    told: bool = False
    """``actlite plan`` says it before a run, where it matters."""


@frozen
class Area:
    """A file of rules."""

    name: str
    title: str
    rules: tuple[Rule, ...]


def areas(folder: Path = FOLDER) -> tuple[Area, ...]:
    """All areas, by name. Raises ValueError for what no rule may look like."""
    return tuple(_area(path) for path in sorted(folder.glob("*.toml")))


def rules(folder: Path = FOLDER) -> dict[str, Rule]:
    """All rules by id."""
    return {rule.id: rule for area in areas(folder) for rule in area.rules}


def _area(path: Path) -> Area:
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    title = tables.pop("title", "")
    if not isinstance(title, str) or not title:
        raise ValueError(f"{path.name}: there is no title")
    return Area(
        path.stem, title, tuple(_rule(f"{path.stem}/{slug}", table) for slug, table in tables.items())
    )


def _rule(id: str, table: object) -> Rule:
    if not isinstance(table, dict) or not table.get("rule") or not table.get("source"):
        raise ValueError(f"{id}: a rule has at least 'rule' and 'source'")
    unknown = table.keys() - _KEYS
    if unknown:
        raise ValueError(f"{id}: unknown keys: {', '.join(sorted(unknown))}")
    sources = table["source"]
    return Rule(
        id,
        " ".join(str(table["rule"]).split()),
        (sources,) if isinstance(sources, str) else tuple(sources),
        " ".join(str(table.get("differs", "")).split()),
        tuple(table.get("cases", ())),
        bool(table.get("told", False)),
    )
