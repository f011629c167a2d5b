"""Entries come back from their compact form as they went into it."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from kg.entries import Entries, Entry

TEXTS = st.text(st.characters(exclude_characters="\0"), max_size=6)


@given(st.lists(st.builds(Entry, st.integers(0, 10**15 - 1), TEXTS, st.integers(0, 9), TEXTS)))
def test_entries_are_kept(entries: list[Entry]) -> None:
    kept = Entries(entries)
    assert list(kept) == entries
    assert len(kept) == len(entries)
    assert [kept[place] for place in range(len(entries))] == entries


def test_files_named_for_their_figures_share_one_pattern() -> None:
    ids = [f"PMC{n}__figure-{n}" for n in range(1000)]
    entries = [Entry(n, figid, 0, f"_figures/{figid}.md") for n, figid in enumerate(ids)]
    kept = Entries(entries)
    assert list(kept) == entries
    arrays = (value for value in vars(kept).values() if not isinstance(value, list))
    assert sum(map(sys.getsizeof, arrays)) < 60 * len(entries)
