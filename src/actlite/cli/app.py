"""The verbs, and the way to them: a verb's file is imported when the verb is called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

from actlite import __version__
from actlite.cli.ends import say, visible

VERBS: dict[str, str] = {
    "run": "Run what an event selects, in containers, as GitHub's runner would.",
    "list": "Workflows, their events and jobs.",
    "plan": "What an event would run, and why the rest would not.",
    "eval": "The value of an expression, and how it came to that.",
    "check": "Everything that is wrong with the workflows and actions.",
    "audit": "What built files need, and the oldest systems that they run on.",
    "explain": "What a rule means, with examples; what a log says.",
    "show": "Past runs, and the log of one.",
    "fetch": "Get the actions and node builds that the workflows need, for running offline.",
    "clean": "Remove what past runs left.",
    "doctor": "Try what a run needs of this machine.",
}
"""Every verb with its line of help; the command is ``command`` in ``actlite.cli.<verb>``."""


class _ReaderGone(Exception):
    """Nobody reads our output any more."""


class Verbs(click.Group):
    """Loads verbs lazily; says the nearest one for a misspelt one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb, imported now."""
        if cmd_name not in VERBS:
            return None
        module = "list_" if cmd_name == "list" else cmd_name
        command = import_module(f"actlite.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb. Raises _ReaderGone in place of BrokenPipeError, of which click makes an exit code of its own."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGone from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises click.UsageError."""
        name = args[0]
        if name not in VERBS and not name.startswith("-"):
            from actlite.workflow.nearest import did_you_mean

            hint = did_you_mean(name, VERBS) or f"the verbs are {', '.join(VERBS)}"
            ctx.fail(f"there is no verb '{name}'; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=False,
)
@click.version_option(__version__, "-V", "--version", message="actlite %(version)s")
def actlite() -> None:
    """Run a GitHub Actions release job on this machine, as GitHub's runner would."""


def run(argv: Sequence[str]) -> int:
    """Run a command line and give its exit code. Raises ActliteError, KeyboardInterrupt, and whatever
    a defect raises."""
    try:
        code = actlite.main(list(argv) or ["--help"], prog_name="actlite", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except _ReaderGone:
        raise BrokenPipeError from None
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        say(f"error: {visible(error.format_message())}")
        if context is not None:
            say(f"  See: {context.command_path} --help")
        return 2
    return code if isinstance(code, int) else 0
