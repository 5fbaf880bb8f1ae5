import pandas as pd

from awd import io
from awd.cells import tracks
from awd.cells.study import quality
from awd.record.jobs import begin

begin(snakemake)
cells = [io.read(path, tracks.TRACKS) for path in snakemake.input.tracks]
truths = [io.read(path, tracks.TRACKS) for path in snakemake.input.truths]
truths = truths or [None] * len(cells)
rows = [quality.quality(*both) for both in zip(cells, truths, strict=True)]
io.write_table(pd.DataFrame(rows), snakemake.output[0])
