"""Remote actions on this machine: resolved by git, kept by commit, shared by all runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.actions import git
from actlite.actions.called import workflows_folder
from actlite.actions.git import GitError
from actlite.actions.reference import RemoteAction
from actlite.atomic import locked, new_folder, write_file
from actlite.errors import ActionUnavailable, ActliteError, DiskFull, UsageError
from actlite.records import frozen

WORKFLOWS = ".github/workflows"
RESOLVE_SECONDS = 30.0
FETCH_SECONDS = 300.0
README = """Actions that actlite has fetched.

owner/repo/<commit>/   the files of one commit, as GitHub's own download of it has them
owner/repo/<commit>.workflows/   its workflows, where that download leaves them out
owner/repo/refs.json   what branches and tags pointed at when they were last looked up

Everything here can be deleted while no actlite is running; it is fetched again when needed.
"""


@frozen
class FetchedAction:
    """A remote action's repository on this machine. Its files are not to be changed: copy them."""

    folder: Path
    sha: str
    """The commit; empty for a folder of the user's."""
    moving: bool
    """The ref is a branch, or a tag such as ``v2`` that is moved with each release."""
    source: str
    """Where it comes from, in words for a report."""
    ref: str = ""
    """The full name of the ref, such as ``refs/tags/v1``; empty for a commit and a folder of the user's."""


@frozen
class _Resolved:
    sha: str
    name: str
    """The ref's full name; the commit itself where it is pinned."""
    source: str


