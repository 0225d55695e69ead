"""`options:` as the runner's docker would take them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlite.engines.base import Mount
from actlite.engines.docker import options, values
from actlite.engines.docker.create import CreateRequest, config_env, mounts, runner_env
from actlite.errors import CannotRun


def body(text: str, network: str | None = "net") -> dict[str, Any]:
    request = CreateRequest("image", "name")
    request.network(network)
    options.apply(request, text)
    return request.body()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  a\tb ", ["a", "b"]),
        ('--health-cmd "pg_isready -U x" -e A="b c"', ["--health-cmd", "pg_isready -U x", "-e", "A=b c"]),
        ("--health-cmd 'redis-cli ping'", ["--health-cmd", "'redis-cli", "ping'"]),
        (r'"a\"b" c\d e\\ \\"x y"', ['a"b', r"c\d", r"e\\", r"\x y"]),
        ('"" x ""', ["", "x", ""]),
        ('"a""b"', ['a"b']),
        ("a\nb", ["a\nb"]),
        ('"open', ["open"]),
    ],
)
def test_words_are_parted_as_by_the_runner(text: str, words: list[str]) -> None:
    assert options.split(text) == words


@given(st.lists(st.text(alphabet=st.characters(exclude_characters='"\\', exclude_categories=["Cs"]))))
def test_quoted_words_come_back(words: list[str]) -> None:
    assert options.split(" ".join(f'"{word}"' for word in words)) == words


@pytest.mark.parametrize(
    ("text", "where", "value"),
    [
        ("--user 1000:1000", "User", "1000:1000"),
        ("-uroot", "User", "root"),
        ("-u=root", "User", "root"),
        ("--user=root", "User", "root"),
        ("--cpus 1.5", "HostConfig.NanoCpus", 1_500_000_000),
        ("-m 512m", "HostConfig.Memory", 512 << 20),
        ("--memory=1.5g --memory-swap -1", "HostConfig.MemorySwap", -1),
        ("--shm-size 1gb", "HostConfig.ShmSize", 1 << 30),
        ("--privileged", "HostConfig.Privileged", True),
        ("--privileged=false", "HostConfig.Privileged", False),
        ("--cap-add SYS_PTRACE --cap-add=NET_ADMIN", "HostConfig.CapAdd", ["SYS_PTRACE", "NET_ADMIN"]),
        ("--cap-drop ALL", "HostConfig.CapDrop", ["ALL"]),
        ("--security-opt seccomp=unconfined", "HostConfig.SecurityOpt", ["seccomp=unconfined"]),
        ("--ulimit nofile=1:2 --ulimit core=0", "HostConfig.Ulimits", [
            {"Name": "nofile", "Soft": 1, "Hard": 2}, {"Name": "core", "Soft": 0, "Hard": 0},
        ]),
        ("--device /dev/fuse", "HostConfig.Devices", [
            {"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"},
        ]),
        ("--device /dev/a:/dev/b:r", "HostConfig.Devices", [
            {"PathOnHost": "/dev/a", "PathInContainer": "/dev/b", "CgroupPermissions": "r"},
        ]),
        ("-h box --domainname d", "Hostname", "box"),
        ("--add-host a:1.2.3.4 --add-host b=::1", "HostConfig.ExtraHosts", ["a:1.2.3.4", "b:::1"]),
        ("--dns 8.8.8.8", "HostConfig.Dns", ["8.8.8.8"]),
        ("--tmpfs /run:rw,size=64m --tmpfs /x", "HostConfig.Tmpfs", {"/run": "rw,size=64m", "/x": ""}),
        ("-v /a:/b:ro --volume name:/c", "HostConfig.Binds", ["/a:/b:ro", "name:/c"]),
        ("-v /only", "Volumes", {"/only": {}}),
        ("--mount type=bind,source=/a,target=/b,readonly", "HostConfig.Mounts", [
            {"Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": True},
        ]),
        ("--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770", "HostConfig.Mounts", [
            {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o1770}},
        ]),
        ('-e A=1 --env "B=2 3" -e C', "Env", ["A=1", "B=2 3", "C"]),
        ("-l a=b --label c", "Labels", {"a": "b", "c": ""}),
        ("--entrypoint x", "Entrypoint", ["x"]),
        ("--init", "HostConfig.Init", True),
        ("--ipc host --pid host", "HostConfig.PidMode", "host"),
        ("--read-only", "HostConfig.ReadonlyRootfs", True),
        ("--restart on-failure:3", "HostConfig.RestartPolicy", {"Name": "on-failure", "MaximumRetryCount": 3}),
        ("--rm", "HostConfig.AutoRemove", True),
        ("-w /x", "WorkingDir", "/x"),
        ("--sysctl net.ipv4.ip_forward=1", "HostConfig.Sysctls", {"net.ipv4.ip_forward": "1"}),
        ("--group-add 5", "HostConfig.GroupAdd", ["5"]),
        ("-p 127.0.0.1:80:8080/udp", "HostConfig.PortBindings", {"8080/udp": [{"HostIp": "127.0.0.1", "HostPort": "80"}]}),
        ("--gpus all", "HostConfig.DeviceRequests", [
            {"Driver": "", "Count": -1, "Capabilities": [["gpu"]], "Options": {}},
        ]),
        ('--gpus "\\"device=0,2\\""', "HostConfig.DeviceRequests", [
            {"Driver": "", "Count": 0, "Capabilities": [["gpu"]], "Options": {}, "DeviceIDs": ["0", "2"]},
        ]),
        ("-it", "Tty", True),
        ("-itu root", "User", "root"),
        ('--health-cmd "curl -f x" --health-interval 1m30s --health-retries 5 --health-timeout=500ms', "Healthcheck", {
            "Test": ["CMD-SHELL", "curl -f x"], "Interval": 90 * 10**9, "Retries": 5, "Timeout": 5 * 10**8,
        }),
        ("--no-healthcheck", "Healthcheck", {"Test": ["NONE"]}),
    ],
)  # fmt: skip
def test_flags_reach_the_daemon(text: str, where: str, value: object) -> None:
    found: Any = body(text)
    for key in where.split("."):
        found = found[key]
    assert found == value


def test_name_and_platform_are_not_in_the_body() -> None:
    request = CreateRequest("image", "name")
    options.apply(request, "--name mine --platform linux/arm64")
    assert (request.name, request.platform) == ("mine", "linux/arm64")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--no-such", "unknown flag: --no-such"),
        ("--privilegd", "unknown flag: --privilegd"),
        ("-d", "unknown shorthand flag: 'd' in -d"),
        ("--user", "flag needs an argument: --user"),
        ("-u", "flag needs an argument: 'u' in -u"),
        ("--memory lots", "invalid size: 'lots'"),
        ("--cpus many", "many"),
        ("--privileged=perhaps", 'strconv.ParseBool: parsing "perhaps": invalid syntax'),
        ("--health-interval 10", 'time: missing unit in duration "10"'),
        ("--health-interval soon", 'time: invalid duration "soon"'),
        (
            "--cpus nope",
            'invalid argument "nope" for "--cpus" flag: failed to parse nope as a rational number',
        ),
        ("--cpus 1/0", "failed to parse 1/0 as a rational number"),
        ("--cpus 0.00000000001", "value is too precise"),
        ("-m lots", 'invalid argument "lots" for "-m, --memory" flag: invalid size: \'lots\''),
        ("--cpu-shares x", 'for "-c, --cpu-shares" flag: strconv.ParseInt: parsing "x": invalid syntax'),
        ("--health-retries 1.5", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ("--restart on-failure:x", "maximum retry count must be an integer"),
        ("--mount type=tmpfs,target=/x,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"),
        ("--gpus count=many", 'invalid count (many): value must be either "all" or an integer'),
        ("--health-retries -1", "cannot be negative"),
        ("--ulimit nofile", "invalid ulimit argument: nofile"),
        ("--device a:b:c:d", "invalid device specification"),
        ("--volume a:b", "absolute"),
        ("--mount type=bind", "target is required"),
        ("--mount nonsense=1,target=/x", "unexpected key 'nonsense'"),
        ("--restart sometimes", "invalid restart policy"),
        ("-p 99999", "invalid containerPort: 99999"),
        ("-p 80/icmp", "invalid proto: icmp"),
        ("-p 1-2:3-5", "invalid ranges"),
        ("--gpus colour=red", "unexpected key 'colour'"),
        ("--network host", "conflicting options"),
        ("--net=none", "conflicting options"),
        ("image", "'image' is no option"),
        ("--health-cmd 'redis-cli ping'", "ping'"),
        ("--cpus 1\n--memory 2g", "line break"),
        ("--env-file x", "--env-file is not supported"),
        ("--ip 10.0.0.1", "--ip is not supported"),
    ],
)
def test_what_docker_refuses_is_refused(text: str, words: str) -> None:
    with pytest.raises(CannotRun) as error:
        body(text)
    assert words in error.value.why
    assert error.value.do


def test_a_near_miss_is_named() -> None:
    with pytest.raises(CannotRun) as error:
        body("--priviledged")
    assert "--privileged" in error.value.do


def test_further_networks_are_joined_after_the_job_s() -> None:
    request = CreateRequest("image", "name")
    request.network("ours", "db")
    options.apply(request, "--network theirs --network name=third,alias=x --network-alias more")
    assert request.body()["NetworkingConfig"] == {"EndpointsConfig": {"ours": {"Aliases": ["db", "more"]}}}
    assert request.later_networks() == [("theirs", {}), ("third", {"Aliases": ["x"]})]


def test_network_of_the_options_where_the_job_has_none() -> None:
    assert body("--network theirs", None)["HostConfig"]["NetworkMode"] == "theirs"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("80", [("80/tcp", {"HostIp": "", "HostPort": ""})]),
        ("8080:80", [("80/tcp", {"HostIp": "", "HostPort": "8080"})]),
        ("127.0.0.1::80", [("80/tcp", {"HostIp": "127.0.0.1", "HostPort": ""})]),
        ("[::1]:8:9/UDP", [("9/udp", {"HostIp": "::1", "HostPort": "8"})]),
        ("3-4", [("3/tcp", {"HostIp": "", "HostPort": ""}), ("4/tcp", {"HostIp": "", "HostPort": ""})]),
        (
            "10-11:3-4",
            [("3/tcp", {"HostIp": "", "HostPort": "10"}), ("4/tcp", {"HostIp": "", "HostPort": "11"})],
        ),
        ("10-20:3", [("3/tcp", {"HostIp": "", "HostPort": "10-20"})]),
    ],
)
def test_ports(text: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert values.ports(text) == found


@pytest.mark.parametrize("text", ["", ":", "x", "80:x", "0", "70000", "1:2:3:4"])
def test_ports_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        values.ports(text)


@pytest.mark.parametrize(
    ("text", "nanoseconds"), [("0", 0), ("1h2m3s", 3723 * 10**9), (".5s", 5 * 10**8), ("3us", 3000)]
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert values.duration(text) == nanoseconds


def test_mounts_are_binds_unless_a_colon_forbids_it() -> None:
    request = CreateRequest("image", "name")
    mounts(
        request,
        [
            Mount("/a", "/b"),
            Mount("/c", "/d", True),
            Mount(None, "/anon"),
            Mount("/e:f", "/g"),
            Mount("/z", "/b"),
            Mount("/a", "/b"),
        ],
    )
    # written twice: once, as on docker's command line; one target for two: docker refuses that
    assert request.host["Binds"] == ["/a:/b", "/c:/d:ro", "/z:/b"]
    assert request.config["Volumes"] == {"/anon": {}}
    assert request.host["Mounts"] == [{"Type": "bind", "Source": "/e:f", "Target": "/g", "ReadOnly": False}]


def test_empty_values_take_the_image_s_variable_away() -> None:
    request = CreateRequest("image", "name")
    runner_env(request, {"A": "1", "B": ""})
    assert request.config["Env"] == ["A=1", "B"]
    assert config_env({"B": "x", "C": "y"}, request.config["Env"]) == {"A": "1", "C": "y"}


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1_500_000_000), ("1/2", 500_000_000), (".25", 250_000_000), ("2e0", 2_000_000_000)],
)
def test_shares_of_processors(text: str, number: int) -> None:
    assert values.cpus(text) == number


@pytest.mark.parametrize(("text", "number"), [("10", 10), ("-1", -1), ("0x10", 16), ("010", 8), ("0", 0)])
def test_numbers_are_read_as_go_does(text: str, number: int) -> None:
    assert values.integer(text) == number
