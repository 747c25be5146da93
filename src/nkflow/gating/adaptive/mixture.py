"""Normal mixtures (AG-10): a cut between two components, or the ellipse of one. scikit-learn, imported inside."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.density import MIN_EVENTS, density
from nkflow.gating.adaptive.ellipse import Ellipse, moved_outline
from nkflow.gating.adaptive.found import Cut, Found, NoGate, Reason, too_few
from nkflow.gating.adaptive.plane import Component, plane_of
from nkflow.gating.adaptive.window import ANYWHERE, Window

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

__all__ = ["Ellipse", "mixture_cut", "mixture_ellipse"]

Array = NDArray[np.float64]
FITTED = 5_000  # points
MOST = 4  # components
SMALLEST = 0.005  # share of a component
FEWEST = 30  # fitted points of the smaller component beside a cut: a few outliers are none
NO_LOWER = 1.1  # times the density at the lower of the means beside a cut: more, and the cut lies in a peak
UNSURE = 0.1  # standard error of a cut, in parts of the distance between the means beside it
# Gain of the mean log-likelihood in a step below which a fit has settled. A small component is found slowly: at 1e-3
# the fit of a tenth of the events four SDs away stops with a broad component under both.
SETTLED_1D, SETTLED_2D = 1e-5, 1e-3
CLEAR = 10.0  # BIC gap to the model with one component less: "very strong", Kass and Raftery 1995
REPLICATES_1D, REPLICATES_2D = 200, 30
RESAMPLED = 1_000  # points of a two-dimensional replicate; its errors are scaled to those of all fitted
BINS, STEPS = 128, 8  # of a one-dimensional one


def mixture_cut(values: Array, *, search: Window = ANYWHERE, n_min: int = MIN_EVENTS, seed: int = 0) -> Found:
    """Return where two neighbouring components of a mixture are equally likely, in display units.

    The number of components (1 to `MOST`) is that of the smallest BIC; components below `SMALLEST` are refused.
    A cut is one only where either component beside it has `FEWEST` points, and where the density is not higher than at
    their means: a few outliers are not a population, and a broad component under a narrow one is not parted from it.
    Of several inside `search` the one with the fewest events near it. Quality is the BIC gap to one component less.
    """
    points = _points(values[:, None])
    n = int(np.count_nonzero(np.isfinite(values)))
    if n < n_min:
        return too_few("mixture", n, n_min, without=len(values) - n)
    best, gap = _best(points, seed=seed)
    seen = density(values)
    if best is None or best.n_components < 2 or gap < CLEAR:
        text = "one normal component describes the events as well as two"
        return NoGate("one-peak", text, "mixture", n, density=seen)
    cuts = [cut for cut in _cuts(*_ordered(best)) if cut in search]
    if not cuts:
        return NoGate("no-valley", "no cut where one is looked for", "mixture", n, density=seen)
    parted = [cut for cut in cuts if not _not_parted(best, cut, len(points))]
    if not parted:
        return NoGate("no-fit", _not_parted(best, cuts[0], len(points)), "mixture", n, density=seen)
    at = min(parted, key=lambda cut: float(best.score_samples(np.array([[cut]]))[0]))
    se = _cut_error(points, best, at, seed=seed)
    below, above = _beside(best, at)
    if not se <= UNSURE * (above[1] - below[1]):
        text = (
            "in most bootstrap replicates the cut is not there"
            if not np.isfinite(se)
            else f"the standard error of the cut is {se / (above[1] - below[1]):.2f} of the distance of the means "
            f"beside it, at most {UNSURE:g}"
        )
        return NoGate("no-fit", text, "mixture", n, density=seen)
    text = "BIC gap to one component less"
    return Cut(at, se, (at, at), "mixture", gap, text, n, tuple(cuts), seen)


def mixture_ellipse(
    values: Array,
    *,
    near: tuple[float, float],
    widths: tuple[float, float] = (1.0, 1.0),
    level: float = 0.9,
    n_min: int = MIN_EVENTS,
    seed: int = 0,
) -> Ellipse | NoGate:
    """Return the ellipse round the component of `values` (n, 2) whose centre is closest to `near`, display units.

    It holds the part `level` of the component: ``distance_square = -2 ln(1 - level)`` in two dimensions. Distances
    count in `widths`, one an axis; components with fewer than `n_min` events are passed over.
    """
    points = _points(values)
    n = int(np.count_nonzero(np.isfinite(values).all(axis=1)))
    if n < n_min:
        return too_few("ellipse", n, n_min, without=len(values) - n)
    best, gap = _best(points, seed=seed)
    square = float(-2 * np.log1p(-level))
    components = () if best is None else _components(best)
    seen = plane_of(values, components, distance_square=square)

    def none(reason: Reason, text: str) -> NoGate:
        return NoGate(reason, text, "ellipse", n, density=seen.x, plane=seen)

    if best is None:
        return none("no-fit", "no mixture settles")
    if best.n_components < 2 or gap < CLEAR:
        return none(
            "one-peak", "the mixture is not clear: with one component less it describes the events as well"
        )
    away = (((best.means_ - np.array(near)) / np.array(widths)) ** 2).sum(axis=1)
    away[best.weights_ * n < n_min] = np.inf
    k = int(np.argmin(away))
    if not np.isfinite(away[k]):
        return none("too-few-events", f"no component has {n_min} events")
    chosen = components[k]
    found = Ellipse(
        centre=chosen.centre,
        covariance=chosen.covariance,
        distance_square=square,
        se=(0.0, 0.0),
        share=chosen.share,
        quality=gap,
        n=n,
        plane=seen,
    )
    return _with_errors(found, best, points, seed=seed)


def _components(model: GaussianMixture) -> tuple[Component, ...]:
    """Return the components in the order of the model; covariances bit for bit symmetric, as a gate has them."""
    parts = zip(model.means_.tolist(), model.covariances_.tolist(), model.weights_.tolist(), strict=True)
    return tuple(
        Component((mean[0], mean[1]), ((rows[0][0], rows[0][1]), (rows[0][1], rows[1][1])), share)
        for mean, rows, share in parts
    )


def _with_errors(found: Ellipse, best: GaussianMixture, points: Array, *, seed: int) -> Ellipse:
    """Return `found` with its errors: those of a fit to as many points as were fitted."""
    centres, covariances = [], []
    for part in _replicates(points, REPLICATES_2D, seed=seed):
        again = _again(part, best)
        k = int(np.argmin(((again.means_ - np.array(found.centre)) ** 2).sum(axis=1)))
        centres.append(again.means_[k])
        covariances.append(again.covariances_[k])
    fewer = (min(RESAMPLED, len(points)) / len(points)) ** 0.5
    se = np.std(centres, axis=0, ddof=1) * fewer
    u = moved_outline(found, np.array(centres), np.array(covariances)) * fewer
    return replace(found, se=tuple(se.tolist()), u=u)


def _points(values: Array) -> Array:
    """Return at most `FITTED` finite points, evenly spaced."""
    finite = values[np.isfinite(values).all(axis=1)]
    return finite[
        np.arange(min(len(finite), FITTED)) * max(1, len(finite)) // max(1, min(len(finite), FITTED))
    ]


def _fit(points: Array, components: int, *, seed: int) -> GaussianMixture | None:
    from sklearn.mixture import GaussianMixture

    settled = SETTLED_1D if points.shape[1] == 1 else SETTLED_2D
    model = GaussianMixture(
        components, covariance_type="full", reg_covar=1e-6, tol=settled, max_iter=500, random_state=seed
    )
    _settle(model, points)
    return model if model.converged_ and model.weights_.min() >= SMALLEST else None


def _best(points: Array, *, seed: int) -> tuple[GaussianMixture | None, float]:
    """Return the model with the smallest BIC, and by how much one component less is worse."""
    models = [_fit(points, k, seed=seed) for k in range(1, MOST + 1)]
    bics = [np.inf if model is None else float(model.bic(points)) for model in models]
    k = int(np.argmin(bics))
    gap = bics[k - 1] - bics[k] if k else 0.0
    return models[k], float(min(gap, 1e300))


def _again(points: Array, start: GaussianMixture) -> GaussianMixture:
    """Return the fit of a replicate, started at the fit of all: a few steps suffice."""
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(
        start.n_components, reg_covar=1e-6, tol=1e-3, max_iter=20, random_state=0,
        weights_init=start.weights_, means_init=start.means_, precisions_init=start.precisions_,
    )  # fmt: skip
    _settle(model, points)
    return model


def _settle(model: GaussianMixture, points: Array) -> None:
    """Fit on one thread, since the number of threads changes the last bits; who asks looks at `converged_`."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # scikit-learn's own

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(points)


