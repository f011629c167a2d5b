"""Bulk files of public databases (genes, chemicals, diseases, families, paper ids) to rows of a lexicon."""
