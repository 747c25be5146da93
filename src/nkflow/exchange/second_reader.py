"""The raw file as FlowKit reads it, and what is known to mislead its reader."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from nkflow.fcs import cross_check as second_opinion
from nkflow.fcs.data_sets import data_sets
from nkflow.fcs.sample import Sample

if TYPE_CHECKING:
    import flowkit

__all__ = ["FAILURES", "misleading", "read_with_flowkit"]

# what FlowKit and FlowIO raise for a file or a document they can't take, besides their own few classes
FAILURES = (
    ValueError, TypeError, LookupError, AttributeError, NotImplementedError, RuntimeError, OSError,
    ArithmeticError, AssertionError, MemoryError, EOFError, struct.error,
)  # fmt: skip

_ATTEMPTS: tuple[dict[str, bool], ...] = (
    {},
    {"ignore_offset_error": True},
    {"ignore_offset_error": True, "use_header_offsets": True},
    {"ignore_offset_error": True, "ignore_offset_discrepancy": True},
)


def read_with_flowkit(sample: Sample) -> flowkit.Sample:
    """Return the same data set as FlowKit reads it, loosening FlowIO's options until it does.

    Raises
    ------
    ValueError
        Where it does not (FlowIO's first complaint).
    """
    import flowio
    import flowkit

    assert sample.path is not None
    offset = data_sets(sample.path)[sample.data_set].offset
    first = ""
    for options in _ATTEMPTS:
        try:
            with open(sample.path, "rb") as file:  # FlowIO leaves a file open that it refuses
                data = flowio.FlowData(file, nextdata_offset=offset, **options)
                return flowkit.Sample(data, sample_id="tube")
        except (*FAILURES, flowio.exceptions.FlowIOException) as problem:
            first = first or f"{problem} ({type(problem).__name__})"
    raise ValueError(first)


def misleading(sample: Sample) -> tuple[str, ...]:
    """Return what in the sample's file is known to mislead FlowIO (STANDARDS 2), where it reads other values."""
    if sample.path is None:
        return ()
    offset = data_sets(sample.path)[sample.data_set].offset
    opinions = second_opinion.cross_check(sample, offset)
    return tuple(reason for opinion in opinions if opinion.reader == "FlowIO" for reason in opinion.reasons)
