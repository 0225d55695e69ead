"""The files of a step: what they say, and what a hostile step can do to them."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actlite.events import Annotation
from actlite.execution.artifact_subjects import ArtifactSubjects
from actlite.execution.command_effects import CommandEffects
from actlite.execution.file_commands import (
    FileCommandError,
    StepFiles,
    apply_env,
    apply_output,
    apply_path,
    apply_state,
    decode,
    forget_files,
    parse_key_values,
)
from actlite.execution.masking import Masker
from actlite.execution.output import StepLog
from actlite.execution.steps import OwnEnv
from actlite.execution.summaries import masked_summary, too_large


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("A<<EOF\n\nx\n\ny\nEOF", [("A", "\nx\n\ny")]),
        ("A<<EOF\nEOF", [("A", "")]),
        ("A<<EOF\n\nEOF\n", [("A", "")]),
        ("A<<EOF\n\n\nEOF\n", [("A", "\n")]),
        ("A=b=c", [("A", "b=c")]),
        ("A=b<<c", [("A", "b<<c")]),
        ("A<<B=C\nx\nB=C\n", [("A", "x")]),
        ("A= v ", [("A", " v ")]),
        (" A=v", [(" A", "v")]),
        ("A=x\r\n", [("A", "x\r")]),
        ("\n\nA=1\n\nB=2\n", [("A", "1"), ("B", "2")]),
        ("A<<EOF\n EOF\nEOF \nEOF\n", [("A", " EOF\nEOF ")]),
        ("=x", [("", "x")]),
        ("", []),
    ],
)
def test_pairs(text: str, pairs: list[tuple[str, str]]) -> None:
    assert list(parse_key_values(text)) == pairs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A<<EOF\nx", "Invalid value. EOF marker missing new line."),
        ("A<<EOF\nx\n", "Invalid value. Matching delimiter not found 'EOF'"),
        ("A<<EOF", "Invalid value. Matching delimiter not found 'EOF'"),
        ("hello", "Invalid format 'hello'"),
        ("\r\n", "Invalid format '\r'"),
        ("A<<\nx", "Invalid format 'A<<'. Name must not be empty and delimiter must not be empty"),
        ("<<EOF\nEOF", "Invalid format '<<EOF'. Name must not be empty and delimiter must not be empty"),
    ],
)
def test_what_is_no_pair(text: str, message: str) -> None:
    with pytest.raises(FileCommandError) as caught:
        list(parse_key_values(text))
    assert str(caught.value) == message


def effects_of(*, debug: bool = False) -> CommandEffects:
    return CommandEffects(
        outputs={},
        state={"a": "0"},
        env={},
        path=["/x"],
        masker=Masker(),
        annotate=lambda _: None,
        translate_path=lambda path: Path(path),
        env_lookup=lambda _: None,
        debug=debug,
    )


def test_pairs_before_a_bad_line_stay() -> None:
    effects = effects_of()
    seen: dict[str, str] = {}
    effects.on_env = seen.__setitem__
    with pytest.raises(FileCommandError):
        list(apply_env("A=1\nbad\nB=2", effects))
    assert effects.env == seen == {"A": "1"}


def test_many_names_are_taken_quickly() -> None:
    effects = effects_of()
    numbers = range(60_000)
    start = time.process_time()
    list(apply_output("".join(f"k{n}=v\nK{n}=w\n" for n in numbers), effects))
    list(apply_state("".join(f"k{n}=v\n" for n in numbers), effects))
    list(apply_path("".join(f"/p{n}\n" for n in numbers) + "/x\n/p1\n/p2\n/p1\n", effects))
    own = OwnEnv()
    for n in numbers:
        own[f"k{n}"] = own[f"K{n}"] = "v"
    assert time.process_time() - start < 5
    assert effects.outputs == {f"k{n}": "w" for n in numbers}
    assert effects.state == {"a": "0"} | dict.fromkeys(effects.outputs, "v")
    assert own == dict.fromkeys(effects.outputs, "v")
    assert effects.path == ["/p0", *(f"/p{n}" for n in numbers[3:]), "/x", "/p2", "/p1"]


def test_node_options_are_blocked_and_the_rest_is_taken() -> None:
    effects = effects_of(debug=True)
    assert list(apply_env("node_options=--x\nA=1\nB<<E\nx\ny\nE", effects)) == [
        "##[error]Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
        "##[debug]A='1'",
        "##[debug]B='x",
        "##[debug]y'",
    ]
    assert effects.env == {"A": "1", "B": "x\ny"}


@pytest.mark.parametrize("apply", [apply_env, apply_output])
def test_a_name_may_not_be_empty(apply: Callable[[str, CommandEffects], Iterator[str]]) -> None:
    with pytest.raises(FileCommandError, match="Value cannot be null"):
        list(apply("=x", effects_of()))


def test_state_and_path() -> None:
    effects = effects_of(debug=True)
    assert list(apply_state("A=1\nB=2", effects)) == [
        "##[debug]Save intra-action state A = 1",
        "##[debug]Save intra-action state B = 2",
    ]
    assert effects.state == {"a": "1", "B": "2"}
    assert list(apply_path("/a\r\n\r\n/b\n/x", effects)) == []
    assert effects.path == ["/a", "/b", "/x"]


def subjects_in(folder: Path) -> tuple[ArtifactSubjects, CommandEffects]:
    (folder / "r").mkdir(exist_ok=True)
    (folder / "r" / "a.txt").write_text("hello\n")
    return ArtifactSubjects(folder / "r", "/home/r", folder), effects_of()


HELLO = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


def test_artifacts_are_named_once(tmp_path: Path) -> None:
    subjects, effects = subjects_in(tmp_path)
    assert subjects.listing() == '{"version":1,"subjects":[]}'
    image = f"ghcr.io/o/i:1@sha256:{'A' * 64}"
    text = f"# what was made\r\n a.txt \r\n\r\n{image}\nfile://{tmp_path}/r/a.txt\n"
    assert list(subjects.take(text.encode(), effects)) == [
        "Captured 2 artifact subject(s) from this step (job total: 2)."
    ]
    assert list(subjects.take(text.encode(), effects)) == []
    assert json.loads(subjects.listing())["subjects"] == [
        {"name": "a.txt", "digest": HELLO, "kind": "file"},
        {"name": "ghcr.io/o/i:1", "digest": f"sha256:{'a' * 64}", "kind": "oci"},
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("a=b", "entries containing '=' are reserved and not permitted"),
        ("file:// ", "file:// entries must include a path"),
        ("oci://x", "oci:// entries must include an @sha{256,384,512}:<hex> digest"),
        ("OCI://x@sha384:ab", "digest 'sha384' must be 96 hex characters, got 2"),
        ("https://x", "unsupported URI scheme"),
        (
            "x@sha256:ab",
            "file 'x@sha256:ab' does not exist (relative paths are resolved against the workspace root '/home/r')",
        ),
        ("/none", "file '/none' does not exist"),
        ("link", "file 'link' does not exist"),
        (".", "'.' is a directory, not a regular file"),
        (
            f"a.txt@sha256:{'0' * 64}\noci://a.txt@sha256:{'1' * 64}",
            "Conflicting digest for artifact 'a.txt'",
        ),
    ],
)
def test_artifacts_that_are_refused(tmp_path: Path, line: str, text: str) -> None:
    subjects, effects = subjects_in(tmp_path)
    (tmp_path / "r" / "link").symlink_to("/etc/passwd")
    with pytest.raises(FileCommandError, match=re.escape(text)) as caught:
        list(subjects.take(f"\n{line}".encode(), effects))
    assert str(caught.value).startswith(
        f"Invalid $GITHUB_ARTIFACTS entry on line {2 + line.count(chr(10))}: "
    )


def test_a_job_names_500_artifacts_at_most(tmp_path: Path) -> None:
    subjects, effects = subjects_in(tmp_path)
    lines = [f"i{number}@sha256:{'0' * 64}" for number in range(501)]
    with pytest.raises(FileCommandError, match="on line 501: The job has exceeded the maximum of 500"):
        list(subjects.take("\n".join(lines).encode(), effects))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks(encoding: str) -> None:
    assert decode("A=é".encode(encoding)) == "A=é"


def test_bad_bytes_are_replaced() -> None:
    assert decode(b"A=\xff") == "A=\ufffd"


class Step:
    """A step with its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "_runner_file_commands"
        self.files = StepFiles(self.folder)
        self.names = self.files.env_vars(str(self.folder))
        self.annotations: list[Annotation] = []
        self.emitted: list[str] = []
        masker = Masker()
        masker.add("secret")
        self.effects = CommandEffects(
            outputs={},
            state={},
            env={},
            path=[],
            masker=masker,
            annotate=self.annotations.append,
            translate_path=lambda _: None,
            env_lookup=lambda _: None,
            debug=False,
        )
        self.log = StepLog(emit=self.emitted.append, handler=self.effects, masker=masker)

    def file(self, name: str) -> Path:
        return Path(self.names[name])

    def collect(self) -> str:
        return self.files.collect(self.effects, self.log)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


