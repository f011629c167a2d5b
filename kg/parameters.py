"""Values of query parameters: from what a person types to RDF terms.

Every type takes an IRI or a CURIE; most also take the name that people use. Names are looked up in the graph that is
asked: first as they are written, then in any letter case, the preferred label before other names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kg.errors import QueryError
from kg.savedqueries import Parameter, SavedQuery
from kg.sparql import safe
from kg.vocab import BASE, FIGURE_BASE, XSD_INTEGER, Names, Term, is_iri, literal, plain

__all__ = ["KINDS", "Kind", "resolve_values"]

Ask = Callable[[str], Iterable[tuple[Term | None, ...]]]
"""Runs a SELECT query on the graph that is asked."""

_PFO: Final = f"{BASE}vocab#"
_PMC: Final = "https://identifiers.org/pmc/"
_CURIES: Final = Names().prefixes | {
    "pfocr": FIGURE_BASE,
    "pmc": _PMC,
    "ncbitaxon": "http://purl.obolibrary.org/obo/NCBITaxon_",
    "taxonomy": "http://purl.obolibrary.org/obo/NCBITaxon_",
    "chebi": "http://purl.obolibrary.org/obo/CHEBI_",
    "doid": "http://purl.obolibrary.org/obo/DOID_",
    "pubmed": "http://rdf.ncbi.nlm.nih.gov/pubmed/",
    "pmid": "http://rdf.ncbi.nlm.nih.gov/pubmed/",
}
_MOST_CANDIDATES: Final = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of parameter: what it takes, an example, and its own spellings (pattern, what goes before its group)."""

    wanted: str
    example: str
    spellings: tuple[tuple[str, str], ...] = ()
    named_class: str = ""
    """The class whose labels are looked up, in `pfo:`; none where names are not taken."""


_GENE: Final = "https://identifiers.org/ncbigene/"
_MESH: Final = "http://id.nlm.nih.gov/mesh/"
_OBO: Final = "http://purl.obolibrary.org/obo/"
_PUBMED: Final = "http://rdf.ncbi.nlm.nih.gov/pubmed/"
_HTTP: Final = r"https?://(?:www\.)?"
_MESH_SPELLINGS: Final = (
    (r"(?:mesh:)?([CD]\d{3,9})", _MESH),
    (rf"{_HTTP}(?:id\.nlm\.nih\.gov/mesh|identifiers\.org/mesh)[/:]([CD]\d+)", _MESH),
    (rf"{_HTTP}meshb\.nlm\.nih\.gov/record/ui\?ui=([CD]\d+)", _MESH),
)
_GENE_SITES: Final = r"(?:identifiers\.org/ncbigene|ncbi\.nlm\.nih\.gov/gene|purl\.uniprot\.org/geneid)"
_PMC_SITES: Final = r"(?:(?:pmc\.)?ncbi\.nlm\.nih\.gov/(?:pmc/)?articles|europepmc\.org/articles|identifiers\.org/pmc)"
_PUBMED_SITES: Final = r"(?:pubmed\.ncbi\.nlm\.nih\.gov|identifiers\.org/pubmed|purl\.uniprot\.org/pubmed)"
_PMID: Final = re.compile(rf"(?:(?:pmid|pubmed):\s*|{_HTTP}{_PUBMED_SITES}[/:])?(\d+)/?", re.IGNORECASE | re.ASCII)
_DOI: Final = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE | re.ASCII)
_WP_SITES: Final = r"(?:wikipathways\.org/(?:pathways|instance)|identifiers\.org/wikipathways)"

