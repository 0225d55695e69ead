"""YAML syntax errors in plain words: what is wrong, where, and what to write instead.

A parser tells where it could not go on, which is often not where the mistake is. Here the lines around that
place are looked at for the mistakes that people make; only then the parser's own words are used.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from actlite.diagnostics import Diagnostic, Label, Severity
from actlite.document.lines import Lines, quoted
from actlite.document.yaml_events import YamlSyntaxError
from actlite.records import frozen
from actlite.source import SourceFile

_TABLE: tuple[tuple[str, str, str], ...] = (
    (
        "sequence entries are not allowed",
        "a list item begins where none can be",
        "put '- ' on a line of its own below the key, or quote the value",
    ),
    ("found unexpected ':'", "a ':' stands where it can't", "put the value in quotes"),
    (
        "expected ',' or ']'",
        "a list in brackets lacks a ',' or its closing ']'",
        "add it; quote values that hold ',', '[', ']', '{' or '}'",
    ),
    (
        "expected ',' or '}'",
        "a mapping in braces lacks a ',' or its closing '}'",
        "add it; quote values that hold ',', '[', ']', '{' or '}'",
    ),
    (
        "unknown escape character",
        "an unknown escape in a double-quoted text",
        "write '\\\\' for a backslash, or use single quotes",
    ),
    (
        "unknown directive",
        "a line that begins with '%' is an order to the parser, and there is none of this name",
        "quote the key, or indent the line deeper if it belongs to the text above",
    ),
    (
        "expected the node content",
        "a value is missing here, or begins with a sign that YAML has for itself",
        "put the value in quotes",
    ),
    (
        "tab character",
        "a tab where spaces indent the text",
        "replace the tab by spaces",
    ),
)
_BLOCK_END = ("expected <block end>", "did not find expected key", "did not find expected '-'")
_CONFLICT = re.compile(r"(<{7}|={7}|>{7})( |$)")
_KEY = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)(?P<gap>: *| +|:)(?P<value>\S.*)")


@frozen
class Finding:
    """What is wrong, from ``start`` to ``end``, and what else to show."""

    start: int
    end: int
    message: str
    help: str = ""
    labels: tuple[Label, ...] = ()


def explain(source: SourceFile, error: YamlSyntaxError) -> Diagnostic:
    """The error as one finding, at the mistake if it is a known one, else where the parser stopped."""
    text = source.text
    offset = min(error.offset, len(text))
    if offset == len(text) and offset and text[offset - 1] == "\n":
        offset -= 1
    lines = Lines(source)
    for recognise in _RECOGNISERS:
        found = recognise(lines, error, offset)
        if found is not None:
            break
    else:
        found = _by_table(source, error, offset)
    return Diagnostic(
        "yaml-syntax",
        Severity.ERROR,
        f"invalid YAML: {found.message}",
        source.span(found.start, min(found.end, len(text))),
        labels=found.labels,
        help=found.help,
    )


def _spaces(count: int) -> str:
    return f"{count} space{'s' * (count != 1)}"


def _by_table(source: SourceFile, error: YamlSyntaxError, offset: int) -> Finding:
    message, advice = error.problem, ""
    for known, words, todo in _TABLE:
        if known in error.problem:
            message, advice = words, todo
            break
    begun = error.context_offset
    labels: tuple[Label, ...] = ()
    if begun is not None and source.line_column(begun)[0] != source.line_column(offset)[0]:
        labels = (Label(source.span(begun, begun + 1), "begun here"),)
    return Finding(offset, offset + 1, message, advice, labels)


def _tab(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """A tab among the white space that begins the line or the line before it."""
    line = lines.number(offset)
    for number in (line, line - 1):
        if number >= 1 and "\t" in (blank := lines.blank(number)):
            start = lines.start(number) + blank.index("\t")
            end = start + len(blank) - blank.index("\t")
            return Finding(
                start, end, "a tab in the indentation", "YAML allows spaces only: replace the tab by spaces"
            )
    return None


def _conflict(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """A line that git writes into a file at a conflict."""
    for number in (lines.number(offset), lines.number(offset) - 1):
        if number >= 1 and (match := _CONFLICT.match(lines.line(number))):
            start = lines.start(number)
            return Finding(
                start,
                start + len(match[1]),
                f"'{match[1]}' is git's mark of a merge conflict",
                "choose what is to stand, and remove the lines with '<<<<<<<', '=======' and '>>>>>>>'",
            )
    return None


def _unclosed(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """A quote or bracket that is open at the end of the file; a bracket that the next key shows to be."""
    begun = error.context_offset
    if begun is None:
        return None
    text = lines.source.text
    sign = text[begun : begun + 1]
    if "unexpected end of stream" in error.problem or "document separator" in error.problem:
        return Finding(
            begun,
            begun + 1,
            f"the quote {sign} that opens here is never closed",
            f"put {sign} where the text ends; "
            + ("an apostrophe within it is written twice" if sign == "'" else 'a " within it is written \\"'),
        )
    if sign not in ("[", "{") or "expected ','" not in error.problem:
        return None
    ends = offset >= len(text.rstrip())
    if ends or lines.number(begun) != lines.number(offset):
        close = "]" if sign == "[" else "}"
        return Finding(
            begun,
            begun + 1,
            f"the '{sign}' that opens here is not closed"
            + (" before the next line's key" if not ends else ""),
            f"put '{close}' where the {'list' if sign == '[' else 'mapping'} ends",
            ()
            if ends
            else (Label(lines.source.span(offset, offset + 1), f"no '{close}' or ',' before this"),),
        )
    return None


def _expression(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """An expression without quotes in brackets or braces."""
    text = lines.source.text
    if "expected ','" not in error.problem:
        return None
    at = text.rfind("${{", max(0, offset - 3), offset + 3)
    if at < 0:
        return None
    end = text.find("}}", at)
    end = end + 2 if 0 <= end < lines.end(lines.number(at)) else offset + 1
    return Finding(
        at,
        end,
        "an expression within brackets or braces must be quoted, for it holds braces itself",
        f"write {quoted(text[at:end])}",
    )


def _colon(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """``key: a: b``; a line above without a colon; a line that is indented too deep."""
    if "mapping values are not allowed" not in error.problem:
        return None
    number = lines.number(offset)
    key, value, at = lines.pair(number)
    if key is not None and at < offset:
        todo = f"quote the value: {key}: {quoted(value)}"
        if key == "run" or len(todo) > 100:
            todo = f"quote the value, or put it on a line of its own below '{key}: |', indented deeper"
        return Finding(offset, offset + 1, f"the value of '{key}' holds ': ', so it must be quoted", todo)
    above = lines.above(number)
    if above is None:
        return None
    found = _no_colon(lines, above)
    if found is not None:
        return found
    if len(lines.blank(number)) > len(lines.blank(above)):
        start = lines.start(number)
        return Finding(
            start + len(lines.blank(number)),
            offset + 1,
            "this line is indented deeper than the one above, which has a value of its own already",
            f"indent it by {_spaces(len(lines.blank(above)))}, as line {above}",
            (Label(lines.content(above), "this is a key with its value"),),
        )
    return None


def _no_colon(lines: Lines, number: int) -> Finding | None:
    """A line that was meant to be a key and its value, but lacks the colon or the space after it."""
    span = lines.content(number)
    match = _KEY.fullmatch(span.text)
    if match is None or match["gap"].startswith(": "):
        return None
    lacks = "the space after its ':'" if match["gap"] == ":" else "a ':' after its key"
    return Finding(
        span.start, span.end, f"this line lacks {lacks}", f"write {match['key']}: {match['value']}"
    )


def _lone_words(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """A line that is no key: text that has lost its indentation, or a key without a colon."""
    if "could not find expected ':'" not in error.problem:
        return None
    begun = offset if error.context_offset is None else error.context_offset
    number = lines.number(begun)
    block = lines.block_above(number)
    span = lines.content(number)
    if block is not None:
        text = lines.below(block)
        depth = len(lines.blank(text))
        return Finding(
            span.start,
            span.end,
            "this line is no key, and not indented deep enough to belong to the text above",
            f"indent it by {_spaces(depth)} or more, as line {text}, the text's first one",
            (Label(lines.content(block), "the text's key"),),
        )
    return _no_colon(lines, number) or Finding(
        span.start, span.end, "a key without a ':' after it", f"write {span.text}: and its value"
    )


def _block_end(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """A line whose indentation fits nothing; text after a closing quote; a dash without a space."""
    if not any(words in error.problem for words in _BLOCK_END):
        return None
    text = lines.source.text
    number = lines.number(offset)
    first = lines.start(number) + len(lines.blank(number))
    span = lines.content(number)
    before = text[:offset].rstrip(" ")[-1:]
    if offset > span.start and before in ("'", '"'):
        inside = (
            "double the apostrophe ('') within single quotes" if before == "'" else 'write \\" within them'
        )
        return Finding(
            offset,
            span.end,
            f"text after the closing quote {before}",
            f"put quotes around the whole value; {inside}",
        )
    if offset > first:
        return None
    if text[first] == "-" and text[first + 1 : first + 2] not in " \r\n":
        rest = text[first + 1 : span.end]
        return Finding(first, first + 1, "a list item lacks the space after its '-'", f"write - {rest}")
    in_list = "collection" in error.context
    dash = text.startswith("- ", first)
    begun = error.context_offset
    column = len(lines.blank(number))
    if in_list and begun is not None and lines.source.line_column(begun)[1] == column + 1 and not dash:
        return Finding(
            first,
            span.end,
            "a key stands among the items of a list",
            f"indent it by {column + 2} spaces if it belongs to the item above; else begin it with '- '",
            (Label(lines.source.span(begun, begun + 1), "the list's items begin here"),),
        )
    depths = lines.depths_above(number)
    if column in depths:
        what = "a list item stands among keys" if dash else "a key stands among the items of a list"
        return Finding(first, span.end, what, "indent it deeper if it belongs to the line above")
    fits = " or ".join(
        f"{depth} as line {where}" for depth, where in sorted(depths.items(), reverse=True)[:2]
    )
    return Finding(
        first,
        span.end,
        f"this line is indented by {_spaces(column)}, which fits no line above",
        f"indent it by {fits} is" if fits else "indent it like its siblings",
    )


def _sign(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """A value that begins with a sign which no plain value can begin with."""
    text = lines.source.text
    if "alphabetic or numeric" in error.problem and error.context_offset is not None:
        start = error.context_offset
        sign = text[start : start + 1]
        role = "an alias" if sign == "*" else "an anchor"
        message = f"'{sign}' begins {role} in YAML, and this is none"
    elif "cannot start any token" in error.problem:
        start = offset
        sign = text[start : start + 1]
        if sign == "\t":
            return Finding(start, start + 1, "a tab where a value should begin", "replace the tab by spaces")
        message = f"a value can't begin with '{sign}'"
    else:
        return None
    value = lines.value_at(start)
    return Finding(start, start + len(value), message, f"quote it: {quoted(value)}")


def _block_sign(lines: Lines, error: YamlSyntaxError, offset: int) -> Finding | None:
    """Text on the line of a block's sign."""
    if "comment or line break" not in error.problem and "chomping" not in error.problem:
        return None
    begun = offset if error.context_offset is None else error.context_offset
    sign = lines.source.text[begun : begun + 1]
    return Finding(
        offset,
        lines.content(lines.number(offset)).end,
        f"text on the line of the '{sign}'",
        f"begin it on the next line, indented deeper than its key; or quote the value if '{sign}' belongs to it",
    )


_RECOGNISERS: tuple[Callable[[Lines, YamlSyntaxError, int], Finding | None], ...] = (
    _tab,
    _conflict,
    _unclosed,
    _expression,
    _colon,
    _lone_words,
    _block_end,
    _sign,
    _block_sign,
)
