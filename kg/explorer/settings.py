"""How the explorer is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kg.vocab import BASE

__all__ = ["TIMEOUT", "Settings"]

TIMEOUT: Final = 30.0
"""Seconds after which a query is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the explorer is served.

    Args:
        host: address to listen at; the loopback unless told otherwise.
        port: port to listen at.
        timeout: seconds after which a query is stopped.
        workers: processes that answer SPARQL.
        memory: bytes that each of them may take.
        largest_answer: bytes of an answer at most.
        federate: whether queries may call other endpoints (`SERVICE`).
        cors: whether pages of other sites may read from here.
        images: whether figures are shown as pictures, which browsers fetch from Europe PMC.
        base: the graph's base, of the IRIs of the project's own terms.
    """

    host: str = "127.0.0.1"
    port: int = 7878
    timeout: float = TIMEOUT
    workers: int = 4
    memory: int = 2 << 30
    largest_answer: int = 256 << 20
    federate: bool = False
    cors: bool = False
    images: bool = True
    base: str = BASE
