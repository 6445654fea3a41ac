"""Extensions from files and from a gallery on loopback."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from cove.ide.extensions import Wanted, collect_extensions, parse_wanted, read_store
from cove.ide.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Site
    from cove.host.machine import Machine
    from cove.ide.extensions import Collected

CLOSED = Gallery("http://127.0.0.1:9/gallery")


class FakeGallery:
    """A gallery that offers .vsix files, by id."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.offers: dict[str, list[dict[str, object]]] = {}
        site.pages["/g/extensionquery"] = self.answer

    def offer(self, path: Path, *, platform: str = "", engine: str = "^1.80.0", needs: str = "") -> None:
        name, _, version = path.stem.rpartition("-")
        self.site.pages[f"/{path.name}"] = path.read_bytes()
        package = "Microsoft.VisualStudio.Services.VSIXPackage"
        found: dict[str, object] = {
            "version": version,
            "files": [{"assetType": package, "source": f"{self.site.url}/{path.name}"}],
            "properties": [
                {"key": "Microsoft.VisualStudio.Code.Engine", "value": engine},
                {"key": "Microsoft.VisualStudio.Code.ExtensionDependencies", "value": needs},
            ],
        }
        self.offers.setdefault(name, []).append(found | ({"targetPlatform": platform} if platform else {}))

    def answer(self, body: bytes) -> bytes:
        criteria = json.loads(body)["filters"][0]["criteria"]
        asked = [item["value"] for item in criteria if item["filterType"] == 7]
        found = [
            {
                "publisher": {"publisherName": name.partition(".")[0]},
                "extensionName": name.partition(".")[2],
                "versions": self.offers[name],
            }
            for name in asked
            if name in self.offers
        ]
        return json.dumps({"results": [{"extensions": found}]}).encode()

    @property
    def gallery(self) -> Gallery:
        return Gallery(f"{self.site.url}/g")


@pytest.fixture
def gallery(site: Site) -> FakeGallery:
    return FakeGallery(site)


def collect(
    machine: Machine, *wanted: str, gallery: Gallery = CLOSED, base: str = "/", offline: bool = False
) -> Collected:
    return collect_extensions(
        wanted, machine, gallery=gallery, base=base, offline=offline, on_progress=lambda _: None
    )


def ids(collected: Collected) -> list[str]:
    return sorted(f"{stored.id}@{stored.version}" for stored in collected.stored)


# Lists


def test_parse_wanted() -> None:
    entries = ["A.b", "c.d@1.2.3", "a.B@latest", "./x/../y.vsix", "/z.VSIX", "-C.D", " ", "-not.there"]
    assert parse_wanted(entries, "/repo") == [
        Wanted("a.b"),
        Wanted(path="/repo/y.vsix"),
        Wanted(path="/z.VSIX"),
    ]


# Files


def test_a_file_goes_into_the_store_once(
    machine: Machine, make_vsix: Callable[..., Path], tmp_path: Path
) -> None:
    make_vsix("Acme.Hello", version="1.2.3")
    before = os.umask(0o077)
    try:
        collected = collect(machine, "Acme.Hello-1.2.3.vsix", base=str(tmp_path), offline=True)
        again = collect(machine, "Acme.Hello-1.2.3.vsix", base=str(tmp_path), offline=True)
    finally:
        os.umask(before)
    assert (collected.warnings, again) == ((), collected)
    (stored,) = collected.stored
    assert stored.id == "acme.hello"
    assert stored.folder.startswith("acme.hello-1.2.3-")
    assert sorted(os.listdir(stored.path)) == [".cove.json", "main.js", "package.json"]
    for name in ("", "/main.js", "/.cove.json"):
        assert stat.S_IMODE(os.stat(stored.path + name).st_mode) & 0o444 == 0o444
    assert [name for name in os.listdir(os.path.dirname(stored.path)) if not name.startswith(".")] == [
        stored.folder
    ]


def test_other_content_of_the_same_version_is_another_entry(
    machine: Machine, make_vsix: Callable[..., Path]
) -> None:
    first = collect(machine, str(make_vsix("acme.hello"))).stored[0]
    second = collect(machine, str(make_vsix("acme.hello", description="changed"))).stored[0]
    assert first.folder != second.folder
    assert len(read_store(os.path.dirname(first.path), "acme.hello")) == 2


def test_bad_files_are_warnings_with_reasons(
    machine: Machine, make_vsix: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "text.vsix").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "empty.vsix", "w"):
        pass
    with zipfile.ZipFile(tmp_path / "evil.vsix", "w") as archive:
        archive.writestr("extension/package.json", "{}")
        archive.writestr("extension/../../../x", "")
    make_vsix("acme.new", engines={"vscode": "^1.999.0"})
    good = make_vsix("acme.good")
    names = ["absent.vsix", "text.vsix", "empty.vsix", "evil.vsix", "acme.new-1.0.0.vsix", good.name]
    collected = collect(machine, *names, base=str(tmp_path))
    assert ids(collected) == ["acme.good@1.0.0"]
    assert len(collected.warnings) == 5
    for name, reason in zip(
        ("absent.vsix", "text.vsix", "empty.vsix", "evil.vsix", "acme.new"),
        ("no such file", "unpacked", "package.json", "leads out", "wants VS Code ^1.999.0"),
        strict=True,
    ):
        assert any(name in line and reason in line for line in collected.warnings), (name, collected.warnings)


# The gallery


