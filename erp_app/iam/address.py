"""Where a request comes from. What a client writes into X-Forwarded-For counts only behind a proxy we were told to trust."""

from __future__ import annotations

import ipaddress

_IPV6_PREFIX = 64  # one customer has a whole /64: limits by single IPv6 addresses limit nobody


def client_address(peer: str | None, forwarded_for: str, hops: int) -> str:
    """Return the client's address.

    Args:
        peer: address of the other end of the connection.
        forwarded_for: the X-Forwarded-For header; every proxy appends the address it saw.
        hops: number of trusted proxies before us; 0: the header is ignored.
    """
    if hops > 0:
        listed = [part.strip() for part in forwarded_for.split(",") if part.strip()]
        if len(listed) >= hops and _is_address(listed[-hops]):
            return listed[-hops]
    return peer or "-"


def throttle_key(address: str) -> str:
    """Return what login failures are counted by: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _IPV6_PREFIX), strict=False).network_address)
    return str(found)


def is_loopback(address: str) -> bool:
    """Tell whether the address is this machine itself; a Unix socket (`-`) is."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address in ("-", "localhost")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
