"""docs/glibc.md: its tables are what the commands and the corpus give."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from scripts.corpus_glibc import BEGIN, DAYS, END, SETS, survey, tables
from tests.shared_data import CORPUS, needs

from actlite.cli.explain_glibc import node_lesson

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "glibc.md").read_text("utf-8")


def between(begin: str, end: str) -> str:
    return PAGE.partition(begin)[2].partition(end)[0].strip()


def test_the_table_of_nodes_is_what_explain_prints() -> None:
    parts = node_lesson(datetime.date(2026, 11, 23)).split("\n\n")
    tables_of_nodes = [textwrap.dedent(part) for part in parts if part.startswith("    ")]
    assert len(tables_of_nodes) == 2
    assert between("<!-- node -->\n```", "```\n<!-- end of node -->") == "\n\n".join(tables_of_nodes)


@needs(CORPUS)
@pytest.mark.long
def test_the_corpus_gives_the_tables_of_the_page(figure: Callable[[str, str], None]) -> None:
    """After a change of the catalogue or of the table of actions: ``python scripts/corpus_glibc.py --write``."""
    found = {part: survey(CORPUS, part) for part, _ in SETS}
    assert between(BEGIN, END) == tables(found)
    now, then = (found[part].days[DAYS[-1]] for part, _ in SETS)
    figure(
        "Real workflows and the runner's node",
        f"of {sum(one.files for one in found.values()):,} workflows {len(now.workflows) + len(then.workflows)} have a step in a "
        f"container that needs the runner's node; on {DAYS[-1]} it can't start in {len(now.fails)} of {len(now.workflows)} "
        f"of today's and in {len(then.fails)} of {len(then.workflows)} older ones; not known in {len(now.unknown)} and "
        f"{len(then.unknown)}",
    )


@needs(CORPUS)
def test_what_was_judged_by_hand_still_fails() -> None:
    """The failing workflows that were read: each was found to be true."""
    read = {
        "workflows": {
            "Chiorufarewerin__python-xlsxio/release.yml",
            "dixyes__ghactionsplay/cachebug.yml",
            "dixyes__ghactionsplay/glibc217node20.yml",
        },
        "workflows-history": {
            "AcademySoftwareFoundation__OpenImageIO/ci@v2.2.11.0.yml",
            "AcademySoftwareFoundation__OpenImageIO/ci@v2.3.12.0.yml",
            "AcademySoftwareFoundation__OpenImageIO/ci@v2.4.12.0.yml",
            "AcademySoftwareFoundation__OpenImageIO/ci@v3.0.6.1.yml",
            "It4innovations__hyperqueue/nightly@v0.7.0.yml",
            "It4innovations__hyperqueue/release@v0.7.0.yml",
            "PyO3__maturin/test@v0.14.0-beta.1.yml",
            "alandefreitas__cpp-actions/ci@v1.0.0.yml",
            "boostorg__nowide/ci@boost-1.78.0.yml",
            "boostorg__nowide/ci@boost-1.89.0.yml",
            "delta-io__delta-rs/python_build@rust-v0.8.0.yml",
            "easybuilders__easybuild-framework/unit_tests_python2@easybuild-framework-v4.9.3.yml",
            "haskell__haskell-language-server/release@1.10.0.0-wip.yml",
            "haskell__haskell-language-server/release@1.8.0.2.yml",
            "huggingface__tokenizers/python-release-conda@v0.13.4.rc1.yml",
            "valkey-io__valkey/ci@7.2.4-rc1.yml",
        },
    }
    for part, names in read.items():
        assert survey(CORPUS, part, DAYS[-1:]).days[DAYS[-1]].fails == names
