"""SPARQL over HTTP: the protocol, the service's description, nodes and downloads as RDF."""
