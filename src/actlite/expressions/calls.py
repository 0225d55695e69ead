"""The types of function calls, and arguments that make no sense.

Rules: actions/runner ``src/Sdk/Expressions/Sdk/Functions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from actlite.expressions.ast import Call, Constant, Node
from actlite.expressions.errors import ExpressionError
from actlite.expressions.functions import BUILT_IN
from actlite.expressions.functions.arguments import Arguments
from actlite.expressions.functions.format import placeholders
from actlite.expressions.types import (
    ANY,
    ARRAY,
    BOOLEAN,
    COLLECTION,
    FLAG,
    NOTHING,
    NULL,
    OBJECT,
    PRIMITIVE,
    STRING,
    TEXT,
    Type,
    constant,
    merge,
    of_value,
    words,
)
from actlite.expressions.values import equals
from actlite.records import replace

if TYPE_CHECKING:
    from actlite.expressions.inference import Inference

MISMATCH = "type-mismatch"
AS_TEXT = "object-as-text"
FORMAT = "format-arguments"
JSON = "invalid-json"


def type_of(inference: Inference, node: Call) -> Type:
    """The type of a call's result."""
    rule = _RULES.get(node.key)
    if rule is None:
        for argument in node.arguments:
            inference.type(argument)
        return FLAG if node.key in ("always", "cancelled", "failure", "success") else ANY
    return rule(inference, node)


def as_text(inference: Inference, node: Node, type: Type) -> bool:
    """Note a fault where a collection is made into text: ``Object`` or ``Array``. Whether it is so."""
    if not type.only(COLLECTION):
        return False
    word = "Array" if type.only(ARRAY) else "Object"
    inference.fault(
        node,
        AS_TEXT,
        f"'{inference.text(node)}' is {words(type)}, and its text is nothing but '{word}'",
        help=f"write toJSON({inference.text(node)})" + (", or join(…) for a list" if word == "Array" else ""),
    )
    return True


def _contains(inference: Inference, node: Call) -> Type:
    search = inference.type(node.arguments[0])
    item = inference.type(node.arguments[1])
    if search is ANY or item is ANY:
        return FLAG
    if search.only(OBJECT):
        inference.fault(
            node.arguments[0],
            MISMATCH,
            "contains() looks into texts and arrays, and this is an object: the result is always false",
            help=f"'{inference.text(node.arguments[0])}.*' is the array of its values",
        )
    elif item.only(COLLECTION):
        inference.fault(
            node.arguments[1],
            MISMATCH,
            f"contains() looks for a text or another single value, and this is {words(item)}: "
            "the result is always false",
        )
    elif search.items is not None and search.kinds == ARRAY:
        items = search.items
        if items.values and item.values and not items.kinds & COLLECTION and not item.kinds & COLLECTION:
            found = any(equals(one, two) for _, one in items.values for _, two in item.values)
            return FLAG if found else _never(inference, node)
    else:
        return _found_somewhere(inference, node, search, item)
    return FLAG


def _found_somewhere(inference: Inference, node: Call, text: Type, part: Type) -> Type:
    """Whether a function of two texts is true for any of their values."""
    if text.values is None or part.values is None or (text.kinds | part.kinds) & COLLECTION:
        return FLAG
    test = BUILT_IN[node.key].apply
    for _, one in text.values:
        for _, two in part.values:
            constants = (Constant(one, 0, 0), Constant(two, 0, 0))
            if test(Arguments(constants, _value, 0)):
                return FLAG
    for argument, type in zip(node.arguments, (text, part), strict=True):
        if type.only(BOOLEAN) or type.kinds == NULL:
            inference.fault(
                argument,
                MISMATCH,
                f"{node.name}() compares texts, and this is {words(type)}: the result is always false",
            )
            return of_value(False)
    if all(isinstance(argument, Constant) for argument in node.arguments):
        return FLAG
    return _never(inference, node)


def _value(node: Node) -> object:
    assert isinstance(node, Constant)
    return node.value


def _never(inference: Inference, node: Call) -> Type:
    """Mostly left over from an earlier matrix or event; worse only where a whole condition hangs on it."""
    inference.fault(
        node,
        "constant-comparison",
        f"'{inference.text(node)}' is never true: no value that comes here fits",
        warning=False,
    )
    return of_value(False)


def _edge(inference: Inference, node: Call) -> Type:
    """startsWith and endsWith."""
    types = [inference.type(argument) for argument in node.arguments]
    for argument, type in zip(node.arguments, types, strict=True):
        if type.only(COLLECTION):
            inference.fault(
                argument,
                MISMATCH,
                f"{node.name}() compares texts, and this is {words(type)}: the result is always false",
            )
            return FLAG
    return _found_somewhere(inference, node, types[0], types[1])


