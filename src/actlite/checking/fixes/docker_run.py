"""Actions on the VM, scripts in the container: the job loses ``container:``, and its shell goes by ``docker exec``.

The scripts stay as they are. A step before all others starts the container, with the workspace and the runner's folder
of temporary files at the same places as outside, so that GITHUB_ENV, GITHUB_OUTPUT and GITHUB_PATH work; and it writes
the command ``in-container``, by which every shell of the job is then started.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from actlite.checking.fixes.edits import CannotEdit, Edit, Entry
from actlite.checking.fixes.subject import Subject
from actlite.document.nodes import Mapping, Scalar, Sequence
from actlite.glibc.ways import Situation
from actlite.workflow.model import RunStep

COMMAND = "in-container"
ON_THE_VM = frozenset(
    {
        "actions/attest-build-provenance",
        "actions/cache",
        "actions/cache/restore",
        "actions/cache/save",
        "actions/checkout",
        "actions/create-release",
        "actions/download-artifact",
        "actions/github-script",
        "actions/upload-artifact",
        "actions/upload-pages-artifact",
        "actions/upload-release-asset",
        "codecov/codecov-action",
        "ncipollo/release-action",
        "pypa/gh-action-pypi-publish",
        "softprops/action-gh-release",
        "svenstaro/upload-release-action",
    }
)
"""Actions that work on files of the workspace and on GitHub alone: they install nothing that a script would need."""
_SHELLS = {
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}
"""What the runner makes of the short names (R: ScriptHandlerHelpers)."""
_SET_UP = """\
set -eu
here=$RUNNER_TEMP/in-container
mkdir -p "$here/home"
docker run --detach --cidfile "$here/id" --entrypoint tail --workdir "$GITHUB_WORKSPACE" \\
  --volume "$GITHUB_WORKSPACE:$GITHUB_WORKSPACE" --volume "$RUNNER_TEMP:$RUNNER_TEMP" \\
  --env CI=true --env GITHUB_ACTIONS=true --env "HOME=$here/home" \\
  --env GIT_CONFIG_COUNT=1 --env GIT_CONFIG_KEY_0=safe.directory --env 'GIT_CONFIG_VALUE_0=*' \\
{more}  "$IMAGE" -f /dev/null
# the machine's own variables stay outside; those of the workflow and of the runner go along
{{ compgen -e | grep -vxE '(ACTIONS|GITHUB|RUNNER)_.*{names}'; printf '%s\\n' _ HOME IMAGE OLDPWD PATH PWD SHLVL{own}; }} > "$here/outside"
echo "$PATH" > "$here/path"
cat > "$here/in-container" <<'END'
#!/bin/bash
# in-container SHELL…: starts a step's shell in the container, with the step's environment
here=$RUNNER_TEMP/in-container
mapfile -t names < <(compgen -e | grep -vxFf "$here/outside")
added=${{PATH%"$(cat "$here/path")"}}
exec docker exec --interactive --workdir "$PWD" "${{names[@]/#/--env=}}" --env "ADDED_PATH=$added" "$(cat "$here/id")" \\
  sh -c 'PATH="$ADDED_PATH$PATH"; export PATH; unset ADDED_PATH; exec "$@"' sh "$@"
END
chmod 755 "$here/in-container"
echo "$here" >> "$GITHUB_PATH"
"""
_REMOVE = 'docker rm --force "$(cat "$RUNNER_TEMP/in-container/id")"'


def docker_run(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Take the container from the job, and start the shells of its scripts in it."""
    _check(subject)
    page = subject.page
    container = subject.needed("container")
    entry, items, dash = subject.steps()
    lines = _set_up(subject, container)
    last = items.span.end - 1
    removal = [
        "- name: Remove the container",
        "  if: always()",
        "  shell: bash",
        f"  run: {_REMOVE}",
    ]
    edits = [
        page.removed(container),
        page.inserted_after(entry.key.span.end, lines, dash),
        page.inserted_after(last, removal, dash),
        *_shells(subject),
    ]
    notes = [
        "Files that scripts make belong to root on the VM, as the container's user is root.",
        "Actions see the VM's programs and home folder, scripts those of the container.",
    ]
    return edits, notes


def _check(subject: Subject) -> None:
    """Raise CannotEdit for what a job outside of a container can't do alike."""
    text = subject.node().span.text
    for key in ("services", "container"):
        entry = subject.entry(key)
        inside = [name.text for name, _ in entry.value] if entry and isinstance(entry.value, Mapping) else []
        if key == "services" and entry is not None:
            raise CannotEdit("the job has services, which have other names outside of a container")
        wrong = sorted({"ports", "credentials"} & set(inside))
        if wrong:
            raise CannotEdit(f"the container has {' and '.join(wrong)}")
    for needle in ("job.container", "/__w", "/github/"):
        if needle in text:
            raise CannotEdit(f"the job names {needle}, which is there in a container job only")
    for step in subject.uses_steps():
        name = step.uses.text.partition("@")[0].lower()
        if not name.startswith("docker://") and name not in ON_THE_VM:
            raise CannotEdit(
                f"{step.uses.text} may install or build something, and would then do so on the VM"
            )
    if any(p.image is None or p.image.written.startswith("docker://") for p in subject.predictions):
        raise CannotEdit("some legs of the job have no container, or it is named by docker://")


