"""Rows of whole numbers to and from PostgreSQL as COPY BINARY: a tenth of the time of rows and tuples.

Every column is eight bytes and never null: bigint, or timestamptz (microseconds since 2000-01-01 UTC).
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from psycopg.sql import SQL, Composed

    from erp_app.kernel.db import Connection

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END = b"\xff\xff"


def moment(at: datetime) -> int:
    """Return an aware time as microseconds since 2000."""
    return (at - EPOCH) // timedelta(microseconds=1)


def read(conn: Connection, query: SQL | Composed, params: dict[str, Any], width: int) -> list[NDArray[np.int64]]:
    """Return the `width` columns of `COPY (…) TO STDOUT (FORMAT BINARY)`."""
    data = bytearray()
    with conn.cursor().copy(query, params) as stream:
        for part in stream:
            data += part
    row = _row(width)
    found = np.frombuffer(data, row, count=(len(data) - len(_SIGNATURE)) // row.itemsize, offset=len(_SIGNATURE))
    return [found[f"v{column}"].astype(np.int64) for column in range(width)]


def write(conn: Connection, query: SQL | Composed, columns: Sequence[NDArray[np.int64]]) -> None:
    """Send columns of one length to `COPY … FROM STDIN (FORMAT BINARY)`."""
    rows = np.empty(len(columns[0]), _row(len(columns)))
    rows["n"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"l{number}"] = 8
        rows[f"v{number}"] = column
    with conn.cursor().copy(query) as stream:
        stream.write(_SIGNATURE + rows.tobytes() + _END)


def _row(width: int) -> np.dtype[Any]:
    fields = [("n", ">i2")]
    for column in range(width):
        fields += [(f"l{column}", ">i4"), (f"v{column}", ">i8")]
    return np.dtype(fields)
