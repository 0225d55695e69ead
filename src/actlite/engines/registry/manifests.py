"""From a name to the manifest of one platform: which layers, in which order, for which machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.atomic import keep
from actlite.engines.registry.client import Client
from actlite.engines.registry.failures import unsound
from actlite.engines.registry.history import places
from actlite.errors import ImageUnavailable
from actlite.records import field, frozen

SCHEMA = 1
MAX_LAYERS = 1000
"""Docker itself takes 127."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@frozen
class LayerInfo:
    """A layer, as the manifest tells of it."""

    digest: str
    size: int
    place: str
    """The folder that all of it is in; ``/`` where that is not known."""


@frozen
class RemoteImage:
    """An image in a registry."""

    id: str
    """The digest of its manifest, for one platform."""
    os: str
    architecture: str
    """As Docker names it."""
    env: Mapping[str, str] = field(repr=False)
    layers: tuple[LayerInfo, ...] = field(repr=False)
    """The lowest first."""


def find(client: Client, name: str, architecture: str, cache: Path | None) -> RemoteImage:
    """What a name stands for now, for one architecture. With a ``cache`` folder a manifest is fetched once. Raises
    ImageUnavailable."""
    digest = client.digest()
    kept = _kept(cache, digest, architecture)
    if kept is not None and (known := _load(kept)) is not None:
        return known
    digest, manifest = client.manifest(digest or client.reference.version)
    if "manifests" in manifest:
        chosen = _choose(manifest, name, architecture)
        platform, manifest = client.manifest(chosen)
    else:
        platform = digest
    image = _image(client, name, platform, manifest)
    if (kept := _kept(cache, digest, architecture)) is not None:
        _save(kept, image)
    return image


def _choose(index: Mapping[str, Any], name: str, architecture: str) -> str:
    """The digest of the first manifest for linux and an architecture."""
    there = []
    for entry in _list(index.get("manifests")):
        platform = entry.get("platform")
        platform = platform if isinstance(platform, dict) else {}
        found = (str(platform.get("os") or "linux"), str(platform.get("architecture") or ""))
        if found == ("linux", architecture):
            return _digest(entry, name)
        if found[1] != "unknown":  # attestations
            there.append("/".join(part for part in (*found, str(platform.get("variant") or "")) if part))
    raise ImageUnavailable(
        f"the image {name} does not exist for linux/{architecture}",
        why=f"It exists for {', '.join(dict.fromkeys(there)) or 'nothing'}.",
        do="Name an image for this machine.",
    )


def _image(client: Client, name: str, digest: str, manifest: Mapping[str, Any]) -> RemoteImage:
    if not isinstance(manifest.get("config"), dict) or not isinstance(manifest.get("layers"), list):
        raise ImageUnavailable(
            f"the image {name} has a manifest of a kind that is not known",
            why=f"It says: {manifest.get('mediaType') or 'schema ' + str(manifest.get('schemaVersion'))}.",
            do="Pull it (`docker pull`): a local image is read.",
        )
    config = client.config(_digest(manifest["config"], name))
    entries = _list(manifest["layers"])
    if len(entries) > MAX_LAYERS or len(entries) != len(manifest["layers"]):
        raise unsound(name, "Its manifest's layers can't be right.")
    settings = config.get("config")
    env = settings.get("Env") if isinstance(settings, dict) else None
    layers = []
    for entry, place in zip(entries, places(config.get("history"), len(entries)), strict=True):
        size = entry.get("size")
        if not isinstance(size, int) or size < 0 or entry.get("urls"):
            raise unsound(name, "A layer has no size, or is kept elsewhere.")
        layers.append(LayerInfo(_digest(entry, name), size, place))
    return RemoteImage(
        digest,
        str(config.get("os") or "linux"),
        str(config.get("architecture") or ""),
        dict(str(item).partition("=")[::2] for item in (env if isinstance(env, list) else ())),
        tuple(layers),
    )


def _list(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _digest(entry: Mapping[str, Any], name: str) -> str:
    digest = str(entry.get("digest") or "")
    if not _DIGEST.fullmatch(digest):
        raise unsound(name, f"'{digest}' is no digest.")
    return digest


def _kept(cache: Path | None, digest: str, architecture: str) -> Path | None:
    if cache is None or not digest:
        return None
    return cache / "manifests" / f"{digest.replace(':', '-')}-{architecture}.json"


def _load(path: Path) -> RemoteImage | None:
    try:
        data = json.loads(path.read_text("utf-8"))
        if data.pop("schema") != SCHEMA:
            return None
        layers = tuple(LayerInfo(str(d), int(s), str(p)) for d, s, p in data.pop("layers"))
        return RemoteImage(layers=layers, **data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _save(path: Path, image: RemoteImage) -> None:
    data = {
        "schema": SCHEMA,
        "id": image.id,
        "os": image.os,
        "architecture": image.architecture,
        "env": dict(image.env),
        "layers": [[layer.digest, layer.size, layer.place] for layer in image.layers],
    }
    keep(path, json.dumps(data))
