"""Matrices: what GitHub refuses, and what is written and has no effect.

A matrix without expressions is built when the file is read, as GitHub does. Of one with expressions, the parts
that are written out are looked at. Rules: R, Sdk/WorkflowParser/Conversion/MatrixBuilder.cs.
"""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag, Label, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.expressions import template
from actlite.workflow.combinations import MatrixError, build_rows, could_match
from actlite.workflow.folding import is_expression
from actlite.workflow.model import Workflow
from actlite.workflow.nearest import did_you_mean
from actlite.workflow.validate import start_of

CODE = "invalid-matrix"
_LONGEST = 60
_SCOPE = template.Scope({})
MANY_VALUES = 8
"""Up to so many values of a key are listed in a help text."""
MOST_COMPARED = 20_000
"""So many values of one matrix are compared with those of ``exclude`` and ``include``; then it is let be."""


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Look at the matrix of each job, if it is written out at least in part."""
    del root
    for job in workflow.jobs:
        matrix = job.matrix
        if not isinstance(matrix, Mapping) or not matrix.entries:
            continue
        if any(is_expression(key.value) for key, _ in matrix.entries):
            continue
        _Checker(matrix, bag).run()


class _Checker:
    def __init__(self, matrix: Mapping, bag: DiagnosticBag) -> None:
        self.matrix = matrix
        self.bag = bag
        self.refused = any(
            finding.span and matrix.span.start <= finding.span.start < matrix.span.end
            for finding in bag.items
            if finding.severity is Severity.ERROR
        )
        self.vectors: dict[str, Node] = {}
        self.known: dict[str, list[object] | None] = {}
        self.compared = 0
        self.include: Node | None = None
        self.exclude: Node | None = None
        for key, value in matrix.entries:
            name = key.text.casefold()
            if name == "include":
                self.include = value
            elif name == "exclude":
                self.exclude = value
            else:
                self.vectors[name] = value

    def run(self) -> None:
        if not self.vectors and self.include is None:
            if not self.refused:
                self.bag.add(CODE, "Matrix must define at least one vector", start_of(self.matrix))
            return
        for key, value in self.matrix.entries:
            if key.text.casefold() in self.vectors and isinstance(value, Sequence):
                if not value.items:
                    self.refused = True
                    message = f"Matrix vector '{key.text}' does not contain any values"
                    self.bag.add(CODE, message, start_of(value))
                self.duplicates(key, value)
        self.empty(self.include, "Matrix include mapping does not contain any values")
        self.empty(self.exclude, "Matrix exclude filter must not be empty")
        if isinstance(self.exclude, Sequence):
            for item in self.exclude.items:
                if isinstance(item, Mapping):
                    self.excluded(item)
        elif self.exclude is None and self.vectors and isinstance(self.include, Sequence):
            for item in self.include.items:
                if isinstance(item, Mapping) and item.entries:
                    self.included(item)
        if not self.refused and not any(
            is_expression(node.value) for node, _ in template.scalars(self.matrix)
        ):
            self.build()

    def build(self) -> None:
        try:
            build_rows(template.evaluate_node(self.matrix, _SCOPE))
        except MatrixError as error:
            at = self.matrix.get(error.key) if error.key is not None else None
            self.bag.add(CODE, error.message, start_of(self.matrix if at is None else at))

    def empty(self, entries: Node | None, message: str) -> None:
        for item in entries.items if isinstance(entries, Sequence) else ():
            if isinstance(item, Mapping) and not item.entries:
                self.refused = True
                self.bag.add(CODE, message, start_of(item), help="remove it, or write what it is about")

    def duplicates(self, key: Scalar, vector: Sequence) -> None:
        """Two equal values make equal jobs."""
        seen: dict[object, Node] = {}
        for item in vector.items:
            plain = _plain(item)
            before = seen.setdefault(plain, item)
            if before is not item:
                self.bag.add(
                    "matrix-duplicate",
                    f"the value {_shown(item)} of '{key.text}' is given twice: the same job runs twice",
                    start_of(item),
                    severity=Severity.WARNING,
                    labels=(Label(start_of(before), "the first one"),),
                    help="remove one of them",
                )

    def excluded(self, item: Mapping) -> None:
        """An ``exclude`` can name the keys of the matrix only, not those that ``include`` adds."""
        for key, value in item.entries:
            if is_expression(key.value):
                continue
            vector = self.vectors.get(key.text.casefold())
            if vector is None:
                self.unknown_key(key)
            elif isinstance(vector, Sequence) and vector.items:
                self.never(key, value, vector)

    def included(self, item: Mapping) -> None:
        """An ``include`` of a combination that is there, without a new key, changes nothing."""
        for key, value in item.entries:
            if not self.matches(key, value):
                return
        self.bag.add(
            "matrix-include",
            "this combination is in the matrix already: including it changes nothing",
            start_of(item),
            severity=Severity.WARNING,
            help="remove it, or add what is special about it",
        )

    def matches(self, key: Scalar, value: Node) -> bool | None:
        """Whether an entry's value matches one of its key's values; None where expressions make one of them,
        and where too many have been compared."""
        values = self.values(key.text.casefold())
        self.compared += len(values or ())
        if values is None or self.compared > MOST_COMPARED:
            return None
        if any(is_expression(node.value) for node, _ in template.scalars(value)):
            return None
        wanted = template.evaluate_node(value, _SCOPE)
        return any(could_match(known, wanted) for known in values)

    def values(self, name: str) -> list[object] | None:
        """The values of a key; None where they are not all written out."""
        if name not in self.known:
            vector = self.vectors.get(name)
            written = isinstance(vector, Sequence) and not any(
                is_expression(node.value) for node, _ in template.scalars(vector)
            )
            self.known[name] = (
                [template.evaluate_node(item, _SCOPE) for item in vector.items]
                if written and isinstance(vector, Sequence)
                else None
            )
        return self.known[name]

    def unknown_key(self, key: Scalar) -> None:
        self.refused = True
        added = isinstance(self.include, Sequence) and any(
            isinstance(item, Mapping) and item.get(key.text) is not None for item in self.include.items
        )
        self.bag.add(
            CODE,
            f"Matrix exclude key '{key.text}' does not match any key within the matrix",
            key.span,
            label=did_you_mean(key.text, self.names()),
            notes=("'include' is applied after 'exclude': what it adds can't be excluded",) if added else (),
            help=f"the keys are: {', '.join(self.names())}" if self.vectors else "the matrix has no keys",
        )

    def names(self) -> list[str]:
        return [key.text for key, _ in self.matrix.entries if key.text.casefold() in self.vectors]

    def never(self, key: Scalar, value: Node, vector: Sequence) -> None:
        if self.matches(key, value) is not False:
            return
        values = [_shown(item) for item in vector.items]
        more = f" and {len(values) - MANY_VALUES} more" if len(values) > MANY_VALUES else ""
        self.bag.add(
            "matrix-exclude",
            f"no '{key.text}' of the matrix is {_shown(value)}: this excludes nothing",
            start_of(value),
            severity=Severity.WARNING,
            help=f"the values are: {', '.join(values[:MANY_VALUES])}{more}",
        )


def _plain(node: Node) -> object:
    """A value that is equal for equal nodes; numbers are equal to the same numbers in quotes."""
    if isinstance(node, Mapping):
        return ("map", frozenset((key.text.casefold(), _plain(value)) for key, value in node.entries))
    if isinstance(node, Sequence):
        return ("list", *map(_plain, node.items))
    if isinstance(node.value, float):
        return primitive_text(node.value)
    return node.value if not isinstance(node.value, bool) else ("bool", node.value)


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"'{node.text}'"
    text = " ".join(node.span.text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
