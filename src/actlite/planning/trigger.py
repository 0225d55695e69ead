"""Makes the event that starts a run, from the local repository and what the command line says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from actlite.contexts import payloads
from actlite.contexts.github import RefInfo, any_ref, branch_ref, github_event, tag_ref
from actlite.contexts.remote import RepositoryName, local_name, named
from actlite.contexts.repository import NO_COMMIT, Commit, Repository
from actlite.errors import UsageError
from actlite.planning.plan import Trigger
from actlite.planning.targets import Target, find_target
from actlite.records import changeable, field
from actlite.workflow.nearest import nearest
from actlite.workflow.schema_events import EVENTS

PULL_REQUESTS = ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment")
OF_DEFAULT_BRANCH = frozenset(
    {
        *("branch_protection_rule", "check_run", "check_suite", "delete", "discussion", "discussion_comment"),
        *("fork", "gollum", "issue_comment", "issues", "label", "milestone", "page_build", "project"),
        *("project_card", "project_column", "public", "pull_request_comment", "repository_dispatch"),
        *("status", "watch"),
    }
)
"""Events that run on the last commit of the default branch, besides schedule, workflow_run and
pull_request_target (DOC: events that trigger workflows, GITHUB_REF)."""
OPEN_TYPES = {
    "pull_request": ("opened",),
    "pull_request_target": ("opened",),
    "release": ("created", "released"),
}
"""Other activity types that the event may as well have: who publishes a release makes it (``created``) and releases
it, and a pull request that has got commits was opened once."""
_SKIPS = re.compile(
    r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|^skip-checks: ?true\s*$", re.MULTILINE
)
"""What makes GitHub start nothing for a push or a pull request, in a commit's message (DOC: skipping workflow runs)."""
MAX_COMMITS = 20
"""A push payload lists no more commits (DOC: webhook events, push: 2048; what is read is the newest few)."""


def make_trigger(
    event: str,
    repository: Repository | None,
    *,
    tag: str | None = None,
    branch: str | None = None,
    ref: str | None = None,
    event_file: Path | None = None,
    inputs: Mapping[str, Any] | None = None,
    actor: str | None = None,
    committed: bool = False,
    folder: Path | None = None,
) -> Trigger:
    """The trigger of a run. Without ``tag``, ``branch`` and ``ref`` it is about the current branch.

    ``event_file`` is a JSON file whose fields win over those made here; the inputs of a workflow_dispatch may stand in
    it, those of ``inputs`` win. ``committed`` leaves out the changes of
    the working tree. ``folder`` names a run without a repository. Raises UsageError for an unknown event,
    a ref or file that can't be read, and inputs for an event that takes none.
    """
    if event not in EVENTS:
        guess = nearest(event, EVENTS)
        raise UsageError(
            f"there is no event '{event}'",
            why=f"Events are: {', '.join(sorted(EVENTS))}.",
            do=f"Did you mean '{guess}'?" if guess else "",
        )
    if inputs and event not in {"workflow_dispatch", "workflow_call"}:
        raise UsageError(
            f"{event} takes no inputs",
            why="Only workflow_dispatch does.",
            do="actlite run workflow_dispatch --input …",
        )
    given = _read_event_file(event_file) if event_file is not None else {}
    target = find_target(repository, tag=tag, branch=branch, ref=ref)
    explicit = any(value is not None for value in (tag, branch, ref))
    if not explicit:
        target = _from_file(event, given, repository, target)
    maker = _Maker(event, repository, target, given, actor, committed, folder, explicit)
    told = given.get("inputs") if event == "workflow_dispatch" else None
    return maker.trigger({**(told if isinstance(told, dict) else {}), **(inputs or {})})


def _read_event_file(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"the event file {path} can't be read", why=error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"the event file {path} is not JSON", why=str(error), do="Write a webhook payload: a JSON object."
        ) from error
    if not isinstance(value, dict):
        raise UsageError(
            f"the event file {path} holds no JSON object", do='Write fields, such as {"action": "opened"}.'
        )
    return value


def _at(value: Any, *path: str) -> str:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def _from_file(event: str, given: Mapping[str, Any], repository: Repository | None, target: Target) -> Target:
    """The target with what an event file says of it."""
    info: RefInfo | None = None
    ref = _at(given, "ref")
    if event == "release" and _at(given, "release", "tag_name"):
        info = tag_ref(_at(given, "release", "tag_name"))
    elif event == "create" and ref and _at(given, "ref_type") == "tag":
        info = tag_ref(ref.removeprefix("refs/tags/"))
    elif event in {"deployment", "deployment_status"}:
        name = _at(given, "deployment", "ref")
        is_tag = repository is not None and name in repository.refs.tags
        info = (tag_ref(name) if is_tag else branch_ref(name)) if name else None
    elif event in OF_DEFAULT_BRANCH:
        return target
    elif event in PULL_REQUESTS:
        head = _at(given, "pull_request", "head", "ref")
        info = branch_ref(head) if head else None
    elif ref:
        info = any_ref(ref) if ref.startswith("refs/") else branch_ref(ref)
    if info is None:
        return target
    kind = {"tag": info.name} if info.type == "tag" else {"ref": info.ref}
    found = find_target(repository, tag=kind.get("tag"), branch=None, ref=kind.get("ref"))
    sha = _at(given, "after") or _at(given, "pull_request", "head", "sha")
    if sha and sha != found.sha and repository is not None:
        known = repository.resolve(sha)
        if known is None:
            note = f"the event file's commit {sha[:7]} isn't in this repository: the sources are those of {found.sha[:7]}"
            return Target(found.ref, found.sha, (*found.notes, note))
        return Target(found.ref, known, ())
    return found


