from awd import io
from awd.cells import tracks
from awd.cells.readers import cmeanalysis, exported, matlab
from awd.record import provenance
from awd.record.jobs import begin

READERS = {
    "fxycms": matlab.read_fxycms,
    "processed_tracks": cmeanalysis.read_processed_tracks,
    "csv": exported.read_exported,
}

begin(snakemake)
cell = snakemake.wildcards.cell


def read():
    reader = READERS[snakemake.params.kind]
    return reader(snakemake.input[0], cell=cell, **snakemake.params.source)


data = tracks.or_rejected(read, cell, snakemake.params.bad_cell)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
