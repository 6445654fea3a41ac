import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.spec.identity import devcontainer_id, identity_labels, render_name, workspace_id


def test_the_labels_are_the_references() -> None:
    assert identity_labels("/home/me/proj", "/home/me/proj/.devcontainer/devcontainer.json") == {
        "devcontainer.local_folder": "/home/me/proj",
        "devcontainer.config_file": "/home/me/proj/.devcontainer/devcontainer.json",
    }
    assert identity_labels("/home/me/proj", "") == {"devcontainer.local_folder": "/home/me/proj"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    # Computed with the JavaScript of the specification's page on the id.
    [
        ({"b": "1", "a": "2"}, "1tt86ve9mo2t13a51sabmi97lq5b4q5nav8nmlsr9q762k0dgv2a"),
        (
            {
                "devcontainer.local_folder": '/home/me/projé "q"\\\x01\x7f',
                "devcontainer.config_file": "/home/me/x.json",
            },
            "03fbk4onjbv1j6pnr5pasvlruqidti9jmj25a190v6dt8qc9s3lg",
        ),
        ({"devcontainer.local_folder": "/a"}, "0c40r7mr7gqtklpadll9ttdrviq0bl3v245oso2pcu65u37n6d1r"),
        ({"k": "5"}, "00ph449ltabbup0a8gkp7t97u9lbhkc57jgthfvuu71i0g9sckek"),
    ],
)
def test_the_id_is_the_specifications(labels: dict[str, str], expected: str) -> None:
    assert devcontainer_id(labels) == expected


def test_a_workspaces_id_never_changes() -> None:
    assert workspace_id("/home/me/proj", "") == "755cf3ef79e7"
    assert workspace_id("/home/me/proj", "/home/me/proj/.devcontainer.json") == "1cb65b9091bc"
    assert workspace_id("/a", "b") != workspace_id("/ab", "")


def test_a_folder_whose_name_is_no_utf8_has_an_id() -> None:
    assert re.fullmatch("[0-9a-f]{12}", workspace_id("/home/\udcff", ""))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("digits", "digits"),
        ("My Project_2", "my-project-2"),
        ("--Änderung.ß--", "anderung"),
        ("...", "workspace"),
        ("", "workspace"),
        ("日本", "workspace"),
        ("a" * 39 + "-b", "a" * 39),
    ],
)
def test_names(text: str, name: str) -> None:
    assert render_name(text) == name


@given(st.text())
def test_any_name_is_a_dns_label(text: str) -> None:
    assert re.fullmatch("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", render_name(text))
