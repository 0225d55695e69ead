"""The workflow's ``options:``, which the runner puts word for word on ``docker create``'s command line.

Words are parted as .NET does it for the runner (dotnet/runtime: Process.Unix.cs,
ParseArgumentsIntoList): at spaces and tabs; only double quotes quote. Flags: docker docs, "docker
container create".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from actlite.engines.docker import values
from actlite.engines.docker.create import CreateRequest
from actlite.errors import CannotRun

_Apply = Callable[[CreateRequest, str], None]


def split(text: str) -> list[str]:
    """The words of a command line as the runner's .NET parts them."""
    words: list[str] = []
    i, n = 0, len(text)
    while True:
        while i < n and text[i] in " \t":
            i += 1
        if i >= n:
            return words
        word: list[str] = []
        quoted = False
        while i < n and (quoted or text[i] not in " \t"):
            slashes = 0
            while i < n and text[i] == "\\":
                slashes, i = slashes + 1, i + 1
            if slashes and (i >= n or text[i] != '"'):
                word.append("\\" * slashes)
                continue
            word.append("\\" * (slashes // 2))
            if slashes % 2:
                word.append('"')
            elif text[i] != '"':
                word.append(text[i])
            elif quoted and text[i + 1 : i + 2] == '"':
                word.append('"')
                i += 1
            else:
                quoted = not quoted
            i += 1
        words.append("".join(word))


def apply(request: CreateRequest, text: str) -> None:
    """Apply options to a request. Raises CannotRun, with docker's wording, for what docker refuses."""
    networks: list[str] = []
    health: dict[str, Any] = {}
    for flag, value in _flags(text):
        try:
            if flag in ("--network", "--net"):
                networks.append(value)
            elif flag in _HEALTH:
                key, convert = _HEALTH[flag]
                health[key] = convert(value)
            elif flag == "--no-healthcheck":
                health = {"Test": ["NONE"]} if _truth(value) else health
            else:
                _FLAGS[flag](request, value)
        except ValueError as e:
            raise _refused(text, f'invalid argument "{value}" for "{_both(flag)}" flag: {e}') from e
    if health:
        request.config["Healthcheck"] = health
    for network in networks:
        _join(request, network, text)


def _both(flag: str) -> str:
    """The flag's short and long name, as docker's messages have them."""
    short = next((letter for letter, name in _SHORT.items() if name == flag), "")
    return f"-{short}, {flag}" if short else flag


def _flags(text: str) -> Iterator[tuple[str, str]]:
    words = iter(split(text))
    for word in words:
        if word == "--" or not word.startswith("-") or word == "-":
            hint = "The runner knows double quotes only, not single ones." if "'" in text else ""
            raise _refused(
                text,
                f"'{word}' is no option: docker would take it for the image's name",
                hint or "Quote values that contain spaces with double quotes.",
            )
        if word.startswith("--"):
            yield _long(word, words, text)
        else:
            yield from _short(word[1:], words, text)


def _long(word: str, words: Iterator[str], text: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if name in _UNSUPPORTED:
        raise _refused(text, f"{name} is not supported here", _UNSUPPORTED[name])
    if name in _SWITCHES:
        return name, value if equals else "true"
    if name not in _FLAGS and name not in _HEALTH and name not in ("--network", "--net"):
        import difflib

        close = difflib.get_close_matches(name, [*_FLAGS, *_HEALTH, *_SWITCHES], 1)
        raise _refused(text, f"unknown flag: {name}", f"Did you mean {close[0]}?" if close else "")
    return name, value if equals else _next(name, words, text)


def _short(letters: str, words: Iterator[str], text: str) -> Iterator[tuple[str, str]]:
    for position, letter in enumerate(letters):
        name = _SHORT.get(letter)
        if name is None:
            raise _refused(text, f"unknown shorthand flag: '{letter}' in -{letters}")
        if name in _SWITCHES:
            yield name, "true"
            continue
        rest = letters[position + 1 :].removeprefix("=")
        yield name, rest or _next(f"'{letter}' in -{letters}", words, text)
        return


def _next(name: str, words: Iterator[str], text: str) -> str:
    value = next(words, None)
    if value is None:
        raise _refused(text, f"flag needs an argument: {name}")
    return value


def _refused(text: str, why: str, do: str = "") -> CannotRun:
    if "\n" in text.strip():
        why += "\nThere is a line break in the options, and the runner parts words at spaces and tabs only."
        do = do or "Write the options as a folded block: `options: >-`."
    return CannotRun(
        "docker would refuse the container's `options:`",
        why=f"options: {text.strip()}\n{why}",
        do=do or "See `docker create --help`.",
    )


def _join(request: CreateRequest, network: str, text: str) -> None:
    """A further network. The runner has always put its own first, so only user-defined ones go."""
    name, alias = network, {}
    if "=" in network:
        fields = dict(item.partition("=")[::2] for item in values.csv(network))
        name = fields.get("name", "")
        alias = {"Aliases": [fields["alias"]]} if "alias" in fields else {}
    if name in ("host", "none", "bridge", "default") or name.startswith("container:"):
        raise _refused(
            text,
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
            "The runner makes a network for the job and joins it before these options;"
            " GitHub documents --network as not supported. Remove it.",
        )
    if not request.endpoints:
        request.host["NetworkMode"] = name
    request.endpoints.setdefault(name, alias)


def _truth(value: str) -> bool:
    if value.lower() in ("true", "t", "1"):
        return True
    if value.lower() in ("false", "f", "0"):
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{value}": invalid syntax')


def _config(key: str, convert: Callable[[str], Any] = str) -> _Apply:
    def apply(request: CreateRequest, value: str) -> None:
        request.config[key] = convert(value)

    return apply


def _host(key: str, convert: Callable[[str], Any] = str) -> _Apply:
    def apply(request: CreateRequest, value: str) -> None:
        request.host[key] = convert(value)

    return apply


def _host_list(key: str, convert: Callable[[str], Any] = str) -> _Apply:
    def apply(request: CreateRequest, value: str) -> None:
        request.host.setdefault(key, []).append(convert(value))

    return apply


def _host_map(key: str, separator: str = "=") -> _Apply:
    def apply(request: CreateRequest, value: str) -> None:
        name, _, setting = value.partition(separator)
        request.host.setdefault(key, {})[name] = setting

    return apply


def _label(request: CreateRequest, value: str) -> None:
    name, _, setting = value.partition("=")
    request.config.setdefault("Labels", {}).setdefault(name, setting)


def _name(request: CreateRequest, value: str) -> None:
    request.name = value


def _platform(request: CreateRequest, value: str) -> None:
    request.platform = value


def _volume(request: CreateRequest, value: str) -> None:
    found = values.volume(value)
    if not found.source:
        request.config.setdefault("Volumes", {})[found.target] = {}
    else:
        mode = f":{found.mode}" if found.mode else ""
        request.host.setdefault("Binds", []).append(f"{found.source}:{found.target}{mode}")


def _restart(request: CreateRequest, value: str) -> None:
    name, _, count = value.partition(":")
    if name not in ("no", "always", "unless-stopped", "on-failure"):
        raise ValueError("invalid restart policy")
    if count and not (count.isascii() and count.isdigit()):
        raise ValueError("maximum retry count must be an integer")
    request.host["RestartPolicy"] = {"Name": name, "MaximumRetryCount": int(count or 0)}


def _expose(request: CreateRequest, value: str) -> None:
    for inside, _ in values.ports(value):
        request.config.setdefault("ExposedPorts", {})[inside] = {}


def _log_option(request: CreateRequest, value: str) -> None:
    name, _, setting = value.partition("=")
    request.host.setdefault("LogConfig", {}).setdefault("Config", {})[name] = setting


def _log_driver(request: CreateRequest, value: str) -> None:
    request.host.setdefault("LogConfig", {})["Type"] = value


def _alias(request: CreateRequest, value: str) -> None:
    for settings in list(request.endpoints.values())[:1]:
        settings.setdefault("Aliases", []).append(value)


def _nothing(request: CreateRequest, value: str) -> None:
    """Concerns the docker client only, or has no effect on a container that is created."""


def _command(value: str) -> list[str]:
    return ["CMD-SHELL", value]


def _swap(value: str) -> int:
    return -1 if value == "-1" else values.size(value)


def _retries(value: str) -> int:
    number = values.integer(value)
    if number < 0:
        raise ValueError("--health-retries cannot be negative")
    return number


_HEALTH: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--health-cmd": ("Test", _command),
    "--health-interval": ("Interval", values.duration),
    "--health-timeout": ("Timeout", values.duration),
    "--health-start-period": ("StartPeriod", values.duration),
    "--health-start-interval": ("StartInterval", values.duration),
    "--health-retries": ("Retries", _retries),
}

_FLAGS: dict[str, _Apply] = {
    "--add-host": _host_list("ExtraHosts", lambda v: v.replace("=", ":", 1)),
    "--annotation": _host_map("Annotations"),
    "--attach": _nothing,
    "--blkio-weight": _host("BlkioWeight", values.integer),
    "--cap-add": _host_list("CapAdd"),
    "--cap-drop": _host_list("CapDrop"),
    "--cgroup-parent": _host("CgroupParent"),
    "--cgroupns": _host("CgroupnsMode"),
    "--cpu-period": _host("CpuPeriod", values.integer),
    "--cpu-quota": _host("CpuQuota", values.integer),
    "--cpu-shares": _host("CpuShares", values.integer),
    "--cpus": _host("NanoCpus", values.cpus),
    "--cpuset-cpus": _host("CpusetCpus"),
    "--cpuset-mems": _host("CpusetMems"),
    "--device": _host_list("Devices", values.device),
    "--device-cgroup-rule": _host_list("DeviceCgroupRules"),
    "--dns": _host_list("Dns"),
    "--dns-opt": _host_list("DnsOptions"),
    "--dns-option": _host_list("DnsOptions"),
    "--dns-search": _host_list("DnsSearch"),
    "--domainname": _config("Domainname"),
    "--entrypoint": _config("Entrypoint", lambda v: [v] if v else [""]),
    "--env": CreateRequest.env,
    "--expose": _expose,
    "--gpus": _host_list("DeviceRequests", values.gpus),
    "--group-add": _host_list("GroupAdd"),
    "--hostname": _config("Hostname"),
    "--ipc": _host("IpcMode"),
    "--isolation": _host("Isolation"),
    "--label": _label,
    "--link": _host_list("Links"),
    "--log-driver": _log_driver,
    "--log-opt": _log_option,
    "--mac-address": _config("MacAddress"),
    "--memory": _host("Memory", values.size),
    "--memory-reservation": _host("MemoryReservation", values.size),
    "--memory-swap": _host("MemorySwap", _swap),
    "--memory-swappiness": _host("MemorySwappiness", values.integer),
    "--mount": _host_list("Mounts", values.mount),
    "--name": _name,
    "--network-alias": _alias,
    "--net-alias": _alias,
    "--oom-score-adj": _host("OomScoreAdj", values.integer),
    "--pid": _host("PidMode"),
    "--pids-limit": _host("PidsLimit", values.integer),
    "--platform": _platform,
    "--publish": CreateRequest.port,
    "--pull": _nothing,
    "--restart": _restart,
    "--runtime": _host("Runtime"),
    "--security-opt": _host_list("SecurityOpt"),
    "--shm-size": _host("ShmSize", values.size),
    "--stop-signal": _config("StopSignal"),
    "--stop-timeout": _config("StopTimeout", values.integer),
    "--storage-opt": _host_map("StorageOpt"),
    "--sysctl": _host_map("Sysctls"),
    "--tmpfs": _host_map("Tmpfs", ":"),
    "--ulimit": _host_list("Ulimits", values.ulimit),
    "--user": _config("User"),
    "--userns": _host("UsernsMode"),
    "--uts": _host("UTSMode"),
    "--volume": _volume,
    "--volume-driver": _host("VolumeDriver"),
    "--volumes-from": _host_list("VolumesFrom"),
    "--workdir": _config("WorkingDir"),
    # switches
    "--disable-content-trust": _nothing,
    "--init": _host("Init", _truth),
    "--interactive": _config("OpenStdin", _truth),
    "--oom-kill-disable": _host("OomKillDisable", _truth),
    "--privileged": _host("Privileged", _truth),
    "--publish-all": _host("PublishAllPorts", _truth),
    "--quiet": _nothing,
    "--read-only": _host("ReadonlyRootfs", _truth),
    "--rm": _host("AutoRemove", _truth),
    "--tty": _config("Tty", _truth),
}

_SWITCHES = frozenset(
    [
        "--disable-content-trust",
        "--init",
        "--interactive",
        "--no-healthcheck",
        "--oom-kill-disable",
        "--privileged",
        "--publish-all",
        "--quiet",
        "--read-only",
        "--rm",
        "--tty",
    ]
)

_SHORT = {
    "P": "--publish-all",
    "a": "--attach",
    "c": "--cpu-shares",
    "e": "--env",
    "h": "--hostname",
    "i": "--interactive",
    "l": "--label",
    "m": "--memory",
    "p": "--publish",
    "q": "--quiet",
    "t": "--tty",
    "u": "--user",
    "v": "--volume",
    "w": "--workdir",
}

_UNSUPPORTED = {
    "--env-file": "Its file would be looked up on the runner's machine, which has none of yours. Use `env:`.",
    "--label-file": "Its file would be looked up on the runner's machine, which has none of yours.",
    "--cidfile": "Its file would be written on the runner's machine.",
    "--ip": "The runner makes the job's network without a subnet, so docker refuses addresses of your own.",
    "--ip6": "The runner makes the job's network without a subnet, so docker refuses addresses of your own.",
    "--link-local-ip": "The runner makes the job's network without a subnet, so docker refuses addresses of your own.",
    "--blkio-weight-device": "Limit the device by other means.",
    "--cpu-rt-period": "Real-time scheduling can't be given to a job.",
    "--cpu-rt-runtime": "Real-time scheduling can't be given to a job.",
    "--device-read-bps": "Limit the device by other means.",
    "--device-read-iops": "Limit the device by other means.",
    "--device-write-bps": "Limit the device by other means.",
    "--device-write-iops": "Limit the device by other means.",
    "--use-api-socket": "Use `--docker-socket` of actlite instead.",
}