def test_the_files_are_there_and_empty(step: Step) -> None:
    assert set(step.names) == {
        "GITHUB_ENV",
        "GITHUB_OUTPUT",
        "GITHUB_PATH",
        "GITHUB_STATE",
        "GITHUB_STEP_SUMMARY",
        "GITHUB_ARTIFACTS",
        "GITHUB_ARTIFACTS_LIST",
    }
    assert step.file("GITHUB_ENV").name.startswith("set_env_")
    assert all(Path(name).read_bytes() == b"" for name in step.names.values())
    assert step.files.env_vars("/__w/_temp/f")["GITHUB_PATH"].startswith("/__w/_temp/f/add_path_")
    assert step.collect() == ""
    assert len(list(step.folder.iterdir())) == 7


def test_everything_is_collected(step: Step) -> None:
    step.file("GITHUB_ENV").write_text("A=1\n")
    step.file("GITHUB_OUTPUT").write_text("O<<E\nx\nE\n")
    step.file("GITHUB_STATE").write_text("S=2\n")
    step.file("GITHUB_PATH").write_text("/bin2\n")
    step.file("GITHUB_STEP_SUMMARY").write_text("# Title\nthe secret")
    assert step.collect() == "# Title\nthe ***\n"
    effects = step.effects
    assert (effects.env, effects.outputs, effects.state, effects.path) == (
        {"A": "1"},
        {"O": "x"},
        {"S": "2"},
        ["/bin2"],
    )
    assert not effects.failed
    assert step.emitted == []