def test_an_id_comes_with_what_it_needs_and_is_not_asked_for_again(
    machine: Machine, make_vsix: Callable[..., Path], gallery: FakeGallery
) -> None:
    gallery.offer(
        make_vsix("acme.hello", extensionDependencies=["acme.base", "vscode.git"]), needs="acme.base"
    )
    gallery.offer(make_vsix("acme.base", extensionPack=["acme.more"]))
    gallery.offer(make_vsix("acme.more", extensionDependencies=["acme.hello"]))
    collected = collect(machine, "Acme.Hello", gallery=gallery.gallery)
    assert collected.warnings == ()
    assert ids(collected) == ["acme.base@1.0.0", "acme.hello@1.0.0", "acme.more@1.0.0"]
    gallery.site.asked.clear()
    assert ids(collect(machine, "acme.hello", gallery=gallery.gallery)) == ids(collected)
    assert gallery.site.asked == []
    assert ids(collect(machine, "acme.hello", offline=True)) == ids(collected)


def test_a_version_can_be_asked_for(
    machine: Machine, make_vsix: Callable[..., Path], gallery: FakeGallery
) -> None:
    for version in ("1.0.0", "2.0.0"):
        gallery.offer(make_vsix("acme.hello", version=version))
    assert ids(collect(machine, "acme.hello@1.0.0", gallery=gallery.gallery)) == ["acme.hello@1.0.0"]
    assert ids(collect(machine, "acme.hello@2.0.0", gallery=gallery.gallery)) == ["acme.hello@2.0.0"]
    assert ids(collect(machine, "acme.hello", offline=True)) == ["acme.hello@2.0.0"]
    missing = collect(machine, "acme.hello@3.0.0", gallery=gallery.gallery)
    assert "no version 3.0.0" in missing.warnings[0]


def test_each_failure_has_its_reason_and_the_rest_comes(
    machine: Machine, make_vsix: Callable[..., Path], gallery: FakeGallery
) -> None:
    gallery.offer(make_vsix("acme.good"))
    gallery.offer(make_vsix("acme.new"), engine="^1.999.0")
    gallery.offer(make_vsix("acme.win"), platform="win32-x64")
    gallery.offer(make_vsix("acme.lost"))
    del gallery.site.pages["/acme.lost-1.0.0.vsix"]
    gallery.offer(make_vsix("acme.liar"))
    gallery.site.pages["/acme.liar-1.0.0.vsix"] = gallery.site.pages["/acme.good-1.0.0.vsix"]
    collected = collect(
        machine,
        *(
            "acme.good",
            "acme.new",
            "acme.win",
            "acme.lost",
            "acme.liar",
            "acme.none",
            "nonsense",
            "github.copilot",
        ),
        gallery=gallery.gallery,
    )
    assert ids(collected) == ["acme.good@1.0.0"]
    reasons = {
        "acme.new": "newer VS Code",
        "acme.win": "not made for linux-x64",
        "acme.lost": "answered 404",
        "acme.liar": "says of itself",
        "acme.none": "does not have it",
        "nonsense": "publisher.name",
        "github.copilot": "licence",
    }
    for name, reason in reasons.items():
        assert any(name in line and reason in line for line in collected.warnings), (name, collected.warnings)
    assert len(collected.warnings) == len(reasons)


def test_an_open_equivalent_takes_the_place(
    machine: Machine, make_vsix: Callable[..., Path], gallery: FakeGallery
) -> None:
    gallery.offer(make_vsix("detachhead.basedpyright"))
    collected = collect(machine, "ms-python.vscode-pylance", gallery=gallery.gallery)
    assert ids(collected) == ["detachhead.basedpyright@1.0.0"]
    assert "takes its place" in collected.warnings[0]


def test_a_gallery_that_has_the_first_one_keeps_it(
    machine: Machine, make_vsix: Callable[..., Path], gallery: FakeGallery
) -> None:
    gallery.offer(make_vsix("ms-python.vscode-pylance"))
    assert ids(collect(machine, "ms-python.vscode-pylance", gallery=gallery.gallery)) == [
        "ms-python.vscode-pylance@1.0.0"
    ]


def test_a_closed_gallery_is_one_warning_and_files_still_come(
    machine: Machine, make_vsix: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cove.host.http.PAUSES_SECONDS", (0.0,))
    collected = collect(machine, "acme.one", "acme.two", str(make_vsix("acme.hello")))
    assert ids(collected) == ["acme.hello@1.0.0"]
    assert len(collected.warnings) == 1
    assert "acme.one, acme.two" in collected.warnings[0]
    assert "127.0.0.1:9" in collected.warnings[0]


def test_offline_says_what_is_missing(machine: Machine) -> None:
    collected = collect(machine, "acme.one", offline=True)
    assert collected.stored == ()
    assert "offline" in collected.warnings[0]
    assert "acme.one" in collected.warnings[0]


def test_what_a_killed_one_left_is_removed(machine: Machine, make_vsix: Callable[..., Path]) -> None:
    store = f"{machine.directories.cache}/extensions"
    os.makedirs(f"{store}/.making-abc/x")
    os.makedirs(f"{store}/acme.half-1.0.0-000000000000")
    collected = collect(machine, str(make_vsix("acme.hello")), "acme.half", offline=True)
    assert ids(collected) == ["acme.hello@1.0.0"]
    assert not os.path.exists(f"{store}/.making-abc")


def test_two_at_once_end_with_one_copy(machine: Machine, make_vsix: Callable[..., Path]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    path = str(make_vsix("acme.hello"))
    with ThreadPoolExecutor(4) as pool:
        found = [job.result() for job in [pool.submit(collect, machine, path) for _ in range(8)]]
    assert len({collected.stored for collected in found}) == 1
    assert len(read_store(f"{machine.directories.cache}/extensions")) == 1