class ActionStore:
    """Has remote actions: folders of the user's, the cache, then the server.

    ``cache`` is a folder of its own. ``overrides`` maps ``owner/repo`` or ``owner/repo@ref`` to a folder that is used as it is. A branch or tag is
    looked up at most once in a store's life; offline, and where the network is gone, its last known commit counts.
    Safe to use from several threads and processes.
    """

    def __init__(
        self,
        cache: Path,
        *,
        overrides: Mapping[str, Path] | None = None,
        offline: bool = False,
        server: str = "https://github.com",
        token: str | None = None,
    ) -> None:
        self._root = cache
        self._overrides = {name.lower(): folder for name, folder in (overrides or {}).items()}
        self._offline = offline
        self._server = server.rstrip("/")
        self._config = git.token_config(server, token)
        self._resolved: dict[tuple[str, str], _Resolved] = {}

    def is_overridden(self, action: RemoteAction) -> bool:
        """Whether the user gave a folder for it."""
        return self._override(action) is not None

    def get(self, action: RemoteAction) -> FetchedAction:
        """The repository of an action at its ref. Raises ActionUnavailable, UsageError (a folder given by the
        user that is not there) and DiskFull."""
        given = self._override(action)
        if given is not None:
            if not given.is_dir():
                raise UsageError(
                    f"The folder given for {action} is not there: {given}",
                    do=f"Give --action {action.repository}@{action.ref}=DIR an existing folder.",
                )
            return FetchedAction(given, "", False, f"the folder {given}")
        home = self._root / action.owner.lower() / action.repo.lower()
        with locked(home / ".lock"):
            known = self._resolve(action, home)
            folder = home / known.sha
            if not folder.is_dir():
                known = self._fetch(action, home, known)
                folder = home / known.sha
        return _fetched(action, folder, known)

    def cached(self, action: RemoteAction) -> FetchedAction | None:
        """As :meth:`get`, from folders of the user's and the cache alone; None where they don't have it."""
        given = self._override(action)
        if given is not None:
            return FetchedAction(given, "", False, f"the folder {given}") if given.is_dir() else None
        home = self._root / action.owner.lower() / action.repo.lower()
        known = (
            _Resolved(action.ref.lower(), action.ref, "the cache")
            if action.is_pinned
            else _remembered(home, action)
        )
        if known is None or not (home / known.sha).is_dir():
            return None
        return _fetched(action, home / known.sha, known)

    def _override(self, action: RemoteAction) -> Path | None:
        name = action.repository.lower()
        return self._overrides.get(f"{name}@{action.ref.lower()}", self._overrides.get(name))

    def _address(self, action: RemoteAction) -> str:
        return f"{self._server}/{action.repository}"

    def _resolve(self, action: RemoteAction, home: Path) -> _Resolved:
        key = (action.repository.lower(), action.ref)
        if key not in self._resolved:
            self._resolved[key] = self._look_up(action, home)
        return self._resolved[key]

    def _look_up(self, action: RemoteAction, home: Path) -> _Resolved:
        if action.is_pinned:
            return _Resolved(action.ref.lower(), action.ref.lower(), self._address(action))
        last = _remembered(home, action)
        if self._offline:
            if last is None:
                raise _unavailable(
                    action, f"{action} is not in the cache, and --offline forbids fetching it."
                )
            return last
        try:
            text = git.run(
                ["ls-remote", self._address(action), f"refs/tags/{action.ref}", f"refs/tags/{action.ref}^{{}}",
                 f"refs/heads/{action.ref}"],
                timeout=RESOLVE_SECONDS, config=self._config,
            )  # fmt: skip
        except GitError as error:
            if error.cause == "network" and last is not None:
                return last
            raise self._failed(action, error) from error
        found = {name: sha for sha, name in (line.split("\t") for line in text.splitlines())}
        tag, branch = f"refs/tags/{action.ref}", f"refs/heads/{action.ref}"
        name = tag if tag in found else branch
        sha = found.get(f"{tag}^{{}}") or found.get(name)
        if sha is None:
            raise self._no_ref(action)
        _remember(home, action, sha, name)
        return _Resolved(sha, name, self._address(action))

    def _fetch(self, action: RemoteAction, home: Path, known: _Resolved) -> _Resolved:
        if self._offline:
            raise _unavailable(action, f"{action} is not in the cache, and --offline forbids fetching it.")
        write_file(self._root / "README", README)
        home.mkdir(parents=True, exist_ok=True)
        for left in home.glob(".fetching.*"):  # of a process that was killed: we hold the lock
            shutil.rmtree(left, ignore_errors=True)
        import tempfile

        with tempfile.TemporaryDirectory(prefix=".fetching.", dir=home) as name:
            work = Path(name)
            try:
                git.run(["init", "--quiet", "--bare", "git"], cwd=work, timeout=RESOLVE_SECONDS)
                fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", self._address(action), known.name]
                git.run(fetch, cwd=work / "git", timeout=FETCH_SECONDS, config=self._config)
                sha = git.run(
                    ["rev-parse", "FETCH_HEAD^{commit}"], cwd=work / "git", timeout=RESOLVE_SECONDS
                ).strip()
                # GitHub's runner takes a tarball of the commit, which is what git archive makes.
                git.run(["archive", "--output=../files.tar", sha], cwd=work / "git", timeout=FETCH_SECONDS)
            except GitError as error:
                if action.is_pinned and error.cause == "other":
                    raise _unavailable(
                        action, f"{action.repository} has no commit {action.ref}.", str(error)
                    ) from error
                raise self._failed(action, error) from error
            if not (home / sha).is_dir():
                self._keep_workflows(action, work, home / sha)
                with new_folder(home / sha) as files:
                    _untar(work / "files.tar", files, action)
        if sha != known.sha:
            _remember(home, action, sha, known.name)
            known = _Resolved(sha, known.name, known.source)
            self._resolved[action.repository.lower(), action.ref] = known
        return known

    def _keep_workflows(self, action: RemoteAction, work: Path, folder: Path) -> None:
        """Keep the workflows of a commit where its attributes leave them out of the download: GitHub takes called
        workflows from the repository itself."""
        bare = work / "git"
        try:
            listed = git.run(
                ["ls-tree", "-r", "--name-only", "FETCH_HEAD", WORKFLOWS], cwd=bare, timeout=RESOLVE_SECONDS
            )
            shipped = subprocess.run(
                ["tar", "-t", "-f", str(work / "files.tar")], capture_output=True, check=False
            ).stdout.decode("utf-8", "replace")
            if set(listed.splitlines()) <= set(shipped.splitlines()):
                return
            (bare / "info").mkdir(exist_ok=True)
            (bare / "info" / "attributes").write_text("* -export-ignore\n", "utf-8")
            archive = ["archive", "--output=../workflows.tar", "FETCH_HEAD", WORKFLOWS]
            git.run(archive, cwd=bare, timeout=FETCH_SECONDS)
        except GitError as error:
            raise self._failed(action, error) from error
        place = workflows_folder(folder)
        if not place.is_dir():
            with new_folder(place) as files:
                _untar(work / "workflows.tar", files, action)

    def _failed(self, action: RemoteAction, error: GitError) -> ActliteError:
        if error.cause == "space":
            return DiskFull(
                f"There is no space left for {action} in {self._root}.", why=str(error), do="Free some space."
            )
        what = {
            "network": f"{action} can't be fetched: {self._server} can't be reached.",
            "missing": f"{action} can't be fetched: there is no git on this machine.",
            "repository": f"{action} can't be fetched: there is no repository {self._address(action)}, or it is private.",
        }.get(error.cause, f"{action} can't be fetched.")
        return _unavailable(action, what, str(error))

    def _no_ref(self, action: RemoteAction) -> ActliteError:
        import difflib

        try:
            text = git.run(
                ["ls-remote", "--refs", "--tags", "--heads", self._address(action)],
                timeout=RESOLVE_SECONDS, config=self._config,
            )  # fmt: skip
        except GitError as error:
            return self._failed(action, error)
        names = [line.split("\t")[1].split("/", 2)[2] for line in text.splitlines()]
        near = (
            difflib.get_close_matches(action.ref, names, n=3, cutoff=0.5)
            or sorted(names, key=_by_number)[-3:]
        )
        hint = f"It has {', '.join(near)}." if near else "It has no branches or tags."
        return _unavailable(action, f"{action.repository} has no branch or tag '{action.ref}'.", hint)


