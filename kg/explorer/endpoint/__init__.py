"""SPARQL over HTTP: the protocol, processes that answer, nodes and downloads as RDF."""
