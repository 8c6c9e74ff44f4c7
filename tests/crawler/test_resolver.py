"""Which addresses may be connected to."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from crawler.resolver import AddressGuard, read_hosts_file
from schemas.errors import UsageError


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.1.2", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:7f00:1::", "2001:db8::1", "64:ff9b::7f00:1", "not-an-address", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not AddressGuard().allows(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert AddressGuard().allows(address)


def test_a_network_that_is_allowed_opens_nothing_else() -> None:
    guard = AddressGuard((ip_network("127.0.0.0/8"), ip_network("fd12::/16")))
    assert guard.allows("127.3.4.5") and guard.allows("::ffff:127.3.4.5") and guard.allows("fd12::7")
    assert not guard.allows("10.0.0.1") and not guard.allows("::1") and not guard.allows("fd13::7")


def test_a_hosts_file_is_read_as_the_system_does(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("# a comment\n127.0.0.2 Paper.test  www.paper.test # its name\n\n::1 paper.test\n")
    assert read_hosts_file(path) == {"paper.test": ("127.0.0.2", "::1"), "www.paper.test": ("127.0.0.2",)}


def test_a_bad_hosts_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 a\nnonsense b\n")
    with pytest.raises(UsageError, match="line 2: nonsense is no address"):
        read_hosts_file(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_hosts_file(tmp_path / "absent")
