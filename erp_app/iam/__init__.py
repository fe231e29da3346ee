"""People, rights and sessions: who works here, what each may do, and how the system knows who is asking."""
