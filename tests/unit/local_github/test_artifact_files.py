"""A run's artifacts on disk."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from actlite.errors import UsageError
from actlite.local_github.artifact_files import ArtifactFiles, files_below


def store(folder: Path, name: str, files: dict[str, bytes], job: str = "build") -> ArtifactFiles:
    found = ArtifactFiles(folder)
    place = found.begin(name)
    for path, content in files.items():
        assert found.put(place, path, io.BytesIO(content)) == len(content)
    found.finish(place, name, job)
    return found


def test_artifacts_are_found_by_name_in_any_case(tmp_path: Path) -> None:
    store(tmp_path, "My Files", {"a": b"1", "deep/b": b"22"})
    found = ArtifactFiles(tmp_path).get("my files")
    assert found is not None
    assert (found.id, found.name, found.job, found.files, found.size) == (1, "My Files", "build", 2, 3)
    names = [path.relative_to(found.folder).as_posix() for path in files_below(found.folder)]
    assert names == ["a", "deep/b"]


def test_what_is_uploaded_again_is_added(tmp_path: Path) -> None:
    store(tmp_path, "x", {"a": b"old", "b": b"b"})
    store(tmp_path, "y", {"c": b""})
    found = store(tmp_path, "X", {"a": b"newer"}, job="test")
    assert [(a.id, a.name, a.job, a.files, a.size) for a in found.artifacts()] == [
        (1, "X", "test", 2, 6),
        (2, "y", "build", 1, 0),
    ]


def test_an_upload_that_broke_off_is_not_there(tmp_path: Path) -> None:
    broken = ArtifactFiles(tmp_path)
    broken.put(broken.begin("x"), "a", io.BytesIO(b"half"))
    assert broken.get("x") is None
    assert ArtifactFiles(tmp_path / "never").artifacts() == ()
    store(tmp_path, "x", {"a": b"whole"})
    assert [(a.id, a.size) for a in broken.artifacts()] == [(1, 5)]


def test_jobs_that_upload_at_the_same_time_share_the_artifact(tmp_path: Path) -> None:
    first, second = ArtifactFiles(tmp_path), ArtifactFiles(tmp_path)
    one, two = first.begin("wheels"), second.begin("wheels")
    first.put(one, "a.whl", io.BytesIO(b"1"))
    second.put(two, "b.whl", io.BytesIO(b"2"))
    first.finish(one, "wheels", "a")
    second.finish(two, "wheels", "b")
    assert [(a.name, a.files) for a in first.artifacts()] == [("wheels", 2)]


def test_a_description_that_is_no_json_hides_only_its_artifact(tmp_path: Path) -> None:
    store(tmp_path, "x", {"a": b"1"})
    store(tmp_path, "y", {"a": b"1"})
    (tmp_path / "uploads/1/artifact.json").write_text("{")
    assert [a.name for a in ArtifactFiles(tmp_path).artifacts()] == ["y"]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "", ".", "a\0b"])
def test_no_path_leads_out(tmp_path: Path, path: str) -> None:
    found = ArtifactFiles(tmp_path)
    with pytest.raises(UsageError, match="not a path within an artifact"):
        found.put(found.begin("x"), path, io.BytesIO(b""))
    assert not (tmp_path / "uploads/x").exists()


@pytest.mark.parametrize("name", ["..", "a\\b", "ä ö\n", "x" * 300])
def test_names_may_be_anything(tmp_path: Path, name: str) -> None:
    found = store(tmp_path, name, {"a": b"1"}).get(name)
    assert found is not None
    assert found.folder == tmp_path / "uploads" / "1" / "files"
