"""What is checked only when first met is checked as well as in whole graphs: any records, in any order and batches.

The short cuts of `kg.recordcheck` rest on what linking promises, and on what the shipped shapes look at; both are
held to it here. Everything random comes from seeded generators.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

import kg
from kg.check import Result
from kg.link import Linker
from kg.node import Form, Linked, MentionForm, Node
from kg.process import Processor
from kg.read import RawRecord
from kg.recordcheck import RecordChecker
from kg.shapes import ShapesGraph
from kg.source import open_sources
from kg.vocab import (
    IN_TAXON,
    OA_BODY,
    OA_TARGET,
    PREFIXES,
    RDF_TYPE,
    SCHEMA_KEYWORDS,
    SCHEMA_MENTIONS,
    SKOS_IN_SCHEME,
    Names,
    Term,
)
from tests.conftest import SEEDS
from tests.property.hostile_records import VALUES
from tests.small import CHEMICAL_COLUMNS, chemicals, genes, record

NAMES: Final = Names()
SHAPES: Final = kg.load_shapes()
_SH: Final = PREFIXES["sh"]
_SUBCLASS: Final = Term(f"<{PREFIXES['rdfs']}subClassOf>")
_ODD_VALUES: Final = tuple(
    map(
        Term,
        (
            '""', '"NA"', '".na.character"', '"text"', '"text"@en', f'"7"^^<{PREFIXES["xsd"]}integer>',
            f'"-0.5"^^<{PREFIXES["xsd"]}decimal>', "<https://example.net/thing>", "<https://example.net/a.html#g-12>",
            "<https://identifiers.org/ncbigene/0>", "<https://identifiers.org/ncbigene/3717>",
            "<http://id.nlm.nih.gov/mesh/D009369>", "<http://purl.obolibrary.org/obo/NCBITaxon_9606>",
        ),
    )
)  # fmt: skip
_NOWHERE: Final = _ODD_VALUES[:-3]
"""Those that name nothing that a record describes."""


@dataclass
class Both:
    """The short cut and the whole graph every time, over one stream of records."""

    shapes: ShapesGraph = SHAPES
    records: int = 0
    loud: int = 0
    unseen: int = 0
    wrong: list[tuple[int, Counter[Result], Counter[Result]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.short = RecordChecker(self.shapes, "shacl", NAMES, whole=False)
        self.whole = RecordChecker(self.shapes, "shacl", NAMES, whole=True)

    def batch(self, records: Sequence[Linked]) -> list[set[str]]:
        """Check some records in one batch; gives the names of the shapes that each breaks, by its whole graph."""
        suspects = self.short.suspects(records)
        assert suspects == sorted(set(suspects))
        told = []
        for place, linked in enumerate(records):
            expected = Counter(self.whole.check(linked.nodes))
            said = Counter(self.short.check(linked.nodes) if place in suspects else [])
            if said != expected:
                self.wrong.append((self.records, expected - said, said - expected))
            self.records += 1
            self.loud += bool(expected)
            self.unseen += place not in suspects
            told.append({result.shape.rpartition("#")[2].rstrip(">") for result in expected})
        return told

    def stream(self, records: Iterable[Linked], dice: random.Random, largest: int = 40) -> None:
        """Check records in batches of random sizes."""
        waiting: list[Linked] = []
        size = 1
        for linked in records:
            waiting.append(linked)
            if len(waiting) >= size:
                self.batch(waiting)
                waiting, size = [], dice.randint(1, largest)
        self.batch(waiting)


def linked(text: str, tables: dict[str, str] | None = None, *, linker: Linker, repair: bool = True) -> Linked | None:
    """What becomes of a record before the shapes see it; None where reading refuses it."""
    held = {kind: (f"{kind}.tsv", table.encode()) for kind, table in (tables or {}).items()}
    raw = RawRecord("x.md", text.encode(), held, "")
    return Processor(linker, repair=repair).prepare(raw).linked


def small(figid: str, jsonld: str = "", linker: Linker | None = None, **tables: str) -> Linked:
    """A good record with these lines in its JSON-LD besides."""
    text = record(figid).replace("  keywords:\n", f"{jsonld}  keywords:\n", 1)
    found = linked(text, tables, linker=linker or Linker())
    assert found is not None
    return found


def of_seeds(linker: Linker) -> list[Linked]:
    processor = Processor(linker)
    with open_sources([SEEDS], ()) as source:
        outcomes = [processor.prepare(source.raw(entry)) for entry in source.entries]
    return [outcome.linked for outcome in outcomes if outcome.linked is not None]


# --- what the short cuts rest on ------------------------------------------------------------------------


def asked_classes(shapes: ShapesGraph, target: Term) -> set[Term]:
    """The classes that shapes of a target class ask for, of what its nodes point to."""
    name = ox.NamedNode(target[1:-1])
    found: set[Term] = set()
    for of_target in shapes.store.quads_for_pattern(None, ox.NamedNode(_SH + "targetClass"), name):
        for prop in shapes.store.quads_for_pattern(of_target.subject, ox.NamedNode(_SH + "property"), None):
            assert isinstance(prop.object, ox.NamedNode)
            quads = shapes.store.quads_for_pattern(prop.object, ox.NamedNode(_SH + "class"), None)
            found.update(Term(str(quad.object)) for quad in quads)
    return found


def test_what_is_shared_points_to_taxa_and_the_scheme_alone() -> None:
    """A form that passed once needs no second look only if nothing else of its record mattered."""
    short = RecordChecker(SHAPES, "shacl", NAMES, whole=False)
    asked = set().union(*(asked_classes(SHAPES, name) for name in short._classes))
    assert asked == {NAMES.pfo("Taxon"), Term(f"<{PREFIXES['skos']}ConceptScheme>")}


def test_what_a_shape_says_is_what_is_known_to_look_at_one_node() -> None:
    """Anything else (paths backwards, SPARQL, counts over classes) could look at nodes of other records."""
    terms = {quad.predicate.value.removeprefix(_SH) for quad in SHAPES.store if quad.predicate.value.startswith(_SH)}
    assert terms <= {
        "class", "datatype", "hasValue", "in", "maxCount", "maxInclusive", "message", "minCount", "minInclusive",
        "minLength", "nodeKind", "not", "path", "pattern", "property", "severity", "targetClass",
    }  # fmt: skip
    paths = [quad.object for quad in SHAPES.store.quads_for_pattern(None, ox.NamedNode(_SH + "path"), None)]
    assert all(isinstance(path, ox.NamedNode) for path in paths)


def test_only_the_figures_shape_looks_at_keywords_and_mentions() -> None:
    """They are remembered whatever else their figure is called."""
    short = RecordChecker(SHAPES, "shacl", NAMES, whole=False)
    assert set(short._seen) == {SCHEMA_KEYWORDS, SCHEMA_MENTIONS}
    shapes = [shape for shape in SHAPES.properties.values() if shape.path in short._seen]
    assert {shape.node_shape for shape in shapes} == {"FigureShape"}


def hostile_record(dice: random.Random, number: int, linker: Linker) -> Linked | None:
    """A record of odd values, with tables of odd cells, through reading and linking."""
    figid = f"PMC{dice.randint(1, 30)}__f{number}"
    fields = {
        key: dice.choice(VALUES)
        for key in ("figtitle", "number", "caption", "papertitle", "year", "doi", "keywords", "journal_title", "ndex")
        if dice.random() < 0.1
    }
    fields["papertitle"] = fields.get("papertitle", f"Paper {dice.randint(1, 3)}")
    text = record(figid, fields).replace("  - JAK2\n", "".join(f"  - {w}\n" for w in words(dice)), 1)
    if dice.random() < 0.2:
        text = text.replace("  license: CC0\n", dice.choice(_STATED), 1)
    tables = {}
    if dice.random() < 0.7:
        tables["genes"] = genes(*(gene_row(dice) for _ in range(dice.randint(1, 6))))
    for kind in ("chemicals", "diseases"):
        if dice.random() < 0.5:
            table = chemicals(*(term_row(dice) for _ in range(dice.randint(1, 4))))
            head = "\t".join(CHEMICAL_COLUMNS)
            tables[kind] = table if kind == "chemicals" else table.replace(head, head.replace("chebi", "doid"), 1)
    return linked(text, tables, linker=linker, repair=dice.random() < 0.5)


def sound_record(dice: random.Random, number: int, linker: Linker) -> Linked:
    """A record that nothing is wrong with, of a paper that others have too; genes and words stand in many of them."""
    rows = [
        {"ncbigene_id": ident, "ncbigene_symbol": f"S{ident}", "word": f"W{dice.randint(1, 3)}"}
        for ident in dice.sample(("3717", "7157", "6774", "16452", "5"), dice.randint(1, 4))
    ]
    one = small(
        f"PMC{dice.randint(1, 8)}__f{number}", f"  about: Word {dice.randint(1, 9)}\n", linker,
        genes=genes(*rows), chemicals=chemicals({"word": f"C{dice.randint(1, 3)}"}),
    )  # fmt: skip
    one.facts[SCHEMA_KEYWORDS] = [Term(f'"K{n}"') for n in dice.sample(range(30), 5)]
    return one


def words(dice: random.Random) -> list[str]:
    some = ("JAK2", "STAT3", "''", "NA", ".na.character", "TP53", "'.na'", "α", "1", "'a b'", "IL6", "tp53", "ERK")
    return [dice.choice(some) for _ in range(dice.randint(1, 5))]


def gene_row(dice: random.Random) -> dict[str, str]:
    ident = dice.choice(("3717", "7157", "6774", "0", "NA", "x", "16452"))
    organism = dice.choice((("9606", "Homo sapiens"), ("10090", "Mus musculus"), ("NA", "NA"), ("9606", "")))
    return {
        "ncbigene_id": ident,
        "ncbigene_symbol": dice.choice((f"S{ident}", "NA", "", "TP53")),
        "organism_id": organism[0],
        "organism_name": organism[1],
        "word": dice.choice(("JAK2", "p53", "NA", "a b", "", "x'\"")),
        "source": dice.choice(("ncbigene_symbol", "ncbigene_synonym", "NA", "odd source", "")),
        "count_direct": dice.choice(("1", "0", "NA", "-1")),
    }


def term_row(dice: random.Random) -> dict[str, str]:
    return {
        "word": dice.choice(("ATP", "cancer", "NA")),
        "mesh": dice.choice(("mesh:D000255", "mesh:D009369", "NA", "", "odd")),
        "chebi": dice.choice(("chebi:15422", "NA", "", "doid:162", "odd")),
        "name": dice.choice(("ATP", "NA", "", "Cancer")),
    }


_STATED: Final = (
    "  about:\n    '@id': https://example.net/gene\n    '@type': https://w3id.org/pfocr-kg/vocab#Gene\n",
    "  license: text\n",
    "  license: CC0\n  creator: {}\n",
    "  license: CC0\n  mentions:\n    '@id': https://example.net/thing\n",
    "  license: CC0\n  mentions:\n    '@id': https://identifiers.org/ncbigene/3717\n    name: JAK2\n",
    "  license: CC0\n  about:\n    '@id': http://purl.obolibrary.org/obo/NCBITaxon_9606\n    name: man\n",
)


def hostile_records(seed: int, number: int, linker: Linker) -> Iterator[Linked]:
    dice = random.Random(seed)  # noqa: S311 (no secret)
    for place in range(number):
        found = hostile_record(dice, place, linker)
        if found is not None:
            yield found


def pointers(linked: Linked) -> Iterator[tuple[Term, Term]]:
    """What linking itself points to and shapes ask the class of, with that class."""
    pfo = NAMES.pfo
    concept, scheme = Term(f"<{PREFIXES['skos']}Concept>"), Term(f"<{PREFIXES['skos']}ConceptScheme>")
    classes = {"gene-mention": "Gene", "chemical-mention": "Chemical", "disease-mention": "Disease"}
    for node in (linked.paper, *linked.own, *linked.shared, *(n for m in linked.mentions for n in m.nodes())):
        for predicate, value in node.facts if node.kind != "part" else ():
            if predicate == OA_BODY:
                yield value, pfo(classes[node.kind])
            elif predicate == pfo("lexicon"):
                yield value, concept
            elif predicate in {IN_TAXON, pfo("organism")}:
                yield value, pfo("Taxon")
            elif predicate == SKOS_IN_SCHEME:
                yield value, scheme
            elif predicate == OA_TARGET:
                yield value, pfo("PathwayFigure")


def test_linking_leaves_nothing_out_that_it_points_to() -> None:
    """A form that passed in one record finds in every other record what made it pass."""
    linker = Linker()
    seen = 0
    for one in (*of_seeds(linker), *hostile_records(1, 400, linker)):
        typed = {(node.subject, o) for node in one.nodes for p, o in node.facts if p == RDF_TYPE}
        missing = set(pointers(one)) - typed
        assert missing == set()
        seen += len(set(pointers(one)))
        subjects = [node.subject for mentions in one.mentions for node in mentions.nodes()]
        assert len(subjects) == len(set(subjects)), "a mention stands once"
    assert seen > 2000


# --- records as they come --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_odd_records_are_checked_as_whole_graphs(seed: int) -> None:
    both = Both()
    dice = random.Random(seed)  # noqa: S311 (no secret)
    linker = Linker()
    some = [*hostile_records(seed, 300, linker), *of_seeds(linker)]
    dice.shuffle(some)
    both.stream([*some, *reversed(some)], dice)
    assert both.wrong == []
    assert both.records > 400
    assert both.loud > both.records // 20
    assert both.unseen > both.records // 20


def test_the_corpus_is_checked_as_whole_graphs(corpus: Path) -> None:
    both = Both()
    processor = Processor(Linker(), repair=False)
    with open_sources([corpus, *sorted((corpus / "history").iterdir())], ()) as source:
        outcomes = [processor.prepare(source.raw(entry)) for entry in source.entries]
    records = [outcome.linked for outcome in outcomes if outcome.linked is not None]
    assert len(records) > 100
    both.stream(records * 2, random.Random(5))  # noqa: S311 (no secret)
    assert both.wrong == []


# --- damaged records -------------------------------------------------------------------------------------

Change = Callable[[Linked, random.Random], Linked]


class Damage:
    """Damages linked records. Damaged forms are kept and stand in many records, as sound ones do.

    Classes of what is pointed to stay: linking never leaves them out (see above).
    """

    def __init__(self, records: Sequence[Linked]) -> None:
        self.papers = [
            (one.paper, [node for node in one.shared if node.kind in ("journal", "publisher")]) for one in records
        ]
        self.values = sorted({value for one in records for values in one.facts.values() for value in values})
        self.forms: list[Node] = []
        self.mentions: dict[str, list[MentionForm]] = {}
        self.changes: tuple[Change, ...] = (
            self.figure, self.paper, self.own, self.less_own, self.shared, self.mention, self.twice, self.other_paper,
            self.keyword, self.entity, self.type,
        )  # fmt: skip

    def changed(self, one: Linked, dice: random.Random) -> Linked:
        copy = one._replace(
            facts={p: list(v) for p, v in one.facts.items()},
            own=list(one.own),
            mentions=list(one.mentions),
            shared=list(one.shared),
        )
        for _ in range(dice.choice((0, 0, 0, 0, 1, 1, 1, 2, 3))):
            copy = dice.choice(self.changes)(copy, dice)
        return copy

    def figure(self, one: Linked, dice: random.Random) -> Linked:
        predicate = dice.choice([p for p in one.facts if p != RDF_TYPE])
        what = dice.randrange(3)
        if what == 0:
            del one.facts[predicate]
        elif what == 1:
            one.facts[predicate] = [dice.choice((*_ODD_VALUES, *self.values))]
        else:
            one.facts[predicate] = list(dict.fromkeys((*one.facts[predicate], dice.choice(_ODD_VALUES))))
        return one

    def _facts(self, node: Node, dice: random.Random, *, types: bool = True) -> Node:
        """The node with a fact less, another, or more. Only figures come to point to what other records describe."""
        facts = list(node.facts)
        places = [place for place, (p, _) in enumerate(facts) if types or p != RDF_TYPE]
        place = dice.choice(places)
        what = dice.randrange(3)
        if what == 0:
            facts.pop(place)
        elif what == 1:
            facts[place] = (facts[place][0], dice.choice(_NOWHERE))
        else:
            facts.append((facts[place][0], dice.choice(_NOWHERE)))
        return node._replace(facts=list(dict.fromkeys(facts)))

    def paper(self, one: Linked, dice: random.Random) -> Linked:
        return one._replace(paper=self._facts(one.paper, dice))

    def other_paper(self, one: Linked, dice: random.Random) -> Linked:
        """Another record's paper, as if both were of one: each could lack what the other has."""
        paper, named = dice.choice(self.papers)
        one.facts[Term(f"<{PREFIXES['dcterms']}isPartOf>")] = [paper.subject]
        one.shared[:] = [*(node for node in one.shared if node.kind not in ("journal", "publisher")), *named]
        return one._replace(paper=self._facts(paper, dice) if dice.random() < 0.5 else paper)

    def own(self, one: Linked, dice: random.Random) -> Linked:
        if one.own:
            place = dice.randrange(len(one.own))
            one.own[place] = self._facts(one.own[place], dice)
        return one

    def less_own(self, one: Linked, dice: random.Random) -> Linked:
        if one.own:
            one.own.pop(dice.randrange(len(one.own)))
        return one

    def shared(self, one: Linked, dice: random.Random) -> Linked:
        if not one.shared:
            return one
        place = dice.randrange(len(one.shared))
        node = one.shared[place]
        known = [other for other in self.forms if other.subject == node.subject and other.kind == node.kind]
        if known and dice.random() < 0.7:
            one.shared[place] = dice.choice(known)
        elif len(node.facts) > 1:
            changed = self._facts(node, dice, types=False)
            form = Form(tuple(changed.facts)) if dice.random() < 0.7 else None
            one.shared[place] = changed._replace(facts=tuple(changed.facts), form=form)
            self.forms.append(one.shared[place])
        return one

    def mention(self, one: Linked, dice: random.Random) -> Linked:
        if not one.mentions:
            return one
        number = dice.randrange(len(one.mentions))
        mentions = one.mentions[number]
        place = dice.randrange(len(mentions.forms))
        old = mentions.forms[place]
        known = self.mentions.get(old.local, ())
        if known and dice.random() < 0.6:
            new = dice.choice(known)
        else:
            node = self._facts(Node(Term(""), old.kind, old.facts), dice)
            new = MentionForm(old.kind, old.local, tuple(node.facts), old.pattern)
            self.mentions.setdefault(old.local, []).append(new)
        forms = [*mentions.forms[:place], new, *mentions.forms[place + 1 :]]
        one.mentions[number] = mentions._replace(forms=forms)
        return one

    def twice(self, one: Linked, dice: random.Random) -> Linked:
        """An id of one kind as another too, and a second node of one subject."""
        nodes = [node for node in one.shared if node.kind in ("gene", "chemical", "disease", "mapping")]
        if nodes:
            node = dice.choice(nodes)
            kind = dice.choice(("Chemical", "Disease", "Gene"))
            facts = ((RDF_TYPE, NAMES.pfo(kind)), *node.facts[1:], (Term(f"<{PREFIXES['rdfs']}label>"), Term('"b"')))
            one.shared.append(Node(node.subject, kind.lower(), facts, form=Form(facts)))  # type: ignore[arg-type]
        return one

    def keyword(self, one: Linked, dice: random.Random) -> Linked:
        return self._value(one, SCHEMA_KEYWORDS, dice.choice((Term('"fine"'), *_ODD_VALUES)))

    def entity(self, one: Linked, dice: random.Random) -> Linked:
        good = (Term(f"<https://identifiers.org/ncbigene/{dice.randint(1, 9)}>"),)
        return self._value(one, SCHEMA_MENTIONS, dice.choice((*good * 5, *_ODD_VALUES)))

    def _value(self, one: Linked, predicate: Term, value: Term) -> Linked:
        one.facts[predicate] = list(dict.fromkeys((*one.facts.get(predicate, ()), value)))
        return one

    def type(self, one: Linked, dice: random.Random) -> Linked:
        """A figure that its JSON-LD calls something else besides."""
        names = ("Gene", "GeneMention", "Taxon", "OrganismEvidence", "KeywordMention", "Thing")
        if dice.random() < 0.3:
            one.facts[RDF_TYPE].append(NAMES.pfo(dice.choice(names)))
        return one


