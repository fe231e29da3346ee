"""Background processes: the relay carries events out of the database, the workers do the jobs."""
