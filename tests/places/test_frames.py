import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cove.places.frames import FRAME_BYTES, Frame, Kind, parse_frames, render_frame

FRAMES = st.lists(
    st.builds(Frame, st.sampled_from(Kind), st.integers(0, 2**32 - 1), st.binary(max_size=300)), max_size=8
)


@settings(deadline=None)  # a busy machine is no failure
@given(FRAMES, st.integers(1, 64))
def test_frames_survive_any_cut(frames: list[Frame], step: int) -> None:
    wire = b"".join(render_frame(Kind(frame.kind), frame.stream, frame.payload) for frame in frames)
    buffered, seen = bytearray(), []
    for at in range(0, len(wire), step):
        buffered += wire[at : at + step]
        seen += parse_frames(buffered)
    assert seen == frames
    assert not buffered


def test_a_partial_frame_stays() -> None:
    buffered = bytearray(render_frame(Kind.DATA, 7, b"hello")[:-1])
    assert parse_frames(buffered) == []
    buffered += b"o"
    assert parse_frames(buffered) == [Frame(Kind.DATA, 7, b"hello")]


def test_a_frame_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=str(FRAME_BYTES + 1)):
        parse_frames(bytearray(b"\x03\x00\x00\x00\x01" + (FRAME_BYTES + 1).to_bytes(4, "big")))
