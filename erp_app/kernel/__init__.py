"""What every part stands on: configuration, database, unit of work, errors, money, time, events, audit."""
