"""Logs in every shape: what could not start in them, and the circumstances."""

from __future__ import annotations

import random
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from tests.log_shapes import LINES, NODE20, SHAPES, Shape, timed

from actlite.errors import UsageError
from actlite.glibc.reading_logs.causes import cause
from actlite.glibc.reading_logs.cleaning import clean
from actlite.glibc.reading_logs.reader import MAX_FAILURES, LoggedFailure, LogReader, read
from actlite.glibc.reading_logs.sources import MAX_UNPACKED, from_path, from_stream


def found_in(text: str | bytes) -> tuple[LoggedFailure, ...]:
    return read([("", [text.encode() if isinstance(text, str) else text])])


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape(shape: Shape) -> None:
    found = found_in(shape.text)
    assert len(found) == 1, found
    failure, around = found[0].failure, found[0].around
    assert (failure.program, failure.kind) == (shape.program, shape.kind)
    assert tuple(item.version or item.library for item in failure.missing) == shape.missing
    assert around.image == shape.image
    if shape.actions:
        assert found[0].actions == shape.actions
    if shape.runner:
        assert around.runner == shape.runner
    if shape.day:
        assert str(around.day) == shape.day


EXACT = ("github-raw", "github-raw-colours-crlf", "gh-run-view", "github-error-annotations", "web-with-line-numbers", "issue-quoted-mail", "mail-wrapped", "markdown-bold-and-escapes")  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_the_lines_are_told_as_the_loader_printed_them(name: str) -> None:
    shape = next(shape for shape in SHAPES if shape.name == name)
    assert "\n".join(found_in(shape.text)[0].failure.lines) + "\n" == NODE20


def test_pieces_may_end_anywhere(seed: int) -> None:
    chosen = random.Random(seed)
    for shape in SHAPES:
        data = shape.text.encode()
        pieces, at = [], 0
        while at < len(data):
            size = chosen.randrange(1, 400)
            pieces.append(data[at : at + size])
            at += size
        whole, cut = found_in(data), read([("", pieces)])
        assert [one.failure.missing for one in whole] == [
            one.failure.missing for one in cut
        ] or "wrapped" in shape.name
        assert [one.failure.program for one in whole] == [
            one.failure.program for one in cut
        ] or "wrapped" in shape.name


def test_several_failures_are_each_told_once_the_nodes_first() -> None:
    text = (
        "Run make\n./hq: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by ./hq)\n"
        "sh: ./gone: not found\nRun actions/checkout@v4\n" + NODE20 + "Post job cleanup.\n" + NODE20
    )
    found = found_in(text)
    assert [one.failure.program for one in found] == ["/__e/node20/bin/node", "./hq", "./gone"]
    assert [one.actions for one in found] == [("actions/checkout@v4",), (), ()]
    assert found[1].step == "make"


def test_legs_that_fail_alike_are_one_failure_and_others_are_not() -> None:
    def leg(name: str, image: str) -> Iterable[bytes]:
        return [
            timed(
                f"Current runner version: '2.317.0'\n##[group]Starting job container\n/usr/bin/docker pull {image}\n"
                + NODE20
            ).encode()
        ]

    found = read([("a", leg("a", "centos:7")), ("b", leg("b", "centos:7")), ("c", leg("c", "amazonlinux:2"))])
    assert [(one.around.image, one.jobs) for one in found] == [
        ("centos:7", ("a", "b")),
        ("amazonlinux:2", ("c",)),
    ]


def test_a_second_job_in_one_log_has_its_own_circumstances() -> None:
    head = "Current runner version: '2.317.0'\n##[group]Starting job container\n/usr/bin/docker pull {}\n"
    text = head.format("centos:7") + "ok\n" + head.format("amazonlinux:2") + LINES["2.28"] + "\n"
    assert [one.around.image for one in found_in(text)] == ["amazonlinux:2"]


def test_images_of_services_are_not_the_jobs() -> None:
    text = (
        "##[command]/usr/bin/docker pull postgres:12\n##[command]/usr/bin/docker pull centos:7\n"
        '##[command]/usr/bin/docker create --name 1 --entrypoint "tail" centos:7 "-f" "/dev/null"\n'
        + LINES["2.28"]
        + "\n"
    )
    assert found_in(text)[0].around.image == "centos:7"
    assert found_in("docker pull postgres:12\ndocker pull centos:7\n" + LINES["2.28"])[0].around.image == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "all is well\n",
        "sh: cargo: not found\n",
        "error: package not found (required by x)\n",
        "p: /lib64/libc.so.6: weak version `GLIBC_2.25' not found (required by p)\n",
        "the versions GLIBC_2.28 and GLIBC_2.25 are needed\n",
        "version GLIBC_2.28\nnot found in the table\n",
        "checking for libm.so.6... not found\n",
        "libfoo.so.1: version information\n",
        "GLIBC\n" * 50,
    ],
)
def test_what_is_no_failure(text: str) -> None:
    assert found_in(text) == ()


