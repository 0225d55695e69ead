"""``actlite plan``: what an event would run, and why the rest would not. Starts nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from actlite.cli.common import pairs, selection_options, take_selection
from actlite.cli.options import Selection
from actlite.cli.predicting import AS_OF, RUNNER_FLAG, predicting
from actlite.cli.settings import load
from actlite.cli.text import write, write_json
from actlite.cli.workflow_files import root_of
from actlite.errors import NothingSelected

FORMATS = ("text", "json", "mermaid", "dot")


@click.command("plan")
@selection_options
@click.option("--committed", is_flag=True, help="Without the changed files of the working tree.")
@click.option(
    "--var", "variables", metavar="NAME=VALUE", multiple=True, help="A variable of the vars context."
)
@click.option(
    "-s", "--secret", "secrets", metavar="NAME", multiple=True, help="A secret that the run will be given."
)
@click.option(
    "--secret-file",
    "secret_files",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="NAME=value lines; only the names count here.",
)
@click.option(
    "-P",
    "--platform",
    "platforms",
    metavar="LABEL=IMAGE",
    multiple=True,
    help="The image for a runner label.",
)
@AS_OF
@RUNNER_FLAG
@click.option(
    "--explain",
    is_flag=True,
    help="With the values of all parts of the conditions that are not true, and each action's node.",
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", help="How to write the answer."
)
def command(
    format_: str,
    explain: bool,
    committed: bool,
    variables: tuple[str, ...],
    secrets: tuple[str, ...],
    secret_files: tuple[Path, ...],
    platforms: tuple[str, ...],
    as_of: str,
    runner_flags: tuple[str, ...],
    **values: Any,
) -> int:
    """Show what an event would run (push of the current branch by default), and why the rest would not.

    Exit code 5 where it runs nothing.
    """
    return show_plan(
        take_selection(values),
        format_,
        committed=committed,
        explain=explain,
        variables=pairs(variables, "--var", "NAME=VALUE"),
        secrets=_names(secrets, secret_files),
        platforms=pairs(platforms, "-P", "LABEL=IMAGE"),
        as_of=as_of,
        runner_flags=runner_flags,
    )


def show_plan(
    selection: Selection,
    format_: str,
    *,
    committed: bool = False,
    explain: bool = False,
    variables: Mapping[str, str] | None = None,
    secrets: Collection[str] = (),
    platforms: Mapping[str, str] | None = None,
    as_of: str = "",
    runner_flags: Sequence[str] = (),
    stand_ins: Sequence[str] = (),
) -> int:
    """Write the plan; ``as_of`` is the date whose runner counts, ``stand_ins`` are options ``--image``.

    Raises UsageError, and NothingSelected after the answer was written.
    """
    from actlite.cli.plan_view import view as make_view
    from actlite.cli.select_workflows import select_workflows

    selected = select_workflows(selection, variables=variables, committed=committed, strict=False)
    settings = load(root_of(selection.directory))
    view = make_view(
        selected,
        platforms={**settings.platforms, **(platforms or {})},
        variables=variables or {},
        overrides=settings.actions,
        predicting=predicting(settings, as_of=as_of, runner_flags=runner_flags, stand_ins=stand_ins),
        every_step=explain or format_ == "json",
        given_secrets=secrets,
    )
    if format_ == "json":
        from actlite.cli.plan_json import plan_data

        write_json(plan_data(view))
    elif format_ == "text":
        from actlite.cli.plan_text import plan_lines

        write(plan_lines(view, explain=explain))
    else:
        from actlite.cli.plan_graph import dot, mermaid

        write(mermaid(view) if format_ == "mermaid" else dot(view))
    if not selected.plans:
        raise NothingSelected(selected.why_nothing.split("\n", 1)[0], do=_commands(selected.why_nothing))
    if all(plan.refused for plan in selected.plans):
        raise NothingSelected("GitHub refuses all that is selected.", do="actlite check shows the errors.")
    return 0


def _names(given: Collection[str], files: Collection[Path]) -> set[str]:
    """The names of the secrets that are given. Their values are of no use here."""
    names = {item.partition("=")[0] for item in given}
    if files:
        from actlite.cli.dotenv import read_dotenv

        for file in files:
            names.update(read_dotenv(file))
    return names


def _commands(why: str) -> str:
    _, mark, commands = why.partition("These would run something:")
    return mark + commands
