"""Why a condition comes out as it does, before the run: a tree of its parts, and the reason in a few words."""

from __future__ import annotations

from actlite.expressions.ast import (
    Call,
    Compare,
    Constant,
    Index,
    Logical,
    Name,
    Node,
    Not,
    Wildcard,
    children,
)
from actlite.expressions.explain import Trace, literal
from actlite.planning.partial import PartialRun, Unknown, has_unknown, truth

LATER = "known only in the run"
MAX_NAMED = 3
"""How many unknown parts a reason names."""


def tree(run: PartialRun, node: Node | None = None) -> Trace | None:
    """The parts of an evaluated condition with their values; what is not known yet counts as not evaluated, with
    ``LATER`` as its expansion, but for its being true or false where that is sure. None for an empty condition."""
    node = run.expr.root if node is None else node
    if node is None:
        return None
    value = run.seen.get(id(node))
    asked = id(node) in run.seen
    known = asked and not has_unknown(value)
    if isinstance(value, Unknown) and value.truth is not None:
        known, value = True, value.truth
    hidden = Wildcard if isinstance(node, Logical) else Constant | Wildcard
    parts = (tree(run, child) for child in children(node) if not isinstance(child, hidden))
    return Trace(
        _text(run, node),
        value if known else None,
        tuple(part for part in parts if part is not None),
        known,
        node.operator if isinstance(node, Logical) else "",
        _expanded(run, node) if known else LATER if asked else "",
        _simple(node),
    )


def _simple(node: Node) -> bool:
    """Whether nothing in a part needs a line of its own."""
    if isinstance(node, Index):
        return isinstance(node.index, Constant) and _simple(node.target)
    return isinstance(node, Name | Constant)


def reason(run: PartialRun, node: Node | None = None, *, wanted: bool = False) -> str:
    """Why an evaluated condition is surely false (or, if ``wanted``, surely true): the part that decides."""
    node = run.expr.root if node is None else node
    if node is None:
        return "'if' is empty"
    if isinstance(node, Logical):
        stop = node.operator == "||"
        decisive = [part for part in node.operands if truth_of(run, part) is wanted]
        if stop is wanted and decisive:
            return reason(run, decisive[0], wanted=wanted)
        if decisive:
            return "; ".join(dict.fromkeys(reason(run, part, wanted=wanted) for part in decisive))
    if isinstance(node, Not):
        return reason(run, node.operand, wanted=not wanted)
    if isinstance(node, Compare):
        return _comparison(run, node, wanted)
    if isinstance(node, Index):
        return _missing(run, node) or f"{_text(run, node)} is {literal(run.seen.get(id(node)))}"
    if isinstance(node, Constant):
        return f"'if' is {literal(node.value)}"
    return f"{_text(run, node)} is {'true' if wanted else 'false'}"


def truth_of(run: PartialRun, node: Node) -> bool | None:
    """Whether a part is true; None where that is not known, and for what was not evaluated."""
    return truth(run.seen[id(node)]) if id(node) in run.seen else None


def unknowns(run: PartialRun, node: Node | None = None) -> list[str]:
    """The smallest parts that are not known yet, as they are written, in order."""
    node = run.expr.root if node is None else node
    if node is None or truth_of(run, node) is not None or id(node) not in run.seen:
        return []
    inner: list[str] = []
    if not isinstance(node, Index | Name):
        inner = [text for child in children(node) for text in unknowns(run, child)]
    return list(dict.fromkeys(inner or [_text(run, node)]))


def listed(texts: list[str]) -> str:
    """A few of the texts, in words."""
    if len(texts) > MAX_NAMED:
        return f"{', '.join(texts[:MAX_NAMED])} and {len(texts) - MAX_NAMED} more"
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1] if texts else "")))


def _comparison(run: PartialRun, node: Compare, wanted: bool) -> str:
    left, right, operator = node.left, node.right, node.operator
    if isinstance(left, Constant):
        left, right = right, left
    is_plain = operator in {"==", "!="} and isinstance(right, Constant) and id(left) in run.seen
    if is_plain and not isinstance(run.seen[id(left)], Unknown):
        if missing := _missing(run, left):
            return missing
        said = f"{_text(run, left)} is {literal(run.seen[id(left)])}"
        assert isinstance(right, Constant)
        return f"{said}, not {literal(right.value)}" if wanted is (operator == "!=") else said
    return f"{_text(run, node)} is {'true' if wanted else 'false'} ({_expanded(run, node)})"


def _missing(run: PartialRun, node: Node) -> str:
    """That a variable or input is not given; '' for all else."""
    if run.seen.get(id(node)) is not None or not isinstance(node, Index) or not isinstance(node.target, Name):
        return ""
    return f"{_text(run, node)} is not given" if node.target.name.lower() in {"vars", "inputs"} else ""


def _text(run: PartialRun, node: Node) -> str:
    return " ".join(run.expr.source[node.start : node.end].split())


def _expanded(run: PartialRun, node: Node) -> str:
    if isinstance(node, Compare):
        return f"{_shown(run, node.left)} {node.operator} {_shown(run, node.right)}"
    if isinstance(node, Call) and node.arguments:
        return f"{node.name}({', '.join(_shown(run, part) for part in node.arguments)})"
    if isinstance(node, Not):
        return f"!{_shown(run, node.operand)}"
    return ""


def _shown(run: PartialRun, node: Node) -> str:
    value = run.seen.get(id(node))
    return literal(value) if id(node) in run.seen and not has_unknown(value) else _text(run, node)
