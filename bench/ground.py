"""Keyword grounding against the gene tables: precision and recall, per organism and in all.

Each record that has a table is read without it, its keywords are grounded, and the links are compared with the rows
of the table. A link that the table has too is right; one that it has not counts as wrong, and a gene of the table
without a link as missed. Both are listed. Chemicals and diseases are compared likewise where a lexicon has them.

    .venv/bin/python -m bench.ground CORPUS [--lexicon FILE ...] [--history]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from kg.keywords import ground_keywords
from kg.lexicon import Lexicons
from kg.record import Figure, Findings
from kg.records import read_records
from kg.tables import KINDS
from kg.taxa import TAXON_NAMES


@dataclass(slots=True)
class Score:
    """Links of one organism, or of one kind of term."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of the links that were made, the share that the table has too."""
        made = self.right + len(self.wrong)
        return self.right / made if made else float("nan")

    @property
    def recall(self) -> float:
        """Of the things that the table has, the share that was linked."""
        there = self.right + len(self.missed)
        return self.right / there if there else float("nan")


def links(figure: Figure, kind: str, known: Figure | None = None) -> dict[tuple[str, str], str]:
    """The things of a kind that a figure mentions, by organism (or kind of term) and id, with a name for each.

    A chemical or disease that another reading of the figure knows under a second id goes by the id that it has there.
    """
    others = {one: e.ident for e in (known.entities if known else ()) if e.kind == kind for one in (*e.maps, e.ident)}
    found = {}
    for entity in figure.entities:
        if entity.kind == kind:
            ident = next((others[one] for one in (entity.ident, *entity.maps) if one in others), entity.ident)
            for group in entity.taxa or (kind,):
                found[group, ident] = (entity.names or entity.words or ("?",))[0]
    return found


def alone(figure: Figure) -> Figure:
    """The record as it would be without any table."""
    return replace(figure, mentions=(), entities=(), organisms=(), tables={})


def figures(corpus: Path, *, history: bool) -> Iterator[Figure]:
    """The records of the corpus, or those of its older versions."""
    for folder in sorted((corpus / "history").iterdir()) if history else [corpus]:
        yield from read_records(folder)


def compare(corpus: Path, lexicons: Lexicons, *, history: bool) -> tuple[dict[str, Score], Counter[str]]:
    """Scores by organism and kind of term, and why keywords were not linked."""
    scores: dict[str, Score] = {}
    reasons: Counter[str] = Counter()
    for figure in figures(corpus, history=history):
        findings = Findings()
        grounded = ground_keywords(alone(figure), lexicons, findings)
        reasons += findings.notes
        for table, kind in KINDS.items():
            if table not in figure.tables or (kind != "gene" and lexicons.of_kind(kind) is None):
                continue
            wanted, made = links(figure, kind), links(grounded, kind, known=figure)
            for group, ident in sorted(wanted.keys() | made.keys()):
                score = scores.setdefault(group, Score())
                told = f"{figure.figid}: {wanted.get((group, ident)) or made[group, ident]} ({ident})"
                if (group, ident) not in made:
                    score.missed.append(told)
                elif (group, ident) in wanted:
                    score.right += 1
                else:
                    score.wrong.append(told)
    return scores, reasons


def total(scores: dict[str, Score]) -> Score:
    """All organisms in one."""
    result = Score()
    for group, score in scores.items():
        if group.isdigit():
            result.right += score.right
            result.wrong += score.wrong
            result.missed += score.missed
    return result


def main() -> None:
    """Print the table and the lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=Path("../shared/corpus"))
    parser.add_argument("--lexicon", type=Path, action="append", default=[])
    parser.add_argument("--history", action="store_true", help="the older versions of records instead")
    args = parser.parse_args()
    if not args.corpus.is_dir():
        sys.exit(f"{args.corpus}: no such folder; name one with records and their tables")
    lexicons = Lexicons(args.lexicon)
    scores, reasons = compare(args.corpus, lexicons, history=args.history)
    groups = sorted(scores, key=lambda group: -(scores[group].right + len(scores[group].missed)))
    print("| organism or kind | in tables | linked | right | precision | recall |\n|---|--:|--:|--:|--:|--:|")
    for name, score in [("all organisms", total(scores)), *((group, scores[group]) for group in groups)]:
        made, there = score.right + len(score.wrong), score.right + len(score.missed)
        title = TAXON_NAMES.get(name, name)
        shares = (f"{share:.2%}" if made else "-" for share in (score.precision, score.recall))
        print(f"| {title} | {there} | {made} | {score.right} | {' | '.join(shares)} |")
    for group in groups:
        score, title = scores[group], TAXON_NAMES.get(group, group)
        # Of an organism that the lexicon has nothing of, everything is missed.
        missed = score.missed if score.right else []
        print("".join(f"wrong {title}: {line}\n" for line in score.wrong), end="")
        print("".join(f"missed {title}: {line}\n" for line in missed), end="")
    print("keywords without a link:", ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items())))


if __name__ == "__main__":
    main()
