import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.mounts import parse_mount, parse_mounts, render_mount
from cove.spec.narrow import Spot
from cove.spec.run import Mount


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("type=bind,source=/a,target=/b", Mount("bind", "/a", "/b")),
        ("src=/a,dst=/b,type=bind,ro", Mount("bind", "/a", "/b", read_only=True)),
        ("type=bind,src=/a,destination=/b,readonly=true", Mount("bind", "/a", "/b", read_only=True)),
        ("type=bind,src=/a,dst=/b,readonly=false", Mount("bind", "/a", "/b")),
        ("source=models,target=/models", Mount("volume", "models", "/models")),
        ("target=/scratch,type=volume", Mount("volume", "", "/scratch")),
        ("type=tmpfs,target=/t,tmpfs-size=64m", Mount("tmpfs", "", "/t", options=("tmpfs-size=64m",))),
        (
            "type=bind,source=${localWorkspaceFolder}/d,target=/d,consistency=cached,bind-propagation=rslave",
            Mount(
                "bind",
                "${localWorkspaceFolder}/d",
                "/d",
                options=("consistency=cached", "bind-propagation=rslave"),
            ),
        ),
        ("type=volume,src=v,dst=/v,volume-nocopy", Mount("volume", "v", "/v", options=("volume-nocopy",))),
        ('type=bind,"source=/a,b",target=/c', Mount("bind", "/a,b", "/c")),
        ('type=bind,"source=/a ""b""",target=/c', Mount("bind", '/a "b"', "/c")),
        ("type=bind,source=${localEnv:A:x,y},target=/c", Mount("bind", "${localEnv:A:x,y}", "/c")),
        ("type=bind, source=/a, target=/b", Mount("bind", "/a", "/b")),
        ("type=bind,source=/a=b,target=/c", Mount("bind", "/a=b", "/c")),
        ("source=v,target=${localEnv:HOME}/x", Mount("volume", "v", "${localEnv:HOME}/x")),
    ],
)
def test_reads_the_engines_text(text: str, mount: Mount) -> None:
    assert parse_mount(text) == mount


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no target"),
        ("type=bind,source=/a", "no target"),
        ("type=bind,target=/a", "no source"),
        ("type=bind,source=/a,target=b", "not an absolute path"),
        ("type=image,source=a,target=/b", "`image`"),
        ("source=a,target=/b,ro=perhaps", "true or false"),
    ],
)
def test_refuses(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_mount(text)


def test_reads_texts_and_objects() -> None:
    value = [
        "source=a,target=/a",
        {"source": "b", "target": "/b", "type": "volume", "external": True},
        {"src": "/c", "dst": "/c", "type": "bind", "readonly": True, "uid": 3},
    ]
    assert parse_mounts(value, Spot()) == (
        Mount("volume", "a", "/a"),
        Mount("volume", "b", "/b"),
        Mount("bind", "/c", "/c", read_only=True, options=("uid=3",)),
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "`mounts` must be an array"),
        ([3], r"`mounts\[0\]` must be a string or an object"),
        ([{"target": ["/a"]}], r"`mounts\[0\].target` must be a string"),
        ([{"source": "a"}], r"the mount `mounts\[0\]` names no target"),
    ],
)
def test_refuses_other_kinds(value, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_mounts(value, Spot(path="f.json") / "mounts")


PATHS = st.text(st.sampled_from('ab/ ,"=${}:ä\\'), max_size=12)


@given(
    st.builds(
        Mount,
        type=st.sampled_from(["bind", "volume", "tmpfs"]),
        source=PATHS.map(lambda path: f"/{path}"),
        target=PATHS.map(lambda path: f"/{path}"),
        read_only=st.booleans(),
        options=st.sampled_from([(), ("consistency=cached",), ("volume-nocopy", "a=b,c")]),
    )
)
def test_writes_what_it_reads(mount: Mount) -> None:
    assert parse_mount(render_mount(mount)) == mount
