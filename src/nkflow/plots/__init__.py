"""Plotly figures and SVG drawings from plain arrays, scales and outlines; knows no gate and no record."""

from __future__ import annotations

from nkflow.plots.axis import Axis, Mark
from nkflow.plots.figure import Density, density_figure, figure_html, hierarchy_figure, histogram_figure
from nkflow.plots.look import look
from nkflow.plots.matrix import Matrix, matrix_figure, matrix_svg
from nkflow.plots.outline import Outline, Path
from nkflow.plots.svg import density_svg, histogram_svg
from nkflow.plots.table import html_table

__all__ = [
    "Axis",
    "Density",
    "Mark",
    "Matrix",
    "Outline",
    "Path",
    "density_figure",
    "density_svg",
    "figure_html",
    "hierarchy_figure",
    "histogram_figure",
    "histogram_svg",
    "html_table",
    "look",
    "matrix_figure",
    "matrix_svg",
]
