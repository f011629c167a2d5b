"""Other genes in each made record, since copies of a few real ones flatter whatever remembers what it met.

Of a copy's human genes each becomes another one, the same in its tables and keywords. Which one is drawn by Zipf's law:
of the 20,000 genes some stand in thousands of figures and most in a few. Words change with them: each gene has two,
its symbol and a synonym.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from kg.lexicon import Lexicon

__all__ = ["Varied"]

_GENES: Final = 20_000
_KEYWORD = re.compile(rb"^([ ]*-[ ])([A-Z][A-Za-z0-9-]*)$", re.MULTILINE)
_SYMBOL, _ID, _WORD, _MATCH = 5, 6, 3, 4
"""Columns of a gene table."""


class Varied:
    """Exchanges genes; the same seed gives the same records.

    Args:
        seed: of the draws.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 (repeatable, no secret)
        rows = Lexicon()._rows("SELECT symbol, id FROM gene ORDER BY id")  # noqa: SLF001 (no public way lists them)
        genes = [(symbol.encode(), str(ident).encode()) for symbol, ident in rows]
        self._known = {symbol for symbol, _ in genes}
        self._drawn = self._rng.sample(genes, min(_GENES, len(genes)))
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(len(self._drawn))))

    def copy(self) -> Callable[[bytes], bytes]:
        """What exchanges the genes in one copy's record and tables, each gene always for the same other one."""
        chosen: dict[bytes, tuple[bytes, bytes]] = {}

        def other(symbol: bytes) -> tuple[bytes, bytes]:
            if symbol not in chosen:
                chosen[symbol] = self._rng.choices(self._drawn, cum_weights=self._weights)[0]
            return chosen[symbol]

        def keyword(found: re.Match[bytes]) -> bytes:
            return found[1] + (other(found[2])[0] if found[2] in self._known else found[2])

        def row(line: bytes) -> bytes:
            cells = line.split(b"\t")
            if len(cells) > _ID and cells[_SYMBOL] in self._known and cells[0] == b"9606":
                symbol = cells[_SYMBOL]
                cells[_SYMBOL], cells[_ID] = other(symbol)
                for place in (_WORD, _MATCH):
                    cells[place] = cells[_SYMBOL] + (b"" if cells[place] == symbol else b"-like")
            return b"\t".join(cells)

        def exchanged(text: bytes) -> bytes:
            if text.startswith(b"organism_id\t"):
                return b"\n".join(map(row, text.split(b"\n")))
            return _KEYWORD.sub(keyword, text) if text.startswith(b"---") else text

        return exchanged
