"""Event payloads made from the local repository (DOC: webhook events and payloads).

They hold what workflows commonly read. Fields that only GitHub could know are left out, or stand for
themselves; an event file can give them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actlite.contexts.github import API_URL, SERVER_URL, RefInfo, stable_id
from actlite.contexts.remote import RepositoryName
from actlite.contexts.repository import NO_COMMIT, Commit, Person

Payload = dict[str, Any]


def user(login: str) -> Payload:
    """A user as payloads have one."""
    return {
        "login": login,
        "id": stable_id(login),
        "type": "User",
        "html_url": f"{SERVER_URL}/{login}",
        "url": f"{API_URL}/users/{login}",
        "site_admin": False,
    }


def repository(name: RepositoryName, default_branch: str) -> Payload:
    """The repository as payloads have it."""
    html = f"{SERVER_URL}/{name.full}"
    return {
        "id": stable_id(name.full),
        "name": name.name,
        "full_name": name.full,
        "owner": {**user(name.owner), "name": name.owner},
        "private": True,
        "visibility": "private",
        "fork": False,
        "archived": False,
        "html_url": html,
        "url": f"{API_URL}/repos/{name.full}",
        "clone_url": f"{html}.git",
        "git_url": f"git://github.com/{name.full}.git",
        "ssh_url": f"git@github.com:{name.full}.git",
        "default_branch": default_branch,
        "master_branch": default_branch,
    }


def base(name: RepositoryName, default_branch: str, actor: str) -> Payload:
    """What every payload has."""
    return {"repository": repository(name, default_branch), "sender": user(actor)}


def commit(commit: Commit, name: RepositoryName) -> Payload:
    """A commit as a workflow's push payload has it: without the names of files, which only the webhook's own has (docs:
    events-that-trigger-workflows)."""
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": commit.committer.date,
        "url": f"{SERVER_URL}/{name.full}/commit/{commit.sha}",
        "author": _person(commit.author),
        "committer": _person(commit.committer),
    }


def _person(person: Person) -> Payload:
    return {"name": person.name, "email": person.email, "username": person.name}


def push(
    ref: RefInfo,
    name: RepositoryName,
    *,
    before: str,
    after: str,
    commits: Sequence[Commit],
    head: Commit | None,
    base_ref: str | None = None,
) -> Payload:
    """A push. ``commits`` are the new ones, oldest first; for a tag GitHub lists none of them."""
    return {
        "ref": ref.ref,
        "before": before,
        "after": after,
        "base_ref": base_ref,
        "created": before == NO_COMMIT,
        "deleted": False,
        "forced": False,
        "compare": f"{SERVER_URL}/{name.full}/compare/{before[:12]}...{after[:12]}",
        "commits": [commit(item, name) for item in commits],
        "head_commit": commit(head, name) if head is not None else None,
        "pusher": {"name": head.author.name, "email": head.author.email}
        if head is not None
        else {"name": "local"},
    }


def dispatch(ref: RefInfo, workflow: str = "") -> Payload:
    """A workflow_dispatch; its inputs are filled in when they are checked against a workflow's."""
    return {"ref": ref.ref, "workflow": workflow, "inputs": None}


def pull_request(
    name: RepositoryName,
    *,
    actor: str,
    head_ref: str,
    head_sha: str,
    base_ref: str,
    base_sha: str,
    title: str,
) -> Payload:
    """A pull request that has just got new commits."""
    html = f"{SERVER_URL}/{name.full}"
    side = {"repo": {"full_name": name.full, "name": name.name, "fork": False}, "user": user(name.owner)}
    return {
        "action": "synchronize",
        "number": 1,
        "before": base_sha,
        "after": head_sha,
        "pull_request": {
            "number": 1,
            "id": stable_id(f"{name.full}#1"),
            "state": "open",
            "title": title,
            "body": None,
            "draft": False,
            "merged": False,
            "labels": [],
            "user": user(actor),
            "html_url": f"{html}/pull/1",
            "url": f"{API_URL}/repos/{name.full}/pulls/1",
            "merge_commit_sha": head_sha,
            "head": {**side, "ref": head_ref, "sha": head_sha, "label": f"{name.owner}:{head_ref}"},
            "base": {**side, "ref": base_ref, "sha": base_sha, "label": f"{name.owner}:{base_ref}"},
        },
    }


def merge_group(*, head_ref: str, head_sha: str, base_ref: str) -> Payload:
    """A merge group whose checks are asked for."""
    group = {"head_ref": head_ref, "head_sha": head_sha, "base_ref": base_ref}
    return {"action": "checks_requested", "merge_group": group}


def workflow_run(*, head_branch: str, head_sha: str, actor: str) -> Payload:
    """A run of another workflow that has just succeeded. Which one is for an event file to say."""
    run = {
        "head_branch": head_branch,
        "head_sha": head_sha,
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "actor": user(actor),
    }
    return {"action": "completed", "workflow_run": run}


def release(name: RepositoryName, *, tag: str, actor: str, target: str) -> Payload:
    """A release that has just been published."""
    html = f"{SERVER_URL}/{name.full}"
    return {
        "action": "published",
        "release": {
            "id": stable_id(f"{name.full}@{tag}"),
            "tag_name": tag,
            "name": tag,
            "body": "",
            "draft": False,
            "prerelease": False,
            "target_commitish": target,
            "author": user(actor),
            "assets": [],
            "html_url": f"{html}/releases/tag/{tag}",
            "url": f"{API_URL}/repos/{name.full}/releases/{stable_id(f'{name.full}@{tag}')}",
            "upload_url": f"https://uploads.github.com/repos/{name.full}/releases/"
            f"{stable_id(f'{name.full}@{tag}')}/assets{{?name,label}}",
        },
    }


def merged(made: Mapping[str, Any], given: Mapping[str, Any]) -> Payload:
    """A payload with the fields of an event file put over it, at every depth of mappings."""
    result = dict(made)
    for key, value in given.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result
