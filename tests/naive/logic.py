"""Slow twin of `nkflow.kernels.logic`: one event at a time."""

from __future__ import annotations

__all__ = ["combine", "exclude"]


def combine(masks, parent, any_of, operands, out) -> None:
    pairs = list(zip(operands[::2], operands[1::2], strict=True))
    for e in range(len(out)):
        answers = [bool(masks[p][e]) != bool(complement) for p, complement in pairs]
        out[e] = masks[parent][e] and (any(answers) if any_of else all(answers))


def exclude(masks, others, out) -> None:
    for e in range(len(out)):
        out[e] = out[e] and not any(masks[p][e] for p in others)
