"""YAML text to nodes: GitHub's rules for scalars, keys, anchors, tags and limits.

Rules: actions/runner ``src/Sdk/WorkflowParser/Conversion/YamlObjectReader.cs`` (scalars, tags, anchors, number
of nodes) and ``ObjectTemplating/TemplateReader.cs`` (duplicate keys, depth).
"""

from __future__ import annotations

import re

from actlite.diagnostics import Diagnostic, DiagnosticBag, Label
from actlite.document.limits import MANIFEST_LIMITS, WORKFLOW_LIMITS, Limits
from actlite.document.nodes import Mapping, Node, Primitive, Scalar, Sequence
from actlite.document.scalars import TAG_PREFIX, plain_value, primitive_text, tagged_value
from actlite.document.yaml_events import (
    ALIAS,
    DOCUMENT,
    END,
    MAPPING,
    SCALAR,
    YamlEvent,
    YamlSyntaxError,
    events,
)
from actlite.records import frozen, replace
from actlite.source import SourceFile

MAX_EVENTS = 50_000
"""How many nodes GitHub visits, aliases followed, before it gives up."""
MAX_ERRORS = 10
"""How many errors are reported for one file."""

_TO_WRITE = "write a workflow or an action in it"
_SIGN = re.compile(r"\s*[-:?](?=\s|$)")


def compose(
    source: SourceFile, *, anchors: bool = True, limits: Limits | None = None
) -> tuple[Node | None, list[Diagnostic]]:
    """The tree of a YAML file, and what is wrong with it. The tree is None where nothing could be read.

    ``anchors`` is true for workflows; action manifests may have none, and may nest deeper. Errors in keys
    and values leave a tree, in which the first of several equal keys stands; at most ten are given.
    ``limits`` are GitHub's own unless others are given.
    """
    return compose_events(source, None, anchors=anchors, limits=limits)


def compose_events(
    source: SourceFile,
    stream: list[YamlEvent] | None,
    *,
    anchors: bool = True,
    limits: Limits | None = None,
) -> tuple[Node | None, list[Diagnostic]]:
    """As ``compose``, from events that a given parser has made of the source."""
    bag = DiagnosticBag()
    limits = limits or (WORKFLOW_LIMITS if anchors else MANIFEST_LIMITS)
    if len(source.text) > limits.characters:
        bag.add(
            "yaml-size",
            f"The maximum file size of {limits.characters} characters has been exceeded",
            source.span(0, 0),
            help="split the workflow, or move scripts into files of their own",
        )
        return None, bag.items
    try:
        found = events(source.text) if stream is None else stream
    except YamlSyntaxError as error:
        from actlite.document.syntax import explain

        return None, [explain(source, error)]
    composer = _Composer(source, found, bag, anchors, limits.depth)
    try:
        node = composer.document()
    except _Stop:
        node = None
    return node, bag.items[:MAX_ERRORS]


class _Stop(Exception):
    """The file can't be read further; the reason is in the bag."""


@frozen
class _Anchored:
    node: Node
    size: int
    height: int


