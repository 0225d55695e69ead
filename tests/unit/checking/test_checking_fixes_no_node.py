"""Actions that need node replaced by what needs none: the table, the edits, what is refused, and the scripts by a shell."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fix_tools import TODAY, fixed, predict, proposals
from tests.shared_data import SEED, needs

from actlite.actions.known import known_steps, known_using
from actlite.checking.checker import Checker
from actlite.checking.files import TextFiles
from actlite.checking.fixes import propose
from actlite.checking.fixes.applying import fix_file
from actlite.checking.fixes.edits import Page
from actlite.checking.fixes.node_free_scripts import SCRIPTS, scripted
from actlite.checking.predictions.settings import Predicting
from actlite.document.nodes import Mapping, Scalar
from actlite.glibc.alternatives import COMPOSITE, NONE, SCRIPT, WITHOUT, alternative, alternatives
from actlite.source import SourceFile
from actlite.workflow.model import RunStep, UsesStep
from actlite.workflow.reader import read

ROWS = sorted(alternatives().values(), key=lambda row: row.action)
HEAD = """\
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: quay.io/pypa/manylinux2014_x86_64
    steps:
"""


def steps(text: str) -> str:
    return HEAD + text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.action)
def test_rows(row: Any) -> None:
    owner, repo, *path = row.action.split("/")
    refs = ("v1", "v2", "v3", "v4", "master")
    declared = {known_using(owner, repo, "/".join(path), ref) or "" for ref in refs}
    assert any(using.startswith("node") for using in declared), "it needs no other"
    if row.kind == COMPOSITE:
        name, _, ref = row.name.partition("@")
        assert len(ref) == 40, "a commit stays what it is"
        owner, repo = name.split("/")
        assert known_using(owner, repo, "", ref) == "composite"
        assert known_steps(owner, repo, "", ref) == (), "nothing nested that could need node"
        assert row.otherwise == "checkout"
    elif row.kind == SCRIPT:
        assert row.name in SCRIPTS
    else:
        assert row.kind in (WITHOUT, NONE)
    assert bool(row.why) is (row.kind == NONE)
    assert bool(row.source) is (row.kind != NONE)
    assert not row.why.endswith(".")
    assert all(note.endswith(".") for note in row.notes)


def test_names_are_found_with_and_without_refs() -> None:
    found = alternative("swatinem/Rust-Cache@v2")
    assert found is not None
    assert found.kind == WITHOUT
    assert alternative("./own") is None


WORKFLOW = """\
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: quay.io/pypa/manylinux2014_x86_64  # glibc 2.17
    steps:
      # the sources
      - uses: actions/checkout@v4  # the newest
      - name: Rust
        uses: actions-rs/toolchain@v1
        with:
          # as few as possible
          profile: minimal
          toolchain: stable
          override: true

      - uses: Swatinem/rust-cache@v2

      - name: Build
        uses: actions-rs/cargo@v1
        with:
          command: build
          args: --release
      - name: Release
        if: github.ref_type == 'tag'
        uses: actions/create-release@v1
        env:
          GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}  # may write
        with:
          tag_name: ${{ github.ref }}
          release_name: Release ${{ github.ref_name }}
          draft: true
