"""The product in a real Chromium: one build, one server, one company for all tests of the folder."""
