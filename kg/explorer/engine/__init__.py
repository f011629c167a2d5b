"""Processes that answer SPARQL, and what they may be asked."""
