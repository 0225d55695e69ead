"""``actlite explain``: what a rule means, with examples; the subjects behind; what a log says."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from functools import partial

import click

from actlite.cli.common import FORMAT
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
    return [*_subjects(), *_rules()]


@click.command("explain", short_help="What a rule means, with examples; what a log says.")
@click.argument("topic", default="")
@click.option(
    "--log",
    "log",
    metavar="FILE",
    help="Explain what could not start in a log: a file, GitHub's zip of logs, a folder, or - for standard input.",
)
@FORMAT
def command(topic: str, log: str | None, format_: str) -> int:
    """Explain a rule that a finding names, or a subject such as glibc. Without TOPIC: what can be explained.

    With --log: why something in a log could not start, which versions are missing, and what would work. The log
    may come from GitHub, actlite, act, or a bug report; it is not kept. Exit code 1: nothing was recognised.
    """
    if log is not None:
        if topic:
            raise UsageError(f"--log and the topic '{topic}' are given.", do="Give one of them.")
        from actlite.cli.explain_log import explain_log

        return explain_log(log, format_)
    if format_ != "text":
        raise UsageError("--format json is for --log.", do="Give a log, or leave --format out.")
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


def _subjects() -> Iterable[Topic]:
    def glibc() -> str:
        from actlite.cli.explain_glibc import glibc_text

        return glibc_text()

    def node() -> str:
        from actlite.cli.explain_glibc import node_text

        return node_text()

    yield Topic("glibc", "why a program does not start on an older system", "subjects", glibc)
    yield Topic("node", "which node the runner starts an action with, by date", "subjects", node)


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
