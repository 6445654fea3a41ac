"""Editors as data: what to fetch, what to run, where it listens."""
