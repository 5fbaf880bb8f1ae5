import numpy as np

from awd import io
from awd.maps.figures import sky
from awd.maps.measure import peaks, statistics
from awd.maps.study.streamed import farthest
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
counts = {}
with io.opened(snakemake.input[0], contracts.MAPS) as opened:
    maps = farthest(opened)
    train = maps.isel(sample=np.flatnonzero(maps["split"].values == "train"))
    for name, kernels in (("height", peaks.HEIGHT), ("laplace", peaks.LAPLACE)):
        statistic = statistics.fitted(peaks.PeakHistogram(kernels), train)
        roots = statistics.measure(statistic, train)  # of the counts
        counts[name] = np.square(roots), statistic.edges[0]
    table = sky.peaks_table(train, counts)
style.save(sky.peaks(table), snakemake.output[0].removesuffix(".png"), table)
