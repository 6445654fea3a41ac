"""A closed network: mirrors reach builds and containers and stay in no image; offline, what is missing is named."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from test_certificates import find_pip
from testbed.workspace import BASE, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

PASSWORD = "mirror-pass-4711"
TELL = "python3 /ctx/pip.whl/pip config list | grep global.index-url; apt-config dump Acquire::http::Proxy; id -u"
DOCKERFILE = f"""\
FROM mirrored:1 AS base
COPY pip.whl /ctx/
RUN useradd dev
USER dev
RUN ({TELL}) > /tmp/told
"""


def test_mirrors_and_offline(
    cove: Cove, engine: Engine, registry: str, base_image: str, tmp_path: Path
) -> None:
    pushed = f"{registry}/hub/library/mirrored:1"
    engine.cli("tag", BASE, pushed)
    engine.cli("push", pushed)
    engine.cli("rmi", pushed)
    folder = write_files(tmp_path / "net", {"Dockerfile": DOCKERFILE})
    shutil.copy(find_pip(), folder / "pip.whl")
    index, proxy = f"https://ada:{PASSWORD}@pypi.invalid/simple", f"http://ada:{PASSWORD}@apt.invalid:3142"
    env = {
        "COVE_REGISTRY_MIRRORS": f"docker.io={registry}/hub",
        "COVE_PYPI_INDEX": index,
        "COVE_APT_PROXY": proxy,
    }
    apt = f'Acquire::http::Proxy "{proxy}";\n'

    words = 'cat /tmp/told; echo "$PIP_INDEX_URL"; apt-config dump Acquire::http::Proxy'
    ran = cove("run", str(folder), "--", "sh", "-c", words, env=env).check()
    legacy = engine.id == "docker-legacy"
    built = "" if legacy else f"global.index-url='{index}'\n{apt}"
    assert ran.stdout == f"{built}1000\n{index}\n{apt}"
    assert ("docker's legacy builder cannot be told of the mirrors" in ran.stderr) is legacy
    if not legacy:
        cove("build", str(folder), "--tag", "localhost/mirrors:1", env=env).check()
        about = engine.cli("history", "--no-trunc", "localhost/mirrors:1").stdout
        about += engine.cli("image", "inspect", "localhost/mirrors:1").stdout
        assert PASSWORD not in about
        assert registry not in about

    cove("run", str(folder), "--offline", "--", "true", env=env).check()
    (folder / "Dockerfile").write_text("FROM mirrored:2\n")
    refused = cove("run", str(folder), "--offline", "--", "true", env=env)
    assert refused.code == 125
    assert "the image mirrored:2 is not here, and cove is offline" in refused.stderr