@pytest.mark.parametrize("seed", range(5))
def test_damaged_records_are_checked_as_whole_graphs(seed: int) -> None:
    linker = Linker()
    dice = random.Random(seed)  # noqa: S311 (no secret)
    plain = [sound_record(dice, number, linker) for number in range(60)]
    sound = [*plain, *hostile_records(100 + seed, 20, linker), *of_seeds(linker)[-4:]]
    damage = Damage(sound)
    both = Both()
    both.stream((damage.changed(dice.choice(sound), dice) for _ in range(600)), dice)
    assert both.wrong == []
    assert both.records == 600
    assert both.loud > 200
    assert both.unseen > 200


# --- one by one ------------------------------------------------------------------------------------------

_MOUSE: Final = {"organism_id": "10090", "organism_name": "Mus musculus", "ncbigene_id": "16452"}


def names(*batches: Sequence[Linked]) -> list[list[set[str]]]:
    """The shapes that each record of some batches breaks, on which both checkers must agree."""
    both = Both()
    told = [both.batch(batch) for batch in batches]
    assert both.wrong == []
    return told


def test_sound_records_are_no_suspects() -> None:
    linker = Linker()
    both = Both()
    records = [small(f"PMC{n}__f", "", linker, genes=genes()) for n in range(1, 9)]
    assert both.batch(records) == [set()] * 8
    assert both.unseen == 8


