"""What the runner does itself for the actions of 2019: checkout, and artifacts by name (R: RunnerPluginHandler.cs,
RunnerPluginManager.cs, src/Runner.Plugins). No process of the job's takes part, so that it works in any container."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from actlite.errors import ActliteError, DiskFull
from actlite.events import ArtifactFound
from actlite.execution.handlers.checkout import run_checkout_plugin
from actlite.execution.host_files import HostPath
from actlite.execution.layout import RUNNER_HOME
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.steps import StepResult, StepRun
from actlite.local_github.artifact_files import ArtifactFiles, StoredArtifact, files_below

Plugin = Callable[[StepRun, Mapping[str, str]], None]


class PluginError(ActliteError):
    """What a plugin says before it fails."""


class _Stopped(Exception):
    """The step was cancelled, or its time is over."""


def run_plugin(run: StepRun, plugin: str, inputs: Mapping[str, str]) -> StepResult:
    """Do a plugin's work; one that fails says why, and that its process has failed, as on the runner. One that is
    stopped ends at its next file."""
    known = {name.lower(): found for name, found in PLUGINS.items()}.get(plugin.lower())
    if known is None:  # R: ActionManager.LoadAction, ArgUtil.NotNull
        raise PluginError(f"Value cannot be null. (Parameter '{plugin}')")
    type_name, work = known
    try:
        work(run, {name.lower(): value for name, value in inputs.items()})
    except _Stopped:
        return StepResult(FAILURE)
    except DiskFull:
        raise
    except (ActliteError, RecursionError) as raised:
        error = raised if isinstance(raised, ActliteError) else PluginError("Folders are nested too deeply")
        lines = [*str(error).splitlines(), _exited(run, type_name)]
        run.log.write("".join(f"##[error]{line}\n" for line in lines))
        run.effects.annotate_error(error.what)
        run.effects.annotate_error(lines[-1])
        return StepResult(FAILURE, 1)
    return StepResult(SUCCESS, 0)


def _exited(run: StepRun, type_name: str) -> str:
    host = f"{RUNNER_HOME}/runners/{run.state.services.runner.release}/bin/Runner.PluginHost"
    arguments = f'action "GitHub.Runner.Plugins.{type_name}, Runner.Plugins"'
    return f"Exit code 1 returned from process: file name '{host}', arguments '{arguments}'."


def _needed(inputs: Mapping[str, str], *names: str) -> str:
    """The first of these inputs that is given; the last one's name is told where none is."""
    for name in names:
        if inputs.get(name.lower()):
            return inputs[name.lower()]
    raise PluginError(f"Value cannot be null. (Parameter '{names[-1]}')")


def publish(run: StepRun, inputs: Mapping[str, str]) -> None:
    """Keep a file or folder as an artifact of the run (R: Artifact/PublishArtifact.cs, FileContainerServer.cs)."""
    name = _needed(inputs, "artifactName", "name")
    source = HostPath(run.state, _needed(inputs, "path"))
    if not name.strip():
        raise PluginError("Artifact name can not be empty string")
    if {"/", "\0"} & set(name):
        signs = "'\\', '/', \"', ':', '<', '>', '|', '*', and '?'"
        raise PluginError(f"Artifact name is not valid: {name}. It cannot contain {signs}")
    if not source.exists():
        raise PluginError(f"Path does not exist {source.name}")
    number = run.state.github.get("run_id", "")
    run.log.write(f"Uploading artifact '{name}' from '{source.name}' for run #{number}\n")
    store = ArtifactFiles(run.state.services.folder)
    try:
        files = list(source.files())
    except OSError as error:
        raise PluginError(f"{error.strerror or error}: '{source.name}'") from error
    run.log.write(f"Uploading {len(files)} files\n")
    folder = store.begin(name)
    try:
        size = sum(_upload(run, store, folder, source, path, place) for path, place in files)
        run.log.write(f"File upload complete.\nUploaded '{size}' bytes from '{source.name}' to server\n")
    finally:  # what was uploaded before something went wrong is there
        stored = store.finish(folder, name, run.state.leg.key)
        run.log.write(f"Associated artifact {name} ({stored.id}) with run #{number}\n")
        _tell(run, stored)


def _go_on(run: StepRun) -> None:
    """Raises _Stopped where the step is to end."""
    if run.deadline is not None and run.state.services.clock() >= run.deadline:
        run.timed_out = True
    if run.stopping:
        run.killed = True
    if run.killed or run.timed_out:
        raise _Stopped


def _upload(
    run: StepRun, store: ArtifactFiles, folder: Path, source: HostPath, path: str, place: Path
) -> int:
    _go_on(run)
    try:
        with source.open(place) as content:
            return store.put(folder, path, content)
    except OSError as error:
        raise PluginError(f"File error '{error.strerror or error}' when uploading file '{path}'.") from error


def _tell(run: StepRun, stored: StoredArtifact) -> None:
    state = run.state
    state.emit(
        ArtifactFound(
            state.services.clock(),
            state.leg.key,
            state.masker.mask(stored.name),
            state.masker.mask(str(stored.folder)),
            stored.size,
            uploaded=True,
            files=stored.files,
        )
    )


def download(run: StepRun, inputs: Mapping[str, str]) -> None:
    """Bring an artifact of the run into the workspace (R: Artifact/DownloadArtifact.cs)."""
    name = _needed(inputs, "artifact", "name")
    target = HostPath(run.state, inputs.get("path") or name)
    run.log.write(f"Downloading artifact '{name}' to: '{target.name}'\n")
    stored = ArtifactFiles(run.state.services.folder).get(name)
    if stored is None:
        raise PluginError(
            f"The actions storage artifact for '{name}' could not be found, or is no longer available"
        )
    files = list(files_below(stored.folder))
    if not files:
        run.log.write(f"There is nothing under #/{stored.id}/{stored.name}\n")
    else:
        _bring(run, stored, files, target)
    run.log.write("Artifact download finished.\n")


def _bring(run: StepRun, stored: StoredArtifact, files: list[Path], target: HostPath) -> None:
    folders = {
        target.real,
        *(parent for file in files for parent in file.parents if stored.folder in parent.parents),
    }
    empty = sum(file.stat().st_size == 0 for file in files)
    for file in files:
        _go_on(run)
        name = file.relative_to(stored.folder).as_posix()
        try:
            with file.open("rb") as content:
                target.write(name, content)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise PluginError(f"{error.strerror}: '{target.name}/{name}'") from error
    run.log.write(f"{len(folders)} folders created.\n")
    if empty:
        run.log.write(f"{empty} empty files created.\n")
    if empty == len(files):
        run.log.write("There is nothing to download\n")
    else:
        run.log.write(f"{len(files) - empty} files download succeed.\n")


PLUGINS: Mapping[str, tuple[str, Plugin]] = {
    "checkout": ("Repository.v1_0.CheckoutTask", run_checkout_plugin),
    "checkoutV1_1": ("Repository.v1_1.CheckoutTask", run_checkout_plugin),
    "publish": ("Artifact.PublishArtifact", publish),
    "download": ("Artifact.DownloadArtifact", download),
}
"""By the name that a manifest gives: the runner's own name of the class, and its work."""
