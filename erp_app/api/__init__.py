"""The doors for programs and browsers: REST over the same services, login, and the shield before everything."""