def load_manifest(folder: Path, uses: str = "", named: str = "") -> Path:
    """The manifest of an action's folder: action.yml, action.yaml, Dockerfile or dockerfile (R: ActionManager.cs).
    ``named``: the runner's name of the folder.

    Raises ActionUnavailable in the runner's words.
    """
    for name in ("action.yml", "action.yaml", "Dockerfile", "dockerfile"):
        if (folder / name).is_file():
            return folder / name
    if uses and not uses.startswith("./"):
        raise ActionUnavailable(
            f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '{uses}'."
        )
    raise ActionUnavailable(
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{named or folder}'. "
        "Did you forget to run actions/checkout before running your local action?"
    )


def _untar(archive: Path, into: Path, action: RemoteAction) -> None:
    done = subprocess.run(
        ["tar", "-x", "--no-same-owner", "-f", str(archive), "-C", str(into)],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise _unavailable(
            action, f"{action} can't be unpacked.", done.stderr.decode("utf-8", "replace").strip()
        )


def _unavailable(action: RemoteAction, what: str, why: str = "") -> ActionUnavailable:
    return ActionUnavailable(
        what,
        why=why,
        do=f"With a copy on this machine: --action {action.repository}@{action.ref}=DIR",
    )


def _fetched(action: RemoteAction, folder: Path, known: _Resolved) -> FetchedAction:
    ref = known.name if known.name.startswith("refs/") else ""
    return FetchedAction(folder, known.sha, _is_moving(action, known.name), known.source, ref)


def _is_moving(action: RemoteAction, name: str) -> bool:
    if action.is_pinned:
        return False
    return name.startswith("refs/heads/") or re.fullmatch(r"v?\d+\.\d+\.\d+.*", action.ref) is None


def _by_number(ref: str) -> tuple[tuple[int, ...], str]:
    return tuple(int(number) for number in re.findall(r"\d+", ref)), ref


def _remembered(home: Path, action: RemoteAction) -> _Resolved | None:
    entry = _refs(home).get(action.ref)
    if entry is None:
        return None
    day = time.strftime("%Y-%m-%d", time.localtime(entry["time"]))
    return _Resolved(entry["sha"], entry["name"], f"the cache (looked up on {day})")


def _remember(home: Path, action: RemoteAction, sha: str, name: str) -> None:
    refs = _refs(home)
    refs[action.ref] = {"sha": sha, "name": name, "time": int(time.time())}
    write_file(home / "refs.json", json.dumps(refs, indent=1, sort_keys=True))


def _refs(home: Path) -> dict[str, Any]:
    try:
        data = json.loads((home / "refs.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