@pytest.mark.parametrize("first", [True, False], ids=["bad first", "bad later"])
def test_a_keyword_that_says_nothing_is_found_in_every_record(first: bool) -> None:
    linker = Linker()
    good, bad, again = (small(f"PMC{n}__f", "", linker) for n in (1, 2, 3))
    for one in (bad, again):
        one.facts[SCHEMA_KEYWORDS].append(Term('"NA"'))
    batches = [[bad], [good, again], [bad]] if first else [[good], [bad, again], [again, good]]
    told = names(*batches)
    assert [["figure-keyword" in found for found in batch] for batch in told] == (
        [[True], [False, True], [True]] if first else [[False], [True, True], [True, False]]
    )


def test_a_value_that_stood_beside_a_bad_one_is_no_better_for_it() -> None:
    one, other = small("PMC1__f"), small("PMC2__f")
    one.facts[SCHEMA_KEYWORDS] = [Term('"fine"'), Term('""')]
    other.facts[SCHEMA_KEYWORDS] = [Term('""'), Term('"fine"')]
    assert names([one, other], [other], [one]) == [[{"figure-keyword"}] * 2, [{"figure-keyword"}], [{"figure-keyword"}]]


@pytest.mark.parametrize("value", ["<https://identifiers.org/ncbigene/0>", "<https://example.net/x>", '"3717"'])
def test_a_mention_of_nothing_known_is_found_in_every_record(value: str) -> None:
    linker = Linker()
    good, bad = small("PMC1__f", "", linker, genes=genes()), small("PMC2__f", "", linker, genes=genes())
    bad.facts[SCHEMA_MENTIONS].append(Term(value))
    told = names([good, bad], [bad], [bad, good])
    assert [["figure-mentions" in found for found in batch] for batch in told] == [[False, True], [True], [True, False]]


