"""Finding a filter: objectives, global search, fidelity, the paper's soft losses."""
