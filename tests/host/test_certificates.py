from __future__ import annotations

import os
import stat
import subprocess

import pytest

from cove.errors import ConfigurationError
from cove.host import certificates
from cove.host.certificates import (
    TRUST_SCRIPT,
    choose_own,
    loopback_proxies,
    parse_pems,
    read_certificates,
    read_proxies,
)
from cove.host.machine import Directories, Machine, Owner


def pem(name: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----"


@pytest.fixture
def host(tmp_path, monkeypatch) -> Machine:
    """A host whose distribution ships A and B, and whose bundle is exactly these."""
    for folder in ("stock", "local"):
        (tmp_path / folder).mkdir()
    for name in "AB":
        (tmp_path / "stock" / f"{name}.crt").write_text(pem(name) + "\n")
    (tmp_path / "bundle.crt").write_text(f"{pem('A')}\n{pem('B')}\n")
    monkeypatch.setattr(certificates, "SYSTEM_BUNDLES", (f"{tmp_path}/none", f"{tmp_path}/bundle.crt"))
    monkeypatch.setattr(certificates, "STOCK_FOLDERS", (f"{tmp_path}/stock",))
    monkeypatch.setattr(certificates, "LOCAL_FOLDERS", (f"{tmp_path}/local", f"{tmp_path}/absent"))
    directories = Directories(*(f"{tmp_path}/{name}" for name in ("config", "data", "cache", "state", "run")))
    return Machine(
        "Linux",
        "amd64",
        Owner(1, 1),
        is_root=False,
        home=str(tmp_path),
        env={},
        directories=directories,
        cwd="/",
    )


def text(path: str) -> str:
    with open(path) as file:
        return file.read()


def test_a_stock_host_needs_nothing_mounted(host, tmp_path) -> None:
    assert read_certificates(host) is None
    assert not (tmp_path / "cache").exists()


def test_what_the_bundle_holds_beyond_the_stock_set_is_the_hosts_own(host, tmp_path) -> None:
    (tmp_path / "bundle.crt").write_text(f"{pem('A')}\n# corporate\n{pem('C')}\n")
    (tmp_path / "local" / "c.crt").write_text(pem("C"))
    found = read_certificates(host)
    assert parse_pems(text(found.bundle)) == [pem("A"), pem("C")]
    assert parse_pems(text(found.extra)) == [pem("C")]
    assert stat.S_IMODE(os.stat(found.bundle).st_mode) == 0o644
    assert found.bundle.startswith(f"{tmp_path}/cache/certificates/")
    assert read_certificates(host) == found


def test_a_variable_names_another_bundle(host, tmp_path) -> None:
    (tmp_path / "mine.pem").write_text(pem("M"))
    host = host._replace(
        env={"SSL_CERT_FILE": f"{tmp_path}/gone.pem", "REQUESTS_CA_BUNDLE": f"{tmp_path}/mine.pem"}
    )
    assert parse_pems(text(read_certificates(host).bundle)) == [pem("M")]


def test_where_the_stock_set_is_not_known_the_systems_bundle_stands_for_it(
    host, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(certificates, "STOCK_FOLDERS", ())
    assert read_certificates(host) is None
    (tmp_path / "mine.pem").write_text(f"{pem('A')}\n{pem('M')}")
    host = host._replace(env={"SSL_CERT_FILE": f"{tmp_path}/mine.pem"})
    assert parse_pems(text(read_certificates(host).extra)) == [pem("M")]


def test_extra_files_and_folders(host, tmp_path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "y.crt").write_text(pem("Y"))
    (tmp_path / "x.pem").write_text(pem("X"))
    found = read_certificates(host, ("~/x.pem".replace("~", str(tmp_path)), f"{tmp_path}/more"))
    assert parse_pems(text(found.extra)) == [pem("X"), pem("Y")]
    assert parse_pems(text(found.bundle)) == [pem("A"), pem("B"), pem("X"), pem("Y")]


@pytest.mark.parametrize(
    ("content", "says"), [(None, "does not exist"), ("hello", "there is no certificate in it")]
)
def test_an_extra_file_that_is_none(host, tmp_path, content: str | None, says: str) -> None:
    path = tmp_path / "x.pem"
    if content:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=f"x.pem: .*{says}"):
        read_certificates(host, (str(path),))


def test_pems_are_compared_without_what_stands_around_them() -> None:
    assert parse_pems(f"Subject: x\r\n{pem('A')}\r\n".replace("\n", "\r\n")) == [pem("A")]
    assert choose_own([pem("A"), pem("B")], {pem("A")}, [pem("B")], [pem("G")]) == (pem("B"), pem("G"))


# -- proxies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, {}),
        ({"NO_PROXY": "x"}, {}),
        (
            {"http_proxy": "http://u:p@h:1", "NO_PROXY": "localhost"},
            {
                "HTTP_PROXY": "http://u:p@h:1",
                "http_proxy": "http://u:p@h:1",
                "NO_PROXY": "localhost",
                "no_proxy": "localhost",
            },
        ),
        ({"HTTPS_PROXY": "http://127.0.0.1:3128"}, {}),
        ({"HTTPS_PROXY": "localhost:3128", "ALL_PROXY": "socks5://me@[::1]:1"}, {}),
        (
            {"ALL_PROXY": "socks5://localhost.example:1"},
            dict.fromkeys(("ALL_PROXY", "all_proxy"), "socks5://localhost.example:1"),
        ),
        (
            {"HTTP_PROXY": "http://upper", "http_proxy": "http://lower"},
            dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://lower"),
        ),
    ],
)
def test_proxies(host, env: dict[str, str], expected: dict[str, str]) -> None:
    assert read_proxies(host._replace(env=env)) == expected