def _replicates(points: Array, count: int, *, seed: int) -> list[Array]:
    rng = np.random.Generator(np.random.PCG64(seed))
    size = min(RESAMPLED, len(points))
    return [points[rng.integers(0, len(points), size=size)] for _ in range(count)]


def _ordered(model: GaussianMixture) -> tuple[Array, Array, Array]:
    """Return weights, means and variances by ascending mean."""
    order = np.argsort(model.means_[:, 0])
    return model.weights_[order], model.means_[order, 0], model.covariances_[order, 0, 0]


def _cuts(weights: Array, means: Array, variances: Array) -> list[float]:
    """Return the point between each two neighbours where both are equally likely, where there is one."""
    cuts = []
    for i in range(len(means) - 1):
        (p, q), (a, b), (v, w) = weights[i : i + 2], means[i : i + 2], variances[i : i + 2]
        quadratic = [
            1 / w - 1 / v,
            2 * (a / v - b / w),
            b * b / w - a * a / v + 2 * np.log(p / q) + np.log(w / v),
        ]
        roots = np.roots(quadratic) if abs(quadratic[0]) > 1e-12 else np.array([-quadratic[2] / quadratic[1]])
        cuts += [float(root.real) for root in roots if abs(root.imag) < 1e-12 and a < root.real < b]
    return cuts


