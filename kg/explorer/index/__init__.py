"""An index of the graph, derived from it by queries: what pages read in milliseconds."""
