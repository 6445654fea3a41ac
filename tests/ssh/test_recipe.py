from __future__ import annotations

import pytest

from cove.ssh.recipe import CHANGES, change_source, recipe_digest, render_source_list


def source_with_every_place() -> dict[str, str]:
    texts: dict[str, str] = {}
    for change in CHANGES:
        texts[change.files[0]] = texts.get(change.files[0], "") + change.old
    return texts


def test_every_change_finds_its_place() -> None:
    changed = change_source(source_with_every_place())
    assert all(change.new in "".join(changed.values()) for change in CHANGES if change.new.strip())


def test_the_place_may_have_moved_to_the_file_of_a_newer_version() -> None:
    texts = source_with_every_place()
    texts["sshd-session.c"] = texts.pop("sshd.c")
    assert "privsep_chroot = 0;" in change_source(texts)["sshd-session.c"]


def test_an_unknown_version_is_told() -> None:
    texts = source_with_every_place()
    texts["auth.c"] = ""
    with pytest.raises(ValueError, match="Whatever name the client asks for"):
        change_source(texts)
    texts = source_with_every_place()
    texts["sshd.c"] *= 2
    with pytest.raises(ValueError, match="this version of OpenSSH is unknown"):
        change_source(texts)


@pytest.mark.parametrize(
    ("text", "deb822", "expected"),
    [
        ("Types: deb\nURIs: u\n\nTypes: deb deb-src\n", True, "Types: deb-src\nURIs: u\n\nTypes: deb-src\n"),
        ("deb [a=b] u s main\n# deb-src u\n", False, "deb-src [a=b] u s main\n# deb-src u\n"),
        ("deb-src u s main\n", False, "deb-src u s main\n"),
    ],
)
def test_apt_sources(text: str, deb822: bool, expected: str) -> None:
    assert render_source_list(text, deb822=deb822) == expected


def test_the_digest_is_a_name() -> None:
    assert len(recipe_digest()) == 12