KINDS: Final[Mapping[str, Kind]] = {
    "gene": Kind(
        "a gene: its symbol, NCBI Gene id, CURIE or IRI",
        "STAT3, 6774, ncbigene:6774",
        (
            (r"(?:(?:ncbigene|geneid|entrez):)?(\d+)", _GENE),
            (rf"{_HTTP}{_GENE_SITES}[/:](\d+)/?", _GENE),
        ),
        "Gene",
    ),
    "chemical": Kind(
        "a chemical: its name, MeSH or ChEBI id, CURIE or IRI",
        "glucose, D005947, CHEBI:17234",
        (*_MESH_SPELLINGS, (r"(?:chebi:)?CHEBI[:_](\d+)", f"{_OBO}CHEBI_")),
        "Chemical",
    ),
    "disease": Kind(
        "a disease: its name, MeSH or DOID id, CURIE or IRI",
        "D000544, DOID:10652, 'Alzheimer's disease'",
        (*_MESH_SPELLINGS, (r"(?:doid:)?DOID[:_](\d+)", f"{_OBO}DOID_")),
        "Disease",
    ),
    "figure": Kind("a figure: its figure id or IRI", "PMC12080488__ITT-14-523-g0004", (), "PathwayFigure"),
    "paper": Kind(
        "a paper: its PMC id, DOI in any letter case, PMID, or IRI",
        "PMC12080488, 10.2147/ITT.S485670, pmid:40385120",
        ((rf"(?:pmc:|{_HTTP}{_PMC_SITES}[/:])?(PMC\d+)/?", _PMC),),
    ),
    "taxon": Kind(
        "an organism: its name, NCBI Taxonomy id, CURIE or IRI",
        "'Homo sapiens', 9606, NCBITaxon:9606",
        (
            (r"(?:(?:NCBITaxon|taxonomy|taxid)[:_])?(\d+)", f"{_OBO}NCBITaxon_"),
            (rf"{_HTTP}(?:purl\.uniprot\.org|identifiers\.org)/taxonomy[/:](\d+)", f"{_OBO}NCBITaxon_"),
        ),
        "Taxon",
    ),
    "lexicon": Kind("a lexicon: its name or IRI", "ncbigene_symbol", ((r"(?:lex:)?(\w+)", f"{BASE}lexicon/"),)),
    "doi": Kind("a DOI, bare or as URL, in any letter case", "10.2147/ITT.S485670"),
    "pubmed": Kind(
        "a PubMed id",
        "36993955",
        (
            (r"(?:(?:pmid|pubmed):\s*)?(\d+)", _PUBMED),
            (rf"{_HTTP}{_PUBMED_SITES}[/:](\d+)/?", _PUBMED),
        ),
    ),
    "wikipathway": Kind(
        "a WikiPathways id",
        "WP4313",
        ((rf"(?:wikipathways:|{_HTTP}{_WP_SITES}[/:])?(WP\d+)(?:_r\d+)?(?:\.html)?", ""),),
    ),
    "iri": Kind("an IRI or a CURIE with one of the known prefixes", "pfo:Gene"),
    "text": Kind("any text", "pyroptosis"),
    "integer": Kind("a whole number", "20"),
}


def resolve_values(query: SavedQuery, given: Mapping[str, Any], ask: Ask) -> dict[str, list[Term]]:
    """The terms for a query's parameters, defaults where nothing is given.

    Args:
        query: the query.
        given: parameter name to text, number, or for a list several of them (or one text with commas).
            An empty text leaves an optional parameter without value.
        ask: looks names up.

    Raises:
        QueryError: a parameter is missing, unknown, of the wrong form, or its name is unknown or ambiguous.
    """
    known = {parameter.name: parameter for parameter in query.parameters}
    strange = [name for name in given if name not in known]
    if strange:
        raise QueryError.of(
            "unknown-parameter",
            f"{query.name or 'the query'} has no parameter {strange[0]!r}",
            _usage(query),
            f"`kg queries show {query.name}` tells more" if query.name else "",
        )
    found = {name: _resolved(query, parameter, given.get(name), ask) for name, parameter in known.items()}
    return {name: terms for name, terms in found.items() if terms}


def _usage(query: SavedQuery) -> str:
    if not query.parameters:
        return "it takes none"
    return "it takes " + "; ".join(f"{p.name} ({KINDS[p.type].wanted})" for p in query.parameters)


def _resolved(query: SavedQuery, parameter: Parameter, given: Any, ask: Ask) -> list[Term]:
    values = _several(given) if parameter.many else [] if given is None else [str(given)]
    if given is None:
        values = list(parameter.default)
    elif parameter.optional and values == [""]:
        return []
    if not values or (parameter.type != "text" and not all(value.strip() for value in values)):
        if parameter.optional and not values:
            return []
        kind = KINDS[parameter.type]
        raise QueryError.of(
            "missing-parameter",
            f"{query.name or 'the query'} needs {parameter.name}",
            f"it takes {'one or more of: ' if parameter.many else ''}{kind.wanted}",
            f"write {parameter.name}={kind.example.split(', ')[0]}",
        )
    return list(dict.fromkeys(_one(parameter, value, ask) for value in values))


