"""Steps that use actions, checked against the actions' manifests.

What the runner says of inputs: R, Runner.Worker/ActionRunner.cs; of an action that is not there:
ActionManager.cs. A job or a composite action is looked at alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from actlite.actions.reference import DockerAction, RemoteAction, SelfAction, parse
from actlite.checking.action_files import UsedAction, check_action_files
from actlite.checking.known_actions import KnownActions, LocalFound
from actlite.checking.retired_actions import check_retired
from actlite.diagnostics import Diagnostic, DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.document.nodes import Sequence as SequenceNode
from actlite.errors import UsageError
from actlite.records import replace
from actlite.workflow import access
from actlite.workflow.model import ActionManifest, CompositeRuns, DockerRuns, PluginRuns
from actlite.workflow.nearest import did_you_mean, nearest

_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-")
_FETCHING = re.compile(r"\b(?:git|gh|curl|wget|tar|unzip|svn|hg|cp|rsync|mkdir|docker|Copy-Item)\b")
_MANY = 12


def used_actions(steps: Node | None) -> Iterator[UsedAction]:
    """The steps of a job or composite action that use an action, those of ``parallel`` included."""
    before: list[Mapping] = []
    for step in _steps(steps):
        uses = access.scalar(step, "uses")
        if uses is not None and "${{" not in uses.text:
            try:
                action = parse(uses.text)
            except UsageError:
                action = DockerAction("")
            if not isinstance(action, DockerAction):
                yield UsedAction(step, uses, action, tuple(before))
        before.append(step)


def check_steps(steps: Node | None, job: Mapping | None, known: KnownActions, bag: DiagnosticBag) -> None:
    """Check the actions of a job's steps; of a composite action's, where ``job`` is None."""
    for used in used_actions(steps):
        if isinstance(used.action, RemoteAction):
            check_retired(used.action, used.uses, bag)
            manifest = known.remote(used.action)
        else:
            found = known.local(used.action)
            if found is None:
                continue
            _check_place(used, found, job, bag)
            if job is not None:
                check_action_files(used, found, known.files, bag)
            manifest = found.manifest
        if manifest is not None:
            _check_inputs(used, manifest, bag)


def composite_outputs(steps: Node | None, known: KnownActions) -> dict[str, tuple[str, list[str]]]:
    """By lower-case step id: the action that the step uses, and the outputs that it can have. Only composite
    actions are listed: the others may set outputs that they don't declare."""
    result: dict[str, tuple[str, list[str]]] = {}
    for used in used_actions(steps):
        id = access.text(used.step, "id")
        if not id:
            continue
        if isinstance(used.action, RemoteAction):
            manifest = known.remote(used.action)
        else:
            found = known.local(used.action)
            manifest = found.manifest if found is not None else None
        if manifest is not None and isinstance(manifest.runs, CompositeRuns):
            result[id.casefold()] = (used.uses.text, list(manifest.outputs))
    return result


def _steps(node: Node | None) -> Iterator[Mapping]:
    if not isinstance(node, SequenceNode):
        return
    for step in node.items:
        if isinstance(step, Mapping):
            yield step
            yield from _steps(access.get(step, "parallel"))


def _check_place(used: UsedAction, found: LocalFound, job: Mapping | None, bag: DiagnosticBag) -> None:
    """A local action must be in the workspace when its step runs, which an earlier step may see to."""
    own = isinstance(used.action, SelfAction)
    if found.kind == "action":
        if job is not None and not own and _nothing_checked_out(used, job):
            bag.add(
                "missing-checkout",
                f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{found.path or '.'}': "
                "no step before this has checked out the repository",
                used.uses.span,
                severity=Severity.WARNING,
                help="put a step with 'uses: actions/checkout@…' before it",
            )
        return
    if found.kind == "unknown" or (job is None and not own):
        return  # it is looked for in the workspace of whoever uses this action
    if found.kind == "file":
        called = found.path.startswith(".github/workflows/")
        bag.add(
            "missing-action",
            f"'{used.uses.text}' is a file, but an action is a folder with an 'action.yml' in it",
            used.uses.span,
            severity=Severity.WARNING,
            help="a reusable workflow is called by a job of its own: 'uses:' in the job, in place of 'runs-on' and 'steps'"
            if called
            else "name the folder",
        )
        return
    if not own and _may_be_made(used, found.path):
        return
    what = "the folder has none of them" if found.kind == "folder" else "there is no such folder"
    bag.add(
        "missing-action",
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{found.path or '.'}': {what}",
        used.uses.span,
        severity=Severity.WARNING,
        notes=() if own else ("local actions are looked for in the workspace, from its top folder",),
    )


