"""Whether the runner's node starts in an image: the part that a check and a run share.

Rules: the runner's choice of a node (``runtimes.choice``); the Alpine build where a release file says so, which is
there for x64 alone (R: Container/DockerUtil and StepHost.cs); and what ld.so does (``glibc.loading``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from actlite.checking.predictions.model import FAILS, IMMUNE, MOUNTED, STARTS, UNKNOWN, StepVerdict
from actlite.checking.predictions.volumes import over
from actlite.records import replace
from actlite.runtimes.choice import UnsupportedUsing

if TYPE_CHECKING:
    from actlite.glibc.elf import ElfFile
    from actlite.glibc.image_system import Described
    from actlite.runtimes.eras import Runner

EXTERNALS = "/__e"
LIBRARY_PATH = "LD_LIBRARY_PATH"
NO_ALPINE = (
    "JavaScript Actions in Alpine containers are only supported on x64 Linux runners. Detected Linux Arm64"
)
"""The runner's own words (R: StepHost.cs, ContainerStepHost.DetermineNodeRuntimeVersion)."""

NodeFacts = Callable[[str, str], "ElfFile | None"]
"""From a folder below externals, ``node24`` or ``node24_alpine``, and its version to what is in the build."""
Mounted = Callable[[str, str], "ElfFile | None"]
"""From the source of a volume and a path below it to the program that is there; None where it can't be told."""


def predict_step(
    using: str,
    *,
    runner: Runner,
    env: Mapping[str, str],
    job_env: Mapping[str, str] | None = None,
    image: Described | None,
    arch: str = "x64",
    volumes: Sequence[str] = (),
    container_env: Mapping[str, str] | None = None,
    node: NodeFacts | None = None,
    mounted: Mounted | None = None,
    alpine: bool | None = None,
) -> StepVerdict:
    """Whether an action that declares ``using`` starts.

    ``env`` is the step's whole environment, ``job_env`` that without the step's own ``env:`` (see
    ``Runner.choose``). ``image`` is None where its libraries aren't known. ``container_env`` is what the container
    carries. ``node`` has the facts of the runner's builds, by default those of the catalogue. ``alpine`` says whether
    the runner takes the container for Alpine, where more is known of that than what its image says.
    """
    try:
        choice = runner.choose(using, env, job_env=job_env)
    except UnsupportedUsing as refused:
        return StepVerdict(FAILS, lines=(refused.what,), why=f"the runner of {runner.date} refuses it")
    if not choice.runtime:
        return StepVerdict(IMMUNE, choice, why=f"a {choice.declared} action needs no node in the container")
    bare = StepVerdict(UNKNOWN, choice, f"{EXTERNALS}/{choice.runtime}/bin/node", image)
    if image is None:
        return replace(bare, why="the image's libraries are not known")
    folder = choice.runtime
    if image.libc.is_alpine if alpine is None else alpine:
        if arch != "x64":
            return replace(bare, verdict=FAILS, node="", lines=(NO_ALPINE,))
        folder = f"{choice.runtime}_alpine"
    path = f"{EXTERNALS}/{folder}/bin/node"
    bare = replace(bare, node=path)
    over_it, notes = over(volumes, folder)
    if over_it is not None:
        program = mounted(over_it.source, over_it.below) if mounted is not None else None
        bare = replace(bare, volume=over_it.text)
        if program is None:
            return replace(
                bare,
                verdict=MOUNTED,
                why=f"the volume {over_it.text} lies over it: the job's own node decides",
            )
    else:
        program = (node or catalogue_node(arch))(folder, choice.version)
    bare = replace(bare, notes=notes)
    if program is None:
        if folder.endswith("_alpine"):
            return replace(bare, verdict=STARTS, why="the runner takes its musl build")
        return replace(bare, why=f"nothing is known of node {choice.version} for {arch}")
    return _loaded(bare, program, path, image, {**image.env, **(container_env or {}), **env})


def catalogue_node(arch: str) -> NodeFacts:
    """The facts of the catalogue, for an architecture."""
    from actlite.glibc.catalogue import node_build

    def facts(folder: str, version: str) -> ElfFile | None:
        return node_build(version, arch, musl=folder.endswith("_alpine"))

    return facts


def _loaded(
    bare: StepVerdict, program: ElfFile, path: str, image: Described, env: Mapping[str, str]
) -> StepVerdict:
    from actlite.glibc.loading import library_path_of, load

    folders = library_path_of(env.get(LIBRARY_PATH, ""))
    loading = load(program, path, image.system, library_path=folders)
    if not loading.is_known:
        return replace(bare, why=loading.why)
    return replace(bare, verdict=STARTS if loading.starts else FAILS, loading=loading, lines=loading.lines)
