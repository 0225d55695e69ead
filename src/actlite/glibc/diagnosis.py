"""From the loader's own words to an explanation: which program, which library, why that runtime, what would work."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from actlite.events import Cause, Diagnosis
from actlite.glibc import advice
from actlite.glibc.elf import newest_of, version_key
from actlite.glibc.image import ImageLibc
from actlite.glibc.loader import LoaderFailure
from actlite.glibc.ways import Situation, told, ways
from actlite.records import frozen

if TYPE_CHECKING:
    from actlite.glibc.target import Target

VM_FIX = "Give the runner's label another image: -P LABEL=IMAGE, or [platforms] of the settings"
_RUNTIME = re.compile(r"/__e/(node\d+(?:_alpine)?)/bin/node|.*/externals/(node\d+(?:_alpine)?)/bin/node")


@frozen
class NodeFacts:
    """What led the runner to a runtime, as plain data."""

    runtime: str
    """What the runner takes, such as ``node24``."""
    declared: str
    """What the action declares."""
    reasons: Sequence[str]
    """Why, in order; the first says what is declared."""
    action: str = ""
    """The action's ``owner/repo@ref``."""
    as_of: datetime.date | None = None
    """The date whose runner is used; None is today."""
    mounted: tuple[str, ...] = ()
    """The runtimes over which the job mounts volumes of its own."""
    writable: frozenset[str] | None = None
    """The names of the ways out that can be written into the job's workflow; None where that isn't known."""
    is_past: bool = False
    """The date is not today, so that commands must be given it."""


def diagnose(
    failure: LoaderFailure,
    *,
    image: ImageLibc | None = None,
    node: NodeFacts | None = None,
    needs: Mapping[str, str] | None = None,
    exists: bool | None = None,
    stands_for: str = "",
    is_vm: bool = False,
    target: Target | None = None,
    window: str = "",
    causes: tuple[Cause, ...] = (),
) -> Diagnosis | None:
    """Explain a failure. None where it is no loader's matter: a path that a shell did not find and that is not there.

    ``node`` is given for a runtime of the runner's; ``needs`` are the newest versions that the program asks for, where
    its file was read; ``exists`` whether the file is there; ``stands_for`` the image that the workflow names, where
    another takes its place; ``is_vm`` that the image takes the place of GitHub's machine; ``target`` the oldest system
    of those who use what is built; ``window`` what lies between them and the actions (``glibc.window``);
    ``causes`` the symbols of the program that ask for what is missing.
    """
    if failure.kind == "not-found" and not failure.certain and not exists:
        return None
    runtime = _runtime(failure.program)
    who = f"The runner's {runtime}" if runtime else failure.program or "The program"
    where = "in this container" if not is_vm else "in the image that stands for GitHub's machine"
    return Diagnosis(
        kind="interpreter" if failure.kind == "not-found" and not failure.certain else failure.kind,
        program=failure.program,
        summary=f"{who} cannot start {where}: {_because(failure, image, needs)}.",
        missing=failure.missing,
        loader_lines=failure.lines,
        reasons=_reasons(runtime, node, image),
        has=str(image) if image is not None else "",
        fixes=_fixes(failure, runtime, image, node, needs, target) if not (is_vm and runtime) else (VM_FIX,),
        notes=_notes(image, stands_for, is_vm),
        window=window if runtime and failure.kind == "versions" else "",
        causes=causes,
    )


def _runtime(program: str) -> str:
    found = _RUNTIME.fullmatch(program)
    return (found[1] or found[2]) if found else ""


def _because(failure: LoaderFailure, image: ImageLibc | None, needs: Mapping[str, str] | None) -> str:
    match failure.kind:
        case "versions":
            lacks = newest_of([item.version for item in failure.missing])
            kinds = [kind for kind in ("GLIBC", "GLIBCXX", "CXXABI") if kind in lacks] or list(lacks)
            if not kinds:
                lacking = sorted({item.version for item in failure.missing}, key=version_key)
                return f"the image's libraries lack {', '.join(lacking)}"
            kind = kinds[0]
            wants = f"{_word(kind)} {(needs or {}).get(kind, lacks[kind])}"
            has = _has(image, kind)
            return (
                f"it needs {wants}, the image has {has}"
                if has
                else f"it needs {wants}, which the image lacks"
            )
        case "library":
            names = ", ".join(item.library for item in failure.missing)
            return f"the image has no {names}" if names else "a library that it needs can't be loaded"
        case "musl":
            return "it was built for another C library than the image's musl"
        case "format":
            return "it is made for another kind of processor"
        case "not-found" if failure.certain:
            return "there is no such file in the container"
        case _ if image is not None and image.kind == "musl":
            return "it is made for glibc, and the image has musl"
        case _ if image is not None and image.kind == "none":
            return "it is made for glibc, and the image has no C library"
        case _:
            return 'the loader that it names is not in the image (a file that is there, yet "no such file")'


