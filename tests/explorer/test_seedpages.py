"""The pages over the seeds' graph, as they are served: what a biologist must find, and that no link leads nowhere."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter, deque
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.explorer.markup import Markup, faults, read
from tests.explorer.servers import NO_TLS, running

pytestmark = pytest.mark.loopback

SEED: Final = "/figure/PMC12080488__ITT-14-523-g0004"
HTML: Final = {"Accept": "text/html"}


def page(client: httpx.Client, path: str) -> Markup:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, path
    found = read(answer.text)
    assert faults(found) == []
    return found


def table(client: httpx.Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_every_link_of_every_page_leads_somewhere(client: httpx.Client) -> None:
    """All pages from home on; links that sort, page, filter or save are tried once for each kind of page."""
    seen, waiting, tried = {"/"}, deque(["/"]), set[tuple[str, str]]()
    kinds = Counter[str]()
    while waiting:
        path = waiting.popleft()
        answer = client.get(path, headers=HTML, follow_redirects=True)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        kind = path.split("/")[1]
        kinds[kind] += 1
        found = read(answer.text)
        assert faults(found) == [], path
        for link in found.links():
            target = urlsplit(urljoin(f"http://here{path}", link))
            if target.netloc != "here":
                continue
            shape = (kind, "&".join(sorted(target.query.split("&"))))
            if target.query and shape not in tried and kinds[kind] < 3:
                tried.add(shape)
                assert client.get(f"{target.path}?{target.query}", headers=HTML).status_code == 200, link
            if not target.query and target.path not in seen:
                seen.add(target.path)
                waiting.append(target.path)
    assert kinds["figure"] == 7
    assert kinds["paper"] == 6
    assert kinds["gene"] > 50
    assert kinds["chemical"] >= 2
    assert len(tried) > 40


def test_home_has_the_seeds_figure_and_a_gene_to_try(client: httpx.Client) -> None:
    links = page(client, "/").links()
    assert SEED in links
    assert any(link.startswith("/gene/") for link in links)


def test_the_gene_leads_to_its_figure(client: httpx.Client) -> None:
    gene = page(client, "/gene/6774")
    assert "STAT3" in gene.one("h1").text
    assert SEED in gene.links()
    hosts = {urlsplit(link).netloc for link in gene.links()}
    assert {"www.ncbi.nlm.nih.gov", "www.wikipathways.org", "www.uniprot.org"} <= hosts
    assert any("STAT" in row[0] for row in gene.within("words"))
    assert len(gene.within("genes")) == 20


def test_strict_takes_less_than_all(client: httpx.Client) -> None:
    everything = table(client, "/gene/6774?format=csv")
    strict = table(client, "/gene/6774?format=csv&strictness=strict")
    assert {row["figure"] for row in strict} <= {row["figure"] for row in everything}
    mmp = table(client, "/gene/4318?format=csv")  # MMP9, read as a member of the family only
    assert len(mmp) > len(table(client, "/gene/4318?format=csv&strictness=strict"))


def test_the_figure_has_67_genes_and_its_paper(client: httpx.Client) -> None:
    figure = page(client, SEED)
    assert len(page(client, f"{SEED}?kind=gene").within("table")) == 67
    rows = table(client, f"{SEED}?format=csv")
    assert Counter(row["kind"] for row in rows)["gene"] == 67
    assert len(figure.within("table")) == len(rows)
    assert "https://doi.org/10.2147/ITT.S485670" in figure.links()
    assert "/paper/PMC12080488" in figure.links()
    assert "JAK-STAT Signaling in Autoimmunity and Cancer" in figure.one("main").text


def test_look_alikes_and_families_are_marked(client: httpx.Client) -> None:
    """The seed's `Cl` was matched to C1, and so to five genes of complement."""
    doubtful = {row["entity"]: row["doubts"] for row in table(client, f"{SEED}?format=csv&doubts=only")}
    assert {"C1QA", "C1QB", "C1QC", "C1R", "C1S"} <= set(doubtful)


