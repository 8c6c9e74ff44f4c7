"""Which addresses may be connected to, and how names become addresses.

A crawler fetches what strangers write, so it must not be led into the network it runs in: addresses that are not
public are refused after resolution, and once more on the open connection, as a name can resolve differently twice.

Source: OWASP, "Server-Side Request Forgery Prevention"; `ipaddress` (IANA special-purpose registries).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Any, Final

from twisted.internet.address import IPv4Address as TcpAddress4
from twisted.internet.address import IPv6Address as TcpAddress6
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from schemas.errors import UsageError, cut

__all__ = ["AddressGuard", "GuardedResolver", "read_hosts_file"]

CACHE_S: Final = 60.0
"""How long an answer of the resolver is used: a host is asked every few seconds."""

CACHE_NAMES: Final = 10_000


def read_hosts_file(path: Path) -> dict[str, tuple[str, ...]]:
    """Names and their addresses from a file in the format of hosts(5).

    Raises:
        UsageError: the file cannot be read, or a line has no valid address.
    """
    names: dict[str, tuple[str, ...]] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"WIRETRACE_CRAWL_HOSTS_FILE={cut(path)} cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        address, *aliases = line.partition("#")[0].split() or [""]
        if not address:
            continue
        try:
            ip_address(address)
        except ValueError:
            raise UsageError(f"{cut(path)} line {number}: {cut(address)} is no address") from None
        for alias in aliases:
            name = alias.lower().rstrip(".")
            names[name] = (*names.get(name, ()), address)
    return names


def _nat64(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a NAT64 gateway would connect to. Source: RFC 6052 section 2.1."""
    return IPv4Address(ip.packed[12:]) if ip in IPv6Network("64:ff9b::/96") else None


class AddressGuard:
    """Says whether an address may be connected to.

    >>> from ipaddress import ip_network
    >>> guard = AddressGuard((ip_network("127.0.0.0/8"),))
    >>> [guard.allows(a) for a in ("127.0.0.1", "10.0.0.1", "::ffff:169.254.169.254", "93.184.216.34")]
    [True, False, False, True]
    """

    def __init__(self, allowed: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._allowed = tuple(allowed)
        self._known: dict[str, bool] = {}

    def allows(self, address: str) -> bool:
        """Whether `address` is public or in a network that is allowed all the same. False for what is no address."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= CACHE_NAMES:
                self._known.clear()
            known = self._known[address] = self._judge(address)
        return known

    def _judge(self, address: str) -> bool:
        try:
            ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(ip, IPv6Address):
            # An IPv6 address that carries an IPv4 one leads to that one.
            ip = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _nat64(ip) or ip
        if any(ip.version == network.version and ip in network for network in self._allowed):
            return True
        return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing is under way."""


@implementer(IResolutionReceiver)
class _Filter:
    """Passes on the addresses that may be connected to."""

    def __init__(self, receiver: Any, resolver: GuardedResolver, name: str, port: int) -> None:
        self._receiver = receiver
        self._resolver = resolver
        self._name = name
        self._port = port
        self._seen: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self._seen.append(address.host)
        if self._resolver.guard.allows(address.host):
            self._receiver.addressResolved(address)
        else:
            self._resolver.refused[self._name] = address.host

    def resolutionComplete(self) -> None:  # noqa: N802
        self._resolver.remember(self._name, self._seen)
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)
class GuardedResolver:
    """Scrapy's resolver component: the hosts file first, then the system; refused addresses are left out.

    Attributes:
        refused: names of which an address was refused, with that address.
    """

    current: GuardedResolver | None = None

    def __init__(self, reactor: Any, guard: AddressGuard, hosts: Mapping[str, tuple[str, ...]]) -> None:
        self.guard = guard
        self.refused: dict[str, str] = {}
        self._reactor = reactor
        self._hosts = hosts
        self._original = reactor.nameResolver
        self._cache: dict[str, tuple[float, list[str]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardedResolver:
        """The resolver of this process, as Scrapy builds it."""
        hosts = crawler.settings.get("WIRETRACE_HOSTS") or {}
        cls.current = cls(reactor, AddressGuard(crawler.settings.get("WIRETRACE_NETWORKS") or ()), hosts)
        return cls.current

    def install_on_reactor(self) -> None:
        """Makes this the reactor's resolver."""
        self._reactor.installNameResolver(self)

    def remember(self, name: str, addresses: Sequence[str]) -> None:
        """Keeps an answer for `CACHE_S` seconds; failures are not kept."""
        if addresses:
            if len(self._cache) >= CACHE_NAMES:
                self._cache.clear()
            self._cache[name] = (time.monotonic() + CACHE_S, list(addresses))

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """See `IHostnameResolver`. A name of which every address is refused resolves to nothing."""
        name = hostName.lower().rstrip(".")
        self.refused.pop(name, None)
        receiver = _Filter(resolutionReceiver, self, name, portNumber)
        known: Sequence[str] = self._hosts.get(name, ())
        if not known:
            until, cached = self._cache.get(name, (0.0, []))
            known = cached if until > time.monotonic() else ()
        if not known:
            try:
                ip_address(name)
                known = (name,)
            except ValueError:
                return self._original.resolveHostName(
                    receiver, hostName, portNumber, addressTypes, transportSemantics
                )
        resolution = _Resolution(name)
        resolutionReceiver.resolutionBegan(resolution)
        for address in known:
            if self.guard.allows(address):
                kind = TcpAddress6 if ":" in address else TcpAddress4
                resolutionReceiver.addressResolved(kind("TCP", address, portNumber))
            else:
                self.refused[name] = address
        resolutionReceiver.resolutionComplete()
        return resolution