def _beside(model: GaussianMixture, at: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return weight, mean and variance of the components whose means are next to `at`, below and above."""
    parts = np.column_stack(_ordered(model))
    k = int(np.searchsorted(parts[:, 1], at))
    below, above = parts[k - 1].tolist(), parts[k].tolist()
    return tuple(below), tuple(above)


def _not_parted(model: GaussianMixture, at: float, n: int) -> str:
    """Return why a cut of a model of `n` points parts no two populations; empty where it does."""
    beside = _beside(model, at)
    fewest = min(weight for weight, _, _ in beside) * n
    if fewest < FEWEST:
        return f"{fewest:.0f} of {n} points are in a component beside the cut, at least {FEWEST} are needed"
    heights = np.exp(model.score_samples(np.array([[at], *([mean] for _, mean, _ in beside)])))
    times = float(heights[0] / heights[1:].min())
    if times > NO_LOWER:
        return (
            f"the density at the cut is {times:.2f} times that at a mean beside it: nothing is parted there"
        )
    return ""


def _cut_error(points: Array, best: GaussianMixture, at: float, *, seed: int) -> float:
    """Return the standard error of the cut closest to `at`: multinomial replicates of the binned points.

    It is that of the points fitted, however many events there are beside them.

    Each starts at the fit of all and takes `STEPS` steps of EM; all replicates at once.
    """
    low, high = float(points.min()), float(points.max())
    counts, edges = np.histogram(points[:, 0], bins=BINS, range=(low, high))
    x = (edges[:-1] + edges[1:]) / 2
    rng = np.random.Generator(np.random.PCG64(seed))
    drawn = rng.multinomial(len(points), counts / len(points), size=REPLICATES_1D).astype(np.float64)
    fits = _em(x, drawn, _ordered(best))
    places = []
    for k in range(REPLICATES_1D):
        cuts = _cuts(*(part[k] for part in fits))
        if cuts:
            places.append(min(cuts, key=lambda cut: abs(cut - at)))
    if len(places) < REPLICATES_1D // 2:
        return float("inf")
    return float(np.std(places, ddof=1))


def _em(x: Array, counts: Array, start: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """Return weights, means and variances (n_rows, n_components) after `STEPS` steps of EM from `start`.

    `x` (n_bins,) are the middles of the bins, `counts` (n_rows, n_bins). Dempster, Laird and Rubin 1977.
    """
    weights, means, variances = (np.tile(part, (len(counts), 1)) for part in start)
    total = counts.sum(axis=1, keepdims=True)
    for _ in range(STEPS):
        away = (x[None, None, :] - means[:, :, None]) ** 2
        height = (weights / np.sqrt(variances))[:, :, None] * np.exp(-0.5 * away / variances[:, :, None])
        part = counts[:, None, :] * height / np.maximum(height.sum(axis=1, keepdims=True), 1e-300)
        mass = np.maximum(part.sum(axis=2), 1e-9)
        weights, means = mass / total, (part * x).sum(axis=2) / mass
        variances = (part * (x[None, None, :] - means[:, :, None]) ** 2).sum(axis=2) / mass + 1e-6
    return weights, means, variances
