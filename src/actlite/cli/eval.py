"""``actlite eval``: the value of an expression, and with ``--explain`` the value of each of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actlite.cli.common import FORMAT, one_ref, pairs, stdin_text, trigger_options
from actlite.cli.eval_scope import Given, make_scope
from actlite.cli.settings import pair
from actlite.cli.text import columns, paint, write, write_json
from actlite.diagnostics import Diagnostic, printable
from actlite.document.nodes import Scalar
from actlite.errors import UsageError
from actlite.expressions import Trace, explain, template
from actlite.expressions.explain import plain
from actlite.expressions.functions.to_json import json_text
from actlite.expressions.parser import parse_any
from actlite.expressions.parts import MAX_MEMORY, as_expression
from actlite.expressions.trees import TemplateError
from actlite.expressions.values import kind_of, to_string
from actlite.records import frozen
from actlite.source import SourceFile


@click.command("eval", short_help="The value of an expression, and how it came to that.")
@click.argument("expression")
@trigger_options
@click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="A variable of vars.")
@click.option("--matrix", metavar="KEY=VALUE", multiple=True, help="A value of matrix.")
@click.option(
    "--context",
    "contexts",
    metavar="NAME=JSON|@FILE",
    multiple=True,
    help="A whole context, such as needs, steps or env; what is given of github, inputs or vars is laid "
    "over the rest of them.",
)
@click.option(
    "--status",
    type=click.Choice(["success", "failure", "cancelled"]),
    default="success",
    help="What success(), failure() and cancelled() go by.",
)
@click.option("--if", "as_condition", is_flag=True, help="Read it as an `if:`; true or false.")
@click.option("--explain", "explained", is_flag=True, help="The value of each part, as a tree.")
@FORMAT
def command(
    expression: str,
    as_condition: bool,
    explained: bool,
    format_: str,
    **values: Any,
) -> int:
    """Evaluate an expression as GitHub does, for an event (push of the current branch by default).

    EXPRESSION is written with or without ${{ }}; a text with ${{ }} in it gives a text. - is standard input.
    hashFiles() reads the working tree. The exit code is 1 where the expression can't be read or evaluated.

    \b
    Examples:
      actlite eval "startsWith(github.ref, 'refs/tags/v')" --tag v1.2.3
      actlite eval --explain --if "github.event_name == 'push' && always()"
      actlite eval "matrix.os == 'linux' && needs.build.outputs.version" \\
          --matrix os=linux --context 'needs={"build": {"outputs": {"version": "1.2"}}}'
      actlite eval 'v${{ inputs.version }}' workflow_dispatch --input version=1.2.3
      actlite eval "toJSON(github.event)" pull_request --event-file event.json
    """
    one_ref(values)
    if expression == "-":
        expression = stdin_text().removesuffix("\n")
    scope, absent = make_scope(
        Given(
            event=values["event"],
            directory=values["directory"],
            tag=values["tag"],
            branch=values["branch"],
            ref=values["ref"],
            event_file=values["event_file"],
            inputs=pairs(values["inputs"], "--input"),
            variables=pairs(values["variables"], "--var", "NAME=VALUE"),
            matrix=pairs(values["matrix"], "--matrix"),
            contexts=dict(_context(item) for item in values["contexts"]),
            status=values["status"],
        )
    )
    source = SourceFile("expression", expression)
    scalar = Scalar(expression, expression, source.span(0, len(expression)))
    try:
        answer = _evaluate(scalar, scope, as_condition)
    except _Refused as refused:
        return _show_error(refused, format_)
    if format_ == "json":
        _write_json(answer)
        return 0
    write(_value_lines(answer.value))
    if explained:
        write(_tree_lines(answer.tree))
    _note_absent(answer, absent)
    return 0


@frozen
class _Answer:
    """What an expression comes to, and how."""

    source: str
    """The expression that was evaluated: of an ``if:`` with what GitHub adds to it."""
    value: Any
    tree: Trace
    names: frozenset[str]
    """The contexts that it names, in small letters."""


class _Refused(Exception):
    """The expression can't be read or evaluated."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


def _evaluate(scalar: Scalar, scope: template.Scope, as_condition: bool) -> _Answer:
    text = scalar.text
    has_parts = template.has_expression(text)
    contexts, functions = scope.contexts, scope.functions
    if as_condition:
        wrong = template.check_condition(scalar, contexts=contexts, functions=functions)
    elif has_parts:
        wrong = template.check_text(scalar, contexts=contexts, functions=functions)
    else:
        wrong = template.check_expression(scalar, contexts=contexts, functions=functions)
    if wrong:
        raise _Refused(wrong[0])
    try:
        if as_condition:
            whole = template.condition_source(text)
            value: Any = template.condition(scalar, scope).value
        else:
            whole = as_expression(text) if has_parts else text
            value = (
                template.evaluate_scalar(scalar, scope)
                if has_parts
                else template.evaluate_expression(scalar, scope)
            )
        tree = explain(whole, scope.contexts, scope.functions, max_memory=MAX_MEMORY)
    except TemplateError as error:
        raise _Refused(error.diagnostic) from None
    return _Answer(whole, value, tree, frozenset(name.name.lower() for name in parse_any(whole).names))


def _context(item: str) -> tuple[str, Any]:
    """The name and value of one ``--context``. Raises UsageError."""
    import json

    name, text = pair(item, "--context", form="NAME=JSON")
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--context {name}: {text[1:]} can't be read.", why=str(error)) from error
    try:
        return name, json.loads(text, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--context {name}: the value is not JSON.",
            why=str(error),
            do=f'Write --context \'{name}={{"key": "value"}}\', or --context {name}=@FILE.',
        ) from error


def _value_lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split("\n")
    if value is None:
        return ["null"]
    return [json_text(value)] if isinstance(value, list | dict) else [to_string(value)]


def _tree_lines(tree: Trace) -> list[str]:
    rows = [
        (printable(label), printable(value), printable(expanded)) for label, value, expanded in tree.rows()
    ]
    return columns(rows, gap=3)


def _write_json(answer: _Answer) -> None:
    value = answer.value
    write_json(
        {
            "schema": 1,
            "expression": answer.source,
            "value": plain(value),
            "kind": kind_of(value).lower(),
            "text": to_string(value),
            "tree": answer.tree.data(),
        }
    )


def _show_error(refused: _Refused, format_: str) -> int:
    finding = refused.finding
    if format_ == "json":
        span = finding.span
        write_json(
            {
                "schema": 1,
                "error": {
                    "code": finding.code,
                    "message": finding.message,
                    "position": span.start + 1 if span is not None else None,
                    "length": span.end - span.start if span is not None else None,
                    "help": finding.help,
                },
            }
        )
        return 1
    click.echo(finding.render(), err=True)
    return 1


def _note_absent(answer: _Answer, absent: frozenset[str]) -> None:
    """Say which contexts were empty only because nobody said what is in them."""
    empty = sorted(answer.names & absent)
    if empty:
        names = " and ".join(empty)
        click.echo(
            paint("note", "cyan")
            + f": nothing is known of {names} here; give it with --context '{empty[0]}={{…}}'",
            err=True,
        )
