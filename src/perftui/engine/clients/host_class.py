"""What kind of place a host is: this machine, one of ours, anybody's, or one that is never asked."""

from __future__ import annotations

import ipaddress
import socket
from typing import Literal

from perftui.engine.clients.metadata import METADATA_ADDRESSES, METADATA_NAMES

HostClass = Literal["loopback", "private", "link_local", "public", "refused"]

_METADATA = {ipaddress.ip_address(text) for text in METADATA_ADDRESSES}
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_BROADCAST = ipaddress.ip_address("255.255.255.255")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".test", ".lan", ".home.arpa")


def classify(host: str) -> HostClass:
    """What kind of place an address is. Names are judged by themselves, without a look-up; unknown ones are public.

    Args:
        host: an address, or a name such as `localhost`.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return _classify_name(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(one in _METADATA or one.is_multicast or one == _BROADCAST for one in (address, *_within(address))):
        return "refused"
    if address.is_loopback or address.is_unspecified:  # the unspecified address connects to this machine
        return "loopback"
    if address.is_link_local:
        return "link_local"
    return "private" if address.is_private else "public"


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """IPv4 addresses that a translator on the way finds in an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        found.append(ipaddress.IPv4Address(address.packed[-4:]))
    return [one for one in found if one is not None]


def _classify_name(host: str) -> HostClass:
    name = host.rstrip(".").lower()
    try:
        return classify(socket.inet_ntoa(socket.inet_aton(name)))  # 0xa9fea9fe and 2852039166 are addresses, too
    except OSError:
        pass
    if name in METADATA_NAMES:
        return "refused"
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    return "private" if name.endswith(_LOCAL_NAMES) else "public"
