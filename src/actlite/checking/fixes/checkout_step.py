"""What actions/checkout does, by git alone: for images in which no node starts.

The token goes by GIT_ASKPASS, which git has had since 1.7; ``http.extraheader``, the action's own way, needs 2.9, and
CentOS 7 has 1.8. A repository that needs no token is never sent one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC

from actlite.checking.fixes.edits import CannotEdit
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.document.scalars import primitive_text
from actlite.records import field, frozen

_WITHOUT_EFFECT = frozenset({"clean", "show-progress", "set-safe-directory", "fetch-tags"})
"""Inputs that change nothing in a new folder, or little."""
_ONLY_FALSE = frozenset({"lfs", "persist-credentials"})


@frozen
class Settings:
    """What a step asks of actions/checkout."""

    texts: MappingABC[str, str] = field(default_factory=dict)
    """Inputs that may be expressions: repository, ref, token, path."""
    depth: int = 1
    submodules: str = ""
    """Empty, ``true`` or ``recursive``."""

    def environment(self) -> dict[str, str]:
        """The variables of the script, as YAML values."""
        names = {"repository": "REPOSITORY", "ref": "REF", "path": "FOLDER"}
        found = {"TOKEN": self.texts.get("token", "${{ github.token }}")}
        return found | {names[key]: text for key, text in self.texts.items() if key in names}


def settings(given: Node | None) -> Settings:
    """The inputs of a step. Raises CannotEdit for those that the script can't honour."""
    if given is not None and not isinstance(given, Mapping):
        raise CannotEdit("'with' is an expression")
    texts: dict[str, str] = {}
    depth, submodules = 1, ""
    for key, value in given.entries if given is not None else ():
        name = key.text.lower()
        if not isinstance(value, Scalar):
            raise CannotEdit(f"the input '{name}' is no text")
        text = primitive_text(value.value)
        if name in ("repository", "ref", "token", "path"):
            if "\n" in value.span.text or not text:
                raise CannotEdit(f"the input '{name}' is empty or takes several lines")
            texts[name] = value.span.text
        elif name == "fetch-depth":
            if not re.fullmatch(r"\d{1,9}", text):
                raise CannotEdit(f"fetch-depth is no plain number: {text}")
            depth = int(text)
        elif name == "submodules":
            if text.lower() not in ("true", "false", "recursive"):
                raise CannotEdit(f"submodules is an expression: {text}")
            submodules = "" if text.lower() == "false" else text.lower()
        elif name not in _WITHOUT_EFFECT and not (name in _ONLY_FALSE and text.lower() == "false"):
            raise CannotEdit(f"the script can't honour the input '{name}: {text}'")
    return Settings(texts, depth, submodules)


def script(wanted: Settings) -> str:
    """The script, for ``sh -e`` and any git from 1.8.3 on."""
    repository = "$REPOSITORY" if "repository" in wanted.texts else "$GITHUB_REPOSITORY"
    ref = "${REF:-$GITHUB_SHA}" if "ref" in wanted.texts else "$GITHUB_SHA"
    if "repository" in wanted.texts:
        ref = "${REF:-HEAD}" if "ref" in wanted.texts else "HEAD"
    folder = '"$GITHUB_WORKSPACE/$FOLDER"' if "path" in wanted.texts else '"$GITHUB_WORKSPACE"'
    depth = f"--depth {wanted.depth} " if wanted.depth else ""
    lines = [
        "set -eu",
        "# git alone: actions/checkout needs a node that does not start in this image",
        "export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=$(mktemp)",
        """printf '%s\\n' '#!/bin/sh' 'case $1 in Username*) echo x-access-token ;; *) echo "$TOKEN" ;; esac' > "$GIT_ASKPASS\"""",
        'chmod 700 "$GIT_ASKPASS"',
        f"mkdir -p {folder} && cd {folder}",
        'git config --global --add safe.directory "$PWD"',
        "git init --quiet",
        f'git remote add origin "$GITHUB_SERVER_URL/{repository}"',
    ]
    if not wanted.depth:
        lines.append("git fetch --quiet --tags origin '+refs/heads/*:refs/remotes/origin/*'")
    lines += [f'git fetch --quiet {depth}origin "{ref}"', "git checkout --quiet --detach FETCH_HEAD"]
    if "repository" not in wanted.texts:
        own = '[ -n "${REF-}" ] || ' if "ref" in wanted.texts else ""
        lines.append(
            f'case $GITHUB_REF in refs/tags/*) {own}git tag --force "${{GITHUB_REF#refs/tags/}}" ;; esac'
        )
    if wanted.submodules:
        recursive = " --recursive" if wanted.submodules == "recursive" else ""
        lines.append(f"git submodule update --quiet --init{recursive}")
    lines += ['rm "$GIT_ASKPASS"', "git log -1 --oneline"]
    return "\n".join(lines)
