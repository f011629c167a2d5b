"""What the result is: VoID (counts, linksets), DCAT (files), PROV (source, run, tool), prefixes.

No node is blank: partitions and files get IRIs under the dataset's own, which carries the version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kg.output import Written
from kg.tally import TARGETS, Tally
from kg.vocab import (
    DCTERMS_LICENSE,
    DCTERMS_TITLE,
    FOAF_NAME,
    PREFIXES,
    RDF_TYPE,
    XSD_DATE,
    Names,
    Term,
    encode_local,
    integer,
    iri,
    literal,
)

__all__ = ["LICENSE", "SOURCE_IRI", "Description", "UsedLexicon", "describe"]

LICENSE: Final = iri("http://creativecommons.org/publicdomain/zero/1.0/")

SOURCE_IRI: Final = "https://github.com/wikipathways/pfocr-database"
"""The database that the records come from unless the user names another."""

_LAYER_TITLES: Final = {
    "core": "figures, papers, journals",
    "genes": "gene mentions and organism evidence",
    "chemicals": "chemical mentions",
    "diseases": "disease mentions",
    "links": "genes, chemicals, diseases, taxa and their other spellings",
    "meta": "description of the graph",
    "queries": "saved queries",
}
_DESCRIPTION: Final = (
    "Published pathway figures, the papers that they stand in, and the genes, chemicals and diseases read in them, "
    "with the evidence for each. Partitions and linksets count the data, the triples of the whole also this description"
)
_TITLE: Final = "Pathway Figure OCR (PFOCR) as a knowledge graph"

Block = tuple[Term, list[tuple[Term, Term]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedLexicon:
    """A lexicon that names were looked up in: its version, and titles, addresses and licences of what it is made of."""

    version: str
    titles: tuple[str, ...]
    homes: tuple[str, ...]
    licences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What there is to tell besides the counts.

    Args:
        version: of the release; part of the dataset's IRI.
        tool_version: of this package.
        source_iri: of the database; `commit` names its state where it is known.
        issued: date of issue, `YYYY-MM-DD`, empty where it is not known.
        options: the options that shape the result, as on the command line.
        uses: IRIs of further files that went in.
        lexicons: that keywords were looked up in.
        files: what was written, for the distributions; empty where the description stands inside.
        media_type: of the files.
    """

    version: str
    tool_version: str
    source_iri: str = SOURCE_IRI
    commit: str = ""
    issued: str = ""
    options: str = ""
    uses: tuple[str, ...] = ()
    lexicons: tuple[UsedLexicon, ...] = ()
    files: Sequence[Written] = ()
    media_type: str = ""
    layers: Mapping[str, int] = field(default_factory=dict)


def _t(prefix: str, local: str) -> Term:
    return Term(f"<{PREFIXES[prefix]}{local}>")


