from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PLOTLY = "application/vnd.plotly.v1+json"

# The test runs this before the notebook's own cells: a kernel that talks to this machine only, and figures as
# JupyterLab takes them (plotly's other form, HTML, names a MathJax script on a CDN).
OFFLINE = """
import socket, plotly.io
_connect = socket.socket.connect
def _local(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(f"a request to {address}")
    return _connect(self, address)
socket.socket.connect = _local
plotly.io.renderers.default = "plotly_mimetype"
"""


@pytest.fixture(scope="module")
def path(project: Path) -> Path:
    return project / "notebooks" / "first_look.ipynb"


@pytest.fixture(scope="module")
def executed(path: Path) -> dict[str, nbformat.NotebookNode]:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(OFFLINE, id="offline"))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    return {cell.id: cell for cell in notebook.cells}


def _data(cell: nbformat.NotebookNode) -> dict[str, object]:
    (output,) = [output for output in cell.outputs if "data" in output]
    return output.data


def test_first_look__is_stored_without_outputs_and_about_ten_lines_long(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert sum(len([line for line in cell.source.splitlines() if line.strip()]) for cell in code) <= 12
    assert json.loads(path.read_text())["metadata"].keys() == {"kernelspec", "language_info"}


def test_first_look__runs_without_a_word_on_stderr_and_without_an_outside_request(executed):
    streams = [output for cell in executed.values() for output in cell.get("outputs", ()) if "text" in output]
    assert streams == []


@pytest.mark.parametrize("cell", ["look", "figure"])
def test_first_look__figures_are_plotly_figures(executed, cell):
    figure = _data(executed[cell])[PLOTLY]
    assert figure["data"][0]["type"] == "heatmap"
    assert "CD56" in figure["layout"]["yaxis"]["title"]["text"]


def test_first_look__tables_are_tables(executed):
    gates = _data(executed["gate"])["text/html"]
    assert "<table" in gates
    assert "NKT-like" in gates
    assert "CD56+" in _data(executed["dose"])["text/html"]


def test_first_look__ends_with_the_verdict_of_the_shipped_lot(executed):
    assert _data(executed["amount"])["text/plain"] == "('PASS', 7.8)"


def test_first_look__no_display_asks_for_a_script_from_outside(executed):
    for cell in executed.values():
        for output in cell.get("outputs", ()):
            html = str(output.get("data", {}).get("text/html", ""))
            assert "http://" not in html
            assert "https://" not in html