def test_a_keyword_with_a_language_differs_from_one_without() -> None:
    plain, tagged = small("PMC1__f"), small("PMC2__f")
    plain.facts[SCHEMA_KEYWORDS], tagged.facts[SCHEMA_KEYWORDS] = [Term('"a"')], [Term('"a"@en')]
    assert names([plain], [tagged], [tagged, plain]) == [[set()], [{"figure-keyword"}], [{"figure-keyword"}, set()]]


def test_two_figures_of_a_paper_do_not_lend_each_other_what_they_lack() -> None:
    linker = Linker()
    whole, bare = small("PMC1__f1", "", linker), small("PMC1__f2", "", linker)
    kept = [(p, o) for p, o in bare.paper.facts if not p.endswith(("/P932>", "/title>"))]
    bare = bare._replace(paper=bare.paper._replace(facts=kept))
    told = names([whole, bare], [bare, whole], [bare, bare])
    wanted = {"paper-pmcid-digits", "paper-title-missing"}
    assert told == [[set(), wanted], [wanted, set()], [wanted, wanted]]


def test_records_of_one_figure_do_not_lend_each_other_what_they_lack() -> None:
    linker = Linker()
    whole, bare = small("PMC1__f1", "", linker), small("PMC1__f1", "", linker)
    del bare.facts[Term(f"<{PREFIXES['dcterms']}title>")]
    assert names([whole, bare, whole]) == [[set(), {"figure-title"}, set()]]


