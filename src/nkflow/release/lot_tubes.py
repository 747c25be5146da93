"""All tubes of a lot in the order in which they need each other: controls give cuts, sample tubes give gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nkflow.compensation import Spillover
from nkflow.errors import DataError, GatingError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating.adaptive.controls import PROCESS
from nkflow.gating.template import Template
from nkflow.release.inputs import TubeFile
from nkflow.release.tubes import GatedTube, Given, gate_tube

__all__ = ["gate_lot"]

_STAINED = ("sample", PROCESS)  # hold every population, so that their cuts can be found in them


def gate_lot(
    files: Sequence[TubeFile],
    template: Template,
    *,
    spillover: Spillover | None = None,
    threads: int | None,
    second_engine: bool,
    progress: Callable[[str], None],
) -> tuple[GatedTube, ...]:
    """Return every tube gated, in the order of the lot.

    The cuts of an adaptive template are found in each sample tube and process control, with the lot's FMOs; all
    other tubes lack what would show a cut, and are gated by the gates of the first sample tube.
    """

    def one(tube: TubeFile, given: Given) -> GatedTube:
        progress(f"gating tube {tube.name}")
        return gate_tube(tube, given, threads=threads, second_engine=second_engine)

    if not template.is_adaptive:
        return tuple(one(tube, Given(template, spillover=spillover)) for tube in files)
    controls = _controls(files)
    found = {
        tube.name: one(tube, Given(template, controls, spillover=spillover))
        for tube in files
        if tube.role in _STAINED
    }
    first = _first(tuple(found.values()), spillover)
    for tube in files:
        if tube.name not in found:
            found[tube.name] = _without_gates(tube) if first is None else one(tube, first)
    return tuple(found[tube.name] for tube in files)


def _controls(files: Sequence[TubeFile]) -> Mapping[str, Sample] | GatingError:
    """Return marker -> its FMO, and the process controls under their role and name.

    A tube that can't be read is missing here and reported where it is gated.
    """
    found: dict[str, Sample] = {}
    for tube in files:
        key = (
            f"{PROCESS} {tube.name}" if tube.role == PROCESS else tube.marker if tube.role == "fmo" else None
        )
        if key is None:
            continue
        if key in found:
            return GatingError(
                f"two FMO tubes without {tube.marker}", code="fmo-doubled", where=f"tube {tube.name}",
                expected="one a marker, since the cut is carried from it", next_step="Leave one out of the lot.",
            )  # fmt: skip
        try:
            found[key] = read_fcs(tube.path)
        except DataError:
            continue
    return found


def _first(tubes: Sequence[GatedTube], spillover: Spillover | None) -> Given | None:
    """Return the gates of the first sample tube, one with all cuts where there is one."""
    gated = [tube for tube in tubes if tube.role == "sample" and tube.gating is not None]
    whole = [
        tube
        for tube in gated
        if tube.gating and tube.gating.resolution and not tube.gating.resolution.missing
    ]
    for tube in (*whole, *gated):
        assert tube.gating is not None
        return Given(tube.gating.template, carried_from=tube.tube.name, spillover=spillover)
    return None


def _without_gates(tube: TubeFile) -> GatedTube:
    problem = GatingError(
        "no sample tube gives gates", code="no-gates", expected="a sample tube that can be gated",
        next_step="See the findings of the sample tubes.",
    )  # fmt: skip
    return GatedTube(tube, None, None, (), problem.as_dict())
