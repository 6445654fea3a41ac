"""For tests: stand-ins for whoever builds on cove, and a container of a repository's own environment as a fixture.

In a repository's `conftest.py`, `pytest_plugins = ["cove.testing"]` gives its tests the fixture `cove_container`.
"""

from cove.testing.fakes import Answer, FakeEngine, FakeRunner
from cove.testing.fixtures import cove_container, pytest_addoption

__all__ = ["Answer", "FakeEngine", "FakeRunner", "cove_container", "pytest_addoption"]
