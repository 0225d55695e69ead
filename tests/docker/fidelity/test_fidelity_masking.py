"""Secrets, leaked in every way that a workflow has, and looked for in everything that the run has produced."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from conforming import Conform
from main_tools import Outcome

SECRET = "s3cr3t-Wörd'\"&<>/+=zq"
KEY = "-----BEGIN-----\n  indented-line\nsecond-line-of-key\n-----END-----"
QUOTED = '"in-quotes-9"'
TORN = "first-half&+Xsecond-half"
SHORT = "#z"
MADE = "made-up-in-the-job"
SECRETS = {"TOKEN": SECRET, "KEY": KEY, "QUOTED": QUOTED, "TORN": TORN, "SHORT": f"  {SHORT}\n"}

FORMS = r"""
const s = process.env.S, b = Buffer.from(s);
const say = (name, ...texts) => console.log([name + ':', ...texts.flatMap((text) => [text, '|'])].join(' '));
const xml = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;'};
say('plain', s, s + s);
for (const before of ['', 'u', 'us']) say('base64', Buffer.from(before + s).toString('base64'));
say('url', encodeURIComponent(s).replace("'", '%27'));
say('json', JSON.stringify(s));
say('xml', s.replace(/[&<>"']/g, (c) => xml[c]));
say('expression', s.replaceAll("'", "''"));
say('backslash', s.replaceAll('"', '\\"'));
say('unquoted', process.env.Q.slice(1, -1));
say('powershell', ...process.env.T.split('X'));
say('short', process.env.H.trim());
say('git', Buffer.from('x-access-token:' + process.env.G).toString('base64'), process.env.G);
"""
BORDERS = r"""
const fs = require('fs'), raw = Buffer.from(process.env.S), half = Math.trunc(raw.length / 2);
const out = (...parts) => fs.writeSync(1, Buffer.concat(parts.map((p) => Buffer.from(p))));
const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
for (let cut = 1; cut < raw.length; cut += 3) {
  out(raw.subarray(0, cut)); wait(); out(raw.subarray(cut), '|\n');
}
for (const size of [65536, 131072])
  for (const shift of [1, half, raw.length - 1])
    out('x'.repeat(size - shift), raw, 'y'.repeat(10) + '\n');
out('::notice::' + 'n'.repeat(70000), raw, '\n');
"""
STEPS = r"""
      - uses: actions/checkout@v4
        with: {token: '${{ secrets.TOKEN }}'}
      - name: forms ${{ secrets.TOKEN }}
        uses: ./.github/forms
        env: &secrets
          S: ${{ secrets.TOKEN }}
          K: ${{ secrets.KEY }}
          Q: ${{ secrets.QUOTED }}
          T: ${{ secrets.TORN }}
          H: ${{ secrets.SHORT }}
          G: ${{ github.token }}
      - name: lines
        env: *secrets
        run: echo "$K"; echo "  $K  " >&2; test "${#S}" -gt 10 && echo given
      - name: borders
        env: *secrets
        uses: ./.github/borders
      - name: written
        id: written
        env: *secrets
        run: |
          echo "::error title=$S,file=$S,line=1::about $S"
          echo "::error::$(head -c 4090 /dev/zero | tr '\0' x)$S"
          echo "::group::$S"; echo "::endgroup::"; echo "::debug::$S"; echo "::set-output name=old::$S"
          echo "::set-output name=$S::x"
          echo "::warning file=src/$S.c::x"; echo "::notsuch::$S"; echo "##[nothing]$S"
          echo "::add-matcher::matcher.json"; echo "BAD $S: message $S"
          printf 'out=%s\n' "$S" >>"$GITHUB_OUTPUT"; printf 'LATER=%s\n' "$S" >>"$GITHUB_ENV"
          printf 'key<<EOF\n%s\nEOF\n' "$K" >>"$GITHUB_OUTPUT"
          printf '/bin-%s\n' "$S" >>"$GITHUB_PATH"; printf 'S=%s\n' "$S" >>"$GITHUB_STATE"
          printf '# %s\n\n%s\n' "$S" "$K" >>"$GITHUB_STEP_SUMMARY"
          mkdir -p dist; tar czf "dist/$T.tar.gz" README.md; cp dist/*.tar.gz "dist/made-up-in-the-job.tar.gz"
      - name: later
        run: |
          test "$LATER" = "$(printenv LATER)" && echo "length $(printf %s "$LATER" | wc -c)"
          cat <<'END'
          ${{ steps.written.outputs.out }} ${{ steps.written.outputs.key }} ${{ env.LATER }} ${{ toJSON(secrets) }}
          END
          echo "made-up-in-the-job before"; echo "::add-mask::made-up-in-the-job"; echo "made-up-in-the-job after"
          echo "::add-mask::%0A two-words %0A%0Aof-two-lines"; echo "two-words of-two-lines"
      - {name: bad env, continue-on-error: true, env: *secrets, run: 'echo "$T" >>"$GITHUB_ENV"'}
      - {name: bad artifact, continue-on-error: true, env: *secrets, run: 'echo "$S" >>"$GITHUB_ARTIFACTS"'}
      - {name: bad command, continue-on-error: true, env: *secrets, run: 'echo "::set-env name=A::$S"; echo "::add-matcher::$S"'}
      - {name: bad token, continue-on-error: true, env: *secrets, run: 'echo "::echo::$S"'}
      - {name: bad expression, continue-on-error: true, run: 'echo ${{ fromJSON(secrets.TOKEN) }}'}
      - {name: bad folder, continue-on-error: true, run: 'true', working-directory: '${{ secrets.TOKEN }}'}
      - {name: not run, if: "env.LATER == 'x'", run: 'true'}
      - name: input
        uses: ./.github/an-action
        with: {who: '${{ secrets.TOKEN }}', other: '${{ secrets.KEY }}'}
"""
WORKFLOW = (
    """
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    outputs: {o: '${{ steps.written.outputs.out }}', good: fine}
    steps:
"""
    + STEPS
    + r"""
      - name: failing ${{ secrets.TOKEN }}
        env: {S: '${{ secrets.TOKEN }}'}
        run: echo "$S" >&2; exit 3
  other:
    runs-on: ubuntu-latest
    needs: job
    if: always()
    steps:
      - name: other
        run: echo "made-up-in-the-job and o=${{ needs.job.outputs.o }} good=${{ needs.job.outputs.good }}"
"""
)
MATCHER = {
    "problemMatcher": [
        {"owner": "m", "pattern": [{"regexp": "^BAD (.*): (.*)$", "file": 1, "message": 2}]},
    ]
}
FILES = {
    ".github/forms/action.yml": "runs: {using: node24, main: main.js}\n",
    ".github/forms/main.js": FORMS,
    ".github/borders/action.yml": "runs: {using: node24, main: main.js}\n",
    ".github/borders/main.js": BORDERS,
    "matcher.json": json.dumps(MATCHER),
    ".github/an-action/action.yml": "inputs: {who: {}}\nruns: {using: composite, steps: [{run: 'echo \"$WHO\"', shell: bash, env: {WHO: '${{ inputs.who }}'}}]}\n",
}


@pytest.fixture(scope="module", params=["docker", "host"])
def ran(
    request: pytest.FixtureRequest, conform: Conform, tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    folder = tmp_path_factory.mktemp("reports")
    flags = [flag for name in SECRETS for flag in ("-s", name)]
    found = conform(
        WORKFLOW,
        "--engine",
        request.param,
        *flags,
        "--report",
        f"sarif={folder / 'sarif'}",
        "--var",
        "ACTIONS_STEP_DEBUG=true",
        env={**SECRETS, "ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE": "1"},
        files=FILES,
        expect=1,
    )
    assert (folder / "sarif").exists()
    return found


def forms_of(secret: str) -> set[str]:
    """What may be seen nowhere, of a secret."""
    data = secret.encode()
    found = {secret, base64.b64encode(data).decode(), quote(secret, safe=""), escape(secret)}
    found.add(json.dumps(secret, ensure_ascii=False)[1:-1])
    found.add(json.dumps(secret)[1:-1])
    found |= {line.strip() for line in secret.splitlines()}
    for before in ("u", "us"):
        # The characters at the ends of the shifted forms belong to what stands beside the secret, too.
        found.add(base64.b64encode((before + secret).encode()).decode()[4:-8])
    return {form for form in found if len(form) > 2}


HIDDEN = {form for secret in (SECRET, KEY, TORN) for form in forms_of(secret)} | {"in-quotes-9"}

LINES = ["***", "  ***", "***", "***"]


def leaks(data: bytes) -> list[str]:
    """The hidden forms that are in some bytes."""
    return [form for form in HIDDEN if form.encode() in data]


def produced(ran: Outcome) -> Iterator[Path]:
    """Every file that the run has left: those beside the project, and those in its ``.actlite``."""
    (end,) = ran.of("run-finished")
    project = Path(end["folder"]).parents[2]
    reports = project.parent
    for place in (project / ".actlite", reports):
        for path in place.rglob("*"):
            if place is reports and project in path.parents:
                continue
            yield path


def step(ran: Outcome, name: str) -> list[str]:
    """A step's lines, its heading too."""
    return ran.log(name, "job").splitlines()


def test_nothing_is_kept_that_was_not_looked_at(ran: Outcome) -> None:
    """A check of the checks: the leaks have happened, and the files are there."""
    assert ran.step("later", "job")["conclusion"] == "success"
    names = {path.name for path in produced(ran)}
    assert {"events.jsonl", "report.json"} <= names
    assert any(name.endswith(".log") for name in names)
    assert f"length {len(SECRET.encode())}" in ran.log("later", "job")


@pytest.mark.rule("masking/every-file")
def test_every_file(ran: Outcome) -> None:
    for path in produced(ran):
        assert leaks(str(path.name).encode()) == [], path
        if path.is_file():
            assert leaks(path.read_bytes()) == [], path
    assert leaks(ran.ended.out.encode()) == leaks(ran.ended.err.encode()) == []
    (end,) = ran.of("run-finished")
    environment = {**os.environ, "NO_COLOR": "1"}
    for arguments in (["last"], ["last", "job"], ["last", "job", "--log"], ["last", "--format", "json"]):
        argv = [
            sys.executable,
            "-m",
            "actlite",
            "show",
            *arguments,
            "-C",
            str(Path(end["folder"]).parents[2]),
        ]
        shown = subprocess.run(argv, env=environment, check=True, capture_output=True)
        assert leaks(shown.stdout + shown.stderr) == []
    assert any(a["name"].startswith("dist/***") for a in ran.of("artifact"))


@pytest.mark.rule("masking/secrets", "masking/touching", "masking/several-lines")
def test_forms(ran: Outcome) -> None:
    lines = step(ran, "forms ***")
    assert "plain: *** | *** |" in lines
    assert "short: *** |" in lines
    assert ran.lines("lines", "job") == [*LINES, "  ***", *LINES[1:3], "***  ", "given"]


@pytest.mark.rule("masking/base64", "masking/token")
def test_base64(ran: Outcome) -> None:
    lines = step(ran, "forms ***")
    shown = [line for line in lines if line.startswith("base64: ")]
    assert shown[0] == "base64: *** |"
    assert all("***" in line for line in shown)
    assert "git: *** | *** |" in lines


@pytest.mark.rule("masking/other-forms")
def test_other_forms(ran: Outcome) -> None:
    lines = step(ran, "forms ***")
    for form in ("url", "xml", "expression", "backslash", "unquoted"):
        assert f"{form}: *** |" in lines
    assert 'json: "***" |' in lines
    assert "powershell: *** | *** |" in lines


@pytest.mark.rule("masking/borders")
def test_borders(ran: Outcome) -> None:
    lines = ran.lines("borders", "job")
    pieces = len(range(1, len(SECRET.encode()), 3))
    assert lines[:pieces] == ["***|"] * pieces
    assert all(line.endswith("***" + "y" * 10) for line in lines[pieces : pieces + 6])
    assert leaks(ran.log("borders", "job").encode()) == []


@pytest.mark.rule("masking/annotations", "masking/names", "masking/summaries")
def test_annotations_names_and_summaries(ran: Outcome) -> None:
    found = ran.step("written", "job")
    first, second, matched = (a for a in found["annotations"] if a["level"] == "error")
    assert (first["message"], first["title"], first["file"]) == ("about ***", "***", "***")
    assert second["message"] == "x" * 4090 + "***"
    assert (matched["message"], matched["file"]) == ("message ***", "")
    assert found["summary"] == "# ***\n\n***\n  ***\n***\n***\n"
    assert found["outputs"]["out"] == "***"
    assert found["outputs"]["***"] == "x"
    assert ran.step("failing ***", "job")["outcome"] == "failure"


@pytest.mark.rule("masking/add-mask")
def test_add_mask(ran: Outcome) -> None:
    lines = step(ran, "later")
    assert "made-up-in-the-job before" in lines
    assert "*** after" in lines
    assert "*** ***" in lines
    assert ran.log("later", "job").count("***") > 5


@pytest.mark.rule("masking/per-job")
def test_per_job(ran: Outcome) -> None:
    assert ran.lines("other", "other") == ["made-up-in-the-job and o= good=fine"]
