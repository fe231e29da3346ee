"""Memory and handlers of the screens: thin, each handler guarded, all work done by services in threads."""
