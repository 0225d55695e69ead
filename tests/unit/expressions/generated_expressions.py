"""Expressions and contexts made at random, over the whole grammar and a little beyond it."""

from __future__ import annotations

import json
import random
from typing import Any

NUMBERS = (
    "0", "-0", "1", "-1", "2", "3.14", ".5", "5.", "-.5e-3", "1e3", "1E+2", "0x1F", "0xffffffff", "0x80000000",
    "0x100000000", "0o17", "0o37777777777", "+1", "010", "1e400", "-1e400", "1e15", "123456789012345", "1e-5", "1e-4",
    "0.1", "1234567890123456789", "1.0000000000000002", "123456.7890123456789", "9007199254740993", "NaN", "Infinity",
    "-Infinity", "5e-324", "1.7976931348623157e308", "99999999999999.95", "999999999999999.95",
)  # fmt: skip
BAD_NUMBERS = (
    "1a",
    "0X1F",
    "0b1",
    "1_0",
    "--1",
    "1e",
    ".",
    "+",
    "-",
    "1..2",
    "0x",
    "0o8",
    "1,5",
    "+Infinity",
    "-NaN",
)
TEXTS = (
    "", "a", "A", "abc", "ABC", "b", "_", "z", "Z", "1", "01", " 1 ", "1e3", "0x1F", "0X1F", "0o17", "true", "True",
    "null", "NaN", "Infinity", "-infinity", "{0}", "{0}{1}", "{{0}}", "{", "}", "{0:x}", "{1}{0}", "{00}", "{256}",
    "{0", "it's", "''", "é", "É", "ß", "SS", "ı", "I", "İ", "i", "😊", "ﬁ", "\u2028", "\x85", "\t", "\n", "\\", '"', "/",
    "K", "\u00a01\u3000", "\ufeff1", "ǆ", "Ǆ", "ς", "Σ", "refs/tags/v1", "-rc", ",", "1\x00", "x y", "constructor",
    "__proto__", "length", "0", "1.0", "-1", "9007199254740993", "[1,2]", '{"a":{"B":[1,{"a":2}]}}', "[]", "{}", "[1",
    '{"a":1,"A":2,"a":3}', '"x\\ud800y"', '"\\ud83d\\ude0a"', "[null,true,1e3,\"\\u2028\"]", '{"2":1,"1":2}', "nul", "1 2",
)  # fmt: skip
KEYS = ("a", "A", "b", "c-d", "e f", "1", "0", "é", "É", "length", "constructor", "toString", "ß", "x_1")
NAMES = ("github", "matrix", "needs", "list", "num", "str", "nil", "yes", "deep")
UNKNOWN = ("nope", "githubs", "env")
FUNCTIONS = {
    "contains": (2, 2), "startsWith": (2, 2), "endsWith": (2, 2), "format": (1, 4), "join": (1, 2), "toJSON": (1, 1),
    "fromJSON": (1, 1), "case": (3, 5),
}  # fmt: skip
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "&&", "||")
BLANKS = ("", "", "", " ", " ", "  ", "\n", "\t", "\u00a0", "\v", "\x85", "\u2003")
NOISE = (
    "=",
    "&",
    "|",
    "!",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "*",
    "'",
    "@",
    "#",
    "é",
    "\ufeff",
    "$",
    "{",
    "?",
    "a",
    "1",
    " ",
)


