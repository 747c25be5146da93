"""Single events lie in a band of height against area (AG-06); pairs add their areas and not their heights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.fitness.location import deviation, middle
from nkflow.gating.adaptive.density import MIN_EVENTS, Density, density
from nkflow.gating.adaptive.found import NoGate

__all__ = ["Band", "singlet_band"]

Array = NDArray[np.float64]
TUNING = 1.345  # Huber's k, 95 % efficient at the normal distribution
ROUNDS = 20
FITTED = 10_000  # events: more move the line by less than 0.001
VERTICES = 8
AREA_ENDS = (0.002, 0.998)
LARGEST_SPREAD = 0.25  # natural log; a broader band parts nothing


@dataclass(frozen=True)
class Band:
    """``|ln height - (intercept + slope ln area)| <= edge`` between two areas; all in data units.

    Attributes
    ----------
    intercept, slope, spread
        The line and the robust SD of the events round it (natural log).
    lower, upper
        Edges, in ln units from the line: lower is negative.
    areas
        Between which areas the band reaches; pulled apart, so that no event is lost at the ends.
    se
        Standard error of the lower edge's place by a seeded bootstrap.
    n, quality
        Events, and the part of them inside.
    density
        Of the events' distances from the line (natural log).
    """

    intercept: float
    slope: float
    spread: float
    lower: float
    upper: float
    areas: tuple[float, float]
    se: float
    n: int
    quality: float
    density: Density | None = field(default=None, repr=False, compare=False)

    def vertices(self, shift: float = 0.0) -> tuple[tuple[float, float], ...]:
        """Return the outline (area, height), lower edge first; `shift` moves the lower edge (ln units)."""
        areas = np.geomspace(*self.areas, VERTICES)
        line = self.intercept + self.slope * np.log(areas)
        low, high = np.exp(line + self.lower + shift), np.exp(line + self.upper)
        return (*zip(areas.tolist(), low.tolist(), strict=True),
                *zip(areas[::-1].tolist(), high[::-1].tolist(), strict=True))  # fmt: skip


def singlet_band(
    area: Array,
    height: Array,
    *,
    sds: tuple[float, float] = (3.5, 3.5),
    largest: float | None = None,
    n_min: int = MIN_EVENTS,
    seed: int = 0,
) -> Band | NoGate:
    """Return the band of single events from pulse areas and heights (n,), data units.

    Huber's M-estimator of ``ln height`` on ``ln area`` (of one shape a pulse's height is a power of its area), the
    scale by the MAD; the band is `sds` robust SDs below and above. Events of the outermost areas are left
    out of the fit: margins pull the line (AG-06). With `largest` the band ends so many robust SDs of ln area above
    the median: a pair that passes as one pulse has twice the area.
    """
    use = np.isfinite(area) & np.isfinite(height) & (area > 0) & (height > 0)
    n = int(np.count_nonzero(use))
    if n < n_min:
        text = f"{n} events with an area and a height above 0, at least {n_min} are needed"
        return NoGate("too-few-events", text, "singlet-band", n)
    if n < len(use):
        area, height = area[use], height[use]
    x, y = (np.log(values[:: 1 + n // FITTED]) for values in (area, height))
    ends = np.quantile(x, AREA_ENDS)
    inner = (x >= ends[0]) & (x <= ends[1])
    if ends[1] - ends[0] < 1e-6:
        return NoGate("no-fit", "all areas are equal", "singlet-band", n)
    intercept, slope, spread = _huber(x[inner], y[inner])
    if not 0 < spread <= LARGEST_SPREAD or slope <= 0:
        text = f"no band: slope {slope:.2f}, SD {spread:.3f} (ln units)"
        return NoGate("no-fit", text, "singlet-band", n)
    residual = y - intercept - slope * x
    lower, upper = -sds[0] * spread, sds[1] * spread
    inside = float(np.mean((residual >= lower) & (residual <= upper)))
    areas = (float(area.min()) * 0.95, _largest(x, float(area.max()), largest))
    se = sds[0] * _spread_error(residual[inner], seed=seed)
    return Band(intercept, slope, spread, lower, upper, areas, se, n, inside, density(residual))


def _largest(x: Array, most: float, sds: float | None) -> float:
    """Return the upper end of the areas, from ln areas `x`; without `sds` beyond all of them."""
    if sds is None:
        return most * 1.05
    centre = middle(x)
    return float(np.exp(centre + sds * 1.4826 * middle(np.abs(x - centre))))


def _huber(x: Array, y: Array) -> tuple[float, float, float]:
    """Return intercept, slope and robust SD; starts from medians in slices, which pairs don't move."""
    centre = middle(x)
    x = x - centre
    above = x > 0
    run = middle(x[above]) - middle(x[~above]) if above.any() else 0.0
    slope = (middle(y[above]) - middle(y[~above])) / run if run > 0 else 1.0
    intercept = middle(y - slope * x)
    spread = 0.0
    for _ in range(ROUNDS):
        residual = y - intercept - slope * x
        spread = deviation(residual)
        if spread <= 0:
            break
        size = np.abs(residual)
        weights = np.minimum(1.0, TUNING * spread / np.maximum(size, 1e-300))
        weights[size > 4 * spread] = 0.0  # pairs lie on one side only
        # plain sums: the last bits of a matrix product depend on the number of threads
        total = weights.sum()
        mean_x, mean_y = (weights * x).sum() / total, (weights * y).sum() / total
        run_x = weights * (x - mean_x)
        before, slope = slope, float((run_x * (y - mean_y)).sum() / (run_x * (x - mean_x)).sum())
        intercept = float(mean_y - slope * mean_x)
        if abs(slope - before) < 1e-5:
            break
    return intercept - slope * centre, slope, spread


def _spread_error(residual: Array, *, seed: int, replicates: int = 200) -> float:
    """Return the standard error of the MAD-SD from replicates of at most 500 events, scaled to all that were fitted."""
    rng = np.random.Generator(np.random.PCG64(seed))
    part = residual[:: max(1, len(residual) // 500)]
    drawn = part[rng.integers(0, len(part), size=(replicates, len(part)))]
    mads = 1.4826 * _middles(np.abs(drawn - _middles(drawn)[:, None]))
    return float(np.std(mads, ddof=1) * (len(part) / len(residual)) ** 0.5)


def _middles(rows: Array) -> Array:
    """Return the median of each row (n_rows, n); `numpy.median` searches for its two values and for NaN one by one."""
    half = rows.shape[1] // 2
    placed = np.partition(rows, half, axis=1)
    upper: Array = placed[:, half]
    return upper if rows.shape[1] % 2 else (placed[:, :half].max(axis=1) + upper) / 2