def _format(inference: Inference, node: Call) -> Type:
    types = [inference.type(argument) for argument in node.arguments]
    for argument, type in zip(node.arguments, types, strict=True):
        as_text(inference, argument, type)
    pattern = constant(types[0])
    if pattern is None or pattern[0] != STRING or not isinstance(node.arguments[0], Constant):
        return TEXT
    used = placeholders(pattern[1])
    given = len(node.arguments) - 1
    if used is None:
        inference.fault(
            node.arguments[0],
            FORMAT,
            f"The following format string is invalid: {pattern[1]}",
            help="write {{ and }} for braces",
            note="the expression fails when GitHub evaluates it",
        )
        return TEXT
    beyond = sorted(number for number in used if number >= given)
    if beyond:
        what = ", ".join(f"{{{number}}}" for number in beyond)
        inference.fault(
            node.arguments[0],
            FORMAT,
            f"The following format string references more arguments than were supplied: {pattern[1]}",
            help=f"{what} {'has' if len(beyond) == 1 else 'have'} no argument; the first one is {{0}}",
            note="the expression fails when GitHub evaluates it",
        )
    for number in range(given):
        if number not in used and not beyond:
            inference.fault(
                node.arguments[number + 1],
                FORMAT,
                f"the format string has no placeholder {{{number}}}: this argument is not used",
            )
    return TEXT


def _join(inference: Inference, node: Call) -> Type:
    items = inference.type(node.arguments[0])
    if len(node.arguments) > 1:
        separator = inference.type(node.arguments[1])
        if separator.only(COLLECTION):
            inference.fault(
                node.arguments[1],
                MISMATCH,
                f"the separator is {words(separator)}: join() takes a comma instead",
            )
    if items.only(OBJECT):
        inference.fault(
            node.arguments[0],
            MISMATCH,
            "join() joins the items of an array, and this is an object: the result is always empty",
            help=f"'{inference.text(node.arguments[0])}.*' is the array of its values",
        )
    elif items.only(PRIMITIVE) and items is not ANY:
        inference.fault(
            node.arguments[0],
            MISMATCH,
            f"join() joins the items of an array, and this is {words(items)}: the result is its text",
            help="fromJSON makes an array of a text that is JSON" if items.kinds & STRING else "",
        )
    elif items.only(ARRAY) and items.items is not None and items.items.only(COLLECTION):
        inference.fault(
            node.arguments[0],
            AS_TEXT,
            f"the items of '{inference.text(node.arguments[0])}' are {words(items.items)}, "
            "and the text of each is nothing but 'Object' or 'Array'",
            help="take one property of each with .*.name, or toJSON",
        )
    return TEXT


def _from_json(inference: Inference, node: Call) -> Type:
    from actlite.expressions.evaluator import evaluate

    argument = node.arguments[0]
    if isinstance(argument, Call) and argument.key == "tojson":
        inner = inference.type(argument.arguments[0])
        return replace(inner, filtered=False) if inner.filtered else inner
    type = inference.type(argument)
    if as_text(inference, argument, type):
        return ANY
    value = constant(type)
    if value is None:
        return ANY
    try:
        return of_value(evaluate("fromJSON(x)", {"x": value[1]}))
    except ExpressionError as error:
        inference.fault(
            argument,
            JSON,
            error.message,
            help="JSON has texts in double quotes" if "'" in str(value[1]) else "",
            note="the expression fails when GitHub evaluates it",
        )
    return ANY


def _to_json(inference: Inference, node: Call) -> Type:
    inference.type(node.arguments[0])
    return TEXT


def _hash_files(inference: Inference, node: Call) -> Type:
    for argument in node.arguments:
        as_text(inference, argument, inference.type(argument))
    return TEXT


def _case(inference: Inference, node: Call) -> Type:
    result = NOTHING
    last = len(node.arguments) - 1
    for place, argument in enumerate(node.arguments):
        type = inference.type(argument, place % 2 == 0 and place < last)
        if place % 2 or place == last:
            result = merge(result, type)
        elif type is not ANY and type.kinds and not type.kinds & BOOLEAN:
            inference.fault(
                argument,
                MISMATCH,
                f"case predicate must evaluate to a boolean value, and this is {words(type)}",
                help="compare it: … != ''" if type.kinds & (STRING | NULL) else "",
                note="the expression fails when GitHub evaluates it",
            )
    return result


_RULES: Mapping[str, Callable[[Inference, Call], Type]] = {
    "case": _case,
    "contains": _contains,
    "endswith": _edge,
    "format": _format,
    "fromjson": _from_json,
    "hashfiles": _hash_files,
    "join": _join,
    "startswith": _edge,
    "tojson": _to_json,
}
