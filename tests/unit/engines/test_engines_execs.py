"""The daemon's framed stream of an exec, taken apart."""

from __future__ import annotations

import struct

import pytest

from actlite.engines.docker.execs import Demultiplexer, LineDemultiplexer


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_lines_of_a_stream_stay_whole(size: int) -> None:
    data = frame(1, b"one\npa") + frame(2, b"err") + frame(1, b"rt\n") + frame(2, b"or\n") + frame(1, b"end")
    seen: list[bytes] = []
    frames = LineDemultiplexer(seen.append)
    for start in range(0, len(data), size):
        frames.feed(data[start : start + size])
    assert b"".join(seen) == b"one\npart\nerror\n"
    frames.end()
    assert b"".join(seen) == b"one\npart\nerror\nend"


def test_last_lines_do_not_run_together() -> None:
    seen: list[bytes] = []
    frames = LineDemultiplexer(seen.append)
    frames.feed(frame(1, b"out") + frame(2, b"err"))
    frames.end()
    assert seen == [b"out\nerr"]


def test_a_very_long_line_is_not_held() -> None:
    seen: list[bytes] = []
    LineDemultiplexer(seen.append).feed(frame(1, b"x" * 100_000))
    assert sum(map(len, seen)) == 100_000


def test_a_terminal_gets_what_has_no_line_end() -> None:
    seen: list[bytes] = []
    Demultiplexer(seen.append).feed(frame(1, b"$ ") + frame(2, b"? "))
    assert seen == [b"$ ", b"? "]
