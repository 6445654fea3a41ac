import pytest

from cove.errors import ConfigurationError
from cove.spec.config import (
    ComposeSource,
    Configuration,
    DockerfileSource,
    ImageSource,
    bare_configuration,
    parse_configuration,
)
from cove.spec.lifecycle import LifecycleStep
from cove.spec.run import Mount

PATH = "/srv/p/.devcontainer/devcontainer.json"


def parse(text: str) -> Configuration:
    return parse_configuration(text, path=PATH, folder="/srv/p")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ('{"image": "python:3.12"}', ImageSource("python:3.12")),
        (
            '{"build": {"dockerfile": "Dockerfile"}}',
            DockerfileSource("/srv/p/.devcontainer/Dockerfile", "/srv/p/.devcontainer"),
        ),
        (
            """{"build": {"dockerfile": "../Dockerfile", "context": "..", "target": "dev", "cacheFrom": "a:b",
            "args": {"A": "1", "B": 2, "C": null}, "options": ["--add-host=a:1"]}}""",
            DockerfileSource(
                "/srv/p/Dockerfile", "/srv/p", {"A": "1", "B": "2"}, "dev", ("a:b",), ("--add-host=a:1",)
            ),
        ),
        (
            '{"dockerFile": "D", "context": "..", "build": {"target": "t", "cacheFrom": ["a", "b"]}}',
            DockerfileSource("/srv/p/.devcontainer/D", "/srv/p", target="t", cache_from=("a", "b")),
        ),
        (
            '{"build": {"dockerfile": "/abs/D", "context": "${localWorkspaceFolder}/sub"}}',
            DockerfileSource("/abs/D", "${localWorkspaceFolder}/sub"),
        ),
        (
            '{"build": {"dockerfile": "${localWorkspaceFolderBasename}/D"}}',
            DockerfileSource(
                "/srv/p/.devcontainer/${localWorkspaceFolderBasename}/D", "/srv/p/.devcontainer"
            ),
        ),
        (
            '{"dockerComposeFile": ["../compose.yml", "extra.yml"], "service": "app", "runServices": ["db"]}',
            ComposeSource(("/srv/p/compose.yml", "/srv/p/.devcontainer/extra.yml"), "app", ("db",)),
        ),
        (
            '{"dockerComposeFile": "c.yml", "service": "app"}',
            ComposeSource(("/srv/p/.devcontainer/c.yml",), "app"),
        ),
        ('{"image": "x", "build": null}', ImageSource("x")),
    ],
)
def test_reads_the_source(text: str, source: object) -> None:
    assert parse(text).source == source


def test_reads_the_rest() -> None:
    config = parse("""{
        "name": "My project", "image": "x", // comment
        "workspaceFolder": "/w", "workspaceMount": "", "runArgs": ["--ipc=host"], "appPort": [3000, "8000:80"],
        "initializeCommand": ["git", "lfs", "pull"], "features": {"./local": {"version": "1"}},
        "mounts": ["source=a,target=/a",], "remoteUser": "me",
        "customizations": {"cove": {"gpus": 1}, "vscode": {}}, "entrypoint": "/ignored", "id": "ignored",
    }""")
    assert config.path == PATH
    assert config.folder == "/srv/p"
    assert config.name == "My project"
    assert config.workspace_folder == "/w"
    assert config.workspace_mount == ""
    assert config.run_args == ("--ipc=host",)
    assert config.app_port == (3000, "8000:80")
    assert config.initialize_command == (LifecycleStep("", ("git", "lfs", "pull")),)
    assert config.features == {"./local": {"version": "1"}}
    assert config.cove == {"gpus": 1}
    assert config.layer.mounts == (Mount("volume", "a", "/a"),)
    assert config.layer.remote_user == "me"
    assert config.layer.entrypoint is None
    assert config.layer.id is None
    assert config.document["entrypoint"] == "/ignored"


def test_what_is_not_said_has_its_default() -> None:
    config = parse('{"image": "x"}')
    assert config.name == ""
    assert config.workspace_folder is None
    assert config.workspace_mount is None
    assert config.run_args == config.app_port == config.initialize_command == ()
    assert config.features == config.cove == {}


