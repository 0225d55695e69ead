"""The step log says the same, however its input is cut."""

import itertools
import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from actlite.events import Annotation
from actlite.execution import output
from actlite.execution.command_effects import CommandEffects
from actlite.execution.masking import Masker
from actlite.execution.matchers import Matchers
from actlite.execution.output import StepLog


class Recorder:
    """A step log whose output is kept."""

    def __init__(self, *secrets: str, matchers: Matchers | None = None) -> None:
        self.emitted: list[str] = []
        self.annotations: list[Annotation] = []
        self.outputs: dict[str, str] = {}
        self.masker = Masker()
        for secret in secrets:
            self.masker.add(secret)
        self.effects = CommandEffects(
            outputs=self.outputs,
            state={},
            env={},
            path=[],
            masker=self.masker,
            annotate=self.annotations.append,
            translate_path=lambda _: None,
            env_lookup=lambda _: None,
            debug=False,
            matchers=matchers,
            deprecate_outputs=False,
        )
        self.seen = b""
        self.log = StepLog(
            emit=self.emitted.append, handler=self.effects, masker=self.masker, observe=self._observe
        )

    def _observe(self, data: bytes) -> None:
        self.seen += data

    @property
    def text(self) -> str:
        return "".join(self.emitted)


def by_lines(recorder: Recorder, data: bytes) -> str:
    """What the log should be, one line after the other."""
    shown = ""
    for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", data.decode("utf-8", "replace")):
        answer = recorder.effects.process(line.rstrip("\r\n"))
        if answer is None:
            shown += recorder.masker.mask_lines(line)
        else:
            shown += "".join(recorder.masker.mask(part) + "\n" for part in answer)
    return shown


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(min(a, len(data)) for a in at)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


words = st.sampled_from(
    [
        "::warning::w",
        "::set-output name=a::",
        "::add-mask::",
        "::stop-commands::tok",
        "::tok::",
        "##[error]",
        "##[group]",
        "::group::T",
        "::echo::on",
        "::",
        " ",
        "\n",
        "\r\n",
        "\r",
        "secret",
        "sec",
        "ret",
        "plain",
        "é",
        "\x00",
        "%0A",
    ]
)
logs = st.one_of(
    st.lists(words, max_size=25).map(lambda parts: "".join(parts).encode()),
    st.lists(words, max_size=10).flatmap(
        lambda parts: st.binary(max_size=5).map(lambda raw: b"\n".join([*(p.encode() for p in parts), raw]))
    ),
)


@settings(max_examples=400, deadline=None)
@given(logs, st.lists(st.integers(0, 150), max_size=10))
def test_any_cut_gives_what_line_by_line_gives(data: bytes, at: list[int]) -> None:
    expected = Recorder("secret")
    text = by_lines(expected, data)
    recorder = Recorder("secret")
    for piece in cut(data, at):
        recorder.log.feed(piece)
    recorder.log.close()
    assert recorder.text == text
    assert recorder.seen == data
    assert recorder.outputs == expected.outputs
    assert recorder.annotations == expected.annotations
    assert all(piece.endswith(("\n", "\r")) for piece in recorder.emitted[:-1])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 300), st.lists(st.integers(0, 700), max_size=6), st.booleans())
def test_long_lines_go_out_in_parts_with_secrets_hidden(before: int, at: list[int], returns: bool) -> None:
    data = (
        b"x" * before
        + "é".encode()
        + b"secretsecret"
        + b"y" * 300
        + (b"\r" if returns else b"\n")
        + b"::group::T\n"
    )
    old, output.MAX_HELD = output.MAX_HELD, 16
    try:
        expected = by_lines(Recorder("secret"), data)
        recorder = Recorder("secret")
        for piece in cut(data, at):
            recorder.log.feed(piece)
        recorder.log.close()
    finally:
        output.MAX_HELD = old
    assert recorder.text == expected


def test_a_chunk_of_plain_lines_is_one_event() -> None:
    recorder = Recorder("secret")
    recorder.log.feed(b"a\nb::c\n d")
    recorder.log.feed(b"\n\r\n")
    assert recorder.emitted == ["a\nb::c\n", " d\n\r\n"]


def test_a_mask_holds_from_its_command_on() -> None:
    recorder = Recorder()
    recorder.log.feed(b"word\n::add-mask::word\nword\n")
    assert recorder.text == "word\n***\n"


def test_a_command_longer_than_what_is_held_is_still_a_command() -> None:
    recorder = Recorder()
    value = b"v" * 1_000_000
    for piece in cut(b"::set-output name=a::" + value + b"\nnext\n", list(range(0, 1_000_000, 60_000))):
        recorder.log.feed(piece)
    assert recorder.outputs == {"a": value.decode()}
    assert recorder.text == "next\n"


def test_progress_bars_pass_as_they_are() -> None:
    recorder = Recorder()
    bar = b"".join(b"%d%%\r" % n for n in range(100)) * 500 + b"done\n"
    for piece in cut(bar, list(range(0, len(bar), 1000))):
        recorder.log.feed(piece)
    assert recorder.text == bar.decode()


def test_a_command_after_a_carriage_return() -> None:
    recorder = Recorder()
    recorder.log.feed(b"10%\r::warning::x\rrest\n")
    assert recorder.text == "10%\r##[warning]x\nrest\n"


def test_ten_megabytes_in_one_line_stay_cheap() -> None:
    longest = 0

    def emit(text: str) -> None:
        nonlocal longest
        longest = max(longest, len(text))

    recorder = Recorder("secret")
    log = StepLog(emit=emit, handler=recorder.effects, masker=recorder.masker)
    started = time.monotonic()
    for _ in range(640):
        log.feed(b"\xff0123456789abcde" * 1024)
    log.close()
    assert longest <= 64 * 1024 + 16 * 1024
    assert time.monotonic() - started < 5


def test_a_line_of_one_byte_pieces_is_not_copied_over_and_over() -> None:
    recorder = Recorder()
    started = time.monotonic()
    for _ in range(60_000):
        recorder.log.feed(b"x")
    recorder.log.feed(b"\n")
    assert recorder.text == "x" * 60_000 + "\n"
    assert time.monotonic() - started < 5


def test_own_lines_are_masked_and_never_commands() -> None:
    recorder = Recorder("secret")
    recorder.log.write("##[group]Run secret\n::warning::x")
    assert recorder.text == "##[group]Run ***\n::warning::x\n"
    assert not recorder.annotations


def test_own_lines_begin_on_a_line_of_their_own() -> None:
    recorder = Recorder()
    recorder.log.feed(b"no line end")
    recorder.log.write("##[error]Process completed with exit code 1.\n")
    recorder.log.write("")
    recorder.log.close()
    assert recorder.text == "no line end\n##[error]Process completed with exit code 1.\n"


def test_own_lines_after_a_long_line() -> None:
    recorder = Recorder()
    recorder.log.feed(b"x" * 100_000)
    recorder.log.write("own")
    recorder.log.feed(b"more\n")
    assert recorder.text == "x" * 100_000 + "\nown\nmore\n"


def test_the_runners_own_markers_are_made_harmless() -> None:
    recorder = Recorder()
    recorder.log.feed(b"##[start-action x]\n##[end-action y]\n##[section]z\n")
    assert recorder.text == "##[\\start-action x]\n##[\\end-action y]\n##[section]z\n"


def test_many_markers_in_one_line_are_looked_at_once() -> None:
    recorder = Recorder()
    started = time.monotonic()
    recorder.log.feed(b"##[x]" * 200_000 + b"\n")
    assert time.monotonic() - started < 5
    assert len(recorder.text) == 1_000_001
