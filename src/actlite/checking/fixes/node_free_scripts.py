"""Scripts in the place of actions, for ``sh -e`` and the tools of CentOS 7: curl 7.29, sed, awk, od.

Each does what the action's source does (see ``actlite.glibc.alternatives``). Inputs come as variables, so that no text
of a workflow becomes a part of a script.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping as MappingABC

from actlite.checking.fixes.edits import CannotEdit, Page
from actlite.checking.fixes.script_step import variable
from actlite.document.nodes import Mapping, Node, Scalar
from actlite.document.scalars import primitive_text

_WORD = re.compile(r"[\w.+/:@=,-]+")
_ARGUMENTS = re.compile(r"""(?:[\w\s./,:=@%+-]|"[^"$`\\\n]*"|'[^'\n]*')*""")
"""What a shell and the library string-argv take for the same words."""

_API = """\
work=$(mktemp -d)
# the token is not among the arguments, which others can see
send() {
  printf 'header = "Authorization: token %s"\\n' "$GITHUB_TOKEN" | curl -sS -K - -o "$work/answer" -w '%{http_code}' -X POST "$@" > "$work/code"
  if [ "$(cat "$work/code")" != 201 ]; then
    echo "GitHub answered $(cat "$work/code"):" >&2
    cat "$work/answer" >&2
    exit 1
  fi
}
answered() {
  tr -d '\\n' < "$work/answer" | sed 's/.*"'"$1"'": *"\\([^"]*\\)".*/\\1/'
}
"""
_CREATE_RELEASE = (
    """\
set -eu
# what actions/create-release does, by curl: the action needs a node that does not start in this image
"""
    + _API
    + """\
quoted() {
  printf '%s' "$1" | tr -d '\\000-\\010\\013-\\037' | sed -e 's/[\\\\"]/\\\\&/g' -e "s/$(printf '\\t')/\\\\\\\\t/g" |
    awk 'BEGIN { printf "\\"" } { printf "%s%s", newline, $0; newline = "\\\\n" } END { printf "\\"" }'
}
is_true() {
  if [ "$1" = true ]; then echo true; else echo false; fi
}
body=${BODY-}
if [ -n "${BODY_PATH-}" ]; then body=$(cat "$BODY_PATH"); fi
printf '{"tag_name":%s,"target_commitish":%s,"name":%s,"body":%s,"draft":%s,"prerelease":%s}' \\
  "$(quoted "${TAG_NAME#refs/tags/}")" "$(quoted "${COMMITISH:-$GITHUB_SHA}")" "$(quoted "${RELEASE_NAME#refs/tags/}")" \\
  "$(quoted "$body")" "$(is_true "${DRAFT-}")" "$(is_true "${PRERELEASE-}")" > "$work/release"
owner=${OWNER:-${GITHUB_REPOSITORY%/*}}
send -H 'Content-Type: application/json' --data-binary "@$work/release" "$GITHUB_API_URL/repos/$owner/${REPO:-${GITHUB_REPOSITORY#*/}}/releases"
upload_url=$(answered upload_url)
id=${upload_url%/assets*}
{
  echo "id=${id##*/}"
  echo "html_url=$(grep -o '"html_url": *"[^"]*/releases/[^"]*"' "$work/answer" | head -n 1 | cut -d '"' -f 4)"
  echo "upload_url=$upload_url"
} >> "$GITHUB_OUTPUT"
rm -r "$work"
"""
)
_UPLOAD_RELEASE_ASSET = (
    """\
set -eu
# what actions/upload-release-asset does, by curl: the action needs a node that does not start in this image
"""
    + _API
    + """\
name=$(printf '%s' "$ASSET_NAME" | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g')
send -H "Content-Type: $ASSET_CONTENT_TYPE" --data-binary "@$ASSET_PATH" "${UPLOAD_URL%%\\{*}?name=$name"
echo "browser_download_url=$(answered browser_download_url)" >> "$GITHUB_OUTPUT"
rm -r "$work"
"""
)
_RELEASE_INPUTS = (
    "tag_name",
    "release_name",
    "body",
    "body_path",
    "draft",
    "prerelease",
    "commitish",
    "owner",
    "repo",
)
_ASSET_INPUTS = ("upload_url", "asset_path", "asset_name", "asset_content_type")


class Inputs:
    """What a step gives an action, and the variables that its script needs."""

    def __init__(self, page: Page, action: str, given: Node | None) -> None:
        if given is not None and not isinstance(given, Mapping):
            raise CannotEdit("'with' is an expression")
        self.page = page
        self.action = action
        self.values: dict[str, Scalar] = {}
        self.variables: dict[str, str] = {}
        for key, value in given.entries if given is not None else ():
            if not isinstance(value, Scalar):
                raise CannotEdit(f"the input '{key.text}' is no text")
            self.values[key.text.lower()] = value

    def expect(self, *names: str) -> None:
        """Raise CannotEdit for inputs other than these."""
        for name in self.values:
            if name not in names:
                raise CannotEdit(f"what takes the place of {self.action} has no input '{name}'")

    def need(self, *names: str) -> None:
        """Raise CannotEdit where one of these is not given."""
        for name in names:
            if name not in self.values:
                raise CannotEdit(f"{self.action} is given no '{name}'")

    def text(self, name: str) -> str:
        """The text of an input; empty where it is not given."""
        value = self.values.get(name)
        return primitive_text(value.value).strip() if value is not None else ""

    def literal(self, name: str) -> str:
        """The text of an input that the edit goes by. Raises CannotEdit for an expression."""
        text = self.text(name)
        if "${{" in text:
            raise CannotEdit(f"the input '{name}' of {self.action} is an expression: {text}")
        return text

    def is_true(self, name: str) -> bool:
        """Whether an input is true, as actions-rs reads it."""
        return self.literal(name) in ("true", "1")

    def is_open(self, name: str) -> bool:
        """Whether an input is only known in the run."""
        return "${{" in self.text(name)

    def as_variable(self, name: str) -> str:
        """The variable that an input goes by from now on."""
        shell_name = name.upper().replace("-", "_")
        self.variables[shell_name] = variable(self.page, self.values[name])
        return shell_name

    def word(self, name: str) -> str:
        """An input as one word of a script."""
        if self.is_open(name):
            return f'"${self.as_variable(name)}"'
        text = self.text(name)
        return text if _WORD.fullmatch(text) else shlex.quote(text)


def _create_release(inputs: Inputs) -> str:
    inputs.expect(*_RELEASE_INPUTS)
    inputs.need("tag_name", "release_name")
    for name in inputs.values:
        inputs.as_variable(name)
    return _CREATE_RELEASE


def _upload_release_asset(inputs: Inputs) -> str:
    inputs.expect(*_ASSET_INPUTS)
    inputs.need(*_ASSET_INPUTS)
    for name in inputs.values:
        inputs.as_variable(name)
    return _UPLOAD_RELEASE_ASSET


def _toolchain(inputs: Inputs) -> str:
    inputs.expect("toolchain", "target", "default", "override", "profile", "components")
    name = inputs.word("toolchain") if inputs.text("toolchain") else '"$(cat rust-toolchain)"'
    components = [part.strip() for part in inputs.literal("components").split(",") if part.strip()]
    profile = inputs.literal("profile")
    if not all(_WORD.fullmatch(part) for part in (*components, *([profile] if profile else []))):
        raise CannotEdit("the components or the profile have unusual characters")
    install = [f"rustup toolchain install {name}", *(f"--component {part}" for part in components)]
    if components and inputs.text("toolchain") == "nightly":
        install.append("--allow-downgrade")
    lines = [
        "set -eu",
        "# what actions-rs/toolchain does, by rustup: the action needs a node that does not start in this image",
        "bin=${CARGO_HOME:-$HOME/.cargo}/bin",
        'PATH="$bin:$PATH"',
        "if ! command -v rustup; then",
        "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- --default-toolchain none -y",
        '  echo "$bin" >> "$GITHUB_PATH"',
        "fi",
        *([f"rustup set profile {profile}"] if profile else []),
        " ".join(install),
        *([f"rustup default {name}"] if inputs.is_true("default") else []),
        *([f"rustup override set {name}"] if inputs.is_true("override") else []),
    ]
    if inputs.is_open("target"):
        target = inputs.as_variable("target")
        lines.append(f'if [ -n "${target}" ]; then rustup target add --toolchain {name} "${target}"; fi')
    elif inputs.text("target"):
        lines.append(f"rustup target add --toolchain {name} {inputs.word('target')}")
    return "\n".join([*lines, "rustc --version", "cargo --version"])


def _cargo(inputs: Inputs) -> str:
    inputs.expect("command", "toolchain", "args", "use-cross")
    inputs.need("command")
    return _cargo_line(inputs, inputs.word("command"))


def _clippy(inputs: Inputs) -> str:
    inputs.expect("token", "name", "toolchain", "args", "use-cross")
    return _cargo_line(inputs, "clippy")


def _cargo_install(inputs: Inputs) -> str:
    inputs.expect("crate", "version", "use-tool-cache", "use-cache")
    inputs.need("crate")
    version = inputs.literal("version")
    wanted = f" --version {inputs.word('version')}" if version not in ("", "latest") else ""
    return f"cargo install{wanted} {inputs.word('crate')}"


def _cargo_line(inputs: Inputs, command: str) -> str:
    """``cargo +TOOLCHAIN COMMAND ARGUMENTS``."""
    if inputs.is_true("use-cross"):
        raise CannotEdit("cross is used, which starts containers of its own")
    words = ["cargo"]
    if inputs.is_open("toolchain"):
        name = inputs.as_variable("toolchain")
        words.append(f'${{{name}:+"+${{{name}#+}}"}}')
    elif inputs.text("toolchain"):
        words.append("+" + inputs.word("toolchain").removeprefix("+"))
    words.append(command)
    arguments = inputs.text("args")
    if inputs.is_open("args"):
        if re.search(r"[\"'\\]", re.sub(r"\$\{\{.*?\}\}", "", arguments, flags=re.DOTALL)):
            raise CannotEdit(f"the arguments have quotes around or beside an expression: {arguments}")
        # no patterns of file names: the action knows none
        return f"set -f\n{' '.join(words)} ${inputs.as_variable('args')}"
    if not _ARGUMENTS.fullmatch(arguments):
        raise CannotEdit(f"the arguments mean something else to a shell: {arguments}")
    return " ".join([*words, *arguments.split("\n")]).rstrip()


SCRIPTS = {
    "cargo": _cargo,
    "cargo-install": _cargo_install,
    "clippy": _clippy,
    "create-release": _create_release,
    "rust-toolchain": _toolchain,
    "upload-release-asset": _upload_release_asset,
}
"""The scripts by the names that the table has; ``checkout`` is another module's."""


def scripted(page: Page, action: str, name: str, given: Node | None) -> tuple[str, MappingABC[str, str]]:
    """The script of that name for what a step gives an action, and its variables. Raises CannotEdit."""
    inputs = Inputs(page, action, given)
    return SCRIPTS[name](inputs), inputs.variables
