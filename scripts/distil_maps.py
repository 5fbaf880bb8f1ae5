from awd import io
from awd.log import log_to
from awd.maps.study import bank, distil
from awd.record import contracts, provenance
from awd.search import candidates

log_to(snakemake.log[0])
wildcards, params, given = snakemake.wildcards, snakemake.params, snakemake.input
banks = {
    one.attrs["family"]: one for one in (io.read(b, bank.BANK) for b in given.banks)
}
answers = io.read(given.said)
with io.opened(given.maps, contracts.MAPS) as maps:
    said = distil.sources(answers, maps, params.seed)
    methods, families, table = distil.methods(
        banks, said, maps, params.bounds, params.draws, params.seed
    )
    paper = distil.attributed(answers, maps, given.maps, params.draws, params.seed)
    if given.soft:
        paper["soft"] = distil.softly(io.read(given.soft[0]), maps)
    target = str(maps["name"].values[0])
families += [f"lattice{len(one.chosen.filter)}" for one in paper.values()]
found = candidates.to_dataset(methods | paper, target=target, mode="reflect")
found["family"] = "method", families
stamp = provenance.stamp(snakemake.rule, wildcards, params)
io.write(found, snakemake.output.wavelets, contracts.WAVELETS, stamp)
io.write_table(table, snakemake.output.bank)
