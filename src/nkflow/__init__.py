"""nkflow: from the flow cytometry files of a cell product to a dose that someone may infuse."""

__version__ = "0.1.0"
