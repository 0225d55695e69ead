"""The type of an expression, and what is surely wrong with it whatever its contexts hold.

GitHub evaluates a name that does not exist to null, and compares what can't be compared, without a word; so
most of this are warnings. Rules of the values: see ``evaluator``; of functions: ``calls``; of comparisons:
``comparing``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from actlite.expressions import calls, comparing
from actlite.expressions.ast import Call, Compare, Constant, Index, Logical, Name, Node, Not, Wildcard
from actlite.expressions.types import (
    ANY,
    ARRAY,
    BOOLEAN,
    COLLECTION,
    FLAG,
    NOTHING,
    NULL,
    NULL_TYPE,
    NUMBER,
    OBJECT,
    PRIMITIVE,
    STRING,
    Lack,
    Type,
    constant,
    falsy,
    merge,
    of_value,
    optional,
    truthy,
    union,
    words,
)
from actlite.expressions.values import is_truthy, to_string
from actlite.records import changeable, field, frozen

UNKNOWN_PROPERTY = "unknown-property"
TYPE_MISMATCH = "type-mismatch"


@frozen
class Fault:
    """Something wrong with a stretch of an expression."""

    start: int
    end: int
    lack: Lack


@changeable
class Inference:
    """One expression's types. ``contexts`` gives the type of each context by its name in small letters."""

    source: str
    contexts: Callable[[str], Type]
    faults: list[Fault] = field(default_factory=list)

    def type(self, node: Node, tested: bool = False) -> Type:
        """The type of a node. ``tested``: its value is only asked whether it counts as true."""
        if isinstance(node, Constant):
            return of_value(node.value)
        if isinstance(node, Name):
            return self.contexts(node.name.lower())
        if isinstance(node, Index):
            return self.index(node, tested)
        if isinstance(node, Logical):
            return self.logical(node, tested)
        if isinstance(node, Compare):
            return comparing.type_of(self, node, self.type(node.left, True), self.type(node.right, True))
        if isinstance(node, Not):
            operand = self.type(node.operand, True)
            if operand.kinds and not operand.kinds & ~COLLECTION:
                return of_value(False)  # an object or array counts as true, even an empty one
            value = constant(operand)
            return FLAG if value is None else of_value(not is_truthy(value[1]))
        if isinstance(node, Call):
            return calls.type_of(self, node)
        return ANY

    def fault(
        self,
        node: Node,
        code: str,
        message: str,
        *,
        label: str = "",
        help: str = "",
        note: str = "",
        warning: bool = True,
    ) -> None:
        """Note something wrong with a node."""
        lack = Lack(code, message, label, help, warning, (note,) if note else ())
        self.faults.append(Fault(node.start, node.end, lack))

    def text(self, node: Node) -> str:
        """A node as it is written."""
        return self.source[node.start : node.end]

    def logical(self, node: Logical, tested: bool) -> Type:
        stop, go = (truthy, falsy) if node.operator == "||" else (falsy, truthy)
        result = NOTHING
        last = len(node.operands) - 1
        reached = True
        for place, operand in enumerate(node.operands):
            type = self.type(operand, tested or place < last)
            if reached:
                result = merge(result, stop(type) if place < last else type)
                reached = go(type).kinds != 0
        return result

    def index(self, node: Index, tested: bool) -> Type:
        target = self.type(node.target)
        if isinstance(node.index, Wildcard):
            return self.every(node, target)
        if isinstance(node.index, Constant) and isinstance(node.index.value, str):
            return self.property(node, target, node.index.value, tested)
        index = self.type(node.index)
        if target is ANY:
            return ANY
        if target.filtered:
            if target.kinds != ARRAY:
                return ANY
            items = target.items or NOTHING
            if items.only(PRIMITIVE):
                self.filtered_values(node.index, node.target, items)
                return ANY
            return Type(
                ARRAY, items=self.dynamic(node, items, index) if items.kinds else NOTHING, filtered=True
            )
        return self.dynamic(node, target, index)

    def every(self, node: Index, target: Type) -> Type:
        """``target.*``."""
        if target is ANY:
            return Type(ARRAY, items=ANY, filtered=True)
        if target.only(PRIMITIVE):
            self.not_an_object(node.index, node.target, target)
            return ANY
        items = NOTHING
        if target.filtered:
            if target.kinds != ARRAY:
                return ANY
            target = target.items or NOTHING
        if target is ANY:
            items = ANY
        if target.kinds & OBJECT:
            items = union((*target.fields.values(), target.rest or NOTHING))
        if target.kinds & ARRAY:
            items = merge(items, target.items or ANY)
        return Type(ARRAY, items=items, filtered=True)

    def property(self, node: Index, target: Type, name: str, tested: bool) -> Type:
        """``target.name``."""
        if target is ANY:
            return ANY
        if target.filtered:
            return (
                ANY if target.kinds != ARRAY else self.property_of_each(node, target.items or NOTHING, name)
            )
        if target.only(OBJECT):
            return _of(target, self.field(node, target, name, tested))
        mine = target.kinds & ~NULL
        if mine in (BOOLEAN, NUMBER, STRING) or target.kinds == NULL:
            self.not_an_object(node.index, node.target, target)
            return ANY
        if mine == ARRAY:
            return self.item(node, target, of_value(name))
        return ANY

    def property_of_each(self, node: Index, items: Type, name: str) -> Type:
        """``target.*.name``: what has no such property is left out."""
        if items is ANY or not items.kinds:
            return Type(ARRAY, items=items, filtered=True)
        if items.only(PRIMITIVE):
            self.filtered_values(node.index, node.target, items)
            return ANY
        found = ANY
        if items.only(OBJECT):
            found = self.field(node, items, name, False)
        return Type(ARRAY, items=found, filtered=True)

    def field(self, node: Index, target: Type, name: str, tested: bool) -> Type:
        """The type of an object's property; ``target`` is the object's."""
        at = node.index
        found = target.fields.get(name.lower())
        if found is not None:
            return found
        if target.names is not None:
            lack = target.names.lack(name, tested)
            if lack is not None:
                self.faults.append(Fault(at.start, at.end, lack))
                return ANY
        if target.rest is not None:
            return target.rest
        if target.names is None:
            label = did_you_mean(name, target.fields)
            self.fault(
                at,
                UNKNOWN_PROPERTY,
                f"'{self.text(node.target)}' has no property '{name}': this is always empty",
                label=label,
                help=f"known: {', '.join(target.fields)}" if target.fields else "the object is empty",
                warning=bool(label) or not tested,
            )
        return ANY

    def dynamic(self, node: Index, target: Type, index: Type) -> Type:
        """``target[index]``."""
        if index.kinds & COLLECTION and index is not ANY and not index.kinds & PRIMITIVE:
            self.fault(
                node.index,
                TYPE_MISMATCH,
                f"an index is text or a number, and this is {words(index)}: the result is always empty",
            )
            return ANY
        if target.only(OBJECT):
            return _of(target, self.entry(node, target, index))
        mine = target.kinds & ~NULL
        if mine == ARRAY:
            return self.item(node, target, index)
        if mine in (BOOLEAN, NUMBER, STRING) or target.kinds == NULL:
            self.not_an_object(node.index, node.target, target)
        return ANY

    def entry(self, node: Index, target: Type, index: Type) -> Type:
        """An object's property whose name is an expression."""
        if index is ANY:
            return ANY
        if index.values and index.values is not None and len(index.values) <= 16:
            names = [to_string(value) for _, value in index.values]
            if any(name.lower() in target.fields for name in names):
                return union(target.fields.get(name.lower(), target.rest or NULL_TYPE) for name in names)
            if len(names) == 1 and index.kinds == STRING:
                return self.field(node, target, names[0], False)
        if index.only(BOOLEAN | NUMBER) and not any(name.isdigit() for name in target.fields):
            numeric = target.rest is not None and target.names is None and target.rest is not ANY
            if not numeric:
                self.fault(
                    node.index,
                    TYPE_MISMATCH,
                    f"the properties of '{self.text(node.target)}' have names, and this index is {words(index)}: "
                    "the result is always empty",
                )
            return ANY
        if target.rest is not None and not target.fields:
            return optional(target.rest)
        return ANY

    def item(self, node: Index, target: Type, index: Type) -> Type:
        """An item of an array."""
        values = index.values
        if index.only(STRING) and values and all(comparing.number_is_nan(value) for _, value in values):
            name = next(iter(values))[1]
            self.fault(
                node.index,
                TYPE_MISMATCH,
                f"'{self.text(node.target)}' is an array and has no property '{name}': this is always empty",
                help=f"{self.text(node.target)}.*.{name} takes it of all items, {self.text(node.target)}[0] is one item",
            )
            return ANY
        return ANY if target.items is ANY or target.items is None else optional(target.items)

    def filtered_values(self, at: Node, target: Node, items: Type) -> None:
        """A finding: what follows ``.*`` is looked up in each item, and these have nothing in them."""
        text = self.text(target)
        self.fault(
            at,
            TYPE_MISMATCH,
            f"after '.*' an index looks into each item, and those of '{text}' are {words(items)}: "
            "this is always an empty array",
            help=f"fromJSON(toJSON({text}))[0] is the first item",
        )

    def not_an_object(self, at: Node, target: Node, type: Type) -> None:
        """A finding: the target has no properties."""
        help = ""
        if type.kinds & STRING:
            help = f"if the text is JSON: fromJSON({self.text(target)})"
        self.fault(
            at,
            TYPE_MISMATCH,
            f"'{self.text(target)}' is {words(type)} and has no properties: this is always empty",
            help=help,
        )


def _of(target: Type, part: Type) -> Type:
    """The type of a part of what may be null."""
    return optional(part) if target.kinds & NULL and part is not ANY else part


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?``, or '' where no known word is close."""
    from difflib import get_close_matches

    texts = {text.lower(): text for text in known}
    near = get_close_matches(word.lower(), texts, n=1, cutoff=0.75)
    return f"did you mean '{texts[near[0]]}'?" if near else ""


def infer(
    source: str, root: Node, contexts: Callable[[str], Type], *, tested: bool = False
) -> tuple[Type, Sequence[Fault]]:
    """The type of a parsed expression, and the faults in it."""
    inference = Inference(source, contexts)
    return inference.type(root, tested), inference.faults
