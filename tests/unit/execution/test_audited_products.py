"""What a job has built, held against the systems that it is for."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from core_harness import Bench, Result

from actlite.engines.fake import Call, Reply
from actlite.events import ArtifactFound, from_json, to_json
from actlite.execution import auditing
from actlite.execution.auditing import Auditor
from actlite.glibc.audit import report

PROGRAM = Path(sys.executable).resolve()
"""Built on this machine: it asks for a glibc that no 2.5 has."""
BUILD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: build it}]\n"


def build(bench: Bench, files: dict[str, bytes], target: str = "") -> Result:
    """Run a job whose only step makes these files in its workspace."""

    def make(call: Call) -> Reply:
        for name, content in files.items():
            path = call.host(call.process.workdir) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return Reply()

    bench.engine.on("build it", make)
    bench.settings |= {"target": target}
    return bench.run(BUILD)


def found(result: Result) -> dict[str, ArtifactFound]:
    return {event.name: event for event in result.events if isinstance(event, ArtifactFound)}


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def test_a_program_is_looked_at(bench: Bench) -> None:
    result = build(bench, {"dist/python": PROGRAM.read_bytes()})
    product = found(result)["dist/python"]
    (file,) = product.audited
    assert (file.name, file.kind, file.linkage, file.libc) == ("", "program", "dynamic", "glibc")
    assert product.needs.startswith(f"GLIBC {file.newest['GLIBC']}")
    assert file.runs_on
    assert (product.target, product.verdict, file.verdict, file.over) == ("", "unknown", "unknown", ())
    assert result.outcome.refused == ()
    assert from_json(to_json(product)) == product


def test_what_the_target_refuses_is_told_with_its_symbols(bench: Bench) -> None:
    result = build(bench, {"python": PROGRAM.read_bytes()}, "glibc2.5")
    product = found(result)["python"]
    (file,) = product.audited
    assert (product.target, product.verdict, file.verdict) == ("glibc2.5", "refused", "refused")
    newest = file.over[0]
    assert newest.version == f"GLIBC_{file.newest['GLIBC']}"
    assert newest.symbols
    assert file.advice
    assert result.outcome.refused == ("python",)
    assert result.outcome.conclusion == "success"
    assert {job.result for job in result.jobs().values()} == {"success"}


def test_what_runs_on_the_target(bench: Bench) -> None:
    result = build(bench, {"python": PROGRAM.read_bytes()}, "glibc2.60")
    product = found(result)["python"]
    assert (product.verdict, product.audited[0].verdict) == ("fits", "fits")
    assert result.outcome.refused == ()


def test_the_members_of_an_archive(bench: Bench) -> None:
    packed = archive(**{"bin/python": PROGRAM.read_bytes(), "README": b"text"})
    product = found(build(bench, {"a.tar.gz": packed}, "manylinux1"))["a.tar.gz"]
    assert [file.name for file in product.audited] == ["bin/python"]
    assert product.verdict == "refused"


def test_an_archive_that_is_none(bench: Bench) -> None:
    result = build(bench, {"a.tar.gz": b"no archive", "b.zip": b"PK"}, "manylinux2014")
    products = found(result)
    assert set(products) == {"a.tar.gz", "b.zip"}
    assert all(product.audited == () for product in products.values())
    assert result.outcome.conclusion == "success"
    assert result.outcome.refused == ()


def test_a_damaged_program(bench: Bench) -> None:
    product = found(build(bench, {"python": PROGRAM.read_bytes()[:200]}))["python"]
    assert product.audited == ()
    (told,) = product.unseen
    assert told.startswith("python is damaged: ")


def test_what_takes_too_long_is_not_looked_at(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "MAX_SECONDS", -1.0)
    product = found(build(bench, {"python": PROGRAM.read_bytes()}, "glibc2.5"))["python"]
    assert product.audited == ()
    assert product.unseen == ("It was not audited: the products before it took too long.",)
    assert product.verdict == ""


def test_what_takes_too_long_itself_is_left_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 5))
    monkeypatch.setattr("actlite.glibc.audit.limits.time.monotonic", lambda: float(next(clock)))
    packed = archive(**{f"bin/python{number}": PROGRAM.read_bytes()[:9000] for number in range(50)})
    product = found(build(bench, {"a.tar.gz": packed}))["a.tar.gz"]
    assert product.unseen[0].startswith("The rest of a.tar.gz is not looked at: it took longer than")


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    product = ArtifactFound(1.0, "a", "x", str(tmp_path / "x"), 0)
    told = Auditor("", lambda text: text).audited(product, tmp_path / "x")
    assert told.audited == ()
    assert "can't be audited" in told.unseen[0]


def test_a_defect_of_the_audit_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("oh")

    monkeypatch.setattr(report, "audit", fails)
    result = build(bench, {"python": PROGRAM.read_bytes()}, "glibc2.5")
    assert result.outcome.conclusion == "success"
    (told,) = found(result)["python"].unseen
    assert told == "It can't be audited, by a defect of actlite's (RuntimeError: oh)."


def test_secrets_are_hidden_in_it(bench: Bench) -> None:
    bench.settings = {"secrets": {"KEY": "bin/python", "OTHER": "__libc_start_main"}}
    packed = archive(**{"bin/python": PROGRAM.read_bytes()})
    product = found(build(bench, {"a.tar.gz": packed}, "glibc2.5"))["a.tar.gz"]
    assert [file.name for file in product.audited] == ["***"]
    assert "__libc_start_main" not in str(product)


def test_an_event_of_an_earlier_version() -> None:
    old = {
        "kind": "artifact",
        "time": 1.0,
        "job": "a",
        "name": "hq",
        "path": "/hq",
        "size": 1,
        "needs": "GLIBC 2.17",
    }
    event = from_json(old)
    assert isinstance(event, ArtifactFound)
    assert (event.needs, event.audited, event.target, event.verdict) == ("GLIBC 2.17", (), "", "")