def test_one_id_as_chemical_and_disease_is_looked_at_as_one_node_each_time() -> None:
    linker = Linker()
    table = chemicals({"mesh": "mesh:D000255", "name": "ATP"})
    as_disease = (
        chemicals({"mesh": "mesh:D000255", "name": "Other"}).replace("chebi\n", "doid\n").replace("chebi:15422", "")
    )
    chemical = small("PMC1__f", "", linker, chemicals=table)
    disease = small("PMC2__f", "", linker, diseases=as_disease)
    both = small("PMC3__f", "", linker, chemicals=table, diseases=as_disease)
    # Linking leaves out the second label; here it stands, so that only both together are wrong.
    labelled = both._replace(shared=[*[n for n in both.shared if n.kind != "disease"], *disease.shared])
    told = names([chemical, disease], [labelled, both], [labelled], [chemical, labelled, disease])
    wanted = {"chemical-label", "disease-label"}
    assert [[wanted <= found for found in batch] for batch in told] == [
        [False, False], [True, False], [True], [False, True, False]
    ]  # fmt: skip


def test_a_form_that_is_bad_in_every_record_is_found_in_every_record() -> None:
    linker = Linker()
    nameless = [small(f"PMC{n}__f", "", linker, genes=genes({"ncbigene_symbol": "NA"})) for n in range(1, 5)]
    assert len({id(node.form) for one in nameless for node in one.shared if node.kind == "gene"}) == 1
    assert names(nameless[:2], nameless[2:]) == [[{"gene-symbol-missing"}] * 2] * 2


