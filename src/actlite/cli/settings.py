"""Settings: ``actlite.toml`` or ``[tool.actlite]`` of pyproject.toml, then ``ACTLITE_*``; flags win.

=============  ==========================================  =====================
key            meaning                                     variable
=============  ==========================================  =====================
engine         auto, docker, podman or host                ACTLITE_ENGINE
pull           always, missing or never                    ACTLITE_PULL
keep           failed or never                             ACTLITE_KEEP
kept_runs      how many kept runs stay                     ACTLITE_KEPT_RUNS
github_url     where actions are fetched from              ACTLITE_GITHUB_URL
node_folder    a folder with node builds                   ACTLITE_NODE_FOLDER
node_mirror    where node builds are fetched from          ACTLITE_NODE_MIRROR
target         the oldest system of your users             ACTLITE_TARGET
images         table: image = the one in its place         ACTLITE_IMAGES
platforms      table: runner label = image                 ACTLITE_PLATFORMS
actions        table: owner/repo@ref = folder              ACTLITE_ACTIONS
rules          table: rule = off, note, warning or error   ACTLITE_RULES
ignore         tables with paths and rules                 none
=============  ==========================================  =====================

Variables for tables hold ``NAME=OTHER`` pairs separated by spaces. Paths in a file are relative to it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import Any

from actlite.cli import rule_settings
from actlite.cli.rule_settings import PathIgnore
from actlite.errors import UsageError
from actlite.records import frozen

CHOICES = {
    "engine": ("auto", "docker", "podman", "host"),
    "pull": ("always", "missing", "never"),
    "keep": ("failed", "never"),
}
TABLES = ("images", "platforms", "actions", "rules")


@frozen
class Settings:
    """The settings of a repository; the defaults are those of ``RunOptions``."""

    engine: str = "auto"
    pull: str = "missing"
    keep: str = "failed"
    kept_runs: int = 2
    github_url: str = "https://github.com"
    node_folder: Path | None = None
    node_mirror: str = ""
    target: str = ""
    """What ``glibc.target.read_target`` reads: ``glibc2.17``, ``manylinux2014``, an image."""
    images: Mapping[str, str] = field(default_factory=dict)
    platforms: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    """For ``check``: rule id to level."""
    ignore: tuple[PathIgnore, ...] = ()
    """For ``check``: files in which rules are off."""


KEYS = tuple(f.name for f in fields(Settings))


def load(root: Path, env: Mapping[str, str] | None = None) -> Settings:
    """The settings for a repository (or folder). Raises UsageError for anything that isn't right."""
    settings = Settings()
    own, project = root / "actlite.toml", root / "pyproject.toml"
    own_table = _read(own) if own.is_file() else None
    project_table = _tool_table(project)
    if own_table is not None and project_table is not None:
        raise UsageError(
            "There are two places with settings.",
            why=f"{own} and [tool.actlite] in {project}",
            do="Keep one of them.",
        )
    if own_table is not None:
        settings = _merge(settings, own_table, str(own), root)
    elif project_table is not None:
        settings = _merge(settings, project_table, f"[tool.actlite] in {project}", root)
    return _from_environment(settings, env if env is not None else os.environ)


def _tool_table(path: Path) -> Mapping[str, Any] | None:
    try:
        if b"actlite" not in path.read_bytes():
            return None
    except OSError:
        return None
    tool = _read(path).get("tool")
    table = tool.get("actlite") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} can't be read.", why=str(error), do="Correct the file.") from error


def _merge(settings: Settings, table: Mapping[str, Any], where: str, root: Path) -> Settings:
    changes: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in KEYS:
            from actlite.workflow.nearest import did_you_mean

            hint = did_you_mean(name, KEYS).removesuffix("?")
            raise UsageError(
                f"There is no setting '{key}'.",
                why=f"{where} has it.",
                do=f"{hint[0].upper()}{hint[1:]}?" if hint else f"The settings are {', '.join(KEYS)}.",
            )
        changes[name] = _checked(name, value, f"{key} in {where}")
    if changes.get("node_folder") is not None:
        changes["node_folder"] = root / changes["node_folder"]
    if "actions" in changes:
        changes["actions"] = {
            name: str(root / os.path.expanduser(folder)) for name, folder in changes["actions"].items()
        }
    return replace(settings, **changes)


def _from_environment(settings: Settings, env: Mapping[str, str]) -> Settings:
    changes: dict[str, Any] = {}
    for key in KEYS:
        if key == "ignore":
            continue
        variable = f"ACTLITE_{key.upper()}"
        text = env.get(variable, "")
        if not text:
            continue
        value: Any = text
        if key in TABLES:
            value = dict(pair(item, variable) for item in text.split())
        elif key == "kept_runs":
            value = int(text) if text.isascii() and text.isdigit() else text
        checked = _checked(key, value, variable)
        changes[key] = {**getattr(settings, key), **checked} if key in TABLES else checked
    return replace(settings, **changes)


def pair(text: str, where: str, *, form: str = "NAME=OTHER") -> tuple[str, str]:
    """The two sides of ``NAME=OTHER``. Raises UsageError, naming ``where``."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{where}: '{text}' is not of the form {form}.", do=f"Write {where} {form}.")
    return name, value


def _checked(key: str, value: Any, where: str) -> Any:
    if key in CHOICES:
        if value not in CHOICES[key]:
            raise UsageError(f"{where} is {value!r}.", do=f"It can be {', '.join(CHOICES[key])}.")
        return value
    if key in TABLES:
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise UsageError(
                f"{where} is not a table of texts.", do=f'Write: [{key}] and lines "name" = "other".'
            )
        if key == "rules":
            for name, level in value.items():
                rule_settings.check_level(name, level, where)
        return value
    if key == "ignore":
        return rule_settings.read_ignores(value, where)
    if key == "kept_runs":
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise UsageError(f"{where} is {value!r}.", do="It is a number, 0 or more.")
        return value
    if not isinstance(value, str):
        raise UsageError(f"{where} is {value!r}.", do="It is a text, in quotes.")
    return Path(os.path.expanduser(value)) if key == "node_folder" else value
