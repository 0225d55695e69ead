"""What a registry refuses, or why it is not reached, as ImageUnavailable: what, why, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from actlite.errors import ImageUnavailable

OTHERWISE = "a local image counts (`docker pull`), or name another with `--image {image}=OTHER`"


def refused(image: str, registry: str, status: int, words: str, wait: str) -> ImageUnavailable:
    """The error for an answer that is none. ``wait`` is the answer's Retry-After."""
    if status in (401, 403):
        what = f"the registry refuses the image {image}: it does not exist, or needs a login"
        do = f"Check the name; log in with `docker login {registry}`, or give `credentials:` in the workflow."
    elif status == 404:
        what, do = f"the image {image} does not exist in its registry", "Check the name and the tag."
    elif status == 429:
        what = f"{registry} answers no more questions about images for now: its limit is reached"
        until = f" in {wait} seconds" if wait.isdigit() else f" after {wait}" if wait else " later"
        do = f"Try again{until}; `docker login {registry}` raises the limit. Meanwhile {OTHERWISE.format(image=image)}."
    else:
        what = f"{registry} answers with an error when asked for {image}"
        do = f"Try again later; meanwhile {OTHERWISE.format(image=image)}."
    return ImageUnavailable(what, why=" ".join(part for part in (f"HTTP {status}.", words) if part), do=do)


def unsound(image: str, why: str) -> ImageUnavailable:
    """The error for an answer that can't be right."""
    return ImageUnavailable(
        f"what the registry gives for {image} is damaged, or not what it says",
        why=why,
        do="Try again; if it stays so, the image has to be pushed anew.",
    )


def too_much(image: str, why: str) -> ImageUnavailable:
    """The error for an image that is too large, or comes too slowly, to be read without a pull."""
    return ImageUnavailable(
        f"the image {image} is too large, or comes too slowly, to be read in its registry",
        why=why,
        do=f"Pull it: {OTHERWISE.format(image=image)}.",
    )


@contextmanager
def reaching(image: str, registry: str) -> Iterator[None]:
    """Turns the errors of ``requests``, and those of urllib3 that it lets through, into ImageUnavailable."""
    import requests
    import urllib3

    try:
        yield
    except requests.exceptions.SSLError as error:
        raise ImageUnavailable(
            f"{registry} can't be trusted: its certificate is not valid",
            why=_innermost(error),
            do="Name the authority that signs it with REQUESTS_CA_BUNDLE=FILE.",
        ) from error
    except requests.exceptions.Timeout as error:
        raise ImageUnavailable(
            f"{registry} does not answer when asked for {image}",
            why=_innermost(error),
            do=f"Try again later; meanwhile {OTHERWISE.format(image=image)}.",
        ) from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ImageUnavailable(
            f"the image {image} can't be read: {registry} is not reached from here",
            why=_innermost(error),
            do=f"Check the network; without one {OTHERWISE.format(image=image)}.",
        ) from error


def _innermost(error: BaseException) -> str:
    """The cause at the bottom, which is the one that says something."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error).splitlines()[0] if str(error) else type(error).__name__