def test_a_form_first_met_in_a_bad_record_is_still_looked_at() -> None:
    linker = Linker()
    bad = small("PMC1__f", "", linker, genes=genes({"ncbigene_symbol": "NA"}, {"ncbigene_id": "7157"}))
    del bad.facts[Term(f"<{PREFIXES['dcterms']}title>")]
    later = small("PMC2__f", "", linker, genes=genes({"ncbigene_symbol": "NA"}))
    told = names([bad], [later], [bad, later])
    missing = {"gene-symbol-missing"}
    assert told == [[{"figure-title"} | missing], [missing], [{"figure-title"} | missing, missing]]


def test_two_checkers_do_not_trust_each_other() -> None:
    """A form that passed one checker is new to another, whose shapes may differ."""
    linker = Linker()
    one = small("PMC1__f", "", linker, genes=genes())
    assert names([one]) == [[set()]]
    gene = next(node for node in one.shared if node.kind == "gene")
    assert gene.form is not None
    strict = Both(
        changed_shapes('sh:message "A gene should have a symbol', 'sh:minCount 2 ; sh:message "A gene', {"gene.ttl"})
    )
    assert strict.batch([one]) == [{"gene-symbol-missing"}]
    assert strict.wrong == []


# --- what a record's JSON-LD may point to ----------------------------------------------------------------

