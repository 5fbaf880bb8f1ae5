import numpy as np

from awd import export, io, wavelet
from awd.league import choose
from awd.record import contracts, provenance
from awd.record.jobs import begin
from awd.search import candidates

begin(snakemake)
wavelets = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
method = snakemake.params.method
pool = [choose.from_dataset(ds)[method].chosen for ds in wavelets]
best = candidates.best(pool)
h = wavelet.project(best.filter)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
stamp |= {"levels": best.levels, "score": best.score, "chosen_from": len(pool)}
stamp |= {"moved_to_be_a_wavelet": float(np.linalg.norm(h - best.filter))}
export.write_wavelet_json(h, snakemake.output[0], provenance=stamp)