class Maker:
    """Makes expressions from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def case(self) -> tuple[str, dict[str, Any]]:
        """An expression and contexts for it; one in six is damaged."""
        source = self.expression(self.chance.randrange(1, 6))
        if self.chance.random() < 1 / 6:
            source = self.damaged(source)
        return source, self.contexts()

    def contexts(self) -> dict[str, Any]:
        """Values of every kind under the names that expressions use."""
        chance = self.chance
        return {
            "github": self.object(3),
            "matrix": self.object(2) if chance.random() < 0.7 else None,
            "needs": {key: self.object(2) for key in self.keys()},
            "list": [self.value(2) for _ in range(chance.randrange(4))],
            "num": self.number(),
            "str": chance.choice(TEXTS),
            "nil": None,
            "yes": chance.random() < 0.5,
            "deep": [[self.object(1)], [self.object(2), 1.0]],
        }

    def keys(self) -> list[str]:
        """Keys that differ also without regard to case."""
        found: dict[str, str] = {}
        for key in self.chance.sample(KEYS, self.chance.randrange(4)):
            found.setdefault(key.upper(), key)
        return list(found.values())

    def object(self, depth: int) -> dict[str, Any]:
        return {key: self.value(depth - 1) for key in self.keys()}

    def value(self, depth: int) -> Any:
        pick = self.chance.randrange(8 if depth > 0 else 5)
        if pick == 0:
            return None
        if pick == 1:
            return self.chance.random() < 0.5
        if pick == 2:
            return self.number()
        if pick < 5:
            return self.chance.choice(TEXTS)
        if pick == 5:
            return [self.value(depth - 1) for _ in range(self.chance.randrange(4))]
        return self.object(depth)

    def number(self) -> float:
        pick = self.chance.randrange(4)
        if pick == 0:
            return float(self.chance.randrange(-3, 20))
        if pick == 1:
            return self.chance.uniform(-1e3, 1e3)
        if pick == 2:
            return self.chance.uniform(-1, 1) * 10.0 ** self.chance.randrange(-20, 25)
        return self.chance.choice(
            (0.0, -0.0, float("nan"), float("inf"), 1e15, 1e-5, 0.1, 123456789012345678.0)
        )

    def blank(self) -> str:
        return self.chance.choice(BLANKS)

    def expression(self, depth: int) -> str:
        """An expression that is well formed, though its values may not be."""
        chance = self.chance
        pick = chance.random()
        if depth <= 0 or pick < 0.12:
            return self.leaf()
        if pick < 0.40:
            left, right = self.expression(depth - 1), self.expression(depth - 1)
            return f"{left}{self.blank()}{chance.choice(OPERATORS)}{self.blank()}{right}"
        if pick < 0.50:
            return f"!{self.blank()}{self.expression(depth - 1)}"
        if pick < 0.60:
            return f"({self.blank()}{self.expression(depth - 1)}{self.blank()})"
        if pick < 0.80:
            return self.call(depth)
        return self.access(depth)

    def leaf(self) -> str:
        chance = self.chance
        pick = chance.random()
        if pick < 0.25:
            return self.literal(chance.choice(TEXTS))
        if pick < 0.45:
            return chance.choice(NUMBERS)
        if pick < 0.47:
            return chance.choice(BAD_NUMBERS)
        if pick < 0.55:
            return chance.choice(("true", "false", "null", "NaN", "True"))
        if pick < 0.57:
            return chance.choice(UNKNOWN)
        name = chance.choice(NAMES)
        return name.upper() if chance.random() < 0.1 else name

    def literal(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def access(self, depth: int) -> str:
        chance = self.chance
        pick = chance.random()
        target = chance.choice(NAMES) if pick < 0.8 else f"({self.expression(depth - 1)})"
        if pick > 0.95:
            target = self.call(depth)
        for _ in range(chance.randrange(1, 4)):
            kind = chance.randrange(5)
            if kind < 2:
                target += f"{self.blank()}.{self.blank()}{chance.choice(('a', 'A', 'b', 'c-d', 'length', 'constructor', 'true', 'null'))}"
            elif kind == 2:
                target += chance.choice((".*", "[*]", " . *"))
            elif kind == 3:
                index = chance.choice(
                    (*map(self.literal, KEYS), "0", "1", "-1", "1.9", "'0'", "true", "null", "NaN", "1e99")
                )
                target += f"[{self.blank()}{index}{self.blank()}]"
            else:
                target += f"[{self.expression(depth - 1)}]"
        return target

    def call(self, depth: int) -> str:
        chance = self.chance
        name = chance.choice(tuple(FUNCTIONS))
        least, most = FUNCTIONS[name]
        count = chance.randrange(least, most + 1)
        if name == "case":
            count |= 1
        if chance.random() < 0.03:
            count = chance.randrange(6)
        arguments = [self.expression(depth - 1) for _ in range(count)]
        if arguments and name in ("format", "fromJSON") and chance.random() < 0.8:
            arguments[0] = (
                self.literal(chance.choice(TEXTS)) if chance.random() < 0.7 else self.literal(self.json())
            )
        if name == "case":
            arguments[:-1:2] = [
                chance.choice(("true", "false", "1 == 1", argument)) for argument in arguments[:-1:2]
            ]
        shown = name.lower() if chance.random() < 0.1 else name if chance.random() < 0.97 else f"{name}s"
        return f"{shown}{self.blank()}({self.blank()}{f'{self.blank()},{self.blank()}'.join(arguments)}{self.blank()})"

    def json(self) -> str:
        value = self.value(3)
        return json.dumps(
            value, ensure_ascii=self.chance.random() < 0.5, indent=self.chance.choice((None, 2))
        )

    def damaged(self, source: str) -> str:
        """The expression with a few characters taken out, put in or exchanged."""
        chance = self.chance
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(source) + 1)
            end = at + chance.choice((0, 1, 1, 2))
            source = source[:at] + chance.choice(("", *NOISE)) + source[end:]
        return source
