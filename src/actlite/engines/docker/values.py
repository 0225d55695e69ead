"""The small languages of docker's flag values: sizes, durations, ports, mounts, devices, ulimits.

Formats: docker docs, "docker container create"; docker/go-units; Go's ``time.ParseDuration``. All raise
ValueError with docker's wording where it has one.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from actlite.records import frozen

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?\Z", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_OCTAL = re.compile(r"[+-]?0[0-7]+\Z")
_RATIONAL = re.compile(r"[+-]?(?:\d+/0*[1-9]\d*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)\Z", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PORT = re.compile(
    r"(?:(?P<ip>\[[^\]]*\]|[^:\[\]]*):)??(?:(?P<host>[\d-]*):)?(?P<container>[\d-]+)(?:/(?P<protocol>\w+))?\Z"
)


def size(text: str) -> int:
    """Bytes of ``512m``, ``1.5g``, ``100kb``; units are binary, as docker's are."""
    found = _SIZE.match(text)
    if not found:
        raise ValueError(f"invalid size: '{text}'")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def integer(text: str) -> int:
    """A number as Go's ``strconv.ParseInt`` reads it: ``10``, ``-1``, ``0x10``, ``010``."""
    try:
        if text != text.strip():
            raise ValueError
        return int(text, 8 if _OCTAL.match(text) else 0)
    except ValueError:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def cpus(text: str) -> int:
    """Billionths of a processor: ``1.5``, ``1/2``."""
    if not _RATIONAL.match(text):
        raise ValueError(f"failed to parse {text} as a rational number")
    share = Fraction(text) * 10**9
    if share.denominator != 1:
        raise ValueError("value is too precise")
    return int(share)


def duration(text: str) -> int:
    """Nanoseconds of ``10s``, ``1m30s``, ``500ms``, ``0``."""
    if text == "0":
        return 0
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text:
        fault = "missing unit in" if _NUMBER.match(text) else "invalid"
        raise ValueError(f'time: {fault} duration "{text}" (write 10s, 1m30s or 500ms)')
    return sum(int(float(number) * _NANOSECONDS[unit]) for number, unit in parts)


def ports(text: str) -> list[tuple[str, dict[str, str]]]:
    """``[[IP:]HOST:]CONTAINER[/PROTOCOL]``, ranges included, as pairs of ``80/tcp`` and a host binding."""
    found = _PORT.match(text)
    if not found:
        raise ValueError(f"invalid containerPort: {text}")
    protocol = (found["protocol"] or "tcp").lower()
    if protocol not in ("tcp", "udp", "sctp"):
        raise ValueError(f"invalid proto: {protocol}")
    inner = _range(found["container"])
    outer = _range(found["host"]) if found["host"] else []
    if outer and len(inner) > 1 and len(outer) != len(inner):
        raise ValueError(f"invalid ranges specified for container and host Ports: {text}")
    ip = (found["ip"] or "").strip("[]")
    host: list[str]
    if len(inner) == 1 and len(outer) > 1:
        host = [found["host"]]
    else:
        host = [str(port) for port in outer] or [""] * len(inner)
    return [
        (f"{port}/{protocol}", {"HostIp": ip, "HostPort": outside})
        for port, outside in zip(inner, host, strict=True)
    ]


def _range(text: str) -> list[int]:
    first, _, last = text.partition("-")
    try:
        start, end = int(first), int(last or first)
    except ValueError:
        raise ValueError(f"invalid containerPort: {text}") from None
    if not 0 < start <= end <= 65535:
        raise ValueError(f"invalid containerPort: {text}")
    return list(range(start, end + 1))


def ulimit(text: str) -> dict[str, Any]:
    """``nofile=1024:2048``."""
    name, equals, limits = text.partition("=")
    soft, _, hard = limits.partition(":")
    try:
        if not equals or not name:
            raise ValueError
        return {"Name": name, "Soft": int(soft), "Hard": int(hard or soft)}
    except ValueError:
        raise ValueError(f"invalid ulimit argument: {text}") from None