def test_what_is_put_together_must_be_a_whole_line() -> None:
    assert (
        found_in("prog: /lib64/libc.so.6: version `GLIBC_2.28' not\nsomething else (required by prog)\n")
        == ()
    )
    assert found_in("prog: /lib64/libc.so.6: version\n`GLIBC_2.28' not found (required by\nother)\n") == ()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("2024-07-03T17:12:31.1234567Z ##[error]x", "x"),
        ("> > - `x y`", "x y"),
        ("[a/b] | x", "x"),
        ("\ufeff2024-07-03T17:12:31Z   x", "x"),
        ("#12 3.141 x", "x"),
        ("   17  /bin/x", "/bin/x"),
        ("17 sheep", "17 sheep"),
        ("see [here](https://a.example/b) x", "see here x"),
        ("\x1b[1;31mx\x1b[0m", "x"),
        ("job one\tstep two\t\ufeff2024-07-03T17:12:31.1Z x", "x"),
    ],
)
def test_cleaning(raw: str, text: str) -> None:
    assert clean(raw).text == text


def test_a_day_that_is_none_is_passed_over() -> None:
    assert clean("2024-19-39T17:12:31Z x").day is None


def test_files_of_every_kind(tmp_path: Path) -> None:
    log = timed("Current runner version: '2.317.0'\n" + NODE20)
    (tmp_path / "plain.txt").write_text(log)
    folder = tmp_path / "logs"
    (folder / "build").mkdir(parents=True)
    (folder / "build" / "2_Checkout.txt").write_text(log)
    (folder / "build" / "10_Post.txt").write_text("nothing\n")
    own = tmp_path / "run" / "logs" / "build" / "checkout.log"
    own.parent.mkdir(parents=True)
    own.write_text(NODE20)
    archive = tmp_path / "logs.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("0_build (1).txt", log)
        made.writestr("build (1)/2_Checkout.txt", log)
        made.writestr("1_test.txt", "fine\n")
        made.writestr("picture.png", b"\x89PNG" + NODE20.encode())
    for path, jobs in (
        ("plain.txt", ()),
        ("logs", ("build",)),
        ("run", ("build",)),
        ("logs.zip", ("build (1)",)),
    ):
        found = read(from_path(tmp_path / path))
        assert [one.failure.program for one in found] == ["/__e/node20/bin/node"], path
        assert found[0].jobs == jobs, path


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_read_is_the_users_error(tmp_path: Path, packed: int) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        from_path(tmp_path / "gone")
    unmapped = Path("/proc/self/mem")  # opens, and has nothing at its beginning
    with pytest.raises(UsageError, match="/proc/self/mem can't be read: Input/output error"):
        read(from_path(unmapped))
    with unmapped.open("rb") as stream, pytest.raises(UsageError, match="Standard input can't be read"):
        read(from_stream(stream))
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w", packed) as made:
        made.writestr("0_build.txt", NODE20 * 50)
    data = bytearray(broken.read_bytes())
    data[60:80] = b"\xff" * 20
    broken.write_bytes(bytes(data))
    with pytest.raises(UsageError, match="zip archive"):
        read(from_path(broken))


def test_a_folder_is_not_listed_beyond_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actlite.glibc.reading_logs.sources.MAX_FILES", 3)
    for number in range(9):
        (tmp_path / f"{number}.log").write_text(NODE20)
    listed: list[Path] = []
    rglob = Path.rglob

    def counted(folder: Path, pattern: str) -> Iterator[Path]:
        for found in rglob(folder, pattern):
            listed.append(found)
            yield found

    monkeypatch.setattr(Path, "rglob", counted)
    assert len(list(from_path(tmp_path))) == 3
    assert len(listed) == 3


def test_a_bomb_is_read_up_to_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_UNPACKED == 4 << 30
    monkeypatch.setattr("actlite.glibc.reading_logs.sources.MAX_UNPACKED", 3 << 20)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(8):
            made.writestr(f"{number}_job.txt", b"\0" * (1 << 20))
        made.writestr("9_build.txt", NODE20)
    assert read(from_path(bomb)) == ()


@pytest.mark.parametrize(
    "line",
    [
        "GLIBC" + "/a" * 2040,
        "GLIBC_2.17" * 400,
        "GLIBC x.so: version A_" + "1" * 4000,
        "relocation error: " * 230,
        "undefined reference to: " + ".o " * 1350,
        "required file " + "/a" * 2040,
        "a/" * 2030 + "are deprecated",
    ],
)
def test_no_line_takes_long(line: str) -> None:
    start = time.perf_counter()
    assert read([("", [f"{line}\n".encode() * 20])]) == ()
    assert time.perf_counter() - start < 1