def test_the_old_homes_of_settings_and_extensions() -> None:
    config = parse("""{"image": "x", "extensions": ["a.a", "b.b"], "settings": {"x": 1, "y": 1},
        "customizations": {"vscode": {"extensions": ["b.b"], "settings": {"y": 2}}, "other": 1}}""")
    assert config.layer.customizations == {
        "vscode": {"extensions": ["b.b", "a.a"], "settings": {"x": 1, "y": 2}},
        "other": 1,
    }
    assert "extensions" in config.document


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("{}", "1:1", "does not say what to run"),
        ('{"name": "x"}', "1:1", "does not say what to run"),
        (
            '{\n"image": "x",\n"build": {"dockerfile": "D"}}',
            "3:1",
            "`image` and `build` cannot stand together",
        ),
        ('{"dockerFile": "D", "image": "x"}', "1:21", "`dockerFile` and `image` cannot stand together"),
        (
            '{"image": "x",\n "dockerComposeFile": "c", "service": "s"}',
            "2:2",
            "`image` and `dockerComposeFile`",
        ),
        ('{"build": {}}', "1:2", "`build.dockerfile` is missing"),
        ('{"build": "Dockerfile"}', "1:2", "`build` must be an object"),
        ('{"build": {"dockerfile": "D",\n "args": ["A=1"]}}', "2:2", "`build.args` must be an object"),
        ('{"build": {"dockerfile": "D",\n "args": {"A": []}}}', "2:11", "`build.args.A`"),
        ('{"build": {"dockerfile": "D", "target": 1}}', "1:31", "`build.target` must be a string"),
        ('{"build": {"dockerfile": "D", "options": "--pull"}}', "1:31", "`build.options` must be an array"),
        ('{"image": ""}', "1:2", "`image` is empty"),
        ('{"image": 3}', "1:2", "`image` must be a string"),
        ('{"dockerComposeFile": "c"}', "1:1", "`service` is missing"),
        ('{"dockerComposeFile": {}, "service": "s"}', "1:2", "`dockerComposeFile` must be"),
        ('{"image": "x", "runArgs": "--init"}', "1:16", "`runArgs` must be an array"),
        ('{"image": "x", "runArgs": ["--a", 1]}', "1:35", "`runArgs[1]`"),
        ('{"image": "x", "appPort": {}}', "1:16", "`appPort`"),
        ('{"image": "x", "name": []}', "1:16", "`name` must be a string"),
        ('{"image": "x", "workspaceMount": {}}', "1:16", "`workspaceMount` must be a string"),
        ('{"image": "x", "initializeCommand": 5}', "1:16", "`initializeCommand` must be"),
        ('{"image": "x", "features": []}', "1:16", "`features` must be an object"),
        ('{"image": "x", "waitFor": "never"}', "1:16", "`waitFor` must be one of"),
        ('{"image": "x", "customizations": {"cove": []}}', "1:35", "`customizations.cove` must be an object"),
        ('{"image": "x", "extensions": {}}', "1:16", "`extensions` must be an array"),
        ('{"image": "x"', "1:14", "ends too early"),
        ("[]", "1:1", "must hold an object"),
    ],
)
def test_refuses_with_the_place(text: str, where: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert caught.value.message.startswith(f"{PATH}:{where}: ")
    assert words in caught.value.message


def test_a_bare_dockerfile() -> None:
    config = bare_configuration("/srv/digits/Dockerfile", folder="/srv/digits/")
    assert config.source == DockerfileSource("/srv/digits/Dockerfile", "/srv/digits/")
    assert (config.path, config.name) == ("", "digits")


def test_a_container_that_is_there_needs_no_source() -> None:
    said = {"path": "/w/.devcontainer.json", "folder": "/w"}
    assert parse_configuration("{}", **said, sourceless=True).source == ImageSource("")
    assert parse_configuration('{"image": "a"}', **said, sourceless=True).source == ImageSource("a")
    with pytest.raises(ConfigurationError):
        parse_configuration("{}", **said)
