"""A JSON reader as forgiving as the one that GitHub uses (Newtonsoft.Json's JsonTextReader, 13.0).

It takes comments, texts in single quotes, keys without quotes, trailing commas, ``undefined``, hexadecimal and
octal integers, and stops after the first value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 64
"""How deep arrays and objects may nest."""

_SPACE = re.compile(r"(?:\s|/\*.*?\*/|//[^\r\n]*)*", re.DOTALL)
_KEY = re.compile(r"[\w$]+")
_WORD = re.compile(r"[-+.\w]+")
_CHUNK = {quote: re.compile(rf"[^\\{quote}]*") for quote in ("'", '"')}
_DECIMAL = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_BASED = re.compile(r"(-?)0(?:[xX]([0-9a-fA-F]+)|([0-7]+))", re.ASCII)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_WORDS = {
    "null": None,
    "undefined": "",
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


class JsonError(ValueError):
    """The text is no JSON, not even leniently; says what and at which line and column."""


def read(text: str, make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> Any:
    """The first value of a text; ``make`` turns keys and values into an object. Raises JsonError."""
    return _Reader(text, make).value(1)


class _Reader:
    def __init__(self, text: str, make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> None:
        self.text = text
        self.make = make
        self.at = 0

    def error(self, message: str) -> JsonError:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - self.text.rfind("\n", 0, self.at)
        return JsonError(f"{message} at line {line}, column {column}")

    def peek(self) -> str:
        """The next character after white space and comments; '' at the end."""
        match = _SPACE.match(self.text, self.at)
        if match:
            self.at = match.end()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        sign = self.peek()
        if not sign:
            raise self.error("unexpected end, a value was expected")
        if sign in "[{":
            if depth > MAX_DEPTH:
                raise self.error(f"nested deeper than {MAX_DEPTH} levels")
            self.at += 1
            return self.array(depth) if sign == "[" else self.object(depth)
        if sign in "'\"":
            return self.string(sign)
        match = _WORD.match(self.text, self.at)
        if match is None:
            raise self.error(f"unexpected character '{sign}'")
        value = self.word(match[0])
        self.at = match.end()
        return value

    def word(self, word: str) -> Any:
        if word in _WORDS:
            return _WORDS[word]
        based = _BASED.fullmatch(word)
        if based:
            number = int(based[2], 16) if based[2] else int(based[3], 8)
            if number >= 1 << 64:
                raise self.error("the number is larger than 64 bits")
            return float(-number if based[1] else number)
        if _DECIMAL.fullmatch(word):
            return float(word)
        raise self.error(f"unexpected text '{word[:40]}'")

    def array(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while True:
            sign = self.peek()
            if sign == "]":
                self.at += 1
                return items
            if sign == ",":
                raise self.error("unexpected ','")
            items.append(self.value(depth + 1))
            self.separator("]")

    def object(self, depth: int) -> dict[str, Any]:
        pairs: list[tuple[str, Any]] = []
        while True:
            if self.peek() == "}":
                self.at += 1
                return self.make(pairs)
            key = self.key()
            if self.peek() != ":":
                raise self.error("a ':' was expected")
            self.at += 1
            pairs.append((key, self.value(depth + 1)))
            self.separator("}")

    def separator(self, closing: str) -> None:
        sign = self.peek()
        if sign == ",":
            self.at += 1
        elif sign != closing:
            raise self.error(f"a ',' or '{closing}' was expected")

    def key(self) -> str:
        sign = self.peek()
        if sign and sign in "'\"":
            return self.string(sign)
        match = _KEY.match(self.text, self.at)
        if match is None:
            raise self.error("a key was expected")
        self.at = match.end()
        return match[0]

    def string(self, quote: str) -> str:
        self.at += 1
        pieces: list[str] = []
        while True:
            match = _CHUNK[quote].match(self.text, self.at)
            if match:
                pieces.append(match[0])
                self.at = match.end()
            sign = self.text[self.at : self.at + 1]
            self.at += 1
            if sign == quote:
                joined = "".join(pieces)
                return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if not sign:
                raise self.error("a text is not closed")
            pieces.append(self.escape())

    def escape(self) -> str:
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if letter == "u":
            digits = self.text[self.at : self.at + 4]
            if re.fullmatch("[0-9a-fA-F]{4}", digits):
                self.at += 4
                return chr(int(digits, 16))
        elif letter in _ESCAPES:
            return _ESCAPES[letter]
        raise self.error("unknown escape in a text")
