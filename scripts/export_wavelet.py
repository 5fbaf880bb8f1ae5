from awd import contracts, export, io, provenance

io.log_to(snakemake.log[0])
found = [io.read(path, contracts.WAVELET) for path in snakemake.input]
best = max(found, key=lambda one: one.attrs["fidelity"])
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
stamp |= {key: best.attrs[key] for key in ("teacher", "target", "objective", "levels")}
stamp |= {"fidelity": best.attrs["fidelity"], "chosen_from": len(found)}
export.write_wavelet_json(best["filter"].values, snakemake.output[0], provenance=stamp)
