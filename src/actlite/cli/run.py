"""``actlite run``: run what an event selects."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from actlite.cli import secret_values
from actlite.cli import settings as settings_files
from actlite.cli.common import date, pairs, selection_options, take_selection
from actlite.cli.dotenv import read_dotenv
from actlite.cli.ends import say
from actlite.cli.options import REPORT_KINDS, Report, RunOptions, Selection
from actlite.cli.settings import CHOICES, Settings
from actlite.errors import UsageError
from actlite.journal.runs import RunStore

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("run", short_help="Run what an event selects.")
@selection_options
@click.option("-l", "--list", "only_list", is_flag=True, help="As `actlite list`.")
@click.option("-n", "--dry-run", "only_plan", is_flag=True, help="As `actlite plan`.")
@click.option("--committed", is_flag=True, help="Sources from the commit alone, without the changed files.")
@click.option("--only-runnable", is_flag=True, help="Leave out the legs that can't run here.")
@click.option(
    "--as-of", metavar="DATE", default="", help="The runner of that date (2021-05-07); default today's."
)
@click.option(
    "--runner-flag", "runner_flags", metavar="NAME=VALUE", multiple=True, help="A flag of that runner."
)
@click.option(
    "-P",
    "--platform",
    "platforms",
    metavar="LABEL=IMAGE",
    multiple=True,
    help="The image for a runner label.",
)
@click.option(
    "--image", "images", metavar="NAME=OTHER", multiple=True, help="Take OTHER where a workflow says NAME."
)
@click.option("--engine", type=click.Choice(CHOICES["engine"]), help="Where jobs run.")
@click.option("--pull", type=click.Choice(CHOICES["pull"]), help="When to pull images.")
@click.option(
    "--action", "actions", metavar="OWNER/REPO@REF=DIR", multiple=True, help="Take an action from a folder."
)
@click.option("--offline", is_flag=True, help="Use only what is here: no pull, no fetch.")
@click.option(
    "-s",
    "--secret",
    "secrets",
    metavar="NAME[=VALUE]",
    multiple=True,
    help="A secret. Without VALUE it is taken from the environment, or asked for (a VALUE is visible in ps).",
)
@click.option(
    "--secret-file", "secret_files", metavar="FILE", multiple=True, type=_FILE, help="NAME=value lines."
)
@click.option(
    "--var", "variables", metavar="NAME=VALUE", multiple=True, help="A variable of the vars context."
)
@click.option(
    "--env-file", "env_files", metavar="FILE", multiple=True, type=_FILE, help="Environment of all jobs."
)
@click.option(
    "--docker-socket",
    is_flag=True,
    help="Give the jobs the engine's socket (they can then do anything here).",
)
@click.option(
    "--target",
    metavar="TARGET",
    help="What is built must run there: manylinux2014, glibc2.17, centos:7; else the exit code is 1.",
)
@click.option(
    "--report", "reports", metavar="KIND=FILE", multiple=True, help=f"KIND: {', '.join(REPORT_KINDS)}."
)
@click.option("--keep", type=click.Choice(CHOICES["keep"]), help="Which jobs' containers stay for a look.")
@click.option("-v", "--verbose", is_flag=True, help="Every log, whole.")
@click.option("-q", "--quiet", is_flag=True, help="Only how it ended.")
def command(**values: Any) -> int:
    """Run the workflows that an event selects (push of the current branch by default).

    Without -W, all workflows under .github/workflows are looked at.
    """
    selection = take_selection(values)
    if values.pop("only_list"):
        from actlite.cli.list_ import show_list

        return show_list(selection, "text")
    if values.pop("only_plan"):
        from actlite.cli.plan import show_plan

        return show_plan(
            selection,
            "text",
            committed=values["committed"],
            variables=pairs(values["variables"], "--var", "NAME=VALUE"),
            secrets={item.partition("=")[0] for item in values["secrets"]},
            platforms=pairs(values["platforms"], "-P", "LABEL=IMAGE"),
            as_of=values["as_of"],
            runner_flags=values["runner_flags"],
            stand_ins=values["images"],
        )
    return execute(options_from(selection, values))


def options_from(selection: Selection, values: dict[str, Any]) -> RunOptions:
    """The run's options from the command's values, over the settings. Raises UsageError."""
    settings = settings_files.load(RunStore.beside(selection.directory).root.parent)
    if values["verbose"] and values["quiet"]:
        raise UsageError("--verbose and --quiet are given.", do="Give one of them.")
    options = _from_settings(RunOptions(selection=selection), settings)
    for name in ("engine", "pull", "keep", "target"):
        if values[name] is not None:
            options = replace(options, **{name: values[name]})
    env: dict[str, str] = {}
    for file in values["env_files"]:
        env.update(read_dotenv(file))
    return replace(
        options,
        committed=values["committed"],
        only_runnable=values["only_runnable"],
        as_of=date(values["as_of"], "--as-of"),
        runner_flags=pairs(values["runner_flags"], "--runner-flag", "NAME=VALUE"),
        platforms={**options.platforms, **pairs(values["platforms"], "-P", "LABEL=IMAGE")},
        images={**options.images, **pairs(values["images"], "--image", "NAME=OTHER")},
        actions={**options.actions, **_actions(pairs(values["actions"], "--action", "OWNER/REPO@REF=DIR"))},
        offline=values["offline"],
        secrets=secret_values.gather(
            values["secrets"],
            values["secret_files"],
            os.environ,
            warn=_warn,
            ask=secret_values.terminal_prompt(),
        ),
        variables=pairs(values["variables"], "--var", "NAME=VALUE"),
        env=env,
        docker_socket=values["docker_socket"],
        reports=_reports(values["reports"]),
        verbosity=1 if values["verbose"] else -1 if values["quiet"] else 0,
    )


def _from_settings(options: RunOptions, settings: Settings) -> RunOptions:
    return replace(
        options,
        engine=settings.engine,
        pull=settings.pull,
        keep=settings.keep,
        target=settings.target,
        kept_runs=settings.kept_runs,
        github_url=settings.github_url,
        node_folder=settings.node_folder,
        node_mirror=settings.node_mirror,
        images=settings.images,
        platforms=settings.platforms,
        actions=_actions(settings.actions),
    )


def _actions(given: dict[str, str] | Any) -> dict[str, Path]:
    result = {}
    for name, folder in given.items():
        owner, slash, rest = name.partition("/")
        if not (owner and slash and "@" in rest):
            raise UsageError(
                f"--action: '{name}' names no action.",
                do="Write --action OWNER/REPO@REF=DIR, as in the uses: line.",
            )
        path = Path(os.path.expanduser(folder))
        if not path.is_dir():
            raise UsageError(
                f"--action {name}: there is no folder {path}.", do="Name the folder with the action.yml."
            )
        result[name] = path.resolve()
    return result


def _reports(items: tuple[str, ...]) -> tuple[Report, ...]:
    reports = []
    for kind, name in (item.partition("=")[::2] for item in items):
        if kind not in REPORT_KINDS or not name:
            raise UsageError(
                f"--report: '{kind}{'=' + name if name else ''}' names no report.",
                do=f"Write --report KIND=FILE; the kinds are {', '.join(REPORT_KINDS)}.",
            )
        path = Path(name)
        if not path.parent.is_dir() or path.is_dir():
            why = "It is a folder." if path.is_dir() else f"There is no folder {path.parent}."
            raise UsageError(
                f"--report: {path} can't be written.", why=why, do="Name a file in a folder that is there."
            )
        reports.append(Report(kind, path))
    return tuple(reports)


def _warn(text: str) -> None:
    say(f"warning: {text}")


def execute(options: RunOptions) -> int:
    """Run what the options select, and give the exit code."""
    from actlite.cli.execute import execute as run_selected

    return run_selected(options)
