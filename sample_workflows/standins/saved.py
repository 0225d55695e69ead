"""An image in the form of ``docker save``: the way to give an engine an image of another architecture."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import BinaryIO


def write_saved(
    out: BinaryIO, layer: BinaryIO, image: str, architecture: str, labels: Mapping[str, str]
) -> None:
    """An image of one layer, a tar file that is read from where it stands; ``image`` is its name with the tag."""
    digest = hashlib.sha256()
    while piece := layer.read(1 << 20):
        digest.update(piece)
    size = layer.tell()
    layer.seek(0)
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Labels": dict(labels)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest.hexdigest()}"]},
        "history": [{"created_by": "actlite stand-in"}],
    }
    text = json.dumps(config).encode()
    name = f"{hashlib.sha256(text).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": [image], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.GNU_FORMAT) as archive:
        for path, data in ((name, text), ("manifest.json", manifest)):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        member = tarfile.TarInfo("layer.tar")
        member.size = size
        archive.addfile(member, layer)
