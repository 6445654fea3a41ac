"""The scripts run for real, in /bin/sh, upon account files of a folder; only chown, which needs root, is written down."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from cove.errors import ConfigurationError
from cove.spec.image_users import render_uid_update, render_user_image

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
www-data:x:33:33::/var/www:/usr/sbin/nologin
ubuntu:x:1000:1000:Ubuntu,,,:/home/ubuntu:/bin/bash
vscode:x:1001:1001::/home/vscode:/bin/sh
notvscode:x:1002:1001::/home/notvscode:/bin/sh"""
GROUP = "root:x:0:\nusers:x:100:ubuntu,vscode\nubuntu:x:1000:\nvscode:x:1001:notvscode"


class Image:
    """A root file system with account files, in which an image's RUN lines can be run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("etc/sudoers.d", "etc/skel", "home/ubuntu", "home/vscode", "bin", "tools"):
            (root / folder).mkdir(parents=True)
        self.write("etc/passwd", PASSWD)
        self.write("etc/group", GROUP)
        self.write("etc/shadow", "root:*:19000:0:99999:7:::")
        self.write("etc/skel/.bashrc", "# skeleton")
        self.tool("bin/bash", "#!/bin/sh\n")
        for name in ("mkdir", "cp", "chmod"):  # all that the scripts need beside the shell
            (root / "tools" / name).symlink_to(shutil.which(name) or "")
        self.tool("tools/chown", f'#!/bin/sh\necho "$*" >> {root}/chowned\n')

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def tool(self, path: str, text: str) -> None:
        self.write(path, text)
        (self.root / path).chmod(0o755)

    def lines(self, path: str) -> list[str]:
        file = self.root / path
        return file.read_text().replace(f"{self.root}", "").splitlines() if file.exists() else []

    def run(self, dockerfile: str) -> str:
        """Run the RUN lines as a builder would; return what they print."""
        said = ""
        for line in dockerfile.splitlines():
            if not line.startswith("RUN "):
                continue
            shell, flag, script, *words = json.loads(line.removeprefix("RUN "))
            for folder in ("/etc/", "/home/"):
                script = script.replace(folder, f"{self.root}{folder}")
            words = [word.replace("/bin/", f"{self.root}/bin/") for word in words]
            env = {"PATH": f"{self.root}/tools"}
            done = subprocess.run(
                [shell, flag, script, *words], env=env, capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, "")
            said += done.stdout
        return said


@pytest.fixture
def image(tmp_path: Path) -> Image:
    found = Image(tmp_path)
    found.write("etc/passwd", PASSWD.replace("/home/", f"{tmp_path}/home/"))
    return found


def test_adds_a_user_to_a_plain_image(image: Image) -> None:
    image.run(render_user_image("base", user="me", uid=1234, gid=1235))
    assert image.lines("etc/passwd") == [*PASSWD.splitlines(), "me:x:1234:1235::/home/me:/bin/bash"]
    assert image.lines("etc/group") == [*GROUP.splitlines(), "me:x:1235:"]
    assert image.lines("etc/shadow") == ["root:*:19000:0:99999:7:::", "me:*:19000:0:99999:7:::"]
    assert image.lines("home/me/.bashrc") == ["# skeleton"]
    assert image.lines("chowned") == ["-hR 1234:1235 /home/me"]
    assert image.lines("etc/sudoers.d/cove") == []


def test_a_uid_that_is_taken_gets_a_second_name_and_keeps_its_home(image: Image) -> None:
    image.run(render_user_image("base", user="me", uid=1000, gid=100))
    passwd = image.lines("etc/passwd")
    assert passwd[2] == "me:x:1000:100::/home/ubuntu:/bin/bash"
    assert [line for line in passwd if not line.startswith("me:")] == PASSWD.splitlines()
    assert image.lines("etc/group") == GROUP.splitlines()
    assert image.lines("chowned") == []


def test_a_services_uid_lends_no_home(image: Image) -> None:
    image.run(render_user_image("base", user="me", uid=33, gid=33))
    assert image.lines("etc/passwd")[1] == "me:x:33:33::/home/me:/bin/bash"
    assert image.lines("chowned") == ["-hR 33:33 /home/me"]


def test_a_user_of_that_name_gets_the_ids(image: Image) -> None:
    image.run(render_user_image("base", user="vscode", uid=1500, gid=1600))
    passwd = image.lines("etc/passwd")
    assert [line for line in passwd if line.startswith("vscode:")] == [
        "vscode:x:1500:1600::/home/vscode:/bin/bash"
    ]
    assert len(passwd) == len(PASSWD.splitlines())
    assert image.lines("etc/group")[-1] == "vscode-1600:x:1600:"
    assert image.lines("chowned") == ["-hR 1500:1600 /home/vscode"]


def test_root_on_the_host_is_nobody_special_inside(image: Image) -> None:
    (image.root / "etc/shadow").unlink()
    (image.root / "bin/bash").unlink()
    image.tool("tools/sudo", "#!/bin/sh\n")
    image.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    image.run(render_user_image("base", user="me", uid=0, gid=0))
    assert image.lines("etc/passwd")[-1] == "me:*:1000:1000::/home/me:/bin/sh"
    assert image.lines("etc/group") == GROUP.splitlines()
    assert image.lines("etc/sudoers.d/cove") == ["me ALL=(ALL) NOPASSWD:ALL"]


def test_an_image_without_account_files(image: Image) -> None:
    for name in ("passwd", "group", "shadow"):
        (image.root / "etc" / name).unlink()
    image.run(render_user_image("base", user="me", uid=1234, gid=1235))
    assert image.lines("etc/passwd") == [
        "root:x:0:0:root:/root:/bin/sh",
        "me:*:1234:1235::/home/me:/bin/bash",
    ]
    assert image.lines("etc/group") == ["root:x:0:", "me:x:1235:"]


def test_adding_twice_changes_nothing(image: Image) -> None:
    text = render_user_image("base", user="me", uid=1234, gid=1235)
    image.run(text)
    first = [image.lines(f"etc/{name}") for name in ("passwd", "group", "shadow")]
    image.run(text)
    assert [image.lines(f"etc/{name}") for name in ("passwd", "group", "shadow")] == first


def update(image: Image, user: str, uid: int, gid: int) -> str:
    return image.run(render_uid_update("base", remote_user=user, uid=uid, gid=gid, image_user=""))


def test_the_remote_user_gets_the_hosts_ids(image: Image) -> None:
    assert "vscode: 1001:1001 becomes 1500:1600." in update(image, "vscode", 1500, 1600)
    assert image.lines("etc/passwd") == [
        *PASSWD.splitlines()[:3],
        "vscode:x:1500:1600::/home/vscode:/bin/sh",
        PASSWD.splitlines()[4],
    ]
    assert image.lines("etc/group") == [*GROUP.splitlines()[:3], "vscode:x:1600:notvscode"]
    assert image.lines("chowned") == ["-hR 1500:1600 /home/vscode"]


def test_a_gid_that_is_taken_is_not_taken_away(image: Image) -> None:
    assert "keeps 1001" in update(image, "vscode", 1500, 100)
    assert image.lines("etc/passwd")[3] == "vscode:x:1500:1001::/home/vscode:/bin/sh"
    assert image.lines("etc/group") == GROUP.splitlines()


@pytest.mark.parametrize(
    ("user", "uid", "gid", "words"),
    [
        ("vscode", 1000, 1600, "belongs to ubuntu"),
        ("vscode", 0, 0, "belongs to root"),
        ("vscode", 1001, 1001, "has the ids"),
        ("ghost", 1500, 1600, "no user ghost"),
        ("code", 1500, 1600, "no user code"),
        ("v.*", 1500, 1600, "no user v.*"),
    ],
)
def test_nothing_happens_when(image: Image, user: str, uid: int, gid: int, words: str) -> None:
    assert words in update(image, user, uid, gid)
    assert image.lines("etc/passwd") == PASSWD.splitlines()
    assert image.lines("etc/group") == GROUP.splitlines()
    assert image.lines("chowned") == []


def test_only_the_gid_may_change(image: Image) -> None:
    update(image, "ubuntu", 1000, 1700)
    assert image.lines("etc/passwd")[2] == "ubuntu:x:1000:1700:Ubuntu,,,:/home/ubuntu:/bin/bash"
    assert image.lines("etc/group")[2] == "ubuntu:x:1700:"


@pytest.mark.parametrize(
    ("image_user", "ends"), [("", "USER root"), ("vscode", "USER vscode"), ("1000:100", "USER 1000:100")]
)
def test_the_image_keeps_its_user(image_user: str, ends: str) -> None:
    text = render_uid_update("localhost/x:1", remote_user="vscode", uid=1, gid=2, image_user=image_user)
    first, *_, last = text.splitlines()
    assert (first, last) == ("FROM localhost/x:1", ends)
    assert len(text.splitlines()) == 4


def test_a_user_image_leaves_the_images_user_alone() -> None:
    text = render_user_image("localhost/x:1", user="me", uid=1, gid=2, shell="/bin/zsh")  # noqa: S604 - a name
    assert text.startswith("FROM localhost/x:1\nRUN [")
    assert text.count("\n") == 2
    assert "USER" not in text.replace("RUN", "")


@pytest.mark.parametrize("name", ["root", "", "a:b", "a b", "-x", "a\nb", "$(x)"])
def test_refuses_names_that_no_account_can_have(name: str) -> None:
    with pytest.raises(ConfigurationError):
        render_user_image("base", user=name, uid=1, gid=1)


@pytest.mark.parametrize("name", ["a\nRUN b", "$X", "a b", "a:b:c"])
def test_refuses_an_image_user_that_cannot_stand_in_a_user_line(name: str) -> None:
    with pytest.raises(ConfigurationError):
        render_uid_update("base", remote_user="a", uid=1, gid=1, image_user=name)