"""


def test_golden_diff() -> None:
    """What people see. To renew: delete the file and run the test twice."""
    after = fixed(WORKFLOW, "no-node")
    lines = difflib.unified_diff(WORKFLOW.splitlines(True), after.splitlines(True), "before", "after")
    found = "".join(lines)
    golden = Path(__file__).parent / "golden" / "fix-no-node.diff"
    if not golden.exists():
        golden.write_text(found)
        pytest.fail(f"{golden.name} was not there; it is written now")
    assert found == golden.read_text()


def test_line_ends_are_kept() -> None:
    expected = fixed(WORKFLOW, "no-node")
    assert fixed(WORKFLOW.replace("\n", "\r\n"), "no-node") == expected.replace("\n", "\r\n")
    assert fixed(WORKFLOW.rstrip("\n"), "no-node").rstrip("\n") == expected.rstrip("\n")


CHECKOUTS = [
    ("", "FelixSchwarz/checkout-action@723fc8819", ""),
    ("        with: {fetch-depth: 1}\n", "FelixSchwarz", ""),
    ("        with:\n          clean: false\n          token: ${{ secrets.PAT }}\n", "FelixSchwarz", "token"),
    ("        with: {token: x}  # a\n", "FelixSchwarz", "{token: x}  # a"),
    ("        with:\n          fetch-depth: 0\n", "git fetch --quiet --tags", ""),
    ("        with:\n          ref: main\n", "REF: main", ""),
]


@pytest.mark.parametrize(("given", "expected", "kept"), CHECKOUTS)
def test_checkout_is_another_action_or_a_script(given: str, expected: str, kept: str) -> None:
    found = fixed(steps(f"      - uses: actions/checkout@v4  # the sources\n{given}"), "no-node")
    assert expected in found
    assert "# the sources\n" in found
    assert kept in found
    assert ("with" in found) is bool(kept)
    assert "clean" not in found


CARGO = [
    ("command: build\nargs: --release", "run: cargo build --release\n"),
    ("command: test\ntoolchain: +nightly", "run: cargo +nightly test\n"),
    ("command: build\nargs: >-\n  --release\n  --features 'a b'", "cargo build --release --features 'a b'\n"),
    (
        "command: ${{ matrix.do }}\nargs: -p ${{ matrix.of }}",
        '          set -f\n          cargo "$COMMAND" $ARGS\n        env:\n'
        "          COMMAND: ${{ matrix.do }}\n          ARGS: -p ${{ matrix.of }}\n",
    ),
    ("command: build\ntoolchain: ${{ matrix.rust }}", 'cargo ${TOOLCHAIN:+"+${TOOLCHAIN#+}"} build\n'),
    ("command: build\nuse-cross: 'false'  # not yet", "# not yet\n          cargo build\n"),
]


def cargo(given: str) -> str:
    lines = "".join(f"          {line}\n" for line in given.splitlines())
    return steps(f"      - name: Build\n        uses: actions-rs/cargo@v1\n        with:\n{lines}")


@pytest.mark.parametrize(("given", "expected"), CARGO)
def test_cargo(given: str, expected: str) -> None:
    found = fixed(cargo(given), "no-node")
    assert expected in found
    assert "      - name: Build\n        run: " in found


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("command: build\nuse-cross: true", "cross is used"),
        (
            "command: build\nuse-cross: ${{ matrix.cross }}",
            "'use-cross' of actions-rs/cargo is an expression",
        ),
        ("command: build\nargs: --bin $NAME", "mean something else to a shell"),
        ("command: build\nargs: a; b", "mean something else to a shell"),
        ("command: build\nargs: \"'${{ matrix.a }}'\"", "quotes around or beside an expression"),
        ("command: build\nother: 1", "no input 'other'"),
        ("args: --release", "is given no 'command'"),
    ],
)
def test_what_cargo_is_refused_for(given: str, why: str) -> None:
    assert why in proposals(cargo(given))["no-node"].refused


def test_toolchain() -> None:
    text = steps(
        "      - uses: actions-rs/toolchain@v1\n        with: {toolchain: nightly, override: true, "
        'components: "rustfmt, clippy", target: "${{ matrix.target }}"}\n'
    )
    found = fixed(text, "no-node")
    assert (
        "rustup toolchain install nightly --component rustfmt --component clippy --allow-downgrade\n" in found
    )
    assert "          rustup override set nightly\n" in found
    assert "rustup default" not in found
    assert '          TARGET: "${{ matrix.target }}"\n' in found
    found = fixed(steps("      - uses: actions-rs/toolchain@v1\n"), "no-node")
    assert '          rustup toolchain install "$(cat rust-toolchain)"\n' in found
    text = text.replace("override: true", "override: '${{ matrix.o }}'")
    assert "is an expression" in proposals(text)["no-node"].refused


def test_other_scripts() -> None:
    text = steps(
        "      - uses: actions-rs/install@v0.1.2\n        with: {crate: cargo-deb, version: latest}\n"
        "      - uses: actions-rs/clippy-check@v1\n        with:\n          token: ${{ github.token }}\n"
        "          args: -- -D warnings\n"
    )
    found = fixed(text.replace("v0.1.2", "master"), "no-node")
    assert "      - run: cargo install cargo-deb\n      - run: cargo clippy -- -D warnings\n" in found
    assert "token" not in found


CACHED = """\
      - run: "true"

      # faster
      - uses: Swatinem/rust-cache@v1  # v1 is enough

      - run: make
