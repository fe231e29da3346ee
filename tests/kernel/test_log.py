"""What a log line tells, and what it never tells."""

from __future__ import annotations

import io
import json

import psycopg
import pytest
import structlog

from erp_app.kernel import log


@pytest.fixture
def lines(monkeypatch):
    """Configure logging as an entry point does; return a reader of the lines written since."""
    before, told = structlog.get_config(), io.StringIO()
    monkeypatch.setattr("sys.stderr", told)
    log.configure()
    yield lambda: [json.loads(line) for line in told.getvalue().splitlines()]
    structlog.configure(**before)


def test_a_line_is_json_with_its_part_its_level_and_the_request(lines):
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        log.logger("api").warning("refused", code="ERP-1201")
    (line,) = lines()
    assert (line["part"], line["level"], line["event"], line["request_id"], line["code"]) == ("api", "warning", "refused", "r-1", "ERP-1201")
    assert line["timestamp"].endswith("Z")


def test_no_secret_is_told_however_deep_it_stands(lines):
    secret = "s3cr3t-value"
    log.logger("api").error(
        f"no answer from postgresql://erp:{secret}@db/erp", password=secret, Authorization=f"Bearer {secret}",
        headers={"Cookie": secret, "Accept": "text/html"}, api_key=secret, url=f"postgresql://erp:{secret}@db/erp",
        tried=[{"refresh_token": secret}, f"redis://:{secret}@cache"],
    )
    (line,) = lines()
    assert secret not in json.dumps(line)
    assert line["headers"]["Accept"] == "text/html"
    assert line["url"] == "postgresql://erp:***@db/erp"


def test_a_traceback_tells_no_password_either(lines):
    try:
        psycopg.connect("postgresql://erp:s3cr3t-value@/erp?host=postgresql://erp:s3cr3t-value@db/erp", connect_timeout=1)
    except psycopg.OperationalError:
        log.logger("worker").exception("away")
    (line,) = lines()
    assert "OperationalError" in line["exception"]
    assert "s3cr3t-value" not in json.dumps(line)
