"""Nodes of the graph as RDF at the addresses of their pages; downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import httpx
import pytest
import rdflib

from tests.explorer.servers import Server, get, running

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning"),
]

FIGURE: Final = "PMC12080488__ITT-14-523-g0004"
NODES: Final = {
    f"/figure/{FIGURE}": f"https://pfocr.wikipathways.org/figures/{FIGURE}.html",
    "/paper/PMC12080488": "https://identifiers.org/pmc/PMC12080488",
    "/gene/6774": "https://identifiers.org/ncbigene/6774",
    "/chemical/CHEBI_59761": "http://purl.obolibrary.org/obo/CHEBI_59761",
    "/organism/9606": "http://purl.obolibrary.org/obo/NCBITaxon_9606",
}
FORMS: Final = {
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
}
NAMES: Final = {
    "text/turtle": "ttl",
    "application/ld+json": "jsonld",
    "application/n-triples": "nt",
    "application/rdf+xml": "rdf",
}
BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
def whole(seed_graph: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(seed_graph, format="turtle")


def read(response: httpx.Response) -> rdflib.Graph:
    assert response.status_code == 200, response.text
    media = response.headers["content-type"].partition(";")[0]
    return rdflib.Graph().parse(data=response.content, format=FORMS[media])


@pytest.mark.parametrize("path", NODES)
@pytest.mark.parametrize("media", FORMS)
@pytest.mark.parametrize("by", ["accept", "format"])
def test_a_node_is_given_in_the_format_asked_for(
    client: httpx.Client, whole: rdflib.Graph, path: str, media: str, by: str
) -> None:
    node = rdflib.URIRef(NODES[path])
    response = (
        client.get(path, headers={"Accept": media})
        if by == "accept"
        else client.get(path, params={"format": NAMES[media]}, headers={"Accept": BROWSER})
    )
    found = read(response)
    assert response.headers["content-type"].partition(";")[0] == media
    assert "accept" in response.headers["vary"].lower()
    own = set(whole.predicate_objects(node))
    assert own
    assert set(found.predicate_objects(node)) == own
    assert not set(found) - set(whole), "nothing that the graph does not say"


def test_a_figure_comes_with_all_that_was_read_in_it_and_its_names(client: httpx.Client, whole: rdflib.Graph) -> None:
    path, iri = next(iter(NODES.items()))
    found = read(client.get(path, headers={"Accept": "text/turtle"}))
    parts = {part for part in whole.subjects(unique=True) if str(part).startswith(f"{iri}#")}
    assert len(parts) > 67
    assert {part for part in found.subjects(unique=True) if str(part).startswith(f"{iri}#")} == parts
    for part in parts:
        assert set(found.predicate_objects(part)) == set(whole.predicate_objects(part))
    stat3 = rdflib.URIRef("https://identifiers.org/ncbigene/6774")
    assert str(found.value(stat3, rdflib.RDFS.label)) == "STAT3"
    assert found.value(rdflib.URIRef(NODES["/paper/PMC12080488"]), rdflib.DCTERMS.title)


def test_turtle_is_made_to_be_read(client: httpx.Client) -> None:
    text = client.get("/gene/6774", headers={"Accept": "text/turtle"}).text
    assert "ncbigene:6774" in text
    assert "@prefix wd:" not in text


@pytest.mark.parametrize("path", NODES)
@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/html;q=0.9, text/turtle;q=0.8", None])
def test_people_get_the_page(client: httpx.Client, path: str, accept: str | None) -> None:
    request = client.build_request("GET", path)
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    response = client.send(request)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "accept" in response.headers["vary"].lower()


def test_what_cannot_be_given_is_refused(client: httpx.Client) -> None:
    response = client.get("/gene/6774", headers={"Accept": "image/png"})
    assert (response.status_code, response.headers["content-type"]) == (406, "text/plain; charset=utf-8")


@pytest.mark.parametrize("path", ["/gene/0", "/figure/none", "/paper/PMC0", "/chemical/D000000", "/organism/0"])
@pytest.mark.parametrize("accept", ["text/turtle", "text/html"])
def test_nodes_that_are_not_there_are_not_found(client: httpx.Client, path: str, accept: str) -> None:
    assert client.get(path, headers={"Accept": accept}).status_code == 404


# --- downloads ------------------------------------------------------------------------------------------------------


def test_the_graph_comes_as_it_is(client: httpx.Client, seed_graph: Path) -> None:
    response = client.get("/download/graph")
    assert response.content == seed_graph.read_bytes()
    assert response.headers["content-type"].startswith("text/turtle")
    assert response.headers["content-disposition"] == f'attachment; filename="{seed_graph.name}"'
    part = client.get("/download/graph", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, seed_graph.read_bytes()[:10])
    assert client.head("/download/graph").headers["content-length"] == str(seed_graph.stat().st_size)


def test_the_description_holds_all_of_the_graphs_own(client: httpx.Client, whole: rdflib.Graph) -> None:
    response = client.get("/download/void.ttl")
    assert 'filename="void.ttl"' in response.headers["content-disposition"]
    found = read(response)
    assert not set(found) - set(whole)
    dataset = next(whole.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset))
    described = {node for node in whole.subjects(unique=True) if str(node).startswith(str(dataset))}
    described |= set(whole.subjects(rdflib.RDF.type, rdflib.VOID.Dataset))
    assert len(described) > 100
    assert described <= set(found.subjects(unique=True))


def test_the_saved_queries_name_this_endpoint(client: httpx.Client, served: str) -> None:
    found = read(client.get("/download/queries.ttl"))
    target = rdflib.URIRef("http://schema.org/target")
    assert set(found.objects(None, target)) == {rdflib.URIRef(f"{served}/sparql")}
    queries = list(found.subjects(rdflib.RDF.type, rdflib.SH.SPARQLExecutable))
    assert len(queries) > 10


def test_the_shapes_are_all_there(client: httpx.Client) -> None:
    found = read(client.get("/download/shapes.ttl"))
    wanted = rdflib.Graph()
    files = list((Path(__file__).parents[2] / "shapes").glob("*.ttl"))
    assert len(files) > 10
    for file in files:
        wanted.parse(file, format="turtle")
    assert len(found) == len(wanted)


def test_the_well_known_address_leads_to_the_dataset(client: httpx.Client) -> None:
    response = client.get("/.well-known/void")
    assert (response.status_code, response.headers["location"]) == (303, "/dataset")


def test_a_store_has_no_file_to_download(seed_graph: Path, tmp_path: Path) -> None:
    import kg

    kg.load_graph(seed_graph, tmp_path / "seeds.store")
    with running(tmp_path / "seeds.store", "--workers", 1, cache=tmp_path / "cache") as server:
        assert isinstance(server, Server)
        answer = get(f"{server.url}/download/graph")
        assert (answer.status_code, "CONSTRUCT" in answer.text) == (404, True)
        assert get(f"{server.url}/sparql", params={"query": "ASK { ?s a pfo:Gene }"}).json()["boolean"] is True
