"""Where the run is not as it usually is: stretches with evidence that chance does not give.

Evidence is a logarithm of a likelihood ratio, summed along the run (CUSUM, Page 1954, doi:10.1093/biomet/41.1-2.100):

* rate: a slice with n events where lambda are expected scores ``n ln(rho) - (rho - 1) lambda`` for a rate of
  rho times the baseline (Poisson);
* signals: a slice with n events of rank sum S scores ``12 d (S - n m - n d / 2)`` for a mean rank d beyond the
  usual m. A rank is uniform, hence sub-Gaussian with variance 1/12 (ties and blur make it smaller), so that
  ``exp(score)`` has an expectation of 1 or less while nothing happens.

So a sum that restarts at zero exceeds h by chance at most once in exp(h) starts, and h follows from how many
false stretches a run may have. Both scores turn positive about half way to what they are tuned to: slow drifts
and small shifts never add up. Scores are divided by the noise of the run where it is larger than chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.reference import RANK_VARIANCE, Reference
from nkflow.acquisition.run import Slices
from nkflow.acquisition.settings import AcquisitionChecks

__all__ = ["bad_slices"]

Array = NDArray[np.float64]
_MOST_RUNS = 1024
_RIM = 6.0  # evidence (nats) that the flank of a stretch needs; noise reaches it once in 400 stretches
_PAD = 0.25  # of a stretch: how far outside its edges are looked for


@dataclass(frozen=True, eq=False)
class _Stream:
    """One thing that is watched, in one direction: score = slope * sums - toll * weights."""

    sums: Array
    weights: Array
    slope: float
    toll: float

    @property
    def score(self) -> Array:
        return self.slope * self.sums - self.toll * self.weights


def bad_slices(slices: Slices, reference: Reference, checks: AcquisitionChecks) -> NDArray[np.bool_]:
    """Return which slices lie in a stretch that is not as usual, (n_slices,)."""
    from nkflow.kernels.acquisition_scan import excursions

    streams = list(_streams(slices, reference, checks))
    threshold = float(np.log(len(slices) * len(streams) / checks.false_alarms))
    runs = np.empty((_MOST_RUNS, 2), dtype=np.int64)
    bad = np.zeros(len(slices), dtype=np.bool_)
    for stream in streams:
        found = excursions(stream.sums, stream.weights, stream.slope, stream.toll, threshold, runs)
        for begin, end in runs[:found].tolist():
            first, last = _edges(slices, reference, checks, run=(begin, end))
            score = stream.score
            if begin < first and score[begin:first].sum() >= _RIM:
                first = begin
            if last < end and score[last:end].sum() >= _RIM:
                last = end
            bad[first:last] = True
    return bad


def _streams(slices: Slices, reference: Reference, checks: AcquisitionChecks) -> Iterator[_Stream]:
    events = slices.events
    for ratio in (checks.slow, checks.fast):
        noise = reference.rate_noise
        yield _Stream(events, reference.expected, float(np.log(ratio)) / noise, (ratio - 1) / noise)
    for row, level, noise in zip(
        slices.ranks, reference.levels.tolist(), reference.noise.tolist(), strict=True
    ):
        slope = checks.shift / (RANK_VARIANCE * noise)
        for sign in (1.0, -1.0):
            yield _Stream(row, events, sign * slope, slope * (sign * level + checks.shift / 2))


def _edges(
    slices: Slices, reference: Reference, checks: AcquisitionChecks, *, run: tuple[int, int]
) -> tuple[int, int]:
    """Return where the stretch found at `run` begins and ends, by all that changed in it taken together."""
    begin, end = run
    pad = int((end - begin) * _PAD) + 10
    low, high = max(0, begin - pad), min(len(slices), end + pad)
    events, expected = slices.events, reference.expected
    counted, due = events[begin:end].sum(), expected[begin:end].sum()
    score = np.zeros(high - low)
    ratio = float(np.clip(counted / due, 0.02, 50.0))
    if not checks.slow**0.5 < ratio < checks.fast**0.5:
        score += (np.log(ratio) * events[low:high] - (ratio - 1) * expected[low:high]) / reference.rate_noise
    shifts = slices.ranks[:, begin:end].sum(axis=1) / counted - reference.levels
    for channel in np.flatnonzero(np.abs(shifts) > checks.shift / 2):
        # all of a large shift would leave half of a gradual onset outside
        shift = float(np.clip(shifts[channel], -checks.shift, checks.shift))
        excess = slices.ranks[channel, low:high] - reference.levels[channel] * events[low:high]
        score += shift / (RANK_VARIANCE * reference.noise[channel]) * (excess - shift / 2 * events[low:high])
    from nkflow.kernels.acquisition_scan import best_run

    best = np.zeros(2, dtype=np.int64)
    best_run(score, best)
    return low + int(best[0]), low + int(best[1])