def told_once(bag: DiagnosticBag) -> None:
    """Tell of an action that is not there once for a file, with the other lines that use it."""
    first: dict[str, int] = {}
    lines: dict[str, list[int]] = {}
    kept: list[Diagnostic] = []
    for finding in bag:
        if finding.code == "missing-action" and finding.span is not None:
            if finding.message in first:
                lines.setdefault(finding.message, []).append(finding.span.line)
                continue
            first[finding.message] = len(kept)
        kept.append(finding)
    for message, others in lines.items():
        more = f" and {len(others) - _MANY} more" if len(others) > _MANY else ""
        word = "line" if len(others) == 1 else "lines"
        note = f"also in {word} {', '.join(map(str, others[:_MANY]))}{more}"
        found = kept[first[message]]
        kept[first[message]] = replace(found, notes=(*found.notes, note))
    bag.items[:] = kept


def _nothing_checked_out(used: UsedAction, job: Mapping) -> bool:
    """Whether the workspace is surely empty: a machine of GitHub's, and no step before that could fill it."""
    machine = access.scalar(job, "runs-on")
    if machine is None or not _HOSTED.match(machine.text) or access.get(job, "container") is not None:
        return False
    return all(
        access.get(step, "uses") is None and not _FETCHING.search(access.text(step, "run"))
        for step in used.before
    )


def _may_be_made(used: UsedAction, path: str) -> bool:
    """Whether a step before may put the action there: by a checkout into a path or of another repository, or
    by anything that names the folder."""
    names = [part for part in path.split("/") if part not in {".github", "actions", ""}]
    for step in used.before:
        with_ = access.mapping(step, "with")
        text = access.text(step, "run")
        if with_ is not None:
            keys = {key.text.lower() for key, _ in with_}
            if keys & {"path", "repository", "ref", "submodules"}:
                return True
            text += " ".join(value.text for _, value in with_ if isinstance(value, Scalar))
        if isinstance(access.get(step, "with"), Scalar) or re.search(r"\b(?:git|gh)\b", text):
            return True
        if any(name in text for name in names):
            return True
    return False


def _check_inputs(used: UsedAction, manifest: ActionManifest, bag: DiagnosticBag) -> None:
    if isinstance(manifest.runs, PluginRuns):
        return
    with_ = access.get(used.step, "with")
    if isinstance(with_, Scalar) and with_.value is not None:
        return
    entries = with_.entries if isinstance(with_, Mapping) else ()
    if any("${{" in key.text for key, _ in entries):
        return
    known = [spec.name for spec in manifest.inputs.values()]
    if isinstance(manifest.runs, DockerRuns):
        known = ["entryPoint", "args", *known]
    folded = {name.lower() for name in known}
    for key, _ in entries:
        name = key.text.lower()
        spec = manifest.inputs.get(name)
        if name not in folded:
            label = did_you_mean(key.text, known)
            bag.add(
                "unknown-action-input",
                f"Unexpected input(s) '{key.text}': {used.uses.text} does not declare it",
                key.span,
                severity=Severity.WARNING,
                label=label,
                help=f"valid inputs are {_listed(known)}" if known else "it has no inputs",
            )
        elif spec is not None and spec.deprecation:
            bag.add(
                "deprecated-action-input",
                f"Input '{spec.name}' has been deprecated with message: {spec.deprecation}",
                key.span,
                severity=Severity.WARNING,
            )
    given = {key.text.lower() for key, _ in entries}
    missing = [
        spec.name
        for name, spec in manifest.inputs.items()
        if spec.required and (spec.default is None or spec.default.value is None) and name not in given
    ]
    for name in given - folded:
        meant = nearest(name, missing)
        missing = [other for other in missing if other != meant]
    if missing:
        several = len(missing) > 1
        bag.add(
            "missing-action-input",
            f"{used.uses.text} requires the input{'s' * several} {_listed(missing)}",
            used.uses.span,
            severity=Severity.WARNING,
            notes=(f"the runner does not refuse it: the action gets {'them' if several else 'it'} empty",),
            help=f"add {'them' if several else 'it'} to 'with:'",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_MANY])
    return shown + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")
