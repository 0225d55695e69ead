"""Compares a document with the shape it should have: one finding per fault, at its place.

The messages of the findings begin with GitHub's own words, so that they can be recognised; what was
probably meant, and what would be right, follows in the label and the help.
"""

from __future__ import annotations

from collections import Counter

from actlite.diagnostics import Diagnostic, DiagnosticBag, Fix, Label
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.expressions import template
from actlite.expressions.parser import MAX_LENGTH
from actlite.expressions.parts import as_expression
from actlite.source import Span
from actlite.workflow.folding import folded, is_expression
from actlite.workflow.nearest import nearest
from actlite.workflow.schema import NOTHING, Kind, Record, Shape, Visible

MANY_KEYS = 12
"""Up to so many keys are listed in a help text."""

NO_MERGE_KEYS = "GitHub knows anchors and aliases, but no merge keys: write the keys out"

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


def shown(node: Scalar) -> str:
    """A scalar as messages quote it."""
    if node.value is None:
        return ""
    first, _, rest = primitive_text(node.value).partition("\n")
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
                if not (visible.contexts and _is_insert(key)):
                    self.any_value(key, visible)
                self.any_value(value, visible)

    def scalar(self, node: Scalar, shape: Shape, visible: Visible) -> None:
        kinds = shape.kinds
        value = node.value
        if isinstance(value, str) and "${{" in value:
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
                start_line(node.span),
                notes=("a text with ${{ }} in it counts as one expression, the text included",),
                help="put the expressions into env: and the text into a script of its own",
            )

    def condition(self, node: Scalar, visible: Visible) -> None:
        self.bag.extend(
            template.check_condition(node, contexts=visible.contexts, functions=visible.functions)
        )

    def mapping(self, node: Mapping, shape: Shape, visible: Visible) -> None:
        candidates = shape.records
        strange: list[Scalar] = []
        dynamic = False
        for key, value in node.entries:
            name = key.text if key.value is not None else ""
            if "${{" in name and is_expression(key.value):
                literal = folded(key)
                if literal is None:
                    dynamic = True
                    self.expression_key(key, value, candidates, visible)
                    continue
                name = literal.text
            if len(candidates) == 1:
                own = candidates[0].keys.get(name)
                if own is not None:
                    self.value(value, own, visible)
                    continue
            else:
                having = tuple(record for record in candidates if name in record.keys)
                if having:
                    candidates = having
                    self.value(value, having[0].keys[name], visible)
                    continue
            others = candidates[0].others
            if others is None or name == "":
                strange.append(key)
                if others is not None:
                    self.value(value, others, visible)
            elif name == "<<" and not isinstance(value, Scalar):
                self.merged(key, value, others, visible)
            else:
                self.value(value, others, visible)
        if strange or not (dynamic or self.complete(node, candidates)):
            self.keys(node, candidates, shape.records, strange, dynamic)

    def expression_key(
        self, key: Scalar, value: Node, candidates: tuple[Record, ...], visible: Visible
    ) -> None:
        """A key that is an expression: ``${{ insert }}`` merges its value, another one is evaluated."""
        if not visible.contexts:
            self.expression(key, visible)
            return
        if not _is_insert(key):
            self.expression(key, visible)
        others = candidates[0].others
        if others is not None and not candidates[0].keys:
            self.value(value, others, visible)
        else:
            self.any_value(value, visible)

    def keys(
        self,
        node: Mapping,
        candidates: tuple[Record, ...],
        every: tuple[Record, ...],
        strange: list[Scalar],
        dynamic: bool,
    ) -> None:
        """What is wrong with the keys as a whole: those that don't belong here, and, unless a key is an
        expression, those that are missing."""
        known = list(dict.fromkeys(k for record in candidates for k in record.keys))
        foreign = [
            key
            for key in strange
            if len(candidates) < len(every) and any(key.text in record.keys for record in every)
        ]
        guesses: set[str] = set()
        missing = self.missing(node, candidates) if foreign and not dynamic else ()
        for key in strange:
            if missing and key in foreign:
                continue
            guess = None if key in foreign else nearest(key.text, known)
            if guess is not None:
                guesses.add(guess)
            self.unknown_key(key, guess, known, rival(key, node, every) if key in foreign else None)
        if foreign:
            self.no_such_mix(node, missing, foreign)
        elif dynamic:
            return
        elif len(candidates) == 1:
            for name in self.missing(node, candidates):
                if name not in guesses:
                    self.bag.add("missing-key", f"Required property is missing: {name}", start_of(node))
        elif any(record.required for record in candidates):
            telling = {name for record in candidates for name in record.required}
            if not strange or (guesses and not guesses & telling):
                self.undecided(node, candidates)

    def complete(self, node: Mapping, candidates: tuple[Record, ...]) -> bool:
        """Whether one kind of mapping is left, and all that it must have is there."""
        if len(candidates) > 1:
            return False
        required = candidates[0].required
        return not required or not self.missing(node, candidates)

    def missing(self, node: Mapping, candidates: tuple[Record, ...]) -> tuple[str, ...]:
        """The keys that must be there and are not, where only one kind of mapping is left."""
        if len(candidates) > 1 or not candidates[0].required:
            return ()
        present = {key.text for key, _ in node.entries}
        return tuple(name for name in candidates[0].required if name not in present)

    def no_such_mix(self, node: Mapping, missing: tuple[str, ...], foreign: list[Scalar]) -> None:
        """Keys of two kinds of mappings in one, and not the key that would tell which is meant: one fault."""
        if not missing:
            return
        first = node.entries[0][0]
        mixed = ", ".join(f"'{key.text}'" for key in foreign)
        self.bag.add(
            "missing-key",
            f"Required property is missing: {missing[0]}",
            start_of(node),
            labels=tuple(Label(key.span, f"does not go together with '{first.text}'") for key in foreign[:1]),
            help=f"add '{missing[0]}:' and remove {mixed}, or remove '{first.text}'",
        )

    def merged(self, key: Scalar, value: Node, others: Shape, visible: Visible) -> None:
        """The value of ``<<`` where any key may stand: if it is no fitting value, the keys were to be merged."""
        outer, self.bag = self.bag, DiagnosticBag()
        self.value(value, others, visible)
        tried, self.bag = self.bag, outer
        if tried.items:
            self.bag.add(tried.items[0].code, tried.items[0].message, key.span, help=NO_MERGE_KEYS)

    def merge_key(self, key: Scalar) -> None:
        self.bag.add("unknown-key", "Unexpected value '<<'", key.span, help=NO_MERGE_KEYS)

    def unknown_key(self, key: Scalar, guess: str | None, known: list[str], rival: str | None) -> None:
        if key.text == "<<":
            self.merge_key(key)
            return
        notes: tuple[str, ...] = ()
        help = ""
        if rival is not None:
            notes = (f"'{key.text}' does not go together with {rival}",)
            help = "remove one of them"
        elif guess is None and known and len(known) <= MANY_KEYS:
            help = "known here: " + ", ".join(known)
        elif guess is None and known:
            help = f"known here: {', '.join(known[:MANY_KEYS])} and {len(known) - MANY_KEYS} more"
        self.bag.add(
            "unknown-key",
            f"Unexpected value '{key.text if key.value is not None else ''}'",
            key.span,
            label=f"did you mean '{guess}'?" if guess else "",
            notes=notes,
            help=help,
            fix=Fix(f"write '{guess}'", key.span, guess) if guess and key.plain else None,
        )

    def undecided(self, node: Mapping, candidates: tuple[Record, ...]) -> None:
        """Several kinds of mappings are possible. GitHub lists the keys that only one of them has."""
        counts = Counter(name for record in candidates for name in record.keys)
        telling = ", ".join(sorted(name for name, count in counts.items() if count == 1))
        required = dict.fromkeys(f"'{name}'" for record in candidates for name in record.required)
        self.bag.add(
            "missing-key",
            f"There's not enough info to determine what you meant. Add one of these properties: {telling}",
            start_of(node),
            help=f"one of these must be there: {', '.join(required)}",
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


def rival(key: Scalar, node: Mapping, every: tuple[Record, ...]) -> str:
    """The key beside which another one can't stand, in words."""
    fitting = [record for record in every if key.text in record.keys]
    for other, _ in node.entries:
        known = any(other.text in record.keys for record in every)
        if known and not any(other.text in record.keys for record in fitting):
            return f"'{other.text}'"
    return "the keys before it"


def start_of(node: Node) -> Span:
    """A short stretch at the beginning of a node, for the caret: its first key, its bracket, its first sign."""
    span = node.span
    if isinstance(node, Scalar) or span.source.text.startswith(("&", "!"), span.start):
        return span if isinstance(node, Scalar) else start_line(span)
    if isinstance(node, Mapping) and node.entries and not span.source.text.startswith("{", span.start):
        return node.entries[0][0].span
    return span.source.span(span.start, min(span.start + 1, span.end))


def start_line(span: Span) -> Span:
    """The first line of a stretch."""
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
    if len(shape.records) == 1 and 0 < len(shape.records[0].keys) <= MANY_KEYS:
        parts.append(f"a mapping with {', '.join(shape.records[0].keys)}")
    elif shape.records:
        parts.append("a mapping")
    return " or ".join(dict.fromkeys(parts)) or "nothing"


def _is_insert(key: Scalar) -> bool:
    return key.text.strip().removeprefix("${{").removesuffix("}}").strip() == "insert"
