"""The pages of the explorer: all their addresses, and what is answered where one fails."""

from __future__ import annotations

from starlette.routing import BaseRoute

from kg.explorer.context import Explorer
from kg.explorer.pages import dataset, entities, figures, genelist, home, queries
from kg.explorer.pages.errors import error_handlers

__all__ = ["error_handlers", "routes"]


def routes(explorer: Explorer) -> list[BaseRoute]:
    """All pages."""
    made: list[BaseRoute] = []
    for part in (home, entities, figures, genelist, dataset, queries):
        made += part.routes(explorer)
    return made
