"""Bytes <-> Sample: segments, keywords, layout, decode, panel, read, write, findings."""
