"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The known word closest to a misspelt one, or None where none is close. Case and ``-``/``_`` count little.
    ``likeness`` is from 0 to 1 (equal)."""
    import difflib

    def fold(text: str) -> str:
        return text.casefold().replace("_", "-")

    by_fold = {fold(name): name for name in reversed(list(known))}
    found = difflib.get_close_matches(fold(word), by_fold, n=1, cutoff=likeness)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?``, or '' where no known word is close."""
    found = nearest(word, known)
    return f"did you mean '{found}'?" if found is not None else ""