_POINTING: Final = {
    "a taxon": ("http://vocabularies.wikipathways.org/wp#organism", "http://purl.obolibrary.org/obo/NCBITaxon_10090"),
    "an image": ("http://xmlns.com/foaf/0.1/depiction", "https://europepmc.org/articles/PMC2/bin/f.jpg"),
    "a paper": ("http://purl.org/dc/terms/isPartOf", "https://identifiers.org/pmc/PMC2"),
}


@pytest.mark.parametrize("pointed_at", _POINTING)
def test_what_only_another_record_describes_is_missing_here(pointed_at: str) -> None:
    """JSON-LD can state any predicate; the class of what it points to must be in the record itself."""
    linker = Linker()
    predicate, value = _POINTING[pointed_at]
    fields = {"filename": None} if pointed_at == "an image" else {}
    text = record("PMC1__f", fields).replace("  keywords:\n", f"  {predicate}:\n    '@id': {value}\n  keywords:\n", 1)
    pointing = linked(text, linker=linker)
    assert pointing is not None
    other = small("PMC2__f", "", linker, genes=genes(_MOUSE))
    alone, together, after = names([pointing], [pointing, other], [other, pointing])
    assert alone[0] == together[0] == after[1] != set()
    assert together[1] == after[0] == set()


def test_a_figure_that_calls_itself_a_mention_is_checked_as_one() -> None:
    linker = Linker()
    body = "  http://www.w3.org/ns/oa#hasBody:\n    '@id': https://identifiers.org/ncbigene/16452\n"
    mention = small("PMC1__f", body, linker)
    mention.facts[RDF_TYPE].append(NAMES.pfo("GeneMention"))
    other = small("PMC2__f", "", linker, genes=genes(_MOUSE))
    ((here, _), (there,)) = names([mention, other], [mention])
    assert here == there >= {"gene-mention-body"}


def test_a_figure_that_makes_itself_a_kind_of_gene_is_checked_as_one() -> None:
    """SHACL counts instances of subclasses among those of a class."""
    gene = "  http://www.w3.org/2000/01/rdf-schema#subClassOf:\n    '@id': https://w3id.org/pfocr-kg/vocab#Gene\n"
    one = small("PMC1__f", gene)
    one.facts[RDF_TYPE].append(one.figure)  # `@type` takes any IRI
    assert one.facts[_SUBCLASS] == [NAMES.pfo("Gene")]
    ((told,),) = names([one])
    assert "gene-entrez" in told


# --- which values can be looked at one by one ------------------------------------------------------------


def changed_shapes(old: str, new: str, files: set[str]) -> ShapesGraph:
    """The shipped shapes with a change in some files."""
    texts = [(path.name, path.read_text("utf-8")) for path in sorted((SEEDS.parent / "shapes").glob("*.ttl"))]
    assert all(old in text for name, text in texts if name in files)
    return ShapesGraph([(name, text.replace(old, new, 1) if name in files else text) for name, text in texts])


def keyword_shapes(constraint: str, more: str = "") -> ShapesGraph:
    """A shapes graph whose shape of schema:keywords says this."""
    text = f"""
        @prefix e: <http://e/#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix schema: <http://schema.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        e:N a sh:NodeShape ; sh:targetClass e:C ; sh:property e:p, e:other .
        e:p a sh:PropertyShape ; sh:path schema:keywords ; sh:severity sh:Violation ; sh:message "m" ;
            rdfs:comment "c" {constraint} .
        e:other a sh:PropertyShape ; sh:path schema:name ; sh:severity sh:Violation ; sh:message "m" ;
            rdfs:comment "c" ; sh:maxCount 1 .
        {more}
    """
    return ShapesGraph([("own.ttl", text)])


