"""What the runner itself writes into a job's log, word for word: the sections of ``Set up job``, the header of
a step, the markers of composite actions, the last lines of a job.

Every function gives whole lines; nothing is masked here. Read in R: JobExtension.cs, ActionManager.cs,
Handlers/Handler.cs, ScriptHandler.cs, CompositeActionHandler.cs, HandlerFactory.cs at the release that brought
each line, and held against logs that people have downloaded from GitHub between 2021 and 2026.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

PERMISSIONS_SINCE = (2, 277)
"""The release that began to list the token's permissions."""
SECRET_SOURCE_SINCE = (2, 285)
JOB_NAME_SINCE = (2, 296)
"""The release that began to name the job and the called workflow at the end of ``Set up job``."""
SERVICE_LOGS_SINCE = (2, 286)
"""The release that began to print the logs of services when it stops them."""
NODE24_WARNING_SINCE = (2, 333)
NODE20_WARNING_SINCE = datetime.date(2026, 4, 8)
"""From when GitHub warns of actions that run with node 20: the first log seen that has it."""
MARKERS_SINCE = datetime.date(2026, 7, 20)
"""From when GitHub has the steps of composite actions marked: in logs of 2026-07-23, not yet on 2026-06-21."""
NODE20_PAGE = "https://github.blog/changelog/2025-09-19-deprecation-of-node-20-on-github-actions-runners/"
PREPARE_DIRECTORY = "Prepare workflow directory\n"
PREPARE_ACTIONS = "Prepare all required actions\n"
GET_DOWNLOADS = "Getting action download info\n"
POST = "Post job cleanup.\n"
END = "##[endgroup]\n"
SET_OUTPUTS = "Evaluate and set job outputs\n"
_LONGEST_DISPLAY = 1000
"""Characters of a step's name in a marker."""


def has(release: str, since: tuple[int, int]) -> bool:
    """Whether a release of the runner, such as ``2.278.0``, is at least another one."""
    return tuple(int(part) for part in release.split(".")[:2]) >= since


def group(title: str, lines: Iterable[str] = ()) -> str:
    """A folded group of lines."""
    return f"##[group]{title}\n" + "".join(f"{line}\n" for line in lines) + END


# --- Set up job ---


def version(release: str) -> str:
    """The first line of a job's log."""
    return f"Current runner version: '{release}'\n"


def secret_source(source: str) -> str:
    """Whose secrets the run has; nothing where that is not known."""
    return f"Secret source: {source}\n" if source else ""


def download(repository: str, ref: str, sha: str) -> str:
    """An action's repository is downloaded."""
    return f"Download action repository '{repository}@{ref}' (SHA:{sha})\n"


def called_workflow(path: str, ref: str, sha: str, inputs: Mapping[str, str]) -> str:
    """The called workflow that a job belongs to, with its inputs. ``path`` is ``owner/repo/.github/workflows/x.yml``."""
    where = f"@{ref} ({sha})" if ref and sha else f"@{sha}" if sha else ""
    shown = group(" Inputs", (f"  {name}: {value}" for name, value in inputs.items())) if inputs else ""
    return f"Uses: {path}{where}\n{shown}"


def job_name(name: str) -> str:
    """The last line of ``Set up job``."""
    return f"Complete job name: {name}\n" if name.strip() else ""


# --- the header of a step ---


def script(contents: str) -> str:
    """The beginning of a script's header: its first line that is not blank as the title, then all of it in colour."""
    first = contents.lstrip(" \t\r\n")
    for end in ("\r", "\n"):
        first = first.partition(end)[0]
    lines = contents.replace("\r\n", "\n").rstrip("\n").split("\n")
    return f"##[group]Run {first}\n" + "".join(f"\x1b[36;1m{line}\x1b[0m\n" for line in lines)


def script_end(shell: str, env: Mapping[str, str]) -> str:
    """The end of a script's header. ``shell`` is the program and its arguments, with ``{0}`` for the script."""
    return f"shell: {shell}\n{variables(env)}{END}"


def action(title: str, inputs: Mapping[str, str], env: Mapping[str, str]) -> str:
    """The header of an action's main or pre stage: the inputs that are not empty, and the environment."""
    shown = "".join(f"  {name}: {value}\n" for name, value in inputs.items() if value)
    given = f"with:\n{shown}" if inputs else ""
    return f"##[group]Run {title}\n{given}{variables(env)}{END}"


def variables(env: Mapping[str, str]) -> str:
    """The environment as a header lists it."""
    if not env:
        return ""
    return "env:\n" + "".join(f"  {name}: {value}\n" for name, value in env.items())


def exit_code(code: int) -> str:
    """The error of a script that has failed."""
    return f"Process completed with exit code {code}."


# --- composite actions ---


def start_marker(display: str, id: str) -> str:
    """Before a step of a composite action. ``id`` is the dotted path of context ids."""
    first = display.lstrip(" \t\r\n").replace("\r", "\n").partition("\n")[0][:_LONGEST_DISPLAY]
    return f"##[start-action display={_escaped(first)};id={_escaped(id)}]\n"


def end_marker(id: str, outcome: str, conclusion: str, seconds: float) -> str:
    """After a step of a composite action; a skipped one took no time."""
    took = 0 if outcome == "skipped" else int(seconds * 1000)
    return f"##[end-action id={_escaped(id)};outcome={outcome};conclusion={conclusion};duration_ms={took}]\n"


def _escaped(text: str) -> str:
    """A value of a command's property (R: ActionCommand.EscapeValue)."""
    for plain, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (";", "%3B"), ("]", "%5D")):
        text = text.replace(plain, code)
    return text


# --- the node of an action ---

NODE24_NOTE = (
    "Node 20 is being deprecated. This workflow is running with Node 24 by default. If you need to temporarily use "
    "Node 20, you can set the ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION=true environment variable. "
    f"For more information see: {NODE20_PAGE}\n"
)
"""Before the header of an action for node 20 or older, while node 24 is the default and can be refused."""


def node20_warning(actions: Iterable[str]) -> str:
    """The warning of ``Complete job`` about actions that still ran with node 20."""
    return (
        "Node.js 20 actions are deprecated. The following actions are running on Node.js 20 and may not work as "
        f"expected: {_names(actions)}. Actions will be forced to run with Node.js 24 by default starting June 16th, "
        "2026. Node.js 20 will be removed from the runner on September 16th, 2026. Please check if updated versions of "
        "these actions are available that support Node.js 24. To opt into Node.js 24 now, set the "
        "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24=true environment variable on the runner or in your workflow file. Once "
        "Node.js 24 becomes the default, you can temporarily opt out by setting "
        f"ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION=true. For more information see: {NODE20_PAGE}"
    )


def node24_warning(actions: Iterable[str]) -> str:
    """The warning of ``Complete job`` about actions that ran with node 24 instead of node 20."""
    return (
        "Node.js 20 is deprecated. The following actions target Node.js 20 but are being forced to run on Node.js 24: "
        f"{_names(actions)}. For more information see: {NODE20_PAGE}"
    )


def _names(actions: Iterable[str]) -> str:
    return ", ".join(sorted(actions, key=str.upper))
