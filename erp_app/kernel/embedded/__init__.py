"""The servers Satu brings along: PostgreSQL and Valkey from Python wheels, one folder, no TCP, no system user to make.

`start_postgres(folder)` and `start_valkey(folder)` answer when the server takes commands; each is stopped with `.stop()` or killed with
`.kill9()`. A folder whose server was killed is recovered by the next start, survivors of the old one included.
"""

from erp_app.kernel.embedded.postgres import PostgresServer, start_postgres
from erp_app.kernel.embedded.process import ServerError
from erp_app.kernel.embedded.valkey import ValkeyServer, start_valkey

__all__ = ["PostgresServer", "ServerError", "ValkeyServer", "start_postgres", "start_valkey"]