@changeable
class _Maker:
    event: str
    repository: Repository | None
    target: Target
    given: Mapping[str, Any]
    actor_given: str | None
    committed: bool
    folder: Path | None
    explicit: bool
    notes: list[str] = field(default_factory=list)
    changed: tuple[str, ...] | None = None
    base_ref: str = ""
    head_ref: str = ""

    def trigger(self, inputs: dict[str, Any]) -> Trigger:
        name = self.name
        if name.note:
            self.notes.append(name.note)
        payload = {**self.payload(), **payloads.base(name, self.default_branch, self.actor)}
        self.notes = [*self.target.notes, *self.notes]
        payload = payloads.merged(payload, self.given)
        name = named(_at(payload, "repository", "full_name"), name.host) or name
        github = github_event(
            event_name=self.event,
            event=payload,
            ref=self.target.ref,
            sha=self.target.sha,
            repository=name,
            actor=self.actor_given or _at(payload, "sender", "login") or self.actor,
            base_ref=_at(payload, "pull_request", "base", "ref") or self.base_ref,
            head_ref=_at(payload, "pull_request", "head", "ref") or self.head_ref,
        )
        open_types = () if "action" in self.given else OPEN_TYPES.get(self.event, ())
        return Trigger(self.event, github, inputs, self.changed, tuple(self.notes), open_types)

    @property
    def name(self) -> RepositoryName:
        if self.repository is not None:
            return self.repository.name
        return local_name((self.folder or Path.cwd()).resolve().name, "there is no git repository")

    @property
    def actor(self) -> str:
        """The login: the flag's, git's ``github.user``, else the owner of the repository."""
        settings = self.repository.config if self.repository is not None else {}
        return self.actor_given or settings.get("github.user", "") or self.name.owner

    @property
    def default_branch(self) -> str:
        return self.repository.default_branch if self.repository is not None else "main"

    def payload(self) -> payloads.Payload:
        makers: dict[str, Callable[[], payloads.Payload]] = {
            "push": self.push,
            "release": self.release,
            "schedule": self.schedule,
            "merge_group": self.merge_group,
            "workflow_run": self.workflow_run,
            "workflow_dispatch": lambda: payloads.dispatch(self.target.ref),
            **dict.fromkeys(PULL_REQUESTS, self.pull_request),
        }
        make = makers.get(self.event)
        if make is not None:
            return make()
        if self.event in OF_DEFAULT_BRANCH:
            self.to_default_branch(self.event)
        if not self.given:
            self.notes.append(
                f"the payload of {self.event} has only repository and sender: give the rest with --event-file"
            )
        return {}

    def push(self) -> payloads.Payload:
        if self.given.get("deleted") is True:
            return self.deletion()
        target, repository = self.target, self.repository
        if repository is None or target.sha == NO_COMMIT:
            return payloads.push(
                target.ref, self.name, before=NO_COMMIT, after=target.sha, commits=(), head=None
            )
        if target.ref.type == "tag":
            head = repository.commit(target.sha)
            self.note_skip(head)
            base_ref = (
                f"refs/heads/{repository.branch}"
                if target.sha == repository.head and repository.branch
                else None
            )
            return payloads.push(
                target.ref,
                self.name,
                before=NO_COMMIT,
                after=target.sha,
                commits=(),
                head=head,
                base_ref=base_ref,
            )
        since, before = self.pushed_before(repository)
        commits = repository.commits(target.sha, since=since, limit=MAX_COMMITS if since else 1)
        if not commits:
            since, commits = "", repository.commits(target.sha, limit=1)
        if not since:
            since = before = (commits[0].parents[:1] or (NO_COMMIT,))[0]
        self.changed = (
            commits[0].files
            if len(commits) == 1
            else repository.changed_files(since, target.sha, since_parted=before == NO_COMMIT)
        )
        self.add_working_tree()
        self.note_skip(commits[0])
        return payloads.push(
            target.ref, self.name, before=before, after=target.sha, commits=commits[::-1], head=commits[0]
        )

    def pushed_before(self, repository: Repository) -> tuple[str, str]:
        """The commit that the pushed ones come after, and what the payload says was there before. A new branch
        is compared with the point where it parted from what ``origin`` has (DOC: Git diff comparisons)."""
        target, refs = self.target, repository.refs
        name, default = target.ref.name, self.default_branch
        pushed = (
            refs.remote_branch
            if name == repository.branch
            else repository.resolve(f"refs/remotes/origin/{name}")
        )
        if pushed:
            return (pushed, pushed) if pushed != target.sha else ("", "")
        base = repository.resolve(f"refs/remotes/origin/{default}") if name != default else None
        return (base, NO_COMMIT) if base else ("", "")

    def deletion(self) -> payloads.Payload:
        """A push that deletes its ref (DOC: events that trigger workflows, push)."""
        gone, name = self.target.ref, self.default_branch
        self.target = find_target(self.repository, tag=None, branch=name, ref=None)
        self.notes.append(f"{gone.name} is deleted: the run is of the default branch {name}")
        return payloads.push(gone, self.name, before=NO_COMMIT, after=NO_COMMIT, commits=(), head=None)

    def note_skip(self, head: Commit | None) -> None:
        """Say that the newest commit asks for no run. A rehearsal goes on."""
        found = _SKIPS.search(head.message) if head is not None else None
        if head is not None and found is not None:
            said = found[0].strip()
            self.notes.append(
                f"the message of commit {head.sha[:7]} has {said}: GitHub would start nothing for this {self.event}"
            )

    def add_working_tree(self) -> None:
        """Count the changes of the working tree among the changed files, where they are part of the sources."""
        repository = self.repository
        if self.committed or repository is None or self.target.sha != repository.head or self.changed is None:
            return
        self.changed = tuple(sorted({*self.changed, *(change.path for change in repository.status())}))

    def pull_request(self) -> payloads.Payload:
        repository, head = self.repository, self.target
        if head.ref.type == "tag":
            raise UsageError(f"{self.event} is about a branch, not a tag", do="Give --branch.")
        base = _at(self.given, "pull_request", "base", "ref") or self.default_branch
        base_sha = head.sha
        title = head.ref.name
        if repository is not None and head.sha != NO_COMMIT:
            known = repository.refs.branches.get(base) or repository.resolve(f"refs/remotes/origin/{base}")
            if base != head.ref.name and known is not None:
                base_sha = known
                self.changed = repository.changed_files(known, head.sha, since_parted=True)
            else:
                commit = repository.commit(head.sha)
                base_sha = commit.parents[0] if commit and commit.parents else head.sha
                self.changed = commit.files if commit else None
                self.notes.append(
                    f"the pull request is made up of the last commit of {head.ref.name} into {base}"
                )
            self.add_working_tree()
            if self.event == "pull_request":
                self.note_skip(repository.commit(head.sha))
        self.base_ref, self.head_ref = base, head.ref.name
        number = self.given.get("number", 1)
        number = int(number) if isinstance(number, int | float) else 1
        self.target = Target(
            RefInfo(f"refs/pull/{number}/merge", f"{number}/merge", "branch"), head.sha, head.notes
        )
        if self.event == "pull_request_target":
            tip = find_target(repository, tag=None, branch=self.default_branch, ref=None)
            self.target = Target(tip.ref, tip.sha, head.notes)
        return payloads.pull_request(
            self.name,
            actor=self.actor,
            head_ref=head.ref.name,
            head_sha=head.sha,
            base_ref=base,
            base_sha=base_sha,
            title=title,
        )

    def release(self) -> payloads.Payload:
        target = self.target
        if target.ref.type != "tag":
            here = sorted(
                name
                for name, sha in (self.repository.refs.tags.items() if self.repository else ())
                if sha == target.sha
            )
            if not here or self.explicit:
                raise UsageError("a release is of a tag", do="Give it: --tag v1.2.3 (it need not exist yet).")
            self.target = target = Target(tag_ref(here[-1]), target.sha, target.notes)
        branch = (self.repository.branch if self.repository is not None else None) or self.default_branch
        return payloads.release(self.name, tag=target.ref.name, actor=self.actor, target=branch)

    def schedule(self) -> payloads.Payload:
        self.to_default_branch("a schedule")
        return {"schedule": ""}

    def to_default_branch(self, what: str) -> None:
        """Some events run on the default branch, whatever the current one is."""
        branch = self.default_branch
        if self.target.ref.name != branch and not self.explicit and self.repository is not None:
            current = self.target.ref.name
            self.target = find_target(self.repository, tag=None, branch=branch, ref=None)
            self.notes.append(f"{what} runs on the default branch {branch}, not on {current}")

    def merge_group(self) -> payloads.Payload:
        head, base = self.target, self.default_branch
        queue = branch_ref(f"gh-readonly-queue/{base}/pr-1-{head.sha}")
        self.target = Target(queue, head.sha, head.notes)
        if not self.given:
            self.notes.append(f"the merge group is to be merged into {base}")
        return payloads.merge_group(head_ref=queue.ref, head_sha=head.sha, base_ref=f"refs/heads/{base}")

    def workflow_run(self) -> payloads.Payload:
        head = self.target
        self.to_default_branch("a workflow_run")
        self.notes.append(
            f"the run before it is taken to have been of {head.ref.name}, and to have succeeded"
        )
        return payloads.workflow_run(head_branch=head.ref.name, head_sha=head.sha, actor=self.actor)
