"""NCBI Taxonomy ids of the organisms that PFOCR's own recogniser names.

Gene tables give name and id together; this list serves records without a table whose `organisms_ner` or
`organisms` gives only a name. A name that is not here stays text.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HUMAN", "TAXON_IDS", "TAXON_NAMES"]

HUMAN: Final = 9606
"""NCBI Taxonomy id of Homo sapiens, the organism of HGNC, FamPlex and the embedded lexicon."""

TAXON_IDS: Final = {
    "Arabidopsis thaliana": "3702",
    "Bos taurus": "9913",
    "Bubalus bubalis": "89462",
    "Caenorhabditis elegans": "6239",
    "Capra hircus": "9925",
    "Danio rerio": "7955",
    "Drosophila melanogaster": "7227",
    "Equus asinus": "9793",
    "Equus caballus": "9796",
    "Escherichia coli str. K-12 substr. MG1655": "511145",
    "Gallus gallus": "9031",
    "Glycine max": "3847",
    "Homo sapiens": "9606",
    "Macaca mulatta": "9544",
    "Mus musculus": "10090",
    "Oryctolagus cuniculus": "9986",
    "Rattus norvegicus": "10116",
    "Saccharomyces cerevisiae S288C": "559292",
    "Solanum lycopersicum": "4081",
    "Staphylococcus epidermidis": "1282",
    "Sus scrofa": "9823",
    "Xenopus laevis": "8355",
}
"""Scientific name to NCBI Taxonomy id, in the spelling that the gene tables and `organisms_ner` use."""

TAXON_NAMES: Final = {taxid: name for name, taxid in TAXON_IDS.items()}
"""NCBI Taxonomy id to scientific name."""
