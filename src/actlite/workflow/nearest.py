"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

_LIKE = 0.7
_PART = 0.6
"""How like a word must be that holds the other one whole: ``timeout`` and ``timeout-minutes``."""


def nearest(word: str, known: Iterable[str], *, likeness: float = _LIKE) -> str | None:
    """The known word closest to a misspelt one, or None where none is close. Case and ``-``/``_`` count little.
    ``likeness`` is from 0 to 1 (equal)."""
    import difflib

    def fold(text: str) -> str:
        return text.casefold().replace("_", "-")

    by_fold = {fold(name): name for name in reversed(list(known))}
    folded = fold(word)
    for found in difflib.get_close_matches(folded, by_fold, n=3, cutoff=min(likeness, _PART)):
        whole = likeness <= _LIKE and (folded in found or found in folded)
        if whole or difflib.SequenceMatcher(None, found, folded).ratio() >= likeness:
            return by_fold[found]
    return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?``, or '' where no known word is close."""
    found = nearest(word, known)
    return f"did you mean '{found}'?" if found is not None else ""
