"""Compares a document with the shape it should have: one finding per fault, at its place.

The messages of the findings begin with GitHub's own words, so that they can be recognised; what was
probably meant, and what would be right, follows in the label and the help.
"""

from __future__ import annotations

from dataclasses import replace

from actlite.diagnostics import Diagnostic, DiagnosticBag, Fix
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.expressions import template
from actlite.expressions.errors import ExpressionError
from actlite.expressions.parser import MAX_LENGTH
from actlite.expressions.parts import as_expression, string_literal, whole
from actlite.source import Span
from actlite.workflow.nearest import nearest
from actlite.workflow.schema import NOTHING, Kind, Record, Shape, Visible

MANY_KEYS = 12
"""Up to so many keys are listed in a help text."""

SHAPE_CODES = frozenset({"missing-key", "unknown-key", "unknown-value", "wrong-type"})
"""The rule ids of findings about keys and types (those about expressions come from ``expressions``)."""


def validate(node: Node, shape: Shape, bag: DiagnosticBag) -> None:
    """Add a finding to ``bag`` for everything in ``node`` that does not have the shape."""
    _Validator(bag).value(node, shape, NOTHING)


def validate_once(node: Node, shape: Shape, bag: DiagnosticBag) -> None:
    """As ``validate``, without a second finding on a line that the bag already has an error about: a value
    that YAML's rules refuse has no type to be checked."""
    faulty = {finding.span.line for finding in bag.errors if finding.span}
    found = DiagnosticBag()
    validate(node, shape, found)
    bag.extend(f for f in found if not faulty or f.span is None or f.span.line not in faulty)


def is_expression(text: object) -> bool:
    """Whether a scalar's value holds ``${{``."""
    return isinstance(text, str) and "${{" in text


def shown(node: Scalar) -> str:
    """A scalar as messages quote it."""
    if node.value is None:
        return ""
    first, _, rest = node.text.partition("\n")
    return first + "…" if rest or len(first) > 200 else first