def test_a_bad_file_fails_the_step_and_the_others_are_read(step: Step) -> None:
    step.file("GITHUB_ENV").write_text("hello")
    step.file("GITHUB_OUTPUT").write_text("A=1")
    step.collect()
    assert "".join(step.emitted) == (
        "##[error]Unable to process file command 'env' successfully.\n##[error]Invalid format 'hello'\n"
    )
    assert [a.message for a in step.annotations] == [
        "Unable to process file command 'env' successfully.",
        "Invalid format 'hello'",
    ]
    assert step.effects.failed
    assert step.effects.outputs == {"A": "1"}


def test_node_options_do_not_fail_the_step(step: Step) -> None:
    step.file("GITHUB_ENV").write_text("NODE_OPTIONS=x")
    step.collect()
    assert [a.level for a in step.annotations] == ["error"]
    assert not step.effects.failed


def test_a_large_summary_is_an_error_that_does_not_fail_the_step(step: Step) -> None:
    step.file("GITHUB_STEP_SUMMARY").write_bytes(b"x" * (1126 * 1024))
    assert step.collect() == ""
    assert "supports content up to a size of 1024k, got 1126k." in step.annotations[0].message
    assert not step.effects.failed


def test_removed_files_are_as_empty_ones(step: Step) -> None:
    shutil.rmtree(step.folder)
    assert step.collect() == ""
    assert not step.effects.failed


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def make_link(file: Path) -> None:
    secret = file.parent.parent / "outside"
    secret.write_text("STOLEN=1")
    file.unlink()
    file.symlink_to(secret)


def make_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def make_huge(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(1 << 30)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        (name, spoil)
        for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_PATH")
        for spoil in (make_folder, make_link, make_fifo, make_huge)
        if (name, spoil) != ("GITHUB_PATH", make_folder)
    ],
)
def test_a_spoilt_file_fails_the_step_and_nothing_else(
    step: Step, name: str, spoil: Callable[[Path], None]
) -> None:
    spoil(step.file(name))
    step.collect()
    effects = step.effects
    assert effects.failed
    assert step.annotations[0].message.startswith("Unable to process file command '")
    assert not (effects.env)
    assert not (effects.outputs)
    assert not (effects.state)
    assert not (effects.path)


def test_folders_in_place_of_some_files_are_nothing(step: Step) -> None:
    for name in ("GITHUB_PATH", "GITHUB_STEP_SUMMARY"):
        make_folder(step.file(name))
    assert step.collect() == ""
    assert step.annotations == []
    assert not step.effects.failed


@pytest.mark.parametrize("spoil", [make_link, make_fifo, make_huge])
def test_a_spoilt_summary_is_an_error(step: Step, spoil: Callable[[Path], None]) -> None:
    spoil(step.file("GITHUB_STEP_SUMMARY"))
    assert step.collect() == ""
    assert [a.level for a in step.annotations] == ["error"]
    assert not step.effects.failed


def test_a_link_in_place_of_the_folder_leads_nowhere(tmp_path: Path, step: Step) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / step.file("GITHUB_ENV").name).write_text("STOLEN=1")
    shutil.rmtree(step.folder)
    step.folder.symlink_to(outside)
    step.collect()
    assert step.effects.env == {}
    later = Step(tmp_path)
    assert not step.folder.is_symlink()
    assert later.file("GITHUB_ENV").exists()
    assert len(list(outside.iterdir())) == 1


def test_the_files_go_when_the_job_has_ended(step: Step) -> None:
    make_folder(step.file("GITHUB_ENV"))
    forget_files(step.folder)
    assert [path.name[:8] for path in step.folder.iterdir()] == ["set_env_"]
    forget_files(step.folder / "none")


def test_files_can_be_closed_twice(step: Step) -> None:
    step.files.close()
    step.files.close()
    assert step.files.read("env") is None


def test_summary_rules() -> None:
    assert too_large(1024 * 1024) is None
    assert too_large(1024 * 1024 + 1) is not None
    masker = Masker()
    masker.add("one\ntwo")
    assert masked_summary("one\r\ntwo\rx", masker) == "***\n***\nx\n"