"""


def test_a_cache_is_left_out() -> None:
    found = fixed(steps(CACHED), "no-node")
    assert found == steps(CACHED.replace("- uses: Swatinem/rust-cache@v1  # v1", "# v1"))
    bare = CACHED.replace("  # v1 is enough", "").replace("      # faster\n", "")
    assert fixed(steps(bare), "no-node") == steps(
        bare.replace("      - uses: Swatinem/rust-cache@v1\n\n", "")
    )
    notes = proposals(steps(CACHED))["no-node"].notes
    assert notes == (
        "Without Swatinem/rust-cache, which only keeps what cargo makes anew, the job is slower.",
    )
    read_later = (
        CACHED.replace("- uses", "- id: kept\n        uses") + "        if: ${{ !steps.kept.outputs.x }}\n"
    )
    assert "steps.kept.outputs.x is read" in proposals(steps(read_later))["no-node"].refused


RELEASE = """\
      - id: release
        uses: actions/create-release@v1
        env:
          GITHUB_TOKEN: ${{ github.token }}
        with:
          tag_name: ${{ github.ref }}
          release_name: one
          # what is new
          body: |
            first

              second
      - uses: actions/upload-release-asset@v1
        with:
          upload_url: ${{ steps.release.outputs.upload_url }}
          asset_path: a b
          asset_name: a b
          asset_content_type: text/plain