class _Composer:
    def __init__(
        self, source: SourceFile, stream: list[YamlEvent], bag: DiagnosticBag, anchors: bool, max_depth: int
    ) -> None:
        self.source = source
        self.stream = stream
        self.bag = bag
        self.anchors_allowed = anchors
        self.max_depth = max_depth
        self.at = 0
        self.visited = 0
        self.height = 0
        self.anchors: dict[str, _Anchored] = {}
        self.open_anchors: set[str] = set()

    def document(self) -> Node | None:
        if not self.stream:
            self.bag.add(
                "yaml-empty",
                "the file has no content",
                self.source.span(0, 0),
                help=_TO_WRITE,
            )
            return None
        self.at = 1
        node = self.node(0)
        for event in self.stream[self.at :]:
            if event.kind == DOCUMENT:
                self.fail(
                    "yaml-documents",
                    "a second document begins here; GitHub reads files of one document only",
                    event,
                    "remove the '---', or move what follows into a file of its own",
                )
        if isinstance(node, Scalar) and node.plain and not node.text:
            self.bag.add("yaml-empty", "the file has no content", self.source.span(0, 0), help=_TO_WRITE)
            return None
        return node

    def fail(self, code: str, message: str, event: YamlEvent, help: str = "") -> None:
        self.bag.add(code, message, self.source.span(event.start, event.end), help=help)
        raise _Stop

    def node(self, depth: int) -> Node:
        """The next node. Sets ``height`` to how deep collections nest in it."""
        event = self.stream[self.at]
        self.at += 1
        if event.kind == ALIAS:
            return self.alias(event, depth)
        before = self.visited
        self.visit(event)
        if event.anchor:
            self.check_anchor(event)
            self.open_anchors.add(event.anchor)
            self.anchors.pop(event.anchor, None)
        node: Node
        if event.kind == SCALAR:
            self.height = 0
            node = self.scalar(event)
        else:
            if depth >= self.max_depth:
                self.fail(
                    "yaml-depth",
                    "Maximum object depth exceeded: "
                    f"collections are nested deeper than {self.max_depth} levels",
                    replace(event, end=event.start + 1),
                )
            node = self.mapping(event, depth) if event.kind == MAPPING else self.sequence(event, depth)
        if event.anchor:
            self.open_anchors.discard(event.anchor)
            self.anchors[event.anchor] = _Anchored(node, self.visited - before, self.height)
        return node

    def visit(self, event: YamlEvent, count: int = 1) -> None:
        self.visited += count
        if self.visited > MAX_EVENTS:
            self.fail(
                "yaml-nodes",
                f"Maximum YAML nodes exceeded: there are more than {MAX_EVENTS:,}, aliases followed",
                event,
            )

    def check_anchor(self, event: YamlEvent) -> None:
        if not self.anchors_allowed:
            self.fail(
                "yaml-anchor",
                f"Anchors are not currently supported. Remove the anchor '{event.anchor}'",
                replace(event, end=event.start + 1 + len(event.anchor)),
                "GitHub reads anchors in workflows only: write the value out",
            )

    def alias(self, event: YamlEvent, depth: int) -> Node:
        name = event.value
        if name in self.open_anchors:
            self.fail("yaml-alias", f"the alias '{name}' stands inside the node that it names", event)
        found = self.anchors.get(name)
        if found is None:
            self.fail(
                "yaml-alias",
                f"Unknown anchor '{name}'",
                event,
                f"write '&{name}' before the first use, or quote a value that begins with '*'",
            )
            raise _Stop
        self.visit(event, found.size)
        if depth + found.height > self.max_depth:
            self.fail(
                "yaml-depth",
                "Maximum object depth exceeded: "
                f"with this alias, collections nest deeper than {self.max_depth} levels",
                event,
            )
        self.height = found.height
        return found.node

    def sequence(self, event: YamlEvent, depth: int) -> Sequence:
        items: list[Node] = []
        height = 0
        while self.stream[self.at].kind != END:
            items.append(self.node(depth + 1))
            height = max(height, self.height)
        return Sequence(tuple(items), self.source.span(event.start, self.close(height)))

    def mapping(self, event: YamlEvent, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, Scalar] = {}
        height = 0
        while self.stream[self.at].kind != END:
            opening = self.stream[self.at]
            key = self.node(depth + 1)
            if not isinstance(key, Scalar):
                self.fail(
                    "yaml-key",
                    "a mapping key must be a scalar, not a list or a mapping",
                    opening,
                    "an expression begins with '${{', with the '$'"
                    if self.source.text[max(0, opening.start - 1) : opening.start + 1] == "{{"
                    else "quote a key or value that begins with '{' or '['",
                )
                raise _Stop
            value = self.node(depth + 1)
            height = max(height, self.height)
            if "${{" not in key.text:  # such keys are expressions, and may come twice
                name = primitive_text(key.value)
                first = seen.setdefault(name.casefold(), key)
                if first is not key:
                    self.duplicate(name, key, first)
                    continue
            entries.append((key, value))
        return Mapping(tuple(entries), self.source.span(event.start, self.close(height)))

    def close(self, height: int) -> int:
        """Take the end of a collection; the offset where its text ends."""
        event = self.stream[self.at]
        self.visit(event)
        self.at += 1
        self.height = height + 1
        return self.trimmed(event.start if event.start == event.end else event.end)

    def trimmed(self, end: int, start: int = 0) -> int:
        text = self.source.text
        while end > start and text[end - 1] in " \t\r\n":
            end -= 1
        return end

    def after(self, event: YamlEvent) -> int:
        """The place after an event and the ':' or '-' that follows it."""
        end = self.trimmed(event.end, event.start)
        match = _SIGN.match(self.source.text, end)
        return match.end() if match else end

    def duplicate(self, name: str, key: Scalar, first: Scalar) -> None:
        self.bag.add(
            "yaml-duplicate-key",
            f"'{name}' is already defined",
            key.span,
            label="defined again here",
            labels=(Label(first.span, "first defined here"),),
            help="keys are compared without regard to case: remove or rename one of them",
        )

    def scalar(self, event: YamlEvent) -> Scalar:
        text = event.value
        end = event.end if event.plain else self.trimmed(event.end, event.start)
        span = self.source.span(event.start, end)
        if event.plain and not text and event.start == event.end:
            # Parsers disagree on where nothing stands: say, after the key or sign that it belongs to.
            here = self.after(self.stream[self.at - 2])
            span = self.source.span(here, here)
        tag = event.tag
        value: Primitive
        try:
            if tag:
                value = text if tag == TAG_PREFIX + "str" else self.tagged(event)
            else:
                value = plain_value(text) if event.plain else text
        except ValueError:
            kind = tag.removeprefix(TAG_PREFIX) if tag else "int"
            self.bag.add(
                "yaml-value",
                f"'{text}' is no value of the type {kind}",
                span,
                help="" if tag else "GitHub reads such numbers as 32-bit integers: quote it to have a text",
            )
            value = text
        return Scalar(value, text, span, event.plain)

    def tagged(self, event: YamlEvent) -> Primitive:
        tag = event.tag
        shown = "!!" + tag.removeprefix(TAG_PREFIX) if tag.startswith(TAG_PREFIX) else tag
        if event.plain:
            try:
                return tagged_value(event.value, tag)
            except KeyError:
                message = f"Unexpected tag '{shown}'"
        else:
            message = f"the tag '{shown}' can't stand before a quoted or block scalar"
        help = "GitHub knows !!str, !!int, !!float, !!bool and !!null: remove the tag"
        if event.plain and not shown.startswith("!!"):
            from actlite.document.lines import quoted

            text = self.source.text[event.start : event.end]
            help = f"'!' begins a tag in YAML: write {quoted(text)}"
        self.bag.add("yaml-tag", message, self.source.span(event.start, event.end), help=help)
        return event.value