def _set_up(subject: Subject, container: Entry) -> list[str]:
    """The step that starts the container and writes the command, as lines of YAML."""
    fields = container.value
    own: dict[str, str] = {}
    more: list[str] = []
    image = fields
    if isinstance(fields, Mapping):
        parts = {key.text: value for key, value in fields}
        image = parts.get("image", fields)
        env = parts.get("env")
        for key, value in env.entries if isinstance(env, Mapping) else ():
            own[key.text] = _one_line(value)
            more.append(f"--env {key.text}")
        if env is not None and not isinstance(env, Mapping):
            raise CannotEdit("the container's env is an expression")
        volumes = parts.get("volumes")
        for item in volumes if isinstance(volumes, Sequence) else ():
            if not isinstance(item, Scalar) or not re.fullmatch(r"[\w./:@%+-]+", item.text):
                raise CannotEdit("a volume of the container is an expression or has unusual characters")
            if "/__e/" not in item.text:
                more.append(f"--volume {item.text}")
        options = parts.get("options")
        if options is not None:
            own["OPTIONS"] = _one_line(options)
            more.append("$OPTIONS")
    if not isinstance(image, Scalar):
        raise CannotEdit("the container has no image")
    own["IMAGE"] = _one_line(image)
    script = _SET_UP.format(
        more=f"  {' '.join(more)} \\\n" if more else "",
        names="".join(f"|{name}" for name in _names(subject)),
        own="".join(f" {name}" for name in own if name != "IMAGE"),
    )
    return [
        "- name: Start the container",
        "  shell: bash",
        "  working-directory: ${{ github.workspace }}",
        "  env:",
        *(f"    {name}: {value}" for name, value in own.items()),
        "  run: |",
        *(f"    {line}" for line in script.splitlines()),
    ]


def _one_line(node: object) -> str:
    """A value as it is written, without its anchor."""
    if not isinstance(node, Scalar) or "\n" in node.span.text:
        raise CannotEdit("a value of the container takes several lines")
    return re.sub(r"^&\S+\s+", "", node.span.text)


def _names(subject: Subject) -> list[str]:
    """The variables that the workflow sets, by name: they go into the container whatever the machine has."""
    found: dict[str, None] = {"CI": None}
    each = [subject.workflow.env, subject.job.env, *(step.env for step in subject.run_steps())]
    for env in each:
        if isinstance(env, Scalar):
            raise CannotEdit("an env is an expression")
        for key, _ in env or ():
            if re.fullmatch(r"\w+", key.text) and key.text not in ("PATH", "HOME"):
                found[key.text] = None
            else:
                raise CannotEdit(f"the workflow sets the variable {key.text}")
    return list(found)


def _shells(subject: Subject) -> Iterator[Edit]:
    """The edits that start every shell of the job in the container."""
    page = subject.page
    for step in subject.run_steps():
        if step.shell is not None:
            yield _shell(subject, subject.step_node(step.number), step)
    given = subject.workflow.defaults.shell
    default = f"{COMMAND} {_long(given.text) if given is not None else _SHELLS['sh']}"
    defaults = subject.entry("defaults")
    steps = subject.needed("steps")
    indent = page.block(steps)
    if defaults is None:
        start = page.line_start(steps.key.span.start)
        lines = ["defaults:", "  run:", f"    shell: {default}"]
        yield Edit(start, start, page.written(lines, indent))
        return
    run = page.entry(defaults.value if isinstance(defaults.value, Mapping) else None, "run")
    own = subject.job.defaults.shell
    if own is not None:
        yield Edit(own.span.start, own.span.end, f"{COMMAND} {_long(own.text)}")
    elif run is not None and isinstance(run.value, Mapping) and not page.is_flow(run.value):
        first = run.value.entries[0][0].span.start
        start = page.line_start(first)
        yield Edit(start, start, page.written([f"shell: {default}"], page.column(first)))
    else:
        raise CannotEdit("the job's defaults are written in braces, or without 'run'")


def _shell(subject: Subject, node: Mapping, step: RunStep) -> Edit:
    assert step.shell is not None
    span = step.shell.span
    if not node.span.start <= span.start < node.span.end:
        raise CannotEdit(f"the shell of step {step.number} is an alias")
    return Edit(span.start, span.end, f"{COMMAND} {_long(step.shell.text)}")


def _long(shell: str) -> str:
    """A shell's command line, with the place of the script."""
    text = _SHELLS.get(shell, shell)
    if "{0}" not in text or "${{" in text or "#" in text:
        raise CannotEdit(f"the shell {shell} is not known here")
    return text