def test_doi_pmc_id_word_and_title_are_found(client: httpx.Client) -> None:
    for asked, path in (
        ("STAT3", "/gene/6774"),
        ("10.2147/itt.s485670", "/paper/PMC12080488"),
        ("PMC12080488", "/paper/PMC12080488"),
        ("PMC12080488__ITT-14-523-g0004", SEED),
        ("JAK-STAT Signaling in Autoimmunity", "/paper/PMC12080488"),
        ("methyl phosphate", "/chemical/CHEBI_59761"),
    ):
        hits = client.get("/suggest", params={"q": asked}).json()
        assert path in [hit["path"] for hit in hits], asked
        assert path in page(client, str(httpx.URL("/search", params={"q": asked}))).links(), asked


def test_the_gene_list_ranks_the_seeds_figure_first(client: httpx.Client) -> None:
    found = page(client, "/gene-list?genes=STAT3+JAK1+JAK2+TYK2+NOSUCHGENE&organism=9606&strictness=all")
    assert "Not found: NOSUCHGENE" in found.one("main").text
    (first, *_) = table(client, "/gene-list?genes=STAT3+JAK1+JAK2+TYK2&organism=9606&format=csv&table=result")
    assert first["figure"] == SEED.removeprefix("/figure/")
    assert first["overlap"] == "4"
    assert 0 < float(first["p"]) <= float(first["q"]) <= 1


def test_the_dataset_tells_licence_version_and_source(client: httpx.Client) -> None:
    found = page(client, "/dataset")
    assert "http://creativecommons.org/publicdomain/zero/1.0/" in found.links()
    assert {"/download/graph", "/download/void.ttl", "/download/queries.ttl", "/download/shapes.ttl"} <= set(
        found.links()
    )
    assert "https://github.com/wikipathways/pfocr-database" in found.links()
    assert found.within("classes")
    assert found.within("properties")


@pytest.mark.parametrize("format_", ["ttl", "jsonld", "nt"])
def test_pages_lead_to_their_triples(client: httpx.Client, format_: str) -> None:
    for path in (SEED, "/gene/6774", "/paper/PMC12080488", "/organism/9606"):
        assert f"{path}?format={format_}" in page(client, path).links()
        answer = client.get(f"{path}?format={format_}")
        assert answer.status_code == 200
        assert not answer.headers["content-type"].startswith("text/html")


def test_a_list_that_is_far_too_long_is_told_so_in_the_page(client: httpx.Client) -> None:
    answer = client.post("/gene-list", data={"genes": " ".join(f"GENE{n}" for n in range(10_000))}, headers=HTML)
    assert answer.status_code == 400
    assert "The list holds 10,000 symbols" in read(answer.text).one("main").text


def test_csv_without_the_name_of_a_table_is_the_first(client: httpx.Client) -> None:
    assert table(client, "/gene-list?genes=JAK1+JAK2+STAT3&format=csv")[0]["overlap"] == "3"
    assert client.get("/gene/6774?format=csv&table=nonsense").status_code == 404


def test_words_that_were_linked_to_nothing_are_shown(client: httpx.Client) -> None:
    found = page(client, "/figure/PMC99000002__made-f2")
    assert "PIP3 (chemical)" in found.one("main").text


def test_the_dataset_of_a_file_that_is_gone(seed_graph: Path, tmp_path: Path) -> None:
    graph = tmp_path / "gone.ttl"
    shutil.copyfile(seed_graph, graph)
    with (
        running(graph, "--workers", 1, cache=tmp_path / "cache") as server,
        httpx.Client(base_url=server.url, timeout=30, verify=NO_TLS) as client,
    ):
        assert client.get("/download/graph").text == seed_graph.read_text("utf-8")
        graph.write_text("# another\n", "utf-8")
        assert client.get("/download/graph").status_code == 404
        graph.unlink()
        assert client.get("/dataset", headers=HTML).status_code == 200
        assert client.get("/gene/6774", headers=HTML).status_code == 200
