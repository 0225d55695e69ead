"""Commands that would run a workflow that an event passed over; each is tried on the planner first."""

from __future__ import annotations

import shlex

from actlite.contexts.repository import Repository
from actlite.errors import UsageError
from actlite.planning.plan import NotSelected
from actlite.planning.planner import plan
from actlite.planning.trigger import make_trigger
from actlite.workflow.model import EventFilter, Input, Workflow

_EASY = ("push", "workflow_dispatch", "release", "pull_request", "schedule")
"""Events that need no payload of the user's."""
_VERSION = "1.0.0"

Guess = tuple[str | None, str | None]
"""A tag or a branch to try; neither for the current branch."""


def suggestions(workflow: Workflow, repository: Repository | None) -> list[str]:
    """Commands that select a workflow: at most one for each of its events, none for a rare event."""
    commands = []
    for event in workflow.on:
        if event.name not in _EASY:
            continue
        for guess in _guesses(event, repository):
            if _selects(workflow, event, repository, guess):
                commands.append(_command(workflow, event, guess))
                break
    return commands


def _selects(workflow: Workflow, event: EventFilter, repository: Repository | None, guess: Guess) -> bool:
    tag, branch = guess
    inputs = {i.name: (i.options or ("0" if i.type == "number" else "x",))[0] for i in _required(event)}
    try:
        trigger = make_trigger(event.name, repository, tag=tag, branch=branch, inputs=inputs)
        return not isinstance(plan(workflow, trigger), NotSelected)
    except UsageError:
        return False


def _command(workflow: Workflow, event: EventFilter, guess: Guess) -> str:
    tag, branch = guess
    words = ["actlite", "run"]
    if event.name != "push":
        words.append(event.name)
    if tag is not None:
        words += ["--tag", shlex.quote(tag)]
    if branch is not None:
        words += ["--branch", shlex.quote(branch)]
    for input in _required(event):
        words += ["--input", f"{input.name}=…"]
    return " ".join([*words, "-W", shlex.quote(workflow.path)])


def _required(event: EventFilter) -> list[Input]:
    return [i for i in event.inputs if i.required and i.default is None]


def _guesses(event: EventFilter, repository: Repository | None) -> list[Guess]:
    """What to try with an event, the likeliest first."""
    known = list(repository.refs.tags)[::-1][:20] if repository is not None else []
    names = [*known, *(_example(pattern, _VERSION) for pattern in event.tags or ()), f"v{_VERSION}"]
    tags: list[Guess] = [(name, None) for name in names if name]
    branches: list[Guess] = [
        (None, name) for name in (_example(pattern, "main") for pattern in event.branches or ()) if name
    ]
    here: Guess = (None, None)
    if event.name == "release":
        return tags
    if event.name == "push" and event.tags is not None:
        return [*tags, here, *branches]
    return [here, *branches, *(tags if event.name == "push" else ())]


def _example(pattern: str, fill: str) -> str:
    """A name that a filter's pattern may match; '' for a negative pattern."""
    if pattern.startswith("!"):
        return ""
    name = pattern.replace("[0-9]+", "1").replace("[0-9]", "1").replace("**", fill)
    name = name.replace("*", fill, 1).replace(f".{fill}", ".0").replace("*", "0")
    return "" if set(name) & set("[]?+ ") else name
