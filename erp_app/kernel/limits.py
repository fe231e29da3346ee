"""The limits of the product in one place, each with its reason. A limit is raised here and nowhere else."""

FREE_DISK_AT_START = 300 * 2**20  # bytes; PostgreSQL keeps up to 512 MB of log between checkpoints, a fresh cluster takes 60 MB
WORKER_PROCESSES = 1  # on two cores one more slows the screens down more than it speeds up the queues
JOB_SECONDS = 600  # a job that takes longer is broken off; its event is sent again
WORKER_MEMORY = 400 * 2**20  # bytes of resident memory after which a worker ends in order and is started anew
EVENTS_KEPT_DAYS = 30  # delivered events; longer ago, the audit tells what happened
LOGIN_FAILURES = 5  # failed logins of one account, or from one address …
LOGIN_WINDOW = 900  # … in this many seconds; the next one is refused
REQUESTS_PER_MINUTE = 100  # API requests of one user, unless the user's own limit says otherwise
EVENTS_PER_MINUTE = 1200  # screen events of one browser session: somebody who types and clicks fast reaches 300
REFUSALS_AUDITED_PER_MINUTE = 60  # of one user or address; more of them say nothing new and would fill the audit trail
SESSION_IDLE = 12 * 3600  # seconds without an event after which a browser session has ended
SESSION_LIFE = 14 * 24 * 3600  # seconds after which it has ended in any case
ACCESS_TOKEN_LIFE = 900  # seconds
REFRESH_TOKEN_LIFE = 30 * 24 * 3600  # seconds
INVITATION_LIFE = 72 * 3600  # seconds
BODY = 2**20  # bytes of a request; a document of 500 lines has 60 kB
UPLOAD = 11 * 2**20  # bytes of a request that carries a file of at most 10 MiB
LARGE_PURCHASE = 100_000_000  # minor units; a request above it needs somebody who may approve large purchases
NOTIFICATIONS_KEPT_DAYS = 90  # after they were read
