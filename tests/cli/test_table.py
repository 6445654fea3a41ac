"""Aligned columns."""

from __future__ import annotations

from cove.cli.table import fold, measure_table, render_table

HEAD = ("NAME", "FOLDER")
ROWS = (("a", "/home/ada/one"), ("\x1b[1mlonger\x1b[0m", "/home/ada/two/three"))


def test_columns_align_whatever_the_colours() -> None:
    assert render_table(HEAD, ROWS).splitlines() == [
        "NAME    FOLDER",
        "a       /home/ada/one",
        "\x1b[1mlonger\x1b[0m  /home/ada/two/three",
    ]


def test_the_room_that_columns_take() -> None:
    assert measure_table(HEAD[:1], [row[:1] for row in ROWS]) == len("longer  ")


def test_a_narrow_terminal_keeps_the_end_of_paths() -> None:
    lines = render_table(HEAD, ROWS, width=20).splitlines()
    assert lines[1:] == ["a       …ome/ada/one", "\x1b[1mlonger\x1b[0m  …a/two/three"]


def test_or_the_start_of_what_is_no_path() -> None:
    lines = render_table(HEAD, ROWS, width=20, keep="start").splitlines()
    assert lines[1:] == ["a       /home/ada/o…", "\x1b[1mlonger\x1b[0m  /home/ada/t…"]


def test_long_text_is_folded_unless_that_is_too_narrow_to_be_read() -> None:
    text = "by CDI, as /var/run/cdi/nvidia.yaml describes"
    assert fold(text, 30) == ["by CDI, as", "/var/run/cdi/nvidia.yaml", "describes"]
    assert fold(text, 20) == [text]
    assert fold("", 30) == [""]