def test_bounds_hold() -> None:
    many = "".join(
        f"Run step {n}\n./p{n}: /lib64/libc.so.6: version `GLIBC_2.3{n % 9}' not found (required by ./p{n})\n"
        for n in range(MAX_FAILURES * 3)
    )
    assert len(found_in(many)) == MAX_FAILURES
    jobs = "".join(f"Current runner version: '2.{n}.0'\n{LINES['2.28']}\n" for n in range(2000))
    assert len(found_in(jobs)) == 1
    assert len(found_in("x: not found\n" * 60_000 + "Run x\n" * 60_000 + LINES["2.28"])) == 1


@pytest.mark.long
def test_no_slice_or_mutation_of_a_log_is_an_error(
    seed: int, effort: Callable[[int, int], int], figure: Callable[[str, str], None]
) -> None:
    chosen = random.Random(seed)
    texts = [shape.text.encode() for shape in SHAPES]
    count = effort(2_000, 50_000)
    recognised = 0
    for _ in range(count):
        data = bytearray(b"".join(chosen.sample(texts, 3)))
        start = chosen.randrange(len(data))
        data = data[start : start + chosen.randrange(1, 4000)]
        for _ in range(chosen.randrange(6)):
            at = chosen.randrange(len(data) + 1)
            data[at : at + chosen.randrange(8)] = chosen.choice(
                (
                    b"",
                    b"\n",
                    b"\x00\xff",
                    b"`",
                    b"'",
                    b": ",
                    b"(required by ",
                    b"version ",
                    chosen.randbytes(9),
                    b"> ",
                    b"\x1b[",
                    b"](http",
                )
            )
        recognised += bool(found_in(bytes(data)))
    assert recognised > count // 10
    figure(
        "Logs explained",
        f"{count:,} random slices and mutations of {len(SHAPES)} shapes of logs: no internal error, {recognised:,} with a failure recognised",
    )


def test_a_large_log_is_read_fast_and_in_little_memory(figure: Callable[[str, str], None]) -> None:
    line = b"2024-07-03T17:12:31.1234567Z    Compiling something v1.2.3 (/__w/project/project) with -O2\n"
    piece = line * ((1 << 20) // len(line))
    pieces = 100_000_000 // len(piece)

    def log() -> Iterable[bytes]:
        for _ in range(pieces):
            yield piece
        yield timed(NODE20).encode()

    reader = LogReader()
    started = time.perf_counter()
    for data in log():
        reader.feed(data)
    assert len(reader.failures()) == 1
    seconds = time.perf_counter() - started
    assert seconds < 15, f"{seconds:.1f} s for 100 MB"
    tracemalloc.start()
    for data in (b"\0" * (1 << 20) for _ in range(64)):
        reader.feed(data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20
    figure("Logs explained", f"a log of 100 MB is read in {seconds:.1f} s")


def test_causes_are_what_this_machines_libraries_define() -> None:
    from actlite.glibc import elf

    defined = set()
    checked = 0
    for name in ("libc.so.6", "libm.so.6", "libstdc++.so.6"):
        path = next(
            Path(folder, name)
            for folder in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64")
            if Path(folder, name).exists()
        )
        own = elf.read(path).definitions
        defined |= set(own)
        symbols = {(version, symbol) for version, symbol in _exported(path)}
        told = [(version, known) for version in own if (known := cause(version))]
        checked += sum((version, symbol) in symbols for version, known in told for symbol in known.symbols)
    expected = sum(len(known.symbols) for version in defined if (known := cause(version)))
    assert checked >= expected > 40


def _exported(path: Path) -> Iterable[tuple[str, str]]:
    """(version, symbol) that a library defines, by ``objdump``'s rules: read with pyelftools here, not by our own code."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerDefSection, GNUVerSymSection
    from elftools.elf.sections import SymbolTableSection

    with path.open("rb") as stream:
        file = ELFFile(stream)
        names: dict[int, str] = {}
        for section in file.iter_sections():
            if isinstance(section, GNUVerDefSection):
                for definition, auxiliary in section.iter_versions():
                    names[definition["vd_ndx"]] = next(auxiliary).name
        versions = next(s for s in file.iter_sections() if isinstance(s, GNUVerSymSection))
        table = file.get_section_by_name(".dynsym")
        assert isinstance(table, SymbolTableSection)
        for number in range(table.num_symbols()):
            index = versions.get_symbol(number)["ndx"]
            symbol = table.get_symbol(number)
            if isinstance(index, int) and symbol["st_shndx"] != "SHN_UNDEF" and index & 0x7FFF in names:
                yield names[index & 0x7FFF], symbol.name


def test_versions_without_a_known_cause_have_none() -> None:
    assert cause("GLIBC_2.2.5") is None
    assert cause("OPENSSL_1.1.1") is None
    relr = cause("GLIBC_ABI_DT_RELR")
    assert relr is not None
    assert "pack-relative-relocs" in relr.what
