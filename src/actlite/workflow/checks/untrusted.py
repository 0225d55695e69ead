"""Text that strangers write, put into a script: they can put commands into it.

Which fields: GitHub's security hardening guide (DOC: security for GitHub Actions, script injections), and the
queries of GitHub's code scanning for the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Scalar
from actlite.document.nodes import Node as NodeType
from actlite.document.places import place
from actlite.expressions import template
from actlite.expressions.ast import Call, Constant, Expr, Index, Logical, Name, Node, Wildcard
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import parse_any
from actlite.expressions.parts import Part

CODE = "untrusted-input"
_PATHS = """
github.head_ref
github.event.issue.title github.event.issue.body
github.event.pull_request.title github.event.pull_request.body
github.event.pull_request.head.ref github.event.pull_request.head.label
github.event.pull_request.head.repo.default_branch
github.event.comment.body github.event.review.body github.event.review_comment.body
github.event.discussion.title github.event.discussion.body
github.event.pages.*.page_name
github.event.commits.*.message github.event.commits.*.author.email github.event.commits.*.author.name
github.event.commits.*.committer.email github.event.commits.*.committer.name
github.event.head_commit.message github.event.head_commit.author.email github.event.head_commit.author.name
github.event.head_commit.committer.email github.event.head_commit.committer.name
github.event.workflow_run.head_branch github.event.workflow_run.display_title
github.event.workflow_run.head_commit.message
github.event.workflow_run.head_commit.author.email github.event.workflow_run.head_commit.author.name
github.event.workflow_run.pull_requests.*.head.ref
"""
PATHS = tuple(tuple(path.split(".")) for path in _PATHS.split())
"""Fields that strangers can fill, ``*`` being any item of an array."""
_HINTS: frozenset[str | None] = frozenset({*(path[-1] for path in PATHS), "*", None})
"""What the last key of such a way can be."""
_PASSING = frozenset({"format", "join", "tojson", "fromjson", "case"})
"""Functions whose result has the text of their arguments in it."""

Keys = tuple[str | None, ...]
"""The way to a value: names in small letters, ``*`` for ``.*``, None for an index that isn't known."""


def check(node: Scalar, part: Part, expr: Expr, variables: frozenset[str], bag: DiagnosticBag) -> None:
    """Warn of untrusted text in an expression of a script. ``variables`` are those that hold such text, in small
    letters: ``${{ env.TITLE }}`` puts it into the script as well."""
    names = {name.name.lower() for name in expr.names}
    if "github" not in names and not (variables and "env" in names):
        return
    for index, keys in _results(expr.root):
        offset = part.source_start
        text = expr.source[index.start : index.end]
        if keys[0] == "env":
            if len(keys) != 2 or keys[1] not in variables:
                continue
            what = f"'{text}' holds"
            help = f"use the variable {str(keys[1]).upper()} as the shell has it, without ${{{{ }}}}"
        else:
            found = untrusted(keys)
            if not found:
                continue
            what = f"'{text}' is" if len(found) == 1 else f"'{text}' has {', '.join(found)}, which are"
            help = f"pass it by env: {_variable(keys)}: ${{{{ {expr.source} }}}} and use the variable in the script"
        bag.add(
            CODE,
            f"{what} text that others write: put into a script, it can run commands",
            place(node, offset + index.start, offset + index.end),
            severity=Severity.WARNING,
            notes=("GitHub puts the text into the script before any shell or interpreter reads it",),
            help=help,
        )


def tainted(env: NodeType | None, above: frozenset[str]) -> frozenset[str]:
    """The variables of an ``env:`` that hold untrusted text, and those of ``above`` that it leaves as they are."""
    if not isinstance(env, Mapping):
        return above
    result = set(above)
    for key, value in env.entries:
        name = key.text.lower()
        result.discard(name)
        if isinstance(value, Scalar) and any(_holds(part) for _, part in template.expressions(value)):
            result.add(name)
    return frozenset(result)


def _holds(part: Part) -> bool:
    """Whether an expression yields untrusted text."""
    source = part.source or ""
    if "event" not in source and "head_ref" not in source:
        return False
    try:
        root = parse_any(source).root
    except ExpressionError:
        return False
    return any(keys[0] == "github" and untrusted(keys) for _, keys in _results(root))


def untrusted(keys: Keys) -> list[str]:
    """The untrusted fields that a way leads to."""
    return [".".join(path) for path in PATHS if _leads(keys, path)]


def _leads(keys: Keys, path: tuple[str, ...]) -> bool:
    """Whether a way ends at a path. After a filter, an index picks one of what was filtered."""
    at = 0
    filtered = False
    for key in keys:
        if key is None or (key.isdigit() and filtered):
            if filtered:
                continue
            if at >= len(path) or path[at] != "*":
                return False
        elif at >= len(path):
            return False
        elif key == "*":
            filtered = True
        elif key != path[at] and not (path[at] == "*" and key.isdigit()):
            return False
        at += 1
    return at == len(path)


def _results(node: Node | None) -> Iterator[tuple[Index, Keys]]:
    """The ways whose values can be in the text of a result: comparisons and the like give none."""
    if isinstance(node, Index):
        way = _way(node)
        if way is not None:
            yield node, way
    elif isinstance(node, Logical):
        operands = node.operands if node.operator == "||" else node.operands[-1:]
        for operand in operands:
            yield from _results(operand)
    elif isinstance(node, Call) and node.key in _PASSING:
        arguments = node.arguments
        if node.key == "case":
            arguments = (*arguments[1:-1:2], arguments[-1])
        for argument in arguments:
            yield from _results(argument)


def _way(node: Index) -> Keys | None:
    keys: list[str | None] = []
    at: Node = node
    while isinstance(at, Index):
        index = at.index
        if isinstance(index, Wildcard):
            keys.append("*")
        elif isinstance(index, Constant) and isinstance(index.value, str):
            keys.append(index.value.lower())
        else:
            keys.append(None)
        at = at.target
    if not isinstance(at, Name):
        return None
    name = at.name.lower()
    if name != "env" and (name != "github" or keys[0] not in _HINTS):
        return None
    return (name, *reversed(keys))


def _variable(keys: Keys) -> str:
    names = [key for key in keys if key not in (None, "*")]
    return "_".join(str(name) for name in names[-2:]).upper()