def _word(kind: str) -> str:
    return "glibc" if kind == "GLIBC" else kind


def _has(image: ImageLibc | None, kind: str) -> str:
    if image is None:
        return ""
    return image.glibc if kind == "GLIBC" else image.newest.get(kind, "")


def _reasons(runtime: str, node: NodeFacts | None, image: ImageLibc | None) -> tuple[str, ...]:
    if not runtime:
        return ()
    reasons = list(node.reasons) if node is not None else []
    if reasons and node is not None and node.action:
        reasons[0] = f"{node.action} {reasons[0]}"
    if image is not None and image.kind == "musl" and not image.is_alpine and not runtime.endswith("_alpine"):
        reasons.append(
            'no ID line of the image\'s /etc/*release has "alpine", so the runner takes its glibc build'
        )
    return tuple(reasons)


def _fixes(
    failure: LoaderFailure,
    runtime: str,
    image: ImageLibc | None,
    node: NodeFacts | None,
    needs: Mapping[str, str] | None,
    target: Target | None,
) -> tuple[str, ...]:
    glibc = image.glibc if image is not None else ""
    kind = failure.kind
    if kind == "format":
        return ("Use an image of the machine's own architecture, or a build of the program for the image's",)
    if kind == "not-found" and failure.certain and runtime:
        # The runner's own is always there; what the job mounts over it may not hold it.
        return (
            f"Fill the volume that the job mounts over the runner's {runtime} (container.volumes) in a run: step before "
            "the first action, so that bin/node is in it; or mount none there",
        )
    if kind == "not-found" and failure.certain:
        return ("Use an image that has the file, or install it in a run: step before this one",)
    install = tuple(
        line for item in failure.missing if kind == "library" for line in advice.for_library(item.library)
    )
    if runtime:
        found = ways(_situation(runtime, image, node, target, kind))
        past = node.as_of if node is not None and node.is_past else None
        writable = node.writable if node is not None else None
        return (
            *install,
            *(
                told(way.name, way.title, way.cost, past)
                for way in found
                if writable is None or way.name in writable
            ),
        )
    if kind == "library":
        return install
    if kind == "versions":
        return advice.for_program(glibc, _needed_glibc(failure, needs))
    return (
        "Build it for musl (target x86_64-unknown-linux-musl), or run it in an image with glibc, such as debian:12-slim",
    )


def _situation(
    runtime: str, image: ImageLibc | None, node: NodeFacts | None, target: Target | None, kind: str
) -> Situation:
    newest = dict(image.newest) if image is not None else {}
    if image is not None and image.glibc:
        newest["GLIBC"] = image.glibc
    return Situation(
        runtime=runtime.removesuffix("_alpine"),
        on=_on(node),
        declared=node.declared if node is not None else "",
        action=node.action if node is not None else "",
        libc=image.kind if image is not None else "",
        newest=newest,
        target=target.glibc if target is not None else "",
        mounted=node.mounted if node is not None else (),
        has_libraries=kind != "library",
    )


def _on(node: NodeFacts | None) -> datetime.date:
    return (node.as_of if node is not None else None) or datetime.date.today()


def _needed_glibc(failure: LoaderFailure, needs: Mapping[str, str] | None) -> str:
    return (needs or {}).get("GLIBC", "") or newest_of([item.version for item in failure.missing]).get(
        "GLIBC", ""
    )


def _notes(image: ImageLibc | None, stands_for: str, is_vm: bool) -> tuple[str, ...]:
    notes = []
    if stands_for and image is not None and not is_vm:
        notes.append(f"{image.image} stands in for {stands_for} here.")
    if image is not None and image.standin:
        notes.append(
            f"{image.image} is a stand-in: newer libraries whose versions above its ceiling are renamed "
            "(HLIBC_… for GLIBC_…). What the loader refuses is as on the real system; the libraries' code is not."
        )
    if is_vm:
        notes.append(
            "GitHub's own machine has what its node needs: this is about the image here, not about a run on GitHub."
        )
    return tuple(notes)
