"""Slow twin of `nkflow.kernels.biweight`: one event at a time, with the formulas as the books write them."""

from __future__ import annotations

import numpy as np

__all__ = ["biweight_line", "biweight_normal", "biweight_sandwich", "biweight_sums"]


def weight_of(r: float, cut: float) -> float:
    return (1 - (r / cut) ** 2) ** 2 if abs(r) < cut else 0.0


def psi(r: float, cut: float) -> float:
    return r * weight_of(r, cut)


def psi_prime(r: float, cut: float) -> float:
    u = (r / cut) ** 2
    return (1 - u) * (1 - 5 * u) if abs(r) < cut else 0.0


def biweight_sums(y, x, slope, centre, cut) -> tuple[float, float, float]:
    rest = [b - slope * a - centre for a, b in zip(x, y, strict=True)]
    return (
        sum(psi(r, cut) for r in rest),
        sum(psi_prime(r, cut) for r in rest),
        sum(psi(r, cut) ** 2 for r in rest),
    )


def biweight_line(x, y, z, cut, slope, level, out) -> None:
    rest = y - (level + slope * x)
    w = np.array([weight_of(r, c) for r, c in zip(rest, cut, strict=True)])
    d = np.array([psi_prime(r, c) for r, c in zip(rest, cut, strict=True)])
    p = np.array([psi(r, c) for r, c in zip(rest, cut, strict=True)])
    out[0] = [sum(w), sum(w * z), sum(w * x), sum(w * z * x), sum(p)]
    out[1] = [sum(d), sum(d * z), sum(d * x), sum(d * z * x), sum(p * z)]
    out[2] = [sum(p**2), sum(p**2 * z), sum(p**2 * z**2), 0, 0]


def biweight_normal(design, y, beta, cut, out) -> float:
    weights = np.array([weight_of(r, cut) for r in y - design @ beta])
    out[:, :-1] = sum(w * np.outer(row, row) for w, row in zip(weights, design, strict=True))
    out[:, -1] = sum(w * row * value for w, row, value in zip(weights, design, y, strict=True))
    return float(weights.sum())


def biweight_sandwich(design, y, beta, cut, out) -> None:
    rest = y - design @ beta
    out[0] = sum(psi_prime(r, cut) * np.outer(row, row) for r, row in zip(rest, design, strict=True))
    out[1] = sum(psi(r, cut) ** 2 * np.outer(row, row) for r, row in zip(rest, design, strict=True))
