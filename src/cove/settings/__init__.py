"""cove's own settings: pure functions from a TOML document and the environment to one value."""