class _Builder:
    def __init__(self, names: Names, description: Description, tally: Tally) -> None:
        self.names, self.told, self.tally = names, description, tally
        self.dataset = names.own(f"dataset/{encode_local(description.version)}")

    def part(self, *names: str) -> Term:
        return Term(f"{self.dataset[:-1]}#{encode_local('-'.join(names))}>")

    def blocks(self, triples: int) -> Iterator[Block]:
        yield self.dataset_block(triples)
        yield from self._provenance()
        yield from self._lexicons()
        yield from self._layers()
        yield from self._class_partitions()
        yield from self._property_partitions(self.tally.properties(), "property")
        yield from self._linksets()
        yield from self._files()
        for prefix, namespace in self.names.prefixes.items():
            yield (
                self.part("prefix", prefix),
                [
                    (_t("sh", "prefix"), literal(prefix)),
                    (_t("sh", "namespace"), literal(namespace, _t("xsd", "anyURI"))),
                ],
            )

    def dataset_block(self, triples: int) -> Block:
        told, classes = self.told, self.tally.classes()
        facts = [
            (RDF_TYPE, _t("void", "Dataset")),
            (RDF_TYPE, _t("dcat", "Dataset")),
            (DCTERMS_TITLE, literal(_TITLE)),
            (_t("dcterms", "description"), literal(
                _DESCRIPTION
            )),
            (DCTERMS_LICENSE, LICENSE),
            (_t("pav", "version"), literal(told.version)),
            (_t("prov", "wasDerivedFrom"), self._source()),
            (_t("prov", "wasGeneratedBy"), self.part("run")),
            (_t("void", "triples"), integer(triples)),
            (_t("void", "entities"), integer(classes.get(self.names.pfo("PathwayFigure"), 0))),
            (_t("void", "uriSpace"), literal("https://pfocr.wikipathways.org/figures/")),
        ]  # fmt: skip
        if told.issued:
            facts.append((_t("dcterms", "issued"), literal(told.issued, XSD_DATE)))
        facts += ((_t("void", "vocabulary"), iri(self.names.prefixes[p])) for p in sorted(self._vocabularies()))
        facts += ((_t("void", "classPartition"), self._class_iri(name)) for name in classes)
        facts += ((_t("void", "propertyPartition"), self.part("property", *_short(p))) for p in self.tally.properties())
        facts += ((_t("void", "subset"), self.names.own(f"graph/{layer}")) for layer in told.layers)
        facts += ((_t("void", "subset"), self._linkset_iri(*key)) for key in self.tally.links())
        facts += ((_t("dcat", "distribution"), self.part("file", file.name)) for file in told.files)
        facts += ((_t("sh", "declare"), self.part("prefix", prefix)) for prefix in self.names.prefixes)
        return self.dataset, facts

    def _vocabularies(self) -> set[str]:
        used = {name[1:-1] for name in (*self.tally.properties(), *self.tally.classes())}
        return {p for p, namespace in self.names.prefixes.items() if any(name.startswith(namespace) for name in used)}

    def _source(self) -> Term:
        told = self.told
        return iri(f"{told.source_iri}/tree/{told.commit}" if told.commit else told.source_iri)

    def _provenance(self) -> Iterator[Block]:
        told = self.told
        source = [
            (RDF_TYPE, _t("prov", "Entity")),
            (DCTERMS_TITLE, literal("PFOCR records")),
            (DCTERMS_LICENSE, LICENSE),
        ]
        if told.commit:
            source.append((_t("pav", "version"), literal(told.commit)))
        yield self._source(), source
        run = [
            (RDF_TYPE, _t("prov", "Activity")),
            (_t("prov", "used"), self._source()),
            (_t("prov", "wasAssociatedWith"), self.part("tool")),
            *((_t("prov", "used"), iri(address)) for address in told.uses),
            *((_t("prov", "used"), self._lexicon_iri(lexicon)) for lexicon in told.lexicons),
            *([(self.names.pfo("options"), literal(told.options))] if told.options else []),
        ]
        yield self.part("run"), run
        yield (
            self.part("tool"),
            [
                (RDF_TYPE, _t("prov", "SoftwareAgent")),
                (FOAF_NAME, literal("pfocr-kg")),
                (_t("pav", "version"), literal(told.tool_version)),
            ],
        )

    def _lexicon_iri(self, lexicon: UsedLexicon) -> Term:
        return self.names.own(f"lexicon-file/{encode_local(lexicon.version)}")

    def _lexicons(self) -> Iterator[Block]:
        for lexicon in self.told.lexicons:
            yield (
                self._lexicon_iri(lexicon),
                [
                    (RDF_TYPE, _t("prov", "Entity")),
                    (DCTERMS_TITLE, literal(f"Lexicon made from {'; '.join(lexicon.titles)}")),
                    (_t("pav", "version"), literal(lexicon.version)),
                    *((DCTERMS_LICENSE, iri(licence)) for licence in lexicon.licences),
                    *((_t("prov", "wasDerivedFrom"), iri(home)) for home in lexicon.homes),
                ],
            )

    def _layers(self) -> Iterator[Block]:
        for layer, triples in self.told.layers.items():
            yield (
                self.names.own(f"graph/{layer}"),
                [
                    (RDF_TYPE, _t("void", "Dataset")),
                    (DCTERMS_TITLE, literal(f"{_TITLE}: {_LAYER_TITLES[layer]}")),
                    (DCTERMS_LICENSE, LICENSE),
                    (_t("void", "triples"), integer(triples)),
                ],
            )

    def _class_iri(self, name: Term) -> Term:
        return self.part("class", *_short(name))

    def _class_partitions(self) -> Iterator[Block]:
        for name, entities in self.tally.classes().items():
            properties = self.tally.properties(name)
            label = f"class-{'-'.join(_short(name))}-property"
            yield (
                self._class_iri(name),
                [
                    (_t("void", "class"), name),
                    (_t("void", "entities"), integer(entities)),
                    *((_t("void", "propertyPartition"), self.part(label, *_short(p))) for p in properties),
                ],
            )
            yield from self._property_partitions(properties, label)

    def _property_partitions(self, properties: Mapping[Term, Mapping[str, int]], label: str) -> Iterator[Block]:
        for predicate, datatypes in properties.items():
            node = self.part(label, *_short(predicate))
            facts = [(_t("void", "property"), predicate), (_t("void", "triples"), integer(sum(datatypes.values())))]
            typed = {Term(datatype): n for datatype, n in datatypes.items() if datatype}
            parts = {datatype: self.part(label, *_short(predicate), *_short(datatype)) for datatype in typed}
            facts += ((_t("voidext", "datatypePartition"), part) for part in parts.values())
            yield node, facts
            for datatype, number in typed.items():
                yield parts[datatype], [(_t("voidext", "datatype"), datatype), (_t("void", "triples"), integer(number))]

    def _linkset_iri(self, predicate: Term, key: str) -> Term:
        return self.part("links", key, *_short(predicate))

    def _linksets(self) -> Iterator[Block]:
        links = self.tally.links()
        for (predicate, key), number in links.items():
            yield (
                self._linkset_iri(predicate, key),
                [
                    (RDF_TYPE, _t("void", "Linkset")),
                    (_t("void", "linkPredicate"), predicate),
                    (_t("void", "subjectsTarget"), self.dataset),
                    (_t("void", "objectsTarget"), self.part("target", key)),
                    (_t("void", "triples"), integer(number)),
                ],
            )
        for target in TARGETS:
            if any(key == target.key for _, key in links):
                yield (
                    self.part("target", target.key),
                    [
                        (DCTERMS_TITLE, literal(target.title)),
                        (_t("foaf", "homepage"), iri(target.homepage)),
                        (_t("void", "uriSpace"), literal(target.start)),
                    ],
                )

    def _files(self) -> Iterator[Block]:
        for file in self.told.files:
            checksum = self.part("sha256", file.name)
            yield (
                self.part("file", file.name),
                [
                    (RDF_TYPE, _t("dcat", "Distribution")),
                    (DCTERMS_TITLE, literal(file.name)),
                    (_t("dcat", "byteSize"), integer(file.size)),
                    (
                        _t("dcat", "mediaType"),
                        iri(f"https://www.iana.org/assignments/media-types/{self.told.media_type}"),
                    ),
                    (_t("spdx", "checksum"), checksum),
                ],
            )
            yield (
                checksum,
                [
                    (RDF_TYPE, _t("spdx", "Checksum")),
                    (_t("spdx", "algorithm"), _t("spdx", "checksumAlgorithm_sha256")),
                    (_t("spdx", "checksumValue"), literal(file.sha256, _t("xsd", "hexBinary"))),
                ],
            )


def _short(term: Term) -> tuple[str, str]:
    """A readable part of a partition's IRI: the local name, and a few digits that keep two namespaces apart."""
    local = term[1:-1].replace("#", "/").rpartition("/")[2]
    return local, hashlib.sha256(term.encode()).hexdigest()[:6]


def describe(names: Names, description: Description, tally: Tally) -> list[Block]:
    """The description of an export as blocks of one subject each.

    `void:triples` counts the whole graph, the description included.
    """
    builder = _Builder(names, description, tally)
    _, *others = builder.blocks(0)
    dataset = builder.dataset_block(0)
    own = sum(len(facts) for _, facts in (dataset, *others))
    return [builder.dataset_block(tally.triples + own), *others]
