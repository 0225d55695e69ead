"""Settings of rules: levels, and files in which rules are off."""

from __future__ import annotations

from typing import Any

from actlite.errors import UsageError
from actlite.records import frozen


@frozen
class PathIgnore:
    """One ``[[ignore]]``: rules that are off in some files; without rules all are."""

    paths: tuple[str, ...]
    """Patterns as in ``paths:`` of a workflow."""
    rules: tuple[str, ...] = ()


def check_rule(name: str, where: str) -> None:
    """Raise UsageError, naming ``where``, for a rule that does not exist."""
    from actlite.rules import RULES

    if name in RULES:
        return
    from actlite.workflow.nearest import did_you_mean

    hint = did_you_mean(name, RULES)
    raise UsageError(
        f"{where}: there is no rule '{name}'.",
        do=f"{hint[0].upper()}{hint[1:]}" if hint else "`actlite explain` lists the rules.",
    )


def check_level(name: str, level: str, where: str) -> None:
    """Raise UsageError, naming ``where``, for a rule that does not exist or a level that there is not."""
    from actlite.rules import LEVELS

    check_rule(name, where)
    if level not in LEVELS:
        raise UsageError(f"{where}: {name} is '{level}'.", do=f"It can be {', '.join(LEVELS)}.")


def read_ignores(value: Any, where: str) -> tuple[PathIgnore, ...]:
    """The entries of ``[[ignore]]``. Raises UsageError for anything that isn't right."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise UsageError(
            f"{where} is not a list of tables.", do='Write: [[ignore]] and paths = ["vendor/**"].'
        )
    result = []
    for entry in value:
        unknown = [key for key in entry if key not in {"paths", "rules"}]
        if unknown or not entry.get("paths"):
            what = f"has '{unknown[0]}'" if unknown else "has no paths"
            raise UsageError(
                f"An entry of {where} {what}.", do="It has paths and, if not all are meant, rules."
            )
        paths = _texts(entry["paths"], f"paths of {where}")
        rules = _texts(entry.get("rules", []), f"rules of {where}")
        for path in paths:
            _check_pattern(path, where)
        for rule in rules:
            check_rule(rule, where)
        result.append(PathIgnore(paths, rules))
    return tuple(result)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{where} is {value!r}.", do='It is a list of texts: ["a", "b"].')
    return tuple(value)


def _check_pattern(pattern: str, where: str) -> None:
    from actlite.workflow.patterns import BadPattern, read_pattern

    try:
        read_pattern(pattern.rstrip("/"))
    except BadPattern as error:
        raise UsageError(
            f"{where}: '{pattern}' is no pattern of paths.",
            why=str(error),
            do="Write it as in paths: of a workflow.",
        ) from error
