"""The event's share of the github context (DOC: contexts reference, github context)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from actlite.contexts.remote import RepositoryName
from actlite.records import frozen

SERVER_URL = "https://github.com"
"""Actions compare the server's address with GitHub's own, so it is that whatever the remote is."""
API_URL = "https://api.github.com"


@frozen
class RefInfo:
    """A ref as the github context has it."""

    ref: str
    """``refs/heads/main``, ``refs/tags/v1``, ``refs/pull/1/merge``."""
    name: str
    type: str
    """branch or tag."""


def branch_ref(name: str) -> RefInfo:
    """A branch."""
    return RefInfo(f"refs/heads/{name}", name, "branch")


def tag_ref(name: str) -> RefInfo:
    """A tag."""
    return RefInfo(f"refs/tags/{name}", name, "tag")


def any_ref(ref: str) -> RefInfo:
    """A ref given in full. Pull requests count as branches, as on GitHub."""
    if ref.startswith("refs/tags/"):
        return tag_ref(ref.removeprefix("refs/tags/"))
    if ref.startswith("refs/heads/"):
        return branch_ref(ref.removeprefix("refs/heads/"))
    return RefInfo(ref, ref.removeprefix("refs/pull/").removeprefix("refs/"), "branch")


def stable_id(text: str) -> int:
    """A number that stands for a name: GitHub's ids are not known here, but should not change between runs."""
    return 100_000_000 + zlib.crc32(text.lower().encode()) % 800_000_000


def github_event(
    *,
    event_name: str,
    event: Mapping[str, Any],
    ref: RefInfo,
    sha: str,
    repository: RepositoryName,
    actor: str,
    base_ref: str = "",
    head_ref: str = "",
) -> dict[str, Any]:
    """The fields of the github context that the event decides; those of run, job and step are added later."""
    return {
        "event_name": event_name,
        "event": dict(event),
        "ref": ref.ref,
        "ref_name": ref.name,
        "ref_type": ref.type,
        "ref_protected": False,
        "sha": sha,
        "base_ref": base_ref,
        "head_ref": head_ref,
        "repository": repository.full,
        "repository_id": str(stable_id(repository.full)),
        "repository_owner": repository.owner,
        "repository_owner_id": str(stable_id(repository.owner)),
        "repositoryUrl": f"git://github.com/{repository.full}.git",
        "repository_visibility": "private",
        "actor": actor,
        "actor_id": str(stable_id(actor)),
        "triggering_actor": actor,
        "server_url": SERVER_URL,
        "api_url": API_URL,
        "graphql_url": f"{API_URL}/graphql",
        "retention_days": "90",
        "secret_source": "Actions",
        "artifact_cache_size_limit": 10,
    }


def workflow_fields(github: Mapping[str, Any], *, name: str, path: str) -> dict[str, Any]:
    """The fields of the github context that the workflow adds to the event's."""
    return {
        "workflow": name,
        "workflow_ref": f"{github.get('repository', '')}/{path}@{github.get('ref', '')}",
        "workflow_sha": github.get("sha", ""),
    }


def run_fields(github: Mapping[str, Any], run: str) -> dict[str, Any]:
    """The fields of the github context that the run adds: its id counts for its number too, unless the event
    names them."""
    return {
        "run_id": github.get("run_id") or run,
        "run_number": github.get("run_number") or run,
        "run_attempt": github.get("run_attempt") or "1",
    }


def job_fields(workflow: str, repository: str, ref: str, sha: str, *, run: str, leg: str) -> dict[str, Any]:
    """The fields of the job context that say which workflow file the job is in, that of a called workflow too
    (R: JobContext.cs): ``workflow`` is the file's path in ``repository`` at ``ref``, whose commit is ``sha``.
    The number of the check run is made up from the run's id and the leg's key."""
    return {
        "check_run_id": stable_id(f"{run} {leg}"),
        "workflow_ref": f"{repository}/{workflow}@{ref}",
        "workflow_sha": sha,
        "workflow_repository": repository,
        "workflow_file_path": workflow,
    }
