"""What GitHub's converter says of single values, once the types are right: concurrency, runners, images, numbers.

Rules and words: actions/runner, Sdk/WorkflowParser/Conversion/WorkflowTemplateConverter.cs.
"""

from __future__ import annotations

import re

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.document.scalars import primitive_text
from actlite.workflow import access
from actlite.workflow.folding import folded, is_expression
from actlite.workflow.validate import start_of

MAX_GROUP = 400
"""The most characters of a concurrency group's name."""
_IMAGE_VERSION = re.compile(r"[0-9]+\.\*\Z", re.ASCII)
_GROUP_PREFIXES = ("org", "organization", "ent", "enterprise")
_SCHEME = "docker://"
_CONTAINER_KEYS = frozenset(
    {"image", "env", "ports", "volumes", "options", "credentials", "entrypoint", "command"}
)


def check_concurrency(node: Node | None, bag: DiagnosticBag) -> None:
    """The length of a group's name; and ``queue: max`` lets runs wait, which ``cancel-in-progress: true``
    contradicts (DOC: concurrency)."""
    _no_expression_keys(node, "concurrency", bag)
    group = node if isinstance(node, Scalar) else access.scalar(node, "group")
    if group is not None and not is_expression(group.value) and len(group.text) > MAX_GROUP:
        bag.add(
            "concurrency-group",
            f"Concurrency group name must be less than {MAX_GROUP} characters",
            start_of(node) if isinstance(node, Mapping) else group.span,
        )
    queue = access.scalar(node, "queue")
    if queue is not None and queue.text == "max" and access.flag(node, "cancel-in-progress"):
        bag.add(
            "concurrency-conflict",
            "'queue: max' cannot be combined with 'cancel-in-progress: true'.",
            queue.span,
            help="remove one of them",
        )


def check_runs_on(node: Node | None, bag: DiagnosticBag) -> None:
    """The name of a group of runners, and where neither a group nor a label is given."""
    _no_expression_keys(node, "job runs-on property name", bag)
    for labels in (node, access.get(node, "labels")):
        empty = isinstance(labels, Sequence) and not labels.items
        if labels is not None and (empty or (isinstance(labels, Mapping) and not labels.entries)):
            bag.add(
                "no-labels",
                "no label is given, so no runner is asked for",
                labels.span,
                severity=Severity.WARNING,
                help="name a runner, such as ubuntu-latest",
            )
    group = access.scalar(node, "group")
    if group is None or is_expression(group.value):
        return
    prefix, slash, name = group.text.partition("/")
    if not slash or (prefix in _GROUP_PREFIXES and name and "/" not in name):
        return
    message = f"Invalid runs-on group name '{group.text}'."
    if name:
        message += " Please use 'organization/' or 'enterprise/' prefix to target a single runner group."
    bag.add("runner-group", message, group.span)


def _no_expression_keys(node: Node | None, what: str, bag: DiagnosticBag) -> None:
    """GitHub reads these mappings before it evaluates anything, and takes no keys that are expressions."""
    if isinstance(node, Mapping):
        for key, _ in node.entries:
            if is_expression(key.value) and folded(key) is None:
                bag.add(
                    "wrong-type",
                    f"Unexpected type 'BasicExpressionToken' encountered while reading '{what}'. "
                    "The type 'StringToken' was expected.",
                    key.span,
                    help="write the key out",
                )


def check_snapshot(node: Node | None, bag: DiagnosticBag) -> None:
    """The version of an image is a number and ``.*``."""
    version = access.scalar(node, "version")
    if version is None or version.value is None or is_expression(version.value):
        return
    text = primitive_text(version.value)
    if text and not _IMAGE_VERSION.match(text):
        bag.add(
            "image-version",
            f"Expected format '{{major-version}}.*' Actual '{text}'",
            version.span,
            help="write a whole number and .*, such as '2.*', or leave the version out",
        )


def check_container(node: Node | None, bag: DiagnosticBag) -> None:
    """A container must name its image; one with unknown keys is reported for those. An empty text for a job
    means no container; for a service it is no value at all. One with expressions, and without an image, is only
    passed over when the job runs."""
    if isinstance(node, Scalar):
        if node.value == _SCHEME:
            _no_image(node, bag)
    elif isinstance(node, Mapping):
        keys = {key.text for key, _ in node.entries}
        if not keys <= _CONTAINER_KEYS:
            return
        if "image" not in keys:
            _no_image(node, bag, refused=not _has_expression(node))
        elif access.text(node, "image") == _SCHEME and not _has_expression(node):
            _no_image(node, bag)
        _check_credentials(node, bag)


def _no_image(node: Node, bag: DiagnosticBag, *, refused: bool = True) -> None:
    bag.add(
        "missing-image",
        "Container image cannot be empty"
        if refused
        else "this names no image: GitHub starts no container for it",
        start_of(node),
        severity=Severity.ERROR if refused else Severity.WARNING,
        help="name the image" if isinstance(node, Scalar) else "add 'image:' with the image's name",
    )


def _check_credentials(container: Mapping, bag: DiagnosticBag) -> None:
    """The runner logs in only with a name and a password (Runner.Worker, ContainerOperationProvider)."""
    for key, value in container.entries:
        if key.text != "credentials" or not isinstance(value, Mapping):
            continue
        names = {name.text for name, _ in value.entries}
        lacking = [name for name in ("username", "password") if name not in names]
        if lacking and names <= {"username", "password"}:
            keys = " and ".join(f"'{name}'" for name in lacking)
            bag.add(
                "half-credentials",
                f"credentials without {keys}: GitHub logs nobody in with them",
                key.span,
                severity=Severity.WARNING,
                help=f"add {keys}, or remove the credentials",
            )


def _has_expression(node: Node) -> bool:
    """Whether an expression stands anywhere in a node: then GitHub looks at it when the job runs."""
    if isinstance(node, Scalar):
        return is_expression(node.value)
    if isinstance(node, Sequence):
        return any(_has_expression(item) for item in node.items)
    return any(_has_expression(key) or _has_expression(value) for key, value in node.entries)


def check_minutes(node: Node | None, key: str, bag: DiagnosticBag) -> None:
    """A time limit is a whole number of minutes, one or more: GitHub cuts the rest off."""
    value = access.scalar(node, key)
    if value is not None and isinstance(value.value, float) and value.value < 1:
        bag.add(
            "odd-number",
            f"'{key}: {value.text}' is no time limit: it must be greater than zero",
            value.span,
            severity=Severity.WARNING,
            notes=("GitHub cuts off what comes after the point",) if value.value > 0 else (),
            help="write a whole number of minutes, or remove it",
        )


def check_max_parallel(strategy: Node | None, bag: DiagnosticBag) -> None:
    """How many legs run at a time is a whole number: GitHub cuts the rest off, and less than one is no limit
    (R: WorkflowTemplateConverter.ConvertToStrategy)."""
    value = access.scalar(strategy, "max-parallel")
    if value is None or not isinstance(value.value, float):
        return
    if value.value < 1:
        bag.add(
            "odd-number",
            f"'max-parallel: {value.text}' is no limit: it must be greater than zero",
            value.span,
            severity=Severity.WARNING,
            notes=("GitHub passes over it, so that all may run at a time",),
            help="write a whole number, or remove it",
        )
    elif not value.value.is_integer():
        bag.add(
            "odd-number",
            f"'max-parallel: {value.text}' is not a whole number: GitHub cuts off what comes after the point",
            value.span,
            severity=Severity.WARNING,
            help="write a whole number",
        )
