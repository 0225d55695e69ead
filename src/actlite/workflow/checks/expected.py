"""What each place of a workflow or an action takes: text, a boolean, a mapping; and whether a type fits there."""

from __future__ import annotations

from actlite.expressions.types import (
    ARRAY,
    BOOLEAN,
    COLLECTION,
    NULL,
    NUMBER,
    OBJECT,
    PRIMITIVE,
    STRING,
    Lack,
    Type,
    words,
)
from actlite.records import field, frozen

AS_TEXT = "object-as-text"
MISMATCH = "type-mismatch"


@frozen
class Place:
    """What a value is for: ``kinds`` that one expression alone may yield, and the places of a mapping's values
    and a list's items.
    ``text``: anything is made into text."""

    kinds: int = 0
    """0: anything."""
    what: str = ""
    text: bool = False
    passing: bool = False
    """A value that is only handed on, so that it may well be empty."""
    condition: bool = False
    script: bool = False
    keys: dict[str, Place] = field(default_factory=dict)
    others: Place | None = None
    items: Place | None = None


ANYTHING = Place()
TEXT = Place(text=True)
FLAG = Place(BOOLEAN, "true or false")
COUNT = Place(NUMBER, "a number")
CONDITION = Place(condition=True)
SCRIPT = Place(text=True, script=True)
HANDED_ON = Place(text=True, passing=True)
HANDED_ON_TEXTS = Place(others=HANDED_ON)
TEXTS = Place(OBJECT | NULL, "a mapping", others=HANDED_ON)

_LIST = Place(ARRAY | NULL, "a list")
_NO_LIST = PRIMITIVE | OBJECT
_CONTAINER = Place(
    _NO_LIST,
    "text or a mapping",
    keys={
        "image": TEXT,
        "options": TEXT,
        "env": TEXTS,
        "credentials": Place(OBJECT, "a mapping", others=TEXT),
        "ports": _LIST,
        "volumes": _LIST,
    },
)
_CONCURRENCY = Place(_NO_LIST, "text or a mapping", keys={"group": TEXT, "cancel-in-progress": FLAG})
_DEFAULTS = Place(keys={"run": Place(OBJECT | NULL, "a mapping", others=TEXT)})
_STEP = {
    "name": TEXT,
    "if": CONDITION,
    "env": TEXTS,
    "run": SCRIPT,
    "working-directory": TEXT,
    "shell": TEXT,
    "with": TEXTS,
    "continue-on-error": FLAG,
    "timeout-minutes": COUNT,
}
_COMBINATIONS = Place(ARRAY, "a list", items=Place(OBJECT | ARRAY, "a mapping"))
_MATRIX = Place(
    OBJECT,
    "a mapping",
    keys={"include": _COMBINATIONS, "exclude": _COMBINATIONS},
    others=Place(ARRAY, "a list"),
)
STEP = Place(keys=_STEP)
SCRIPT_STEP = Place(
    keys={**_STEP, "with": Place(OBJECT | NULL, "a mapping", keys={"script": SCRIPT}, others=HANDED_ON)}
)
"""A step with actions/github-script, whose input ``script`` is a program."""
JOB = Place(
    keys={
        "name": TEXT,
        "if": CONDITION,
        "env": TEXTS,
        "outputs": Place(others=TEXT),
        "secrets": Place(others=TEXT),
        "with": Place(others=Place(passing=True)),
        "timeout-minutes": COUNT,
        "cancel-timeout-minutes": COUNT,
        "continue-on-error": FLAG,
        "runs-on": Place(STRING | ARRAY | OBJECT, "text or a list", keys={"group": TEXT}),
        "strategy": Place(
            OBJECT | NULL, "a mapping", keys={"fail-fast": FLAG, "max-parallel": COUNT, "matrix": _MATRIX}
        ),
        "environment": Place(
            _NO_LIST, "text or a mapping", keys={"name": TEXT, "url": TEXT, "deployment": FLAG}
        ),
        "concurrency": _CONCURRENCY,
        "container": _CONTAINER,
        "services": Place(OBJECT | NULL, "a mapping", others=_CONTAINER),
        "defaults": _DEFAULTS,
        "snapshot": Place(
            _NO_LIST, "text or a mapping", keys={"image-name": TEXT, "if": CONDITION, "version": TEXT}
        ),
    }
)
REMOTE_WITH = Place(others=Place(PRIMITIVE, "text, a number, true or false", passing=True))
"""What is handed to a workflow of another repository; of one here, the types of its inputs are known."""
WORKFLOW = Place(keys={"run-name": TEXT, "env": TEXTS, "defaults": _DEFAULTS, "concurrency": _CONCURRENCY})


def misfit(type: Type, place: Place, alone: bool, source: str) -> Lack | None:
    """What is wrong with a value of this type in a place; None where it fits. ``alone``: it is the whole value,
    not a part of a text."""
    if place.condition and alone:
        return None
    if place.text or not alone:
        if type.kinds == NULL:
            return Lack(AS_TEXT, "this is null: its text is always empty")
        if not type.only(COLLECTION):
            return None
        what = words(type)
        if alone:
            shown = "A sequence was not expected" if type.only(ARRAY) else "A mapping was not expected"
            return Lack(
                AS_TEXT,
                f"this is {what}, and text belongs here: GitHub fails with '{shown}'",
                help=_json(source),
            )
        word = "Array" if type.only(ARRAY) else "Object"
        return Lack(AS_TEXT, f"this is {what}, and its text is nothing but '{word}'", help=_json(source))
    if not place.kinds or not type.kinds or type.kinds & place.kinds:
        return None
    fails = not place.kinds & STRING or type.kinds == NULL or not place.kinds & ARRAY
    return Lack(
        MISMATCH,
        f"{place.what} is needed here, and this is {words(type)}",
        help=f"write fromJSON({source})" if fails and type.kinds & STRING else "",
        notes=("GitHub fails with 'Unexpected value' when it evaluates this",) if fails else (),
    )


def always_true(type: Type) -> Lack:
    """What is wrong with a condition that is an object or an array."""
    return Lack(
        "if-always-true",
        f"this condition is always true: it is {words(type)}, which counts as true even when it is empty",
        help="compare it with something, or ask for a property of it",
    )


def mixed(place: Place) -> Lack | None:
    """What is wrong with a text of several parts in a place; None where a text fits."""
    if place.text or place.condition or not place.kinds or place.kinds & STRING:
        return None
    return Lack(
        MISMATCH,
        f"{place.what} is needed here, and an expression with more before or after it makes text",
        notes=("GitHub fails with 'Unexpected value' when it evaluates this",),
        help="write one expression alone",
    )


def _json(source: str) -> str:
    return f"write toJSON({source})"
