"""YAML syntax errors in plain words: what is wrong, where, and what to do."""

from __future__ import annotations

from actlite.diagnostics import Diagnostic, Label, Severity
from actlite.document.yaml_events import YamlSyntaxError
from actlite.source import SourceFile

_QUOTE = "Put the value in quotes."
_TABLE: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a second ':' on the line begins a mapping where none can be",
        "Quote the value if the ':' belongs to it; else check the indentation of this line.",
    ),
    (
        "sequence entries are not allowed",
        "a list item begins where none can be",
        "Put '- ' on a line of its own below the key, or quote the value.",
    ),
    (
        "expected <block end>",
        "the indentation of this line fits no block above it",
        "Indent it like its siblings; a list's items all begin in the same column.",
    ),
    (
        "could not find expected ':'",
        "a key without a ':' after it",
        "Write 'key: value'. A text of several lines needs '|' after its key, and deeper indentation.",
    ),
    ("end of stream", "the file ends before a quote or bracket is closed", "Close it."),
    ("found unexpected ':'", "a ':' stands where it can't", _QUOTE),
    (
        "expected ',' or ']'",
        "a list in brackets lacks a ',' or its closing ']'",
        "Add it; quote values that hold ',', '[', ']', '{' or '}', such as ${{ … }}.",
    ),
    (
        "expected ',' or '}'",
        "a mapping in braces lacks a ',' or its closing '}'",
        "Add it; quote values that hold ',', '[', ']', '{' or '}', such as ${{ … }}.",
    ),
    (
        "unknown escape character",
        "an unknown escape in a double-quoted text",
        "Write '\\\\' for a backslash, or use single quotes.",
    ),
    (
        "comment",
        "a '#' directly after a value or block sign",
        "Put a space before the '#', or quote the value.",
    ),
)


def explain(source: SourceFile, error: YamlSyntaxError) -> Diagnostic:
    """The error as one finding, at the place where the parser stopped."""
    text = source.text
    offset = min(error.offset, len(text))
    if offset == len(text) and offset and text[offset - 1] == "\n":
        offset -= 1
    start, message, advice = _words(source, error, offset)
    labels: tuple[Label, ...] = ()
    begun = error.context_offset
    if begun is not None and source.line_column(begun)[0] != source.line_column(start)[0]:
        labels = (Label(source.span(begun, begun + 1), f"{error.context or 'begun'} here"),)
    return Diagnostic(
        "yaml-syntax",
        Severity.ERROR,
        f"invalid YAML: {message}",
        source.span(start, min(start + 1, len(text))),
        labels=labels,
        help=advice,
    )


def _words(source: SourceFile, error: YamlSyntaxError, offset: int) -> tuple[int, str, str]:
    text = source.text
    line = source.line_column(offset)[0]
    tab = _indenting_tab(source, line)
    if tab is not None:
        return tab, "a tab in the indentation", "YAML allows spaces only. Replace the tab by spaces."
    problem = error.problem
    if "cannot start any token" in problem:
        sign = text[offset : offset + 1]
        if sign == "\t":
            return offset, "a tab where a value should begin", "Replace the tab by spaces."
        return offset, f"a value can't begin with '{sign}'", _QUOTE
    for known, message, advice in _TABLE:
        if known in problem:
            return offset, message, advice
    return offset, problem, ""


def _indenting_tab(source: SourceFile, line: int) -> int | None:
    """The offset of a tab among the white space that begins a line or the line before it."""
    for number in (line, line - 1):
        if number < 1:
            continue
        content = source.line(number)
        indent = content[: len(content) - len(content.lstrip(" \t"))]
        if "\t" in indent:
            return source.line_starts[number - 1] + indent.index("\t")
    return None
