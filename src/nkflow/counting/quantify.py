"""The step from gated tubes to a composition."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from nkflow.acquisition.quality import Quality
from nkflow.counting.absolute import scale_of
from nkflow.counting.composition import Composition
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.gates import pooled
from nkflow.counting.inputs import Counting
from nkflow.counting.rules import CountingRules
from nkflow.counting.tubes import Gated, TubeCounts, pool
from nkflow.errors import CountingError

__all__ = ["quantify", "under"]


def quantify(
    tubes: Sequence[Gated | TubeCounts],
    *,
    counting: Counting,
    rules: CountingRules | None = None,
    blanks: Mapping[str, Sequence[Gated | TubeCounts]] | None = None,
    acquisition: Sequence[Quality] | None = None,
) -> Composition:
    """Pool replicate tubes (ratio of sums) into frequencies and concentrations.

    Parameters
    ----------
    tubes
        Gatings, or counts that another program gated, of the sample tubes. The boundaries of cuts that were found
        in them join those that `counting` states.
    counting
        Beads, volumes and dilutions, as the lot states them.
    rules
        The protocol's counting rules; without them counts are Poisson and nothing is judged.
    blanks
        FMO tubes by the marker they lack, for limits of blank.
    acquisition
        Of gatings: the quality of each run, in the order of `tubes`. Cells and beads are cut by its mask, and the
        volume is that of the kept events, or not evaluable. None: the counts as they stand.

    Raises
    ------
    CountingError
        Where no concentration follows: no tubes, leaves that don't sum, no beads, no volume.
    """
    if not tubes:
        raise CountingError(
            "there are no sample tubes", code="no-tubes", next_step="Add tubes of role sample."
        )
    kept = tubes if acquisition is None else _kept(tubes, acquisition, counting=counting)
    counted = tuple(_counts(tube, f"{number}") for number, tube in enumerate(kept, start=1))
    measurement = _identity(counted, counting)
    scale = scale_of(counting.method, counted, counting=counting, measurement=measurement)
    if isinstance(scale, NotEvaluable):
        raise CountingError(
            f"no concentration by {counting.method}: {scale.reason}",
            code="no-concentration",
            where="counting",
            next_step="Check the tubes and the lot's section 'counting'.",
        )
    pooled_blanks = {
        marker: pool([_counts(tube, marker) for tube in fmo]) for marker, fmo in (blanks or {}).items()
    }
    found = pooled([tube.boundaries for tube in counted])
    counting = counting.model_copy(update={"boundaries": (*counting.boundaries, *found)})
    return Composition(counted, pool(counted), counting, scale, rules, pooled_blanks, measurement)


def under(composition: Composition, rules: CountingRules) -> Composition:
    """Return the same counts judged by `rules`."""
    return Composition(
        composition.tubes,
        composition.pooled,
        composition.counting,
        composition.scale,
        rules,
        composition.blanks,
        composition.measurement,
    )


def _counts(tube: Gated | TubeCounts, name: str) -> TubeCounts:
    return tube if isinstance(tube, TubeCounts) else TubeCounts.of(tube, tube=name)


def _kept(
    tubes: Sequence[Gated | TubeCounts], acquisition: Sequence[Quality], *, counting: Counting
) -> list[TubeCounts]:
    """Return the counts of gatings inside the kept part of their runs."""
    from nkflow.counting.kept import kept_tube
    from nkflow.gating.result import Gating

    gatings = [tube for tube in tubes if isinstance(tube, Gating)]
    if not len(gatings) == len(tubes) == len(acquisition):
        raise CountingError(
            "each gating has the quality of its own run",
            code="acquisition-mismatch",
            where="acquisition",
            found=f"{len(gatings)} gatings of {len(tubes)} tubes, {len(acquisition)} qualities",
            next_step="Give check_acquisition(sample) for each gating, in the same order.",
        )
    return [
        kept_tube(gating, quality, tube=f"{number}", counting=counting)
        for number, (gating, quality) in enumerate(zip(gatings, acquisition, strict=True), start=1)
    ]


def _identity(tubes: Sequence[TubeCounts], counting: Counting) -> str:
    """Name a measurement by its content: the same counts and volumes are the same measurement."""
    content = {
        "tubes": [[tube.tube, dict(sorted(tube.counts.items()))] for tube in tubes],
        "counting": counting.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