def test_loopback_proxies_are_named_for_a_warning(host) -> None:
    env = {"http_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://h:1", "NO_PROXY": "127.0.0.1"}
    assert loopback_proxies(host._replace(env=env)) == ("HTTP_PROXY",)


# -- the script --------------------------------------------------------------------------------------------------------


@pytest.fixture
def inside(tmp_path):
    """Run the script with a root of its own: absolute paths are put below the folder, PATH holds only what is given."""
    root = tmp_path / "root"
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    root.mkdir()
    extra = tmp_path / "extra.pem"
    extra.write_text(f"{pem('X')}\n{pem('Y')}\n")
    for tool in ("cksum", "tr", "awk", "mkdir", "cat", "rm", "grep", "sed", "sh"):
        found = next(
            f"{folder}/{tool}" for folder in ("/usr/bin", "/bin") if os.path.exists(f"{folder}/{tool}")
        )
        (bin_ / tool).symlink_to(found)

    def run(*tools: str) -> None:
        for tool in tools:
            (bin_ / tool).write_text(f"#!/bin/sh\necho {tool} >> {tmp_path}/calls\n")
            (bin_ / tool).chmod(0o755)
        script = TRUST_SCRIPT
        for folder in ("/etc/", "/usr/local/share/"):
            script = script.replace(folder, f"{root}{folder}")
        subprocess.run(["/bin/sh", "-c", script, "cove", str(extra)], env={"PATH": str(bin_)}, check=True)

    return run, root, extra, tmp_path / "calls"


def names(folder) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in folder.glob("*.crt")}


@pytest.mark.parametrize(
    ("tool", "made", "to"),
    [
        ("update-ca-certificates", "", "usr/local/share/ca-certificates"),
        ("update-ca-certificates", "etc/pki/trust/anchors", "etc/pki/trust/anchors"),
        ("update-ca-trust", "", "etc/pki/ca-trust/source/anchors"),
    ],
    ids=["debian", "suse", "fedora"],
)
def test_with_the_distributions_tool(inside, tool: str, made: str, to: str) -> None:
    run, root, extra, calls = inside
    (root / made).mkdir(parents=True, exist_ok=True)
    run(tool)
    assert names(root / to) == {"cove-1.crt": pem("X"), "cove-2.crt": pem("Y")}
    run(tool)
    assert calls.read_text().splitlines() == [tool]
    extra.write_text(pem("Z") + "\n")
    (root / to / "theirs.crt").write_text("kept")
    run(tool)
    assert names(root / to) == {"cove-1.crt": pem("Z"), "theirs.crt": "kept"}
    assert len(calls.read_text().splitlines()) == 2


def test_without_a_tool_the_bundle_is_extended(inside) -> None:
    run, root, extra, _ = inside
    bundle = root / "etc/pki/tls/certs/ca-bundle.crt"
    bundle.parent.mkdir(parents=True)
    bundle.write_text(pem("A") + "\n")
    run()
    once = bundle.read_text()
    assert parse_pems(once) == [pem("A"), pem("X"), pem("Y")]
    run()
    assert bundle.read_text() == once
    extra.write_text(pem("Z") + "\n")
    run()
    assert parse_pems(bundle.read_text()) == [pem("A"), pem("Z")]
    assert [path.name for path in bundle.parent.iterdir()] == ["ca-bundle.crt"]


def test_without_tool_and_bundle_one_is_made(inside) -> None:
    run, root, extra, _ = inside
    run()
    run()
    assert parse_pems((root / "etc/ssl/certs/ca-certificates.crt").read_text()) == [pem("X"), pem("Y")]
    extra.write_text("")
    run()
