"""``actlite check``: everything that is wrong with the workflows and actions, compiler style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actlite.checking.levels import Levels
from actlite.checking.predictions.settings import Predicting
from actlite.checking.repository import Checked, check
from actlite.cli import settings as settings_files
from actlite.cli.cached_actions import Fetched
from actlite.cli.check_summary import counted, not_predicted
from actlite.cli.check_targets import Targets, targets
from actlite.cli.common import DIRECTORY, WORKFLOWS, pairs
from actlite.cli.listing import cache_folder
from actlite.cli.predicting import options as predicting_options
from actlite.cli.predicting import predicting as predicting_of
from actlite.cli.rule_settings import check_level
from actlite.cli.text import coloured, paint, write, write_json
from actlite.diagnostics import Diagnostic, Severity
from actlite.reporting.findings import data, workflow_commands

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@click.command("check", short_help="Everything that is wrong with the workflows and actions.")
@click.argument("files", nargs=-1, metavar="[FILE]…")
@DIRECTORY
@WORKFLOWS
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    help="How to write the answer; github: annotations, for a step of a workflow.",
)
@click.option("--rule", "rules", metavar="RULE=LEVEL", multiple=True, help="off, note, warning or error.")
@predicting_options
@click.option(
    "--fix",
    "fix_name",
    is_flag=False,
    flag_value="best",
    metavar="[NAME]",
    help="Write a fix for what can't start.",
)
@click.option("--diff", is_flag=True, help="Show the fix, and write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Errors alone.")
@click.option("--stdin-name", metavar="FILE", default="", help="What the text is that the file - stands for.")
def command(
    files: tuple[str, ...],
    directory: Path,
    workflows: tuple[str, ...],
    format_: str,
    rules: tuple[str, ...],
    quiet: bool,
    stdin_name: str,
    fix_name: str | None,
    diff: bool,
    **predictions: Any,
) -> int:
    """Show what GitHub would refuse (errors) and what is likely a mistake (warnings).

    Without a FILE: all workflows of the repository, and all actions in it. A FILE may be a folder; the file -
    is standard input.

    Of jobs with a container: the actions that the runner's node can't start for there, on the date given.

    The exit code is 1 where there is an error, else 0. Nothing is fetched or started.
    """
    if fix_name is not None:
        from actlite.cli.fixing import split_fix

        fix_name, files = split_fix(fix_name, files)
    asked = targets(directory, workflows, files, stdin_name)
    settings = settings_files.load(asked.root)
    chosen = pairs(rules, "--rule", "RULE=LEVEL")
    for name, level in chosen.items():
        check_level(name, level, "--rule")
    levels = Levels(
        {**settings.rules, **chosen}, tuple((entry.paths, entry.rules) for entry in settings.ignore)
    )
    predicting = predicting_of(settings, **predictions)
    cache = Fetched(settings.actions)
    checked = check(
        asked.files,
        asked.names,
        manifests=asked.manifests,
        follow=asked.everything,
        levels=levels,
        cache=cache,
        remembered=Path(cache_folder()) / "findings",
        predicting=predicting,
    )
    if fix_name is not None or diff:
        from actlite.checking.checker import Checker
        from actlite.cli.fixing import fix

        predict = Checker(asked.files, cache, asked.names, lambda: predicting).predictions_in
        name, on, target = fix_name or "best", predicting.date, predicting.target
        return fix(asked, checked.findings, predict, name, on, target=target, diff=diff)
    shown = [f for f in checked.findings if not quiet or f.severity is Severity.ERROR]
    _write(checked, shown, format_, asked, predicting)
    return 1 if checked.count(Severity.ERROR) else 0


def _write(
    checked: Checked, shown: list[Diagnostic], format_: str, asked: Targets, predicting: Predicting
) -> None:
    if format_ == "sarif":
        from actlite.reporting.sarif import sarif

        write_json(sarif(shown))
    elif format_ == "github":
        write(workflow_commands(shown, asked.from_workspace))
    elif format_ == "json":
        write_json(
            {
                "schema": 1,
                "files": [file.name for file in checked.files],
                "findings": [data(finding) for finding in shown],
                "silenced": sum(len(file.silenced) for file in checked.files),
                "predictions": [
                    item for file in checked.files for item in file.predicted.get("predictions", ())
                ],
                "windows": [item for file in checked.files for item in file.predicted.get("windows", ())],
            }
        )
    else:
        write(
            [
                *(line for finding in shown for line in (*_text(finding), "")),
                *_windows(checked),
                _summary(checked, predicting),
            ]
        )


def _text(finding: Diagnostic) -> list[str]:
    lines = finding.render().split("\n")
    if coloured():
        word = finding.severity.value
        lines[0] = lines[0].replace(f"{word}[", paint(word, _STYLES[finding.severity]) + "[", 1)
    return lines


def _summary(checked: Checked, predicting: Predicting) -> str:
    of = f"in {counted(len(checked.files), 'file')}"
    silenced = sum(len(file.silenced) for file in checked.files)
    rest = f", {counted(silenced, 'finding')} silenced by comments" if silenced else ""
    rest += "".join(f"; {part}" for part in not_predicted(checked, reads_images=predicting.reads_images))
    if not checked.findings:
        return paint("✓", "green") + f" nothing wrong {of}{rest}"
    errors, warnings, notes = (
        checked.count(severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    )
    parts = [counted(errors, "error"), counted(warnings, "warning")]
    if notes:
        parts.append(counted(notes, "note"))
    return paint("✗" if errors else "✓", "red" if errors else "green") + f" {', '.join(parts)} {of}{rest}"


def _windows(checked: Checked) -> list[str]:
    """With a target, the window of each job with a container, where no finding tells it."""
    told = {note for finding in checked.findings for note in finding.notes}
    lines = [
        f"{file.name}: {item['job']}: {item['sentence']}"
        for file in checked.files
        for item in file.predicted.get("windows", ())
        if item["target"] and item["sentence"] and not any(note.endswith(item["sentence"]) for note in told)
    ]
    return [*dict.fromkeys(lines), *([""] if lines else [])]
