"""Comparisons whose result is always the same, because of the types of what is compared.

Rules: actions/runner ``src/Sdk/Expressions/EvaluationResult.cs``: unequal kinds are compared as numbers, text
that is no number is NaN, which equals nothing, and collections are equal only to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from actlite.expressions.ast import Call, Compare, Constant, Index, Name, Node, Not
from actlite.expressions.types import (
    ANY,
    ARRAY,
    BOOLEAN,
    COLLECTION,
    FLAG,
    NULL,
    NUMBER,
    PRIMITIVE,
    STRING,
    Literal,
    Type,
    constant,
    is_nan,
    of_value,
    words,
)
from actlite.expressions.values import equals, to_number, to_string

if TYPE_CHECKING:
    from actlite.expressions.inference import Inference

MISMATCH = "type-mismatch"
CONSTANT = "constant-comparison"
_MANY = 12
_DIGITS = re.compile("[0-9]+")


def number_is_nan(value: object) -> bool:
    """Whether a value as a number is NaN."""
    return is_nan(to_number(value))


def type_of(inference: Inference, node: Compare, left: Type, right: Type) -> Type:
    """The type of a comparison: one value where it always gives the same. Notes a fault where it does so by
    mistake, and where it makes no sense."""
    judge = _Judge(inference, node, left, right)
    equality = node.operator in ("==", "!=")
    if left is ANY or right is ANY:
        other = right if left is ANY else left
        if not equality and other is not ANY and other.only(COLLECTION):
            judge.order()
        return FLAG
    if not equality:
        judge.order()
        return FLAG
    return of_value(node.operator == "!=") if judge.never_equal() else FLAG


class _Judge:
    """One comparison."""

    def __init__(self, inference: Inference, node: Compare, left: Type, right: Type) -> None:
        self.inference = inference
        self.node = node
        self.left = left
        self.right = right

    @property
    def result(self) -> str:
        """What to say of a comparison of two things that are never equal."""
        return f"this comparison is {'never' if self.node.operator == '==' else 'always'} true"

    def fault(self, code: str, message: str, *, help: str = "", note: str = "") -> None:
        self.inference.fault(self.node, code, message, help=help, note=note)

    def order(self) -> None:
        """``<`` and the like."""
        for side, type in ((self.node.left, self.left), (self.node.right, self.right)):
            if type.only(COLLECTION):
                why = f"{words(type)} is neither less nor greater than anything"
            elif type.only(BOOLEAN) or type.kinds == NULL:
                text = self.inference.text(side)
                why = f"'{self.node.operator}' compares numbers and texts, and '{text}' is {words(type)}"
            else:
                continue
            self.fault(MISMATCH, why, help="compare with == or !=")
            return

    def never_equal(self) -> bool:
        """Whether the two are surely never equal. Notes a fault where that is a mistake."""
        left, right, node = self.left, self.right, self.node
        if left.only(COLLECTION) or right.only(COLLECTION):
            return self.collection()
        if left.kinds & right.kinds & COLLECTION:
            return False
        for side, type, other in ((node.left, left, right), (node.right, right, left)):
            if (
                type.values is None
                and not isinstance(side, Constant)
                and self.text_and_flag(side, type, other)
            ):
                return False
        if left.values is None or right.values is None:
            return self.number_and_text()
        if _meet(left.values, right.values):
            return False
        one, two = constant(left), constant(right)
        for side, type, value in ((node.left, left, two), (node.right, right, one)):
            if value is not None and not isinstance(side, Constant):
                self.no_such_value(side, type, value)
                return True
        if not (isinstance(node.left, Constant) and isinstance(node.right, Constant)):
            self.fault(
                CONSTANT,
                f"{self.result}: the two have no value in common",
                help=f"{self.values(node.left, left)}; {self.values(node.right, right)}",
            )
        return True

    def collection(self) -> bool:
        """An array or object on one side at least."""
        left, right = self.left, self.right
        if NULL in (left.kinds, right.kinds) or (_may_be_null(left) and _may_be_null(right)):
            return False
        if left.only(COLLECTION) and right.only(COLLECTION):
            alike = left.kinds & right.kinds & COLLECTION
            if alike and not (alike == ARRAY and _apart(self.node.left, self.node.right)):
                return False
            why = "two arrays or objects are equal only if they are the same one"
        elif left.only(PRIMITIVE) or right.only(PRIMITIVE):
            why = f"{words(left)} and {words(right)} are never equal"
        else:
            return False
        help = "contains(array, value) looks for a value; toJSON(…) compares as text"
        self.fault(MISMATCH, f"{self.result}: {why}", help=help)
        return True

    def text_and_flag(self, side: Node, type: Type, other: Type) -> bool:
        """``steps.a.outputs.b == true``: 'true' is no number, and so no boolean equals it."""
        if type.kinds & ~NULL != STRING or other.kinds != BOOLEAN:
            return False
        value = constant(other)
        word = to_string(value[1]) if value is not None else "true"
        self.fault(
            MISMATCH,
            f"'{self.inference.text(side)}' is text, and the text '{word}' does not equal the boolean {word}",
            help=f"compare with the text '{word}'"
            if value is not None
            else "fromJSON makes a boolean of a text",
            note="GitHub compares text with a boolean as numbers, and this text is no number",
        )
        return True

    def number_and_text(self) -> bool:
        """A number is never a text that is none."""
        endless, known = (self.left, self.right) if self.left.values is None else (self.right, self.left)
        if endless.kinds != NUMBER or not known.values or known.kinds != STRING:
            return False
        if not all(number_is_nan(value) for _, value in known.values):
            return False
        text = self.inference.text(self.node.left if endless is self.left else self.node.right)
        self.fault(MISMATCH, f"{self.result}: '{text}' is a number, and the text beside it is none")
        return True

    def no_such_value(self, side: Node, type: Type, literal: Literal) -> None:
        """A side that is compared with a value that it never has."""
        kind, value = literal
        text = self.inference.text(side)
        if kind == NULL or value == "":
            return
        if type.only(BOOLEAN) and kind == STRING:
            self.fault(
                MISMATCH,
                f"{self.result}: '{text}' is a boolean, and no boolean equals the text '{value}'",
                help=self.for_flag(side, str(value)),
                note="GitHub compares a boolean with text as numbers, and this text is no number",
            )
            return
        word = to_string(value)
        if kind == BOOLEAN and type.only(STRING):
            self.fault(
                MISMATCH,
                f"{self.result}: '{text}' is text, and the text '{word}' does not equal the boolean {word}",
                help=f"compare with the text '{word}'",
                note="GitHub compares text with a boolean as numbers, and this text is no number",
            )
            return
        known_word = word.lower() in type.elsewhere
        guess = None if known_word else _similar(word, type, 0.85 if _is_of_matrix(side) else 0.75)
        self.inference.fault(
            self.node,
            CONSTANT,
            f"{self.result}: '{text}' is never '{word}'",
            label=f"did you mean '{guess}'?" if guess else "",
            help=type.advice.get(word.lower()) or self.values(side, type, guess),
            warning=not (_is_of_matrix(side) or known_word) or (guess is not None and _misspelt(word, guess)),
        )

    def for_flag(self, side: Node, word: str) -> str:
        """What to write instead of a boolean compared with a text."""
        text = self.inference.text(side)
        if isinstance(side, Not):
            inner = self.inference.text(side.operand)
            other = "!=" if self.node.operator == "==" else "=="
            return f"'!' binds more strongly than '{self.node.operator}': write {inner} {other} '{word}'"
        if word.lower() not in ("true", "false"):
            return f"'{text}' is true or false"
        return f"write {'' if (word.lower() == 'true') is (self.node.operator == '==') else '!'}{text}"

    def values(self, side: Node, type: Type, guess: str | None = None) -> str:
        """The values that a side can have, in words; nothing where there are many and one is surely meant."""
        texts = sorted({f"'{to_string(value)}'" for _, value in type.values or () if value not in (None, "")})
        text = self.inference.text(side)
        if not texts:
            return f"'{text}' is always empty"
        if guess is not None and len(texts) > _MANY:
            return ""
        shown = ", ".join(texts[:_MANY]) + (f" and {len(texts) - _MANY} more" if len(texts) > _MANY else "")
        return f"'{text}' is {'one of ' if len(texts) > 1 else ''}{shown}"


def _apart(left: Node, right: Node) -> bool:
    """Whether two parts that yield arrays surely yield different ones."""
    one, two = _origin(left), _origin(right)
    return one is not None and two is not None and one != two


def _origin(node: Node) -> object:
    """Where a value comes from: the names that lead to it, or a thing of its own for what is made anew; None where
    that is not plain."""
    if isinstance(node, Call):
        return object() if node.key == "fromjson" else None
    path: list[str] = []
    while isinstance(node, Index):
        if not isinstance(node.index, Constant):
            return None
        path.append(to_string(node.index.value).lower())
        node = node.target
    return (node.name.lower(), *reversed(path)) if isinstance(node, Name) else None


def _meet(left: Iterable[Literal], right: Iterable[Literal]) -> bool:
    """Whether any two values are equal."""
    others = list(right)
    return any(equals(one, two) for _, one in left for _, two in others)


def _may_be_null(type: Type) -> bool:
    """Whether a value may be null, or may equal it."""
    if type.kinds & NULL:
        return True
    if type.values is None:
        return bool(type.kinds & (NUMBER | STRING | BOOLEAN))
    return any(equals(None, value) for _, value in type.values)


def _is_of_matrix(node: Node) -> bool:
    """Whether a value comes from the rows of a matrix, which change more often than the conditions on them."""
    while isinstance(node, Index):
        node = node.target
    return isinstance(node, Name) and node.name.lower() == "matrix"


def _similar(word: str, type: Type, likeness: float) -> str | None:
    from difflib import get_close_matches

    texts = {to_string(value).lower(): to_string(value) for _, value in type.values or ()}
    near = get_close_matches(word.lower(), texts, n=1, cutoff=likeness)
    return texts[near[0]] if near else None


def _misspelt(word: str, guess: str) -> bool:
    """Whether a value is a slip of the pen for another one, rather than one of a former time: it differs in
    more than its numbers, and in little."""
    from difflib import SequenceMatcher

    if word.strip() == guess.strip():
        return True
    if _DIGITS.sub("", word) == _DIGITS.sub("", guess):
        return False
    return SequenceMatcher(None, word.lower(), guess.lower()).ratio() >= 0.85
