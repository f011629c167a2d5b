"""The explorer: pages over a graph and a read-only SPARQL 1.1 endpoint, served on this machine (`kg serve`)."""