_ONE_BY_ONE: Final = (
    "; sh:minLength 1", "; sh:maxLength 9", '; sh:pattern "x" ; sh:flags "i"', "; sh:datatype xsd:string",
    "; sh:nodeKind sh:Literal", "; sh:minInclusive 1 ; sh:maxExclusive 2", '; sh:in ( "a" "b" )',
    '; sh:languageIn ( "en" )', '; sh:not [ sh:in ( "NA" "" ) ]', '; sh:not [ sh:not [ sh:pattern "x" ] ]', "",
)  # fmt: skip
_TOGETHER: Final = (
    "; sh:minCount 1", "; sh:maxCount 1", "; sh:hasValue schema:x", "; sh:class e:C", "; sh:uniqueLang true",
    "; sh:equals schema:name", "; sh:disjoint schema:name", "; sh:lessThan schema:name",
    "; sh:lessThanOrEquals schema:name", "; sh:node e:N", "; sh:node [ sh:closed true ]",
    '; sh:sparql [ sh:select "SELECT $this {}" ]',
    "; sh:qualifiedValueShape [ sh:minLength 1 ] ; sh:qualifiedMinCount 1",
    "; sh:or ( [ sh:minCount 1 ] )", "; sh:and ( [ sh:maxCount 1 ] )", "; sh:xone ( [ sh:class e:C ] )",
    "; sh:not [ sh:class e:C ]", "; sh:deactivated true", "; sh:not [ sh:not [ sh:hasValue 1 ] ]", "; sh:not e:other",
    "; sh:targetObjectsOf schema:name", "; sh:property e:other",
)  # fmt: skip


@pytest.mark.parametrize("constraint", _ONE_BY_ONE)
def test_constraints_on_single_values_are_known(constraint: str) -> None:
    assert SCHEMA_KEYWORDS in keyword_shapes(constraint).value_by_value()


@pytest.mark.parametrize("constraint", _TOGETHER)
def test_constraints_on_more_than_a_value_are_known(constraint: str) -> None:
    assert SCHEMA_KEYWORDS not in keyword_shapes(constraint).value_by_value()


def another(path: str) -> str:
    """A further shape that counts what lies at the end of a path."""
    return f"""
        e:M a sh:NodeShape ; sh:targetClass e:D ; sh:property e:q .
        e:q a sh:PropertyShape ; sh:path {path} ; sh:severity sh:Violation ; sh:message "m" ; rdfs:comment "c" ;
            sh:maxCount 1 .
    """


_ELSEWHERE: Final = {
    "count": another("schema:keywords"),
    "inverse path": another("[ sh:inversePath schema:keywords ]"),
    "alternative path": another("[ sh:alternativePath ( schema:keywords schema:about ) ]"),
    "sequence": another("( schema:about schema:keywords )"),
    "disjoint": "e:other sh:disjoint schema:keywords .",
    "equals": "e:other sh:equals schema:keywords .",
    "or": "e:N sh:or ( [ sh:path schema:keywords ; sh:minCount 1 ] ) .",
    "not": "e:N sh:not [ sh:path schema:keywords ; sh:maxCount 1 ] .",
    "subjects of": "e:N sh:targetSubjectsOf schema:keywords .",
    "objects of": "e:M a sh:NodeShape ; sh:targetObjectsOf schema:keywords ; sh:nodeKind sh:Literal .",
    "sparql": 'e:N sh:sparql [ sh:select "SELECT $this { $this <http://schema.org/keywords> ?a, ?b }" ] .',
}


@pytest.mark.parametrize("more", _ELSEWHERE.values(), ids=_ELSEWHERE)
def test_what_other_shapes_say_of_the_path_counts_too(more: str) -> None:
    assert SCHEMA_KEYWORDS in keyword_shapes("").value_by_value()
    assert SCHEMA_KEYWORDS not in keyword_shapes("", more).value_by_value()


def test_shapes_that_count_keywords_get_them_all() -> None:
    """A checker asked to take short cuts with such shapes sees every keyword of every record."""
    shapes = changed_shapes('sh:message "A keyword is', 'sh:maxCount 2 ; sh:message "A keyword is', {"figure.ttl"})
    both = Both(shapes)
    assert SCHEMA_KEYWORDS not in both.short._seen
    linker = Linker()
    one, other, many = (small(f"PMC{n}__f", "", linker) for n in (1, 2, 3))
    for record_, values in ((one, "ab"), (other, "cd"), (many, "abc")):
        record_.facts[SCHEMA_KEYWORDS] = [Term(f'"{value}"') for value in values]
    assert both.batch([one, other]) == [set(), set()]
    assert both.batch([many]) == [{"figure-keyword"}]
    assert both.wrong == []
