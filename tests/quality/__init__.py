"""Accuracy on real pages against pinned figures: `python -m tests.quality`.

A section is a module of this package with a function `measure(data_dir: Path) -> list[Row]`; it is found by its
being here. Sections read the data, never the network, and print nothing.
"""
