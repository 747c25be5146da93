"""Compile every kernel that a release needs, once: a release of the shipped lot, and what no shipped file has."""

from __future__ import annotations

from nkflow.documents import shipped
from nkflow.fcs.read import read_fcs
from nkflow.gating.load import load_template
from nkflow.gating.run import gate
from nkflow.gating.warmup import warmup as warm_gates
from nkflow.kernels.needed import compile_needed
from nkflow.release.pipeline import release

__all__ = ["warmup"]


def warmup() -> None:
    """Compile what a release needs, in as many processes as there are processors, and see to it by doing one.

    Gates with every kind of gate and scale, releases the shipped lot, finds the cuts of an adaptive template. Nothing
    is written but the cache of the kernels.
    """
    compile_needed()
    warm_gates()
    lot = shipped("sample_fcs") / "lot.yaml"
    release(lot, second_engine=False, margins=False)
    gate(read_fcs(lot.with_name("A.fcs")), load_template("nk_release_7aad_adaptive"))
