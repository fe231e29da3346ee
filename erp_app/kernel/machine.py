"""What this machine can give: room on the disk, a free port, and what an earlier start left running."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

import psutil

from erp_app.kernel.embedded import ServerError
from erp_app.kernel.limits import FREE_DISK_AT_START

if TYPE_CHECKING:
    from erp_app.kernel.datafolder import DataFolder


LAST_PORT = 65535


def check_machine(data: DataFolder, host: str, port: int) -> None:
    """Refuse what cannot work before anything is started. Raises ServerError."""
    free = shutil.disk_usage(data.path).free
    if free < FREE_DISK_AT_START:
        raise ServerError(f"the disk is full: {free // 2**20} MB free at {data.path}, {FREE_DISK_AT_START // 2**20} MB are needed to start")
    if not 1 <= port <= LAST_PORT:
        raise ServerError(f"there is no port {port}; choose one from 1 to {LAST_PORT} with --port")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ServerError(f"cannot listen on {host} port {port}: {reason}; choose another with --port") from error


def is_loopback(host: str) -> bool:
    """True when only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def answers(host: str, port: int) -> bool:
    """True when the web process serves pages."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    connection = HTTPConnection(reachable, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500  # noqa: PLR2004 - any answer but a server's failure
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def left_behind(data: DataFolder) -> list[psutil.Process]:
    """Web, workers and relay of an earlier start on this folder that was killed: they carry its name in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            marked: Any = process.environ().get("ERP_SUPERVISED")
        except (psutil.Error, OSError):
            continue
        if marked == str(data.path) and process.pid not in {os.getpid(), os.getppid()}:
            found.append(process)
    return found