def _several(given: Any) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, (list, tuple, set, frozenset)):
        return [part.strip() for part in re.split(r"[,\n]", str(given)) if part.strip()]
    return [str(item) for item in given]


def _one(parameter: Parameter, value: str, ask: Ask) -> Term:
    """One value as one term."""
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise _wrong(parameter, value, "it holds half a character")
    if parameter.type == "text":
        return literal(value)
    value = value.strip()
    if parameter.type == "integer":
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            raise _wrong(parameter, value)
        return Term(f'"{int(value)}"^^{XSD_INTEGER}')
    if parameter.type == "doi":
        return literal(_doi(parameter, value))
    if parameter.type == "wikipathway":
        return literal(plain(_own_spelling(parameter, value) or _refuse(parameter, value)))
    if parameter.type == "paper":
        return _paper(parameter, value, ask) or _spelled(parameter, value) or _refuse(parameter, value)
    if parameter.type == "figure" and not (value.endswith(".html") or "#" in value):
        _spelled(parameter, value)  # what no IRI may hold is told first
        value = value.removeprefix("pfocr:").removeprefix(FIGURE_BASE)
    return _spelled(parameter, value) or (_figure if parameter.type == "figure" else _named)(parameter, value, ask)


def _bare(value: str) -> str:
    return value[1:-1] if value.startswith("<") and value.endswith(">") else value


def _own_spelling(parameter: Parameter, value: str) -> Term | None:
    """One of the type's own spellings, as the graph writes it."""
    for pattern, namespace in KINDS[parameter.type].spellings:
        match = re.fullmatch(pattern, _bare(value), re.IGNORECASE | re.ASCII)
        if match:
            local = match[1] if parameter.type == "lexicon" else match[1].upper()
            return Term(f"<{namespace}{local}>")
    return None


def _spelled(parameter: Parameter, value: str) -> Term | None:
    """One of the type's own spellings, an IRI, or a CURIE."""
    own = _own_spelling(parameter, value)
    if own is not None:
        return own
    bare = _bare(value)
    prefix, colon, local = bare.partition(":")
    namespace = next((iri for name, iri in _CURIES.items() if name.lower() == prefix.lower()), None)
    if colon and namespace and not local.startswith("//"):
        bare = f"{namespace}{local}"
    elif "://" not in bare and not bare.startswith("urn:"):
        return None
    if not is_iri(bare):
        raise _wrong(parameter, value, "it holds what no IRI may hold")
    return Term(f"<{bare}>")


def _doi(parameter: Parameter, value: str) -> str:
    match = _DOI.fullmatch(_bare(value))
    if match is None:
        raise _wrong(parameter, value)
    return match[1].upper()


def _paper(parameter: Parameter, value: str, ask: Ask) -> Term | None:
    """The paper with a DOI or a PMID; None where the value is neither."""
    pmid, doi = _PMID.fullmatch(_bare(value)), _DOI.fullmatch(_bare(value))
    if pmid is None and doi is None:
        return None
    predicate, text = ("P698", pmid[1]) if pmid else ("P356", _doi(parameter, value))
    found = list(ask(f"SELECT ?paper WHERE {{ ?paper <{_CURIES['wdt']}{predicate}> {_text(text)} }}"))
    if not found or found[0][0] is None:
        raise _wrong(parameter, value, "the graph has no such paper", code="unknown-value")
    return found[0][0]


def _figure(parameter: Parameter, value: str, ask: Ask) -> Term:
    figid = _text(value.removesuffix(".html").removesuffix(".md"))
    found = list(
        ask(
            "SELECT ?figure WHERE { { ?figure <http://purl.org/dc/terms/identifier> "
            f"{figid} }} UNION {{ ?figure <{_PFO}figureAlias> {figid} }} ?figure a <{_PFO}PathwayFigure> }}"
        )
    )
    if not found or found[0][0] is None:
        raise _wrong(parameter, value, "the graph has no such figure", code="unknown-value")
    if len({row[0] for row in found}) > 1:
        raise _ambiguous(parameter, value, [plain(row[0]) for row in found if row[0]])
    return found[0][0]


