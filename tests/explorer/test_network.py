"""The network of a figure, as the data that a script draws."""

from __future__ import annotations

import json
from dataclasses import replace

from kg.explorer.model import Entity, FigureRow, Mention
from kg.explorer.pages.network import network
from tests.explorer.made import MadeIndex

INDEX = MadeIndex()


def gene(number: int) -> Mention:
    made = Entity(kind="gene", id=str(number), iri="https://example.org/g", label=f"G{number}")
    return Mention(entity=made, word="w", match="m", lexicon="ncbigene_symbol", strictness="strict")


def near(*labels: str) -> FigureRow:
    (row, *_) = INDEX.neighbours("PMC1__F1", limit=1)
    return replace(row, shared_labels=labels)


def test_each_entity_once_and_joined_to_the_figure() -> None:
    figure = INDEX.figure("PMC1__F1")
    assert figure
    drawn = json.loads(network(figure, [gene(1), gene(2), gene(1)], []))
    assert [node["label"] for node in drawn["nodes"]] == ["This figure", "G1", "G2"]
    assert drawn["edges"] == [["figure", "gene-1"], ["figure", "gene-2"]]


def test_in_doubt_only_where_every_mention_is() -> None:
    figure = INDEX.figure("PMC1__F1")
    assert figure
    doubt = replace(gene(1), doubts=("Looks like another.",))
    surely = json.loads(network(figure, [doubt, gene(1)], []))["nodes"][1]
    only = json.loads(network(figure, [doubt], []))["nodes"][1]
    assert (surely["doubt"], only["doubt"]) == (False, True)


def test_too_many_to_draw_leaves_those_that_neighbours_share() -> None:
    figure = INDEX.figure("PMC1__F1")
    assert figure
    drawn = json.loads(network(figure, [gene(place) for place in range(400)], [near("G399", "G1", "absent")]))
    labels = [node["label"] for node in drawn["nodes"]]
    assert len(labels) == 1 + 150 + 1
    assert labels[1:4] == ["G1", "G399", "G0"]
    assert [edge for edge in drawn["edges"] if edge[0] == "near-0"] == [["near-0", "gene-399"], ["near-0", "gene-1"]]