def device(text: str) -> dict[str, str]:
    """``/dev/host[:/dev/container][:rwm]``."""
    parts = text.split(":")
    inside, rights = parts[0], "rwm"
    for part in parts[1:]:
        if re.fullmatch(r"[rwm]+", part):
            rights = part
        else:
            inside = part
    if len(parts) > 3 or not parts[0]:
        raise ValueError(f"invalid device specification: {text}")
    return {"PathOnHost": parts[0], "PathInContainer": inside, "CgroupPermissions": rights}


def gpus(text: str) -> dict[str, Any]:
    """``all``, a number, or ``device=0,1``, ``driver=…``, ``capabilities=…`` (quoted CSV fields)."""
    request: dict[str, Any] = {"Driver": "", "Count": 0, "Capabilities": [["gpu"]], "Options": {}}
    if text == "all" or re.fullmatch(r"-?\d+", text):
        request["Count"] = -1 if text == "all" else int(text)
        return request
    for item in csv(text):
        key, equals, value = item.partition("=")
        if not equals:
            key, value = "count", item
        if key == "device":
            request["DeviceIDs"] = value.split(",")
        elif key == "driver":
            request["Driver"] = value
        elif key == "count":
            if value != "all" and not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
                raise ValueError(f'invalid count ({value}): value must be either "all" or an integer')
            request["Count"] = -1 if value == "all" else int(value)
        elif key == "capabilities":
            request["Capabilities"] = [["gpu", *(c for c in value.split(",") if c != "gpu")]]
        else:
            raise ValueError(f"unexpected key '{key}' in '{text}'")
    return request


@frozen
class Volume:
    """A ``--volume`` value: a bind when there is a source, else an anonymous volume."""

    source: str
    target: str
    mode: str


def volume(text: str) -> Volume:
    """``SOURCE:TARGET[:MODE]`` or ``TARGET``."""
    parts = text.split(":")
    if len(parts) > 3 or not all(parts[:2]):
        raise ValueError(f"invalid spec: {text}: empty section between colons or too many of them")
    if len(parts) == 1:
        return Volume("", parts[0], "")
    target = parts[1]
    if not target.startswith("/"):
        raise ValueError(
            f"invalid volume specification: '{text}': the path in the container must be absolute"
        )
    return Volume(parts[0], target, parts[2] if len(parts) == 3 else "")


def mount(text: str) -> dict[str, Any]:
    """A ``--mount`` value: ``type=bind,source=…,target=…,readonly`` and its like."""
    result: dict[str, Any] = {"Type": "volume"}
    for item in csv(text):
        key, equals, value = item.partition("=")
        match key.lower():
            case "type":
                result["Type"] = value.lower()
            case "source" | "src":
                result["Source"] = value
            case "target" | "dst" | "destination":
                result["Target"] = value
            case "readonly" | "ro":
                result["ReadOnly"] = not equals or value.lower() in ("true", "1")
            case "consistency":
                result["Consistency"] = value
            case "bind-propagation":
                result.setdefault("BindOptions", {})["Propagation"] = value
            case "volume-nocopy":
                result.setdefault("VolumeOptions", {})["NoCopy"] = not equals or value.lower() in (
                    "true",
                    "1",
                )
            case "volume-driver":
                result.setdefault("VolumeOptions", {}).setdefault("DriverConfig", {})["Name"] = value
            case "volume-opt":
                driver = result.setdefault("VolumeOptions", {}).setdefault("DriverConfig", {})
                option, _, setting = value.partition("=")
                driver.setdefault("Options", {})[option] = setting
            case "tmpfs-size":
                result.setdefault("TmpfsOptions", {})["SizeBytes"] = size(value)
            case "tmpfs-mode":
                if not re.fullmatch(r"[0-7]+", value):
                    raise ValueError(f"invalid value for {key}: {value}")
                result.setdefault("TmpfsOptions", {})["Mode"] = int(value, 8)
            case _:
                raise ValueError(f"unexpected key '{key}' in '{item}'")
    if not result.get("Target"):
        raise ValueError("target is required")
    return result


def csv(text: str) -> list[str]:
    """The fields of one line of CSV, as Go's reader parts them."""
    import csv as module

    return next(module.reader([text]), [])
