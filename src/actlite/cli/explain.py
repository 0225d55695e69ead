"""``actlite explain``: what a rule means, with examples, in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from functools import partial

import click

from actlite.cli.text import columns, paint, write
from actlite.errors import UsageError
from actlite.records import frozen
from actlite.workflow.nearest import did_you_mean

WIDTH = 96


@frozen
class Topic:
    """Something that can be explained."""

    name: str
    title: str
    group: str
    """The heading that it stands below in the list of topics."""
    text: Callable[[], str]
    """All about it, as Markdown without a heading."""


def topics() -> list[Topic]:
    """Every topic, groups together."""
    return [*_rules()]


@click.command("explain", short_help="What a rule means, with examples.")
@click.argument("topic", default="")
def command(topic: str) -> int:
    """Explain a rule that a finding names. Without TOPIC: what can be explained."""
    known = topics()
    if not topic:
        write(_list(known))
        return 0
    wanted = topic.lower()
    found = [entry for entry in known if entry.name == wanted]
    if found:
        write(_page(found[0]))
        return 0
    group = [entry for entry in known if entry.group.lower() == wanted]
    if group:
        write(_list(group))
        return 0
    hint = did_you_mean(wanted, [entry.name for entry in known])
    raise UsageError(
        f"There is no topic '{topic}'.",
        do=f"{hint[0].upper()}{hint[1:]}" if hint else "`actlite explain` lists the topics.",
    )


def _rules() -> Iterable[Topic]:
    from actlite.rules import RULES

    for rule in RULES.values():
        yield Topic(rule.id, f"{rule.title} ({rule.level})", rule.page, partial(_section, rule.id))


def _section(rule: str) -> str:
    from actlite.pages import all_sections

    section = all_sections().get(rule)
    return section.plain if section is not None else "There is no page about this rule yet."


def _list(known: Iterable[Topic]) -> list[str]:
    lines: list[str] = []
    groups: dict[str, list[Topic]] = {}
    for topic in known:
        groups.setdefault(topic.group, []).append(topic)
    width = max((len(topic.name) for group in groups.values() for topic in group), default=0)
    for name, group in groups.items():
        lines += [
            paint(name, "bold"),
            *columns([(t.name.ljust(width), t.title) for t in group], indent=2),
            "",
        ]
    return lines[:-1]


def _page(topic: Topic) -> list[str]:
    lines = [f"{paint(topic.name, 'bold')}: {topic.title}", ""]
    for block in topic.text().split("\n\n"):
        if block.startswith(("    ", "- ", "* ", "|")) or "\n    " in block:
            lines += [*block.split("\n"), ""]
        else:
            lines += [*textwrap.wrap(block, WIDTH, break_long_words=False, break_on_hyphens=False), ""]
    return lines[:-1]
