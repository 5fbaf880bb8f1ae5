import pandas as pd

from awd import io
from awd.log import log_to
from awd.maps.infer.predict import INFERRED
from awd.maps.study import entries
from awd.record import contracts, provenance

log_to(snakemake.log[0])
given, output = snakemake.input, snakemake.output
inferred = {
    one.attrs["statistic"]: one
    for one in (io.read(p, INFERRED) for p in given.inferred)
}
with io.opened(given.maps, contracts.MAPS) as maps:
    told = entries.told_of_statistics(inferred, maps)
    inferred["mean"], told["mean"] = entries.mean(maps), {"role": "baseline"}
    ds = entries.entered(inferred, told, maps, split="0", seed="all")
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(ds, output.predictions, contracts.PREDICTIONS, stamp)
columns = ["study", "target", "split", "seed", "method"]
empty = pd.DataFrame(columns=[*columns, "seconds_batch1", "seconds_batch1000"])
io.write_table(empty, output.timings)
