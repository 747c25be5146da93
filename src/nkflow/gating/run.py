"""`gate`: a sample, a template, one pass."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from operator import index
from typing import Any, TypedDict, Unpack

from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError
from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding, bind
from nkflow.gating.result import Gating
from nkflow.gating.template import Template

__all__ = ["MEMBERSHIP_LIMIT", "Options", "at_least_one", "explain", "gate", "thread_count"]

MEMBERSHIP_LIMIT = 5_000_000  # events of a file: 40 MB of bits are kept without being asked for
EVENTS_PER_THREAD = 100_000  # a second thread costs more than it brings below


class Options(TypedDict, total=False):
    """What `gate` takes besides.

    membership
        Keep who is inside which population (8 bytes an event for 64 populations). Default: yes for events in memory,
        and for up to 5 million that are read from a file.
    histograms
        Count the events of every drawn gate into a histogram in the same pass, not when somebody looks.
        Default: yes.
    allow
        Named tolerances: ``compensate-again``.
    """

    membership: bool
    histograms: bool
    allow: Collection[str]


def gate(
    sample: Sample,
    template: Template,
    *,
    spillover: Spillover | None = None,
    controls: Mapping[str, Any] | Iterable[Any] | None = None,
    threads: int | None = None,
    **options: Unpack[Options],
) -> Gating:
    """Return the populations of `sample`.

    Parameters
    ----------
    spillover
        The matrix to apply; None: as the template's policy says (the file's own).
    controls
        Tubes of the lot, among them FMOs, or a mapping from marker to FMO: for cuts that are found in the data
        (`nkflow.gating.adaptive.controls`); a template with fixed cuts needs none.
    threads
        Any number gives the same bits; None: as many as there are processors and events for them.
    options
        See `Options`.

    Raises
    ------
    PanelError
        Where a required marker is missing or ambiguous.
    CompensationError
        Where the matrix is missing, can't be used, or would be applied twice.
    GateError
        Where an outline has no place on its scales.
    FCSError
        Where the events can't be read.
    InvalidValueError
        Where `threads` is no whole number from 1.
    """
    unknown = sorted(set(options) - set(Options.__annotations__))
    if unknown:  # what a signature would have done
        raise TypeError(f"gate() got an unexpected keyword argument '{unknown[0]}'")
    count = thread_count(threads, sample.n_events)
    allow = options.get("allow", ())
    resolution = None
    if template.is_adaptive:
        from nkflow.gating.adaptive.resolve import resolve

        resolution = resolve(template, sample, controls, spillover=spillover, allow=allow)
        template = resolution.template
    binding = bind(sample, template, spillover=spillover, allow=allow)
    gating = run(
        sample,
        binding,
        threads=count,
        draw_below=None if options.get("histograms", True) else (),
        membership=options.get("membership", sample.path is None or sample.n_events <= MEMBERSHIP_LIMIT),
        asked=(spillover, allow),
    )
    return gating if resolution is None else replace(gating, resolution=resolution)


def run(
    sample: Sample,
    binding: Binding,
    *,
    threads: int,
    membership: bool,
    draw_below: Collection[int] | None,
    asked: tuple[Spillover | None, Collection[str]],
) -> Gating:
    """Return the gating of a sample by a bound template."""
    from nkflow.gating.compiled import compiled  # with the kernels
    from nkflow.gating.evaluate import evaluate

    program = compiled(binding, None if draw_below is None else frozenset(draw_below))
    totals = evaluate(sample, program, threads=threads, membership=membership)
    undrawn = frozenset[int]() if draw_below is None else frozenset(range(-1, program.n_populations))
    lacking = dict(program.not_evaluable)  # the program may serve other tubes
    return Gating(sample, binding, totals, program.drawings, lacking, *asked, undrawn)


def explain(
    sample: Sample, template: Template, *, spillover: Spillover | None = None, allow: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the program that `template` becomes for `sample`, a step a line; an adaptive one is resolved first."""
    from nkflow.gating.compile import compile_program

    if template.is_adaptive:
        from nkflow.gating.adaptive.resolve import resolve

        template = resolve(template, sample, spillover=spillover, allow=allow).template

    return compile_program(bind(sample, template, spillover=spillover, allow=allow)).lines


def thread_count(asked: int | None, n_events: int) -> int:
    """Return how many threads to use; `InvalidValueError` where less than one is asked for."""
    if asked is not None:
        return at_least_one(asked, "threads")
    return max(1, min(len(os.sched_getaffinity(0)), n_events // EVENTS_PER_THREAD))


def at_least_one(asked: object, name: str) -> int:
    """Return `asked` as a whole number.

    Raises
    ------
    InvalidValueError
        It is none, or less than 1.
    """
    try:
        count = index(asked)  # type: ignore[arg-type]  # what it refuses is caught
    except TypeError:
        count = 0
    if count < 1:
        raise InvalidValueError(
            f"`{name}` is not a number of {name}", found=repr(asked), expected="a whole number from 1"
        )
    return count
