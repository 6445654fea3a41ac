"""A pytest fixture: the tests' repository in a container of its own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.api import throw_away

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.api import Container


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini value `cove_path`."""
    parser.addini(
        "cove_path", "the folder whose environment `cove_container` has (default: pytest's root)", default=""
    )


@pytest.fixture(scope="session")
def cove_container(pytestconfig: pytest.Config) -> Iterator[Container]:
    """Give a throw-away container of the repository's environment, one for all tests of a run.

    >>> def test_it_trains(cove_container):  # doctest: +SKIP
    ...     assert "accuracy" in cove_container.exec(["python", "train.py"]).stdout

    The engine is the one that COVE_ENGINE or the person's settings name, else the one that answers. Consents are not
    given: a repository that asks something of the host must have been trusted before (`cove up --trust`).
    """
    folder = pytestconfig.rootpath / pytestconfig.getini("cove_path")
    with throw_away(str(folder)) as container:
        yield container
