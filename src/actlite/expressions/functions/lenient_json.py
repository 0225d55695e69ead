"""A JSON reader as forgiving as the one that GitHub uses: Newtonsoft.Json's JsonTextReader (13.0), with its
words for what it can't read.

It takes comments, texts in single quotes, keys without quotes, trailing commas, ``undefined``, hexadecimal and
octal integers, reads ``[,]`` as one missing value, and stops after the first value, whatever follows it; so a
comment that stands first is the value. Not taken are its constructors (``new Date(0)``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from actlite.document.scalars import utf16_length
from actlite.expressions.values import WHITESPACE

MAX_DEPTH = 64
"""How deep arrays and objects may nest."""
MAX_INTEGER = 380
"""How many characters an integer may have."""

_BLANK = re.escape(WHITESPACE) + "\0"
_SPACE = re.compile(f"[{_BLANK}]*")
_COMMENT = re.compile(r"/(?:\*((?:[^*]|\*(?!/))*)\*/|/([^\r\n]*))")
_NUMBER = re.compile(r"[-+a-fA-FxX.0-9]*")
_AFTER_NUMBER = frozenset((*WHITESPACE, *",}])/"))
_AFTER_WORD = frozenset((*WHITESPACE, *",}]\0"))
_CHUNK = {quote: re.compile(rf"[^\\{quote}]*") for quote in ("'", '"')}
_INTEGER = re.compile("-?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LINE = re.compile(r"\r\n|\r|\n")
_SPECIAL = frozenset(".[] /\\'\"\t\n\r\f\b\x85\u2028\u2029")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_WORDS: dict[str, tuple[str, Any, str]] = {
    "t": ("true", True, "Error parsing boolean value."),
    "f": ("false", False, "Error parsing boolean value."),
    "n": ("null", None, "Error parsing null value."),
    "u": ("undefined", "", "Error parsing undefined value."),
    "N": ("NaN", float("nan"), "Error parsing NaN value."),
    "I": ("Infinity", float("inf"), "Error parsing Infinity value."),
}
_CLOSERS = {"]": "EndArray", "}": "EndObject", ")": "EndConstructor"}


class JsonError(ValueError):
    """The text is no JSON, not even leniently; says what, and where in the value, the line and the column."""


def read(text: str, make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> Any:
    """The first value of a text; ``make`` turns keys and values into an object. Raises JsonError."""
    return _Reader(text, make).first()


class _Reader:
    def __init__(self, text: str, make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> None:
        self.text = text
        self.make = make
        self.at = 0
        self.path: list[int | str | None] = []
        """Where we are: the index or key in each open collection, None where none was begun yet."""

    def error(self, message: str) -> JsonError:
        ends = [match.end() for match in _LINE.finditer(self.text, 0, self.at)]
        position = utf16_length(self.text[ends[-1] if ends else 0 : self.at])
        line = len(ends) + 1 if self.path or position or ends else 0
        return JsonError(f"{message} Path '{self.where()}', line {line}, position {position}.")

    def where(self) -> str:
        shown = ""
        for part in self.path:
            if isinstance(part, int):
                shown += f"[{part}]"
            elif part is not None and _SPECIAL.isdisjoint(part):
                shown += f".{part}" if shown else part
            elif part is not None:
                escaped = part.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
                shown += f"['{escaped}']"
        return shown

    def first(self) -> Any:
        """The value that the text begins with; of a comment its text."""
        if not self.space():
            raise self.error("Error reading JToken from JsonReader.")
        if self.text[self.at] == "/":
            return self.comment()
        return self.value()

    def space(self) -> str:
        """The next character after white space; '' at the end."""
        match = _SPACE.match(self.text, self.at)
        if match:
            self.at = match.end()
        return self.text[self.at : self.at + 1]

    def peek(self) -> str:
        """The next character after white space and comments; '' at the end."""
        sign = self.space()
        while sign == "/":
            self.comment()
            sign = self.space()
        return sign

    def comment(self) -> str:
        match = _COMMENT.match(self.text, self.at)
        if match:
            self.at = match.end()
            return match[1] or match[2] or ""
        after = self.text[self.at + 1 : self.at + 2]
        self.at = self.at + 1 if after not in ("", "*") else len(self.text)
        if after in ("", "*"):
            raise self.error("Unexpected end while parsing comment.")
        raise self.error(f"Error parsing comment. Expected: *, got {after}.")

    def value(self) -> Any:
        """The value here, which is no comment and not the end of the text."""
        sign = self.text[self.at]
        if sign in "[{":
            if len(self.path) >= MAX_DEPTH:
                self.at += 1
                raise self.error(f"The reader's MaxDepth of {MAX_DEPTH} has been exceeded.")
            self.at += 1
            self.path.append(None)
            value = self.array() if sign == "[" else self.object()
            self.path.pop()
            return value
        if sign in "'\"":
            return self.string(sign)
        if sign in _WORDS:
            return self.word(*_WORDS[sign])
        if self.text.startswith("-I", self.at):
            return self.word("-Infinity", float("-inf"), "Error parsing -Infinity value.")
        if sign == ",":
            return ""  # a missing value; the comma is read as what follows it
        if sign in "])":
            raise self.stray_end(sign)
        if sign in "-." or sign.isnumeric():
            return self.number()
        raise self.error(f"Unexpected character encountered while parsing value: {sign}.")

    def stray_end(self, sign: str) -> JsonError:
        self.at += 1
        kind = "None" if not self.path else "Array" if not isinstance(self.path[-1], str) else "Object"
        return self.error(f"JsonToken {_CLOSERS[sign]} is not valid for closing JsonType {kind}.")

    def word(self, word: str, value: Any, problem: str) -> Any:
        given = self.text[self.at : self.at + len(word)]
        if given != word:
            self.at += next((i for i, sign in enumerate(given) if sign != word[i]), len(given))
            raise self.error(problem if len(given) == len(word) else "Unexpected end when reading JSON.")
        self.at += len(word)
        after = self.text[self.at : self.at + 1]
        if after and after not in _AFTER_WORD and self.text[self.at : self.at + 2] not in ("/*", "//"):
            raise self.error(problem)
        return value

    def number(self) -> float:
        match = _NUMBER.match(self.text, self.at)
        word = match[0] if match else ""
        self.at += len(word)
        after = self.text[self.at : self.at + 1]
        if after and after not in _AFTER_NUMBER:
            raise self.error(f"Unexpected character encountered while parsing number: {after}.")
        number = _number(word)
        if number is None:
            if len(word) > MAX_INTEGER and _INTEGER.fullmatch(word):
                raise self.error(f"JSON integer {word} is too large to parse.")
            raise self.error(f"Input string '{word}' is not a valid number.")
        return number

    def array(self) -> list[Any]:
        items: list[Any] = []
        while True:
            sign = self.peek()
            if sign == "]":
                self.at += 1
                return items
            if not sign:
                raise self.ended()
            if sign in "[{":
                self.path[-1] = len(items)
            items.append(self.value())
            self.path[-1] = len(items) - 1
            self.separator("]")

    def object(self) -> dict[str, Any]:
        pairs: list[tuple[str, Any]] = []
        while True:
            sign = self.peek()
            if sign == "}":
                self.at += 1
                return self.make(pairs)
            if not sign:
                raise self.ended()
            key = self.key(sign)
            colon = self.space()
            if colon != ":":
                shown = colon or "\0"
                raise self.error(
                    f"Invalid character after parsing property name. Expected ':' but got: {shown}."
                )
            self.at += 1
            self.path[-1] = key
            if not self.peek():
                raise self.ended()
            pairs.append((key, self.value()))
            self.separator("}")

    def ended(self) -> JsonError:
        root = "JArray" if self.text.lstrip(WHITESPACE + "\0")[:1] == "[" else "JObject"
        return self.error(f"Unexpected end of content while loading {root}.")

    def separator(self, closing: str) -> None:
        sign = self.peek()
        if sign == ",":
            self.at += 1
        elif not sign:
            raise self.ended()
        elif sign in _CLOSERS and sign != closing:
            raise self.stray_end(sign)
        elif sign != closing:
            raise self.error(f"After parsing a value an unexpected character was encountered: {sign}.")

    def key(self, sign: str) -> str:
        if sign in "'\"":
            return self.string(sign)
        if not _identifier(sign):
            raise self.error(f"Invalid property identifier character: {sign}.")
        start = self.at
        while True:
            sign = self.text[self.at : self.at + 1]
            if not sign:
                raise self.error("Unexpected end while parsing unquoted property name.")
            if sign == ":" or sign in WHITESPACE or sign == "\0":
                return self.text[start : self.at]
            if not _identifier(sign):
                raise self.error(f"Invalid JavaScript property identifier character: {sign}.")
            self.at += 1

    def string(self, quote: str) -> str:
        self.at += 1
        pieces: list[str] = []
        while True:
            match = _CHUNK[quote].match(self.text, self.at)
            if match:
                pieces.append(match[0])
                self.at = match.end()
            sign = self.text[self.at : self.at + 1]
            if not sign:
                raise self.error(f"Unterminated string. Expected delimiter: {quote}.")
            self.at += 1
            if sign == quote:
                joined = "".join(pieces)
                return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            pieces.append(self.escape(quote))

    def escape(self, quote: str) -> str:
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if not letter:
            raise self.error(f"Unterminated string. Expected delimiter: {quote}.")
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter != "u":
            raise self.error(f"Bad JSON escape sequence: \\{letter}.")
        digits = self.text[self.at : self.at + 4]
        if len(digits) < 4:
            raise self.error("Unexpected end while parsing Unicode escape sequence.")
        if not re.fullmatch("[0-9a-fA-F]{4}", digits):
            raise self.error(f"Invalid Unicode escape sequence: \\u{digits}.")
        self.at += 4
        return chr(int(digits, 16))


def _identifier(sign: str) -> bool:
    """What a key without quotes may consist of: .NET's letters and digits, ``_`` and ``$``."""
    return sign in "_$" or (sign <= "\uffff" and (sign.isalpha() or sign.isdecimal()))


def _number(word: str) -> float | None:
    """A number: octal and hexadecimal integers of 64 bits, decimal ones, and what has a point or exponent.
    None for anything else, and for an integer that is too long."""
    if word[0] == "0" and len(word) > 1 and word[1] not in ".eE":
        base, digits = (16, word[2:]) if word[:2] in ("0x", "0X") else (8, word)
        if not re.fullmatch("[0-9a-fA-F]+" if base == 16 else "[0-7]+", digits):
            return None
        number = int(digits, base)
        if number >= 1 << 64:
            return None
        return float(number - (1 << 64) if number >= 1 << 63 else number)
    if _INTEGER.fullmatch(word):
        return float(word) if len(word) <= MAX_INTEGER else None
    return float(word) if _FLOAT.fullmatch(word) else None