def _text(value: str) -> str:
    return safe(literal(value))


def _named(parameter: Parameter, value: str, ask: Ask) -> Term:
    """The one node of a class that has a name."""
    named_class = KINDS[parameter.type].named_class
    if not named_class:
        _refuse(parameter, value)
    for candidates in _candidates(named_class, value, ask):
        if len(candidates) == 1:
            return next(iter(candidates))
        if candidates:
            raise _ambiguous(parameter, value, [_shown(*item) for item in candidates.items()])
    near = _near(named_class, value, ask)
    raise _wrong(parameter, value, f"the graph has no {parameter.type} of that name{near}", code="unknown-value")


def _near(named_class: str, value: str, ask: Ask) -> str:
    """Names that hold the text, for a message."""
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    found = ask(
        f"SELECT DISTINCT ?name WHERE {{ ?node a <{_PFO}{named_class}> ; <{label}> ?name . "
        f"FILTER(CONTAINS(LCASE(STR(?name)), LCASE({_text(value)}))) }} ORDER BY STRLEN(STR(?name)) ?name LIMIT 5"
    )
    names = [plain(row[0]) for row in found if row[0] is not None]
    return f"; it has {', '.join(map(repr, names))}" if names else ""


def _candidates(named_class: str, value: str, ask: Ask) -> Iterable[dict[Term, Sequence[Term | None]]]:
    """Nodes by label, by other names, then both in any letter case."""
    label, other = "http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#altLabel"
    for folded in (False, True):
        for predicate in (label, other):
            match = (
                f"?node <{predicate}> ?name . FILTER(LCASE(STR(?name)) = LCASE({_text(value)}))"
                if folded
                else f"?node <{predicate}> {_text(value)} ."
            )
            found = ask(
                f"SELECT DISTINCT ?node ?label ?count ?organism WHERE {{ {match} ?node a <{_PFO}{named_class}> . "
                f"OPTIONAL {{ ?node <{label}> ?label }} OPTIONAL {{ ?node <{_PFO}figureCount> ?count }} "
                f"OPTIONAL {{ ?node <{_OBO}RO_0002162> ?taxon . ?taxon <{label}> ?organism }} }} "
                "ORDER BY DESC(?count) ?node"
            )
            yield {row[0]: row[1:] for row in found if row[0] is not None}


def _shown(node: Term, facts: Sequence[Term | None]) -> str:
    """A candidate for a message: IRI, label, organism, figures."""
    label, count, organism = (plain(fact) if fact else "" for fact in facts)
    told = ", ".join(part for part in (label, organism, f"{count} figures" if count else "") if part)
    return f"{plain(node)} ({told})" if told else plain(node)


def _ambiguous(parameter: Parameter, value: str, candidates: Sequence[str]) -> QueryError:
    more = len(candidates) - _MOST_CANDIDATES
    shown = "; ".join([*candidates[:_MOST_CANDIDATES], *([f"and {more} more"] if more > 0 else [])])
    return QueryError.of(
        "ambiguous-value",
        f"{parameter.name}={value!r} is the name of {len(candidates)}: {shown}",
        "a query asks about one",
        f"write {parameter.name}={candidates[0].split(' ')[0]}, or another of them",
    )


def _refuse(parameter: Parameter, value: str) -> Term:
    raise _wrong(parameter, value)


def _wrong(parameter: Parameter, value: str, why: str = "", *, code: str = "bad-value") -> QueryError:
    kind = KINDS[parameter.type]
    shown = value if len(value) <= 80 else f"{value[:77]}..."
    return QueryError.of(
        code, f"{parameter.name}={shown!r} is not {kind.wanted}" if not why else f"{parameter.name}={shown!r}: {why}",
        f"{parameter.name} takes {kind.wanted}", f"write for example {parameter.name}={kind.example.split(', ')[0]}",
    )  # fmt: skip
