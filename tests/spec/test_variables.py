import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.config import parse_configuration
from cove.spec.layer import parse_layer
from cove.spec.lifecycle import LifecycleStep
from cove.spec.run import Mount
from cove.spec.variables import Scope, substitute

SCOPE = Scope(
    local_env={"HOME": "/home/me", "EMPTY": "", "TRICK": "${localEnv:HOME}"},
    local_workspace_folder="/home/me/my proj",
    container_workspace_folder="/workspaces/my proj",
    devcontainer_id="0abc",
    container_env={"PATH": "/bin:/usr/bin"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain $HOME ${", "plain $HOME ${"),
        ("${localEnv:HOME}/x", "/home/me/x"),
        ("${env:HOME}", "/home/me"),
        ("a${localEnv:NOT}b", "ab"),
        ("${localEnv:}", ""),
        ("${localEnv:NOT:default}", "default"),
        ("${localEnv:NOT:https://x:1/}", "https://x:1/"),
        ("${localEnv:NOT:}", ""),
        ("${localEnv:EMPTY:default}", ""),
        ("${localEnv:HOME:default}", "/home/me"),
        ("${localEnv:TRICK}", "${localEnv:HOME}"),
        ("${localWorkspaceFolder}", "/home/me/my proj"),
        ("${localWorkspaceFolderBasename}", "my proj"),
        ("${containerWorkspaceFolder}/a", "/workspaces/my proj/a"),
        ("${containerWorkspaceFolderBasename}", "my proj"),
        ("x-${devcontainerId}", "x-0abc"),
        ("${containerEnv:PATH}:/opt", "/bin:/usr/bin:/opt"),
        ("${containerEnv:NOT:none}", "none"),
        ("${HOME} ${unknown:x}", "${HOME} ${unknown:x}"),
        ("${localEnv:HOME}${localEnv:HOME}", "/home/me/home/me"),
    ],
)
def test_replaces(text: str, expected: str) -> None:
    assert substitute(text, SCOPE) == expected


@pytest.mark.parametrize(
    "name",
    ["localWorkspaceFolder", "containerWorkspaceFolderBasename", "devcontainerId", "containerEnv:PATH"],
)
def test_what_is_not_known_yet_stays(name: str) -> None:
    assert substitute(f"${{{name}}}", Scope({}, "", "", "")) == f"${{{name}}}"


@pytest.mark.parametrize("text", ["${localEnv}", "${env}", "${containerEnv}"])
def test_refuses_a_variable_without_a_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match="names no environment variable"):
        substitute(text, SCOPE)


def test_the_containers_folder_may_hold_variables_itself() -> None:
    scope = SCOPE._replace(container_workspace_folder="/w/${localWorkspaceFolderBasename}")
    assert substitute("${containerWorkspaceFolder}/x", scope) == "/w/my proj/x"
    assert substitute("${containerWorkspaceFolderBasename}", scope) == "my proj"


def test_walks_whatever_holds_texts() -> None:
    layer = parse_layer(
        {
            "mounts": ["type=bind,source=${localEnv:HOME}/a,b,target=/x"],
            "postCreateCommand": {"a": "echo ${devcontainerId}"},
            "remoteEnv": {"PATH": "${containerEnv:PATH}", "${devcontainerId}": None},
            "forwardPorts": [3000],
        }
    )
    done = substitute(layer, SCOPE)
    assert done.mounts == (Mount("bind", "/home/me/a", "/x", options=("b",)),)
    assert done.post_create_command == (LifecycleStep("a", ("/bin/sh", "-c", "echo 0abc")),)
    assert done.remote_env == {"PATH": "/bin:/usr/bin", "${devcontainerId}": None}
    assert done.forward_ports == (3000,)
    assert substitute([("${devcontainerId}", 1, None, True)], SCOPE) == [("0abc", 1, None, True)]


def test_takes_a_whole_configuration() -> None:
    text = """{"image": "${localEnv:NOT:debian}", "runArgs": ["${devcontainerId}"],
        "workspaceMount": "source=${localWorkspaceFolder},target=/w"}"""
    done = substitute(parse_configuration(text, path="/p/.devcontainer.json", folder="/p"), SCOPE)
    assert done.source == ("debian",)
    assert done.workspace_mount == "source=/home/me/my proj,target=/w"
    assert done.run_args == ("0abc",)
    assert done.document["runArgs"] == ["0abc"]


@given(st.text(st.sampled_from("${}:aE loclEnvX"), max_size=40), st.text(max_size=5))
def test_texts_without_variables_stay_and_values_are_not_looked_at(text: str, value: str) -> None:
    scope = Scope({"X": value + "${localEnv:X}"}, "", "", "")
    assert substitute(f"{value}", scope._replace(local_env={})) == value or "${" in value
    assert substitute("${localEnv:X}", scope) == value + "${localEnv:X}"
    try:
        done = substitute(text, scope)
    except ConfigurationError:
        return
    assert done == text or "${" in text
