"""VS Code's list of extensions: the workspace's own beside the store's."""

from __future__ import annotations

from cove.ide.extension_list import merge_extension_list, render_extension, revive_extensions
from cove.ide.store import StoredExtension

HELLO = StoredExtension("acme.hello", "1.0.0", "acme.hello-1.0.0-abc", "/store/acme.hello-1.0.0-abc")


def installed(name: str) -> dict[str, object]:
    return {
        "identifier": {"id": name, "uuid": "x"},
        "version": "2.0.0",
        "location": {"$mid": 1, "path": f"/var/lib/cove/extensions/{name}-2.0.0", "scheme": "file"},
        "metadata": {"source": "gallery"},
    }


def test_an_own_installation_outranks_the_store() -> None:
    own = installed("acme.hello")
    assert merge_extension_list([own, render_extension(HELLO)], (HELLO,)) == [own]
    assert merge_extension_list([render_extension(HELLO)], ()) == []


def test_revive_takes_ours_off_the_list_of_the_doomed() -> None:
    doomed = {"acme.hello-1.0.0": True, HELLO.folder: True, "own.x-1": True}
    assert revive_extensions(doomed, (HELLO,)) == {"own.x-1": True}
