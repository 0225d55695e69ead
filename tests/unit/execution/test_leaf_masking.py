"""Secrets are hidden in every form, wherever a stream is cut."""

import base64
import itertools
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actlite.execution.masking import Masker, StreamMasker, encodings

texts = st.text(alphabet="ab\n\"'&+é", min_size=1, max_size=6)
cuts = st.lists(st.integers(0, 60), max_size=12)


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(min(a, len(data)) for a in at)})
    return [data[a:b] for a, b in itertools.pairwise(edges)] or [data]


def make(*values: str) -> Masker:
    masker = Masker()
    for value in values:
        masker.add(value)
    return masker


@pytest.mark.parametrize(
    "shown",
    [
        "s3cr&t'\"x",
        base64.b64encode(b"s3cr&t'\"x").decode(),
        base64.b64encode(b"3cr&t'\"x").decode(),
        base64.b64encode(b"cr&t'\"x").decode(),
        "s3cr&t'\\\"x",
        "s3cr&t''\"x",
        "s3cr%26t%27%22x",
        "s3cr&amp;t&apos;&quot;x",
    ],
)
def test_every_encoding_is_hidden(shown: str) -> None:
    assert make("s3cr&t'\"x").mask(f"<{shown}>") == "<***>"


def test_a_secret_behind_a_user_name_is_hidden_in_base64() -> None:
    masker = make("password12")
    for user in ("u:", "uv:", "uvw:"):
        encoded = base64.b64encode(f"{user}password12".encode()).decode()
        assert "***" in masker.mask(encoded)


def test_json_escapes_only_what_it_must() -> None:
    forms = set(encodings("a\tb\u2028é"))
    assert "a\\tb\\u2028é" in forms


def test_quotes_around_a_long_secret_may_lack() -> None:
    assert make('"longsecret"').mask("x longsecret y") == "x *** y"
    assert make('"short"').mask("x short y") == "x short y"


def test_powershell_halves() -> None:
    assert make("abcdef&ghijkl").mask("ghijkl abcdef&") == "*** ***"
    assert make("abcd&+xefghijk").mask("abcd&+ efghijk") == "*** ***"
    assert make("ab&cd").mask("ab& cd") == "ab& cd"


def test_lines_of_a_secret_are_hidden_one_by_one_and_trimmed() -> None:
    masker = make("first line\r\n  second line \n")
    assert masker.mask("x second line x first line") == "x *** x ***"
    assert masker.mask_lines("first line\nsecond line\n") == "***\n***\n"


def test_overlapping_and_touching_ranges_are_one() -> None:
    assert make("abc", "cde").mask("abcdef") == "***f"
    assert make("aba").mask("ababa") == "***"
    assert make("ab").mask("ababx") == "***x"


def test_secrets_are_trimmed_and_masks_are_not() -> None:
    masker = Masker()
    masker.add_secret("  spaced  ")
    assert masker.mask("xspacedx") == "x***x"
    assert make(" \n ").mask("a b") == "a b"
    masker = Masker()
    masker.add_secret(" \n ")
    masker.add("")
    assert masker.patterns(lines=False) == ()


def test_a_token_is_hidden_as_git_sends_it() -> None:
    masker = Masker()
    masker.add_token("ghs_0123")
    header = base64.b64encode(b"x-access-token:ghs_0123").decode()
    assert masker.mask(f"AUTHORIZATION: basic {header}") == "AUTHORIZATION: basic ***"


def test_nothing_to_hide_gives_the_same_object() -> None:
    masker = make("secret")
    text = "plain " * 100
    assert masker.mask(text) is text


def test_thousands_of_secrets_are_taken_quickly() -> None:
    masker = Masker()
    start = time.process_time()
    for number in range(4000):
        masker.add(f"value-{number:04}")
    assert time.process_time() - start < 5
    assert masker.mask("value-0000 value-3999") == "*** ***"
    assert masker.copy().mask("value-2000") == "***"


def test_unpaired_surrogates_and_one_letter_secrets() -> None:
    assert make("\ud800x").mask("a\ud800xb") == "a***b"
    assert make("é").mask("été") == "***t***"


def test_threads_can_add_while_others_mask() -> None:
    masker = Masker()
    threads = [threading.Thread(target=masker.add, args=(f"secret-{n:03}",)) for n in range(50)]
    for thread in threads:
        thread.start()
        masker.mask("secret-001 " * 50)
    for thread in threads:
        thread.join()
    assert all(masker.mask(f"secret-{n:03}") == "***" for n in range(50))


@settings(max_examples=300, deadline=None)
@given(st.lists(texts, min_size=1, max_size=3), st.text("ab\n\"'&+é%", max_size=60), cuts, st.booleans())
def test_a_cut_stream_is_masked_as_the_whole(
    secrets: list[str], text: str, at: list[int], lines: bool
) -> None:
    masker = make(*secrets)
    stream = StreamMasker(masker, lines=lines)
    given_out = [stream.feed(piece) for piece in pieces(text.encode(), at)]
    whole = b"".join(given_out) + stream.flush()
    assert whole == (masker.mask_lines(text) if lines else masker.mask(text)).encode()


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, min_size=1, max_size=3), st.text("ab\n\"'&+é%", max_size=60), cuts)
def test_no_more_is_held_back_than_may_be_a_secret(secrets: list[str], text: str, at: list[int]) -> None:
    masker = make(*secrets)
    stream = StreamMasker(masker)
    fed = b""
    for piece in pieces(text.encode(), at):
        fed += piece
        stream.feed(piece)
        held = stream._held
        assert fed.endswith(held)
        assert not held or any(
            len(p) > len(held) and p.startswith(held) for p in masker.patterns(lines=False)
        )


def test_a_flushed_masker_starts_anew() -> None:
    stream = StreamMasker(make("ab"))
    assert stream.feed(b"ab") + stream.flush() == b"***"
    assert stream.feed(b"ab") + stream.flush() == b"***"


def test_an_endless_row_of_a_secret_takes_no_memory() -> None:
    stream = StreamMasker(make("aa"))
    out = b"".join(stream.feed(b"a" * 1000) for _ in range(1000)) + stream.flush()
    assert out == b"***"
