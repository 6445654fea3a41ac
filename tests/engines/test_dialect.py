from __future__ import annotations

from cove.engines.dialect import DOCKER, PODMAN


def test_the_two_differ_only_where_they_must() -> None:
    assert {field for field in DOCKER._fields if getattr(DOCKER, field) != getattr(PODMAN, field)} == {
        "name", "program", "build_flags", "without_proxies", "certificate_way", "lists_json", "prints_import",
    }  # fmt: skip


def test_podman_builds_in_dockers_format_since_oci_drops_shell_and_onbuild() -> None:
    assert PODMAN.build_flags == ("--format", "docker")