"""


def test_release_variables() -> None:
    found = fixed(steps(RELEASE), "no-node")
    assert (
        "        env:\n          GITHUB_TOKEN: ${{ github.token }}\n          TAG_NAME: ${{ github.ref }}\n"
        "          RELEASE_NAME: one\n          BODY: |\n            first\n\n              second\n"
        "      - run: |\n"
    ) in found
    assert "        run: |\n          # what is new\n          set -eu\n" in found
    workflow, bag = read(SourceFile("x.yml", found), "x.yml")
    assert workflow is not None, bag.items
    assert not bag.errors
    step = workflow.jobs[0].steps[0]
    assert isinstance(step, RunStep)
    assert isinstance(step.env, Mapping)
    body = step.env.get("BODY")
    assert isinstance(body, Scalar)
    assert body.text == "first\n\n  second\n"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("outputs.upload_url", "outputs.url", "steps.release.outputs.url is read"),
        ("steps.release.outputs.upload_url", "toJSON(steps)", "outputs of steps that it does not name"),
        ("          release_name: one\n", "", "is given no 'release_name'"),
        (
            "release_name: one",
            "release_name: ${{ env.GITHUB_TOKEN }}",
            "reads GITHUB_TOKEN of the step's own",
        ),
        ("          GITHUB_TOKEN:", "          BODY:", "has BODY already"),
        ("release_name: one", "release_name: &name one", "has an anchor"),
        (
            "      - id: release",
            "      - uses: actions/cache@v4\n      - id: release",
            "can't reach GitHub's cache",
        ),
        (
            "      - id: release",
            "      - uses: docker/login-action@v3\n      - id: release",
            "that is known here",
        ),
    ],
)
def test_what_is_refused(old: str, new: str, why: str) -> None:
    text = RELEASE.replace(old, new, 1)
    assert text != RELEASE
    assert why in proposals(steps(text))["no-node"].refused


def test_all_that_have_no_alternative_are_named() -> None:
    text = steps("      - uses: actions/cache@v4\n      - uses: actions/upload-artifact@v4\n")
    refused = proposals(text)["no-node"].refused
    assert refused.startswith("actions/cache has no alternative: ")
    assert "; actions/upload-artifact has no alternative: scripts don't get the token" in refused
    source = SourceFile("x.yml", text)
    offered = propose(source, "job", predict(source, "job"), TODAY)
    assert "no-node" not in [proposal.name for proposal in offered]


def test_images_without_curl() -> None:
    text = steps(RELEASE).replace("quay.io/pypa/manylinux2014_x86_64", "debian:9")
    assert "the image debian has no curl" in proposals(text)["no-node"].refused
    text = text.replace("    steps:\n", "    steps:\n      - run: apt-get install -y curl\n")
    assert not proposals(text)["no-node"].refused


def test_defaults_do_not_hold_for_the_scripts() -> None:
    text = steps(RELEASE).replace(
        "    steps:\n", "    defaults: {run: {shell: bash, working-directory: a}}\n    steps:\n"
    )
    found = fixed(text, "no-node")
    assert found.count('          cd "$GITHUB_WORKSPACE"\n          set -eu\n') == 2
    assert found.count("        shell: sh\n        working-directory: /\n") == 2


@needs(SEED)
def test_the_seed() -> None:
    """All its steps have an alternative; the edited file needs no node, and no fix."""
    source = SourceFile("release.yml", SEED.read_text())
    predicting = Predicting(as_of=TODAY)
    checker = Checker(TextFiles({}), predicting=lambda: predicting)
    done = fix_file(source, [], checker.predictions_in, "no-node", TODAY)
    assert [proposal.name for proposal in done.made] == ["no-node"]
    assert not done.left
    workflow, bag = read(SourceFile("release.yml", done.text), "release.yml")
    assert workflow is not None
    assert not bag.errors
    assert not [step for step in workflow.jobs[0].steps if isinstance(step, UsesStep)]
    again = fix_file(SourceFile("release.yml", done.text), [], checker.predictions_in, "no-node", TODAY)
    assert again.text == done.text
    windows = SourceFile("release.yml", source.text.replace("\n", "\r\n"))
    crlf = fix_file(windows, [], checker.predictions_in, "no-node", TODAY)
    assert crlf.text == done.text.replace("\n", "\r\n")


class Api(BaseHTTPRequestHandler):
    """Releases, as GitHub answers."""

    seen: list[tuple[str, str, str, bytes]]
    code = 201

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(
            (self.path, self.headers["Authorization"], self.headers["Content-Type"], body),
        )
        root = f"http://{self.headers['Host']}/repos/o/r/releases"
        answer: dict[str, Any] = {"message": "Not today"}
        if self.code == 201 and "/assets" in self.path:
            answer = {
                "url": f"{root}/assets/8",
                "uploader": {"html_url": "x"},
                "browser_download_url": f"{root}/a",
            }
        elif self.code == 201:
            answer = {
                "author": {"html_url": "https://github.com/some", "id": 3},
                "body": '{"upload_url": "no", "html_url": "no/releases/no"}',
                "upload_url": f"{root}/77/assets{{?name,label}}",
                "html_url": "https://github.com/o/r/releases/tag/v1",
                "id": 77,
            }
        text = json.dumps(answer, indent=self.indent, separators=self.separators).encode()
        self.send_response(self.code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    indent: int | None = 2
    separators: tuple[str, str] | None = None

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@pytest.fixture(params=[(2, None), (None, (",", ":"))], ids=["pretty", "compact"])
def api(request: pytest.FixtureRequest) -> Iterator[tuple[str, type[Api]]]:
    indent, separators = request.param
    handler = type("Own", (Api,), {"seen": [], "indent": indent, "separators": separators})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def script_of(name: str) -> str:
    source = SourceFile("x.yml", steps(RELEASE))
    workflow, _ = read(source, "x.yml")
    assert workflow is not None
    given = {
        step.uses.text.partition("@")[0]: step.with_
        for step in workflow.jobs[0].steps
        if isinstance(step, UsesStep)
    }
    return scripted(Page(source), f"actions/{name}", name, given[f"actions/{name}"])[0]


def shell(
    tmp_path: Path, script: str, **more: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    output = tmp_path / "output"
    output.write_text("")
    env = {
        "PATH": os.environ["PATH"],
        "GITHUB_OUTPUT": str(output),
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": "c" * 40,
        "GITHUB_TOKEN": "secret",
        "no_proxy": "127.0.0.1",
        **more,
    }
    done = subprocess.run(
        ["sh", "-e", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    return done, dict(line.split("=", 1) for line in output.read_text().splitlines())


BODY = 'a "quoted" \\ line\n\ttab, 100 % {"upload_url": "x"} é\n\n$HOME `id` \\n\n'


def test_create_release_asks_as_the_action_does(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    address, handler = api
    given = {"TAG_NAME": "refs/tags/v1", "RELEASE_NAME": "refs/tags/v1", "BODY": BODY, "DRAFT": "true"}
    done, outputs = shell(tmp_path, script_of("create-release"), GITHUB_API_URL=address, **given)
    assert done.returncode == 0, done.stderr
    ((path, token, kind, body),) = handler.seen
    assert (path, token, kind) == ("/repos/o/r/releases", "token secret", "application/json")
    assert json.loads(body) == {
        "tag_name": "v1",
        "target_commitish": "c" * 40,
        "name": "v1",
        "body": BODY.rstrip("\n"),
        "draft": True,
        "prerelease": False,
    }
    assert outputs == {
        "id": "77",
        "html_url": "https://github.com/o/r/releases/tag/v1",
        "upload_url": f"{address}/repos/o/r/releases/77/assets{{?name,label}}",
    }


def test_create_release_elsewhere_with_a_text_from_a_file(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    address, handler = api
    (tmp_path / "NEWS").write_text("news\n")
    given = {
        "TAG_NAME": "v2",
        "RELEASE_NAME": "",
        "BODY": "b",
        "BODY_PATH": "NEWS",
        "OWNER": "a",
        "REPO": "b",
    }
    done, _ = shell(tmp_path, script_of("create-release"), GITHUB_API_URL=address, COMMITISH="main", **given)
    assert done.returncode == 0, done.stderr
    assert handler.seen[0][0] == "/repos/a/b/releases"
    sent = json.loads(handler.seen[0][3])
    assert (sent["body"], sent["name"], sent["target_commitish"], sent["draft"]) == (
        "news",
        "",
        "main",
        False,
    )


def test_an_asset_is_sent_as_it_is(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    address, handler = api
    content = bytes(range(256)) * 300
    (tmp_path / "a b").write_bytes(content)
    given = {
        "UPLOAD_URL": f"{address}/repos/o/r/releases/77/assets{{?name,label}}",
        "ASSET_PATH": "a b",
        "ASSET_NAME": "a b+é.gz",
        "ASSET_CONTENT_TYPE": "application/gzip",
    }
    done, outputs = shell(tmp_path, script_of("upload-release-asset"), **given)
    assert done.returncode == 0, done.stderr
    ((path, token, kind, body),) = handler.seen
    assert path == "/repos/o/r/releases/77/assets?name=%61%20%62%2b%c3%a9%2e%67%7a"
    assert (token, kind, body) == ("token secret", "application/gzip", content)
    assert outputs == {"browser_download_url": f"{address}/repos/o/r/releases/a"}


def test_a_refusal_ends_the_step(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    address, handler = api
    handler.code = 422
    given = {"TAG_NAME": "v1", "RELEASE_NAME": "v1", "GITHUB_API_URL": address}
    done, outputs = shell(tmp_path, script_of("create-release"), **given)
    assert done.returncode == 1
    assert "GitHub answered 422:" in done.stderr
    assert "Not today" in done.stderr
    assert "secret" not in done.stdout + done.stderr
    assert not outputs