class _Validator:
    def __init__(self, bag: DiagnosticBag) -> None:
        self.bag = bag
        self.unions: dict[tuple[int, int], Visible] = {}

    def value(self, node: Node, shape: Shape, above: Visible) -> None:
        visible = self.union(above, shape.visible)
        if shape.anything:
            self.any_value(node, visible)
        elif isinstance(node, Scalar):
            self.scalar(node, shape, visible)
        elif isinstance(node, Sequence):
            if shape.items is None:
                self.wrong_type(node, shape, "A sequence was not expected")
            else:
                for item in node.items:
                    self.value(item, shape.items, visible)
        elif not shape.records:
            self.wrong_type(node, shape, "A mapping was not expected")
        else:
            self.mapping(node, shape, visible)

    def union(self, above: Visible, own: Visible) -> Visible:
        if own is NOTHING or own is above:
            return above
        if above is NOTHING:
            return own
        key = (id(above), id(own))
        found = self.unions.get(key)
        if found is None:
            found = self.unions[key] = above | own
        return found

    def any_value(self, node: Node, visible: Visible) -> None:
        if isinstance(node, Scalar):
            if is_expression(node.value):
                self.expression(node, visible)
        elif isinstance(node, Sequence):
            for item in node.items:
                self.any_value(item, visible)
        else:
            for key, value in node.entries:
                self.any_value(key, visible)
                self.any_value(value, visible)

    def scalar(self, node: Scalar, shape: Shape, visible: Visible) -> None:
        kinds = shape.kinds
        value = node.value
        if is_expression(value):
            literal = folded(node)
            if literal is not None:
                self.scalar(literal, shape, visible)
            elif Kind.CONDITION in kinds:
                self.condition(node, visible)
            else:
                self.expression(node, visible)
            return
        if Kind.TEXT in kinds:
            return
        if Kind.FILLED in kinds and value is not None and value != "":
            return
        if Kind.CONDITION in kinds:
            self.condition(node, visible)
            return
        if isinstance(value, bool):
            if Kind.BOOLEAN in kinds:
                return
        elif isinstance(value, float):
            if Kind.NUMBER in kinds:
                return
        elif value is None and Kind.NULL in kinds:
            return
        if node.text in shape.words and value is not None:
            return
        self.unexpected(node, shape)

    def expression(self, node: Scalar, visible: Visible) -> None:
        if not visible.contexts and not visible.functions:
            self.bag.add(
                "expression-not-allowed",
                "A template expression is not allowed in this context",
                node.span,
                help="GitHub reads this value before it evaluates anything: write it out",
            )
            return
        self.checked(node, template.check_text(node, contexts=visible.contexts, functions=visible.functions))

    def checked(self, node: Scalar, findings: list[Diagnostic]) -> None:
        """Keep the findings; without any, look whether the text is too long for the one expression it becomes."""
        self.bag.extend(findings)
        if not findings and len(node.text) > MAX_LENGTH // 2 and len(as_expression(node.text)) > MAX_LENGTH:
            self.bag.add(
                "expression-length",
                f"Exceeded max expression length {MAX_LENGTH}",
                start_line(node),
                notes=("a text with ${{ }} in it counts as one expression, the text included",),
                help="put the expressions into env: and the text into a script of its own",
            )

    def condition(self, node: Scalar, visible: Visible) -> None:
        self.bag.extend(
            template.check_condition(node, contexts=visible.contexts, functions=visible.functions)
        )

    def mapping(self, node: Mapping, shape: Shape, visible: Visible) -> None:
        candidates = shape.records
        guesses: set[str] = set()
        faults = 0
        for key, value in node.entries:
            name = key.text if key.value is not None else ""
            if is_expression(key.value):
                self.expression_key(key, value, candidates, visible)
                faults += 1
                continue
            having = [record for record in candidates if name in record.keys]
            if having:
                candidates = tuple(having)
                self.value(value, having[0].keys[name], visible)
                continue
            others = candidates[0].others
            if others is not None and name != "":
                self.value(value, others, visible)
                continue
            faults += 1
            guess = self.unknown_key(key, name, candidates, shape.records)
            if guess is not None:
                guesses.add(guess)
        self.missing(node, candidates, guesses, faults)

    def expression_key(
        self, key: Scalar, value: Node, candidates: tuple[Record, ...], visible: Visible
    ) -> None:
        """A key that is an expression: ``${{ insert }}`` merges its value, another one is evaluated."""
        if not visible.contexts:
            self.expression(key, visible)
            return
        if key.text.strip().removeprefix("${{").removesuffix("}}").strip() != "insert":
            self.expression(key, visible)
        others = candidates[0].others
        if others is not None:
            if isinstance(value, Mapping):
                for _, inner in value.entries:
                    self.value(inner, others, visible)
            else:
                self.any_value(value, visible)

    def unknown_key(
        self, key: Scalar, name: str, candidates: tuple[Record, ...], every: tuple[Record, ...]
    ) -> str | None:
        known = list(dict.fromkeys(k for record in candidates for k in record.keys))
        guess = nearest(name, known)
        notes: tuple[str, ...] = ()
        help = ""
        if guess is None:
            if any(name in record.keys for record in every):
                notes = (f"'{name}' does not go together with the keys before it",)
            if known and len(known) <= MANY_KEYS:
                help = "known here: " + ", ".join(known)
            elif known:
                help = f"known here: {', '.join(known[:MANY_KEYS])} and {len(known) - MANY_KEYS} more"
        if name == "<<":
            help = "GitHub knows anchors and aliases, but no merge keys: write the keys out"
        self.bag.add(
            "unknown-key",
            f"Unexpected value '{name}'",
            key.span,
            label=f"did you mean '{guess}'?" if guess else "",
            notes=notes,
            help=help,
            fix=Fix(f"write '{guess}'", key.span, guess) if guess and key.plain else None,
        )
        return guess

    def missing(self, node: Mapping, candidates: tuple[Record, ...], guesses: set[str], faults: int) -> None:
        span = start_of(node)
        if len(candidates) == 1:
            present = {key.text for key, _ in node.entries}
            for name in candidates[0].required:
                if name not in present and name not in guesses:
                    self.bag.add("missing-key", f"Required property is missing: {name}", span)
            return
        if all(not record.required for record in candidates):
            return
        telling = [name for record in candidates for name in record.required]
        if guesses.intersection(telling) or (faults and not guesses):
            return
        self.bag.add(
            "missing-key",
            "There's not enough info to determine what you meant. "
            f"Add one of these properties: {', '.join(dict.fromkeys(telling))}",
            span,
        )

    def unexpected(self, node: Scalar, shape: Shape) -> None:
        text = shown(node)
        guess = nearest(text, shape.words) if text else None
        self.bag.add(
            "wrong-type" if not shape.words else "unknown-value",
            f"Unexpected value '{text}'",
            node.span,
            label=f"did you mean '{guess}'?" if guess else "",
            help="" if guess else f"expected: {expected(shape)}",
            fix=Fix(f"write '{guess}'", node.span, guess) if guess and node.plain else None,
        )

    def wrong_type(self, node: Node, shape: Shape, message: str) -> None:
        self.bag.add("wrong-type", message, start_of(node), help=f"expected: {expected(shape)}")


def folded(node: Scalar) -> Scalar | None:
    """A scalar that is nothing but ``${{ 'text' }}``, as the text that GitHub's reader makes of it."""
    try:
        part = whole(node.text)
    except ExpressionError:
        return None
    literal = string_literal(part.source) if part is not None and part.source is not None else None
    if literal is None or "${{" in literal:
        return None
    return replace(node, value=literal, text=literal, plain=False)


def start_of(node: Node) -> Span:
    """A short stretch at the beginning of a node, for the caret: its first key or first item's first line."""
    if isinstance(node, Mapping) and node.entries:
        return node.entries[0][0].span
    if isinstance(node, Sequence) and node.items:
        return start_of(node.items[0])
    return node.span


def start_line(node: Scalar) -> Span:
    """The first line of a scalar."""
    span = node.span
    end = span.source.text.find("\n", span.start, span.end)
    return span if end < 0 else span.source.span(span.start, end)


def expected(shape: Shape) -> str:
    """What would be right, in words."""
    parts = [kind.value for kind in Kind if kind in shape.kinds and kind is not Kind.NULL]
    if shape.words:
        if len(shape.words) > MANY_KEYS:
            parts.append(
                f"one of {', '.join(shape.words[:MANY_KEYS])} and {len(shape.words) - MANY_KEYS} more"
            )
        else:
            parts.append(f"one of {', '.join(shape.words)}" if len(shape.words) > 1 else shape.words[0])
    if shape.items is not None:
        parts.append("a list")
    for record in shape.records:
        known = list(record.keys)
        if known and len(known) <= MANY_KEYS:
            parts.append(f"a mapping with {', '.join(known)}")
        else:
            parts.append("a mapping")
    return " or ".join(dict.fromkeys(parts)) or "nothing"
