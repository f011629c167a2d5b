"""Figures by year, the years without any included, so that a plot's axis is in time."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["by_year"]


def by_year(years: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """Each year from the first to the last with its figures; 0 stands for a year that is not known.

    >>> by_year(np.array([2021, 0, 2018, 2021]))
    [(2018, 1), (2019, 0), (2020, 0), (2021, 2)]
    """
    known = years[years > 0].astype(int)
    if not len(known):
        return []
    first = int(known.min())
    return [(first + n, number) for n, number in enumerate(np.bincount(known - first).tolist())]
