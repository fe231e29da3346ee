"""The limits of the product in one place, each with its reason. A limit is raised here and nowhere else."""

FREE_DISK_AT_START = 300 * 2**20  # bytes; PostgreSQL keeps up to 512 MB of log between checkpoints, a fresh cluster takes 60 MB
WORKER_PROCESSES = 1  # on two cores one more slows the screens down more than it speeds up the queues
JOB_SECONDS = 600  # a job that takes longer is broken off; its event is sent again
WORKER_MEMORY = 400 * 2**20  # bytes of resident memory after which a worker ends in order and is started anew
