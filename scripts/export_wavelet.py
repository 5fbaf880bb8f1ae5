import numpy as np

from awd import export, io, wavelet
from awd.log import log_to
from awd.record import contracts, provenance
from awd.search import candidates

log_to(snakemake.log[0])
method = snakemake.params.method
found = [
    candidates.from_dataset(io.read(path, contracts.WAVELETS))[method]
    for path in snakemake.input
]
best = candidates.best(found)
h = wavelet.project(best.filter)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
stamp |= {"levels": best.levels, "score": best.score, "chosen_from": len(found)}
stamp |= {"moved_to_be_a_wavelet": float(np.linalg.norm(h - best.filter))}
export.write_wavelet_json(h, snakemake.output[0], provenance=stamp)
