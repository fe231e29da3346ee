"""The real web process on a port of its own, without compiled screens: what an attacker with a socket meets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A running web process; `url` is where it answers."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "web.log"
        environment = os.environ | {
            "__REFLEX_SKIP_COMPILE": "true",
            "REFLEX_ENV_MODE": "prod",
            "REFLEX_TELEMETRY_ENABLED": "false",
            "REFLEX_CHECK_LATEST_VERSION": "false",
            "ERP_PORT": str(self.port),
            "ERP_POOL_SIZE": "8",
            "PYTHONPATH": str(ROOT),
            "REFLEX_WEB_WORKDIR": str(folder / "web"),
        }
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1", "--port", str(self.port), "erp_app.erp_app:app"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self._log.open("w"), stderr=subprocess.STDOUT)

    def wait(self) -> None:
        """Return when it answers."""
        end = time.monotonic() + 90
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.2)
        raise RuntimeError(f"the web process did not start:\n{self._log.read_text()[-4000:]}")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
