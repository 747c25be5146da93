"""What a wheel holds: templates, protocols and the sample lot come with it, and are found from inside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel without a network and unpack it as an installer would."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "site")
    return out / "site"


@pytest.mark.parametrize("kind", ["gating_templates", "protocols", "sample_fcs"])
def test_wheel__holds_what_is_shipped(unpacked: Path, kind: str) -> None:
    shipped = {path.name for path in (ROOT / kind).iterdir() if path.is_file()}
    assert shipped
    assert {path.name for path in (unpacked / "nkflow" / kind).iterdir()} >= shipped
    assert (unpacked / "nkflow" / "py.typed").is_file()


def test_wheel__finds_its_own_templates_and_protocols(unpacked: Path, tmp_path: Path) -> None:
    program = (
        "import nkflow as nk, nkflow.documents as d; print(d.__file__); "
        "print(nk.load_template(nk.templates()[0]).name, nk.load_protocol(nk.protocols()[0]).name); "
        "print(d.shipped('sample_fcs'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    place, names, shipped = run.stdout.splitlines()
    assert place.startswith(str(unpacked))
    assert len(names.split()) == 2
    assert shipped == str(unpacked / "nkflow" / "sample_fcs")
