"""A bundle's folder while it is made."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.ide.layout import check_complete, copy_inside, open_to_all, trim

if TYPE_CHECKING:
    from pathlib import Path


def test_trim_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    for name in ("lib/vscode/out/vs/sessions/x.js", "lib/vscode/new/thing.js", "README.md", "src/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345")
    assert trim(str(tmp_path), "arm64") == 5
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == [
        "lib/vscode/new/thing.js"
    ]


def test_trim_keeps_one_architecture_and_follows_no_link(tmp_path: Path) -> None:
    prebuilds = tmp_path / "p" / "lib/vscode/node_modules/node-pty/prebuilds"
    for name in ("linux-x64", "linux-arm64", "win32-x64"):
        (prebuilds / name).mkdir(parents=True)
        (prebuilds / name / "pty.node").touch()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "p" / "src").symlink_to(tmp_path / "kept")
    trim(str(tmp_path / "p"), "arm64")
    assert [path.name for path in prebuilds.iterdir()] == ["linux-arm64"]
    assert (tmp_path / "kept" / "file").exists()
    assert not (tmp_path / "p" / "src").is_symlink()


def test_open_to_all_opens_nothing_through_a_link(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    folder = tmp_path / "bundle"
    (folder / "bin").mkdir(parents=True, mode=0o700)
    (folder / "bin" / "node").touch(mode=0o600)
    (folder / "link").symlink_to(secret)
    open_to_all(str(folder))
    assert stat.S_IMODE((folder / "bin" / "node").stat().st_mode) == 0o755
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_check_complete_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="lacks bin/node"):
        check_complete(str(tmp_path))


def test_copy_inside_leaves_python_out(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "__pycache__").mkdir(parents=True)
    (source / "start.js").touch()
    (source / "__init__.py").touch()
    copy_inside(str(source), str(tmp_path))
    assert [path.name for path in (tmp_path / "inside").iterdir()] == ["start.js"]
