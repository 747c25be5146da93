from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from nkflow.errors import InvalidValueError
from nkflow.plots.raster import LEVELS, colour_table, data_uri, levels, png


def test_levels__empty_is_white_and_more_events_are_never_darker() -> None:
    index = levels(np.arange(1000).reshape(10, 100)).ravel()
    assert index[0] == 0
    assert index[1] == 1
    assert index[-1] == LEVELS
    assert (np.diff(index.astype(int)) >= 0).all()


def test_levels__a_single_event_is_dark_even_in_a_sparse_plot() -> None:
    assert levels(np.array([[0, 1], [1, 0]])).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("counts", [np.array([[-1.0]]), np.array([[np.nan]]), np.zeros(4), np.zeros((0, 4))])
def test_levels__refuses_what_is_no_histogram(counts: np.ndarray) -> None:
    with pytest.raises(InvalidValueError, match="counts"):
        levels(counts)


def test_colour_table__luminance_rises_evenly() -> None:
    table = colour_table()[1:].astype(float) / 255
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    lightness = np.cbrt(linear @ [0.2126, 0.7152, 0.0722])
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert steps.max() < 3 * np.median(steps)


def test_png__another_decoder_reads_the_same_picture() -> None:
    counts = np.random.default_rng(1).poisson(3, (40, 30))
    index = levels(counts)
    picture = Image.open(io.BytesIO(png(index)))
    assert picture.size == (30, 40)
    seen = np.asarray(picture.convert("RGBA"))
    assert (seen[..., :3] == colour_table()[index]).all()
    assert ((seen[..., 3] == 0) == (index == 0)).all()


def test_data_uri__puts_the_highest_row_on_top() -> None:
    counts = np.zeros((4, 4), int)
    counts[3, 0] = 1  # high y, low x
    raw = base64.b64decode(data_uri(counts).removeprefix("data:image/png;base64,"))
    alpha = np.asarray(Image.open(io.BytesIO(raw)).convert("RGBA"))[..., 3]
    assert np.argwhere(alpha).tolist() == [[0, 0]]


def test_data_uri__same_counts_same_bytes() -> None:
    counts = np.arange(256 * 256).reshape(256, 256)
    assert data_uri(counts) == data_uri(counts.copy())
