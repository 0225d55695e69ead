"""What is made of a daemon's answers about services."""

from __future__ import annotations

from actlite.engines.docker.services import host_ports


def test_the_port_of_ipv4_counts_where_docker_gives_ipv6_another() -> None:
    found = {
        "8080/tcp": [
            {"HostIp": "0.0.0.0", "HostPort": "32794"},
            {"HostIp": "::", "HostPort": "32793"},
        ],
        "53/udp": [{"HostIp": "::", "HostPort": "1053"}],
        "6379/tcp": [{"HostIp": "127.0.0.1", "HostPort": "1"}, {"HostIp": "0.0.0.0", "HostPort": "2"}],
        "9/tcp": None,
    }
    assert host_ports(found) == {"8080": "32794", "53": "1053", "6379": "2"}
