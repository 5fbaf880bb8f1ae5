import numpy as np

from awd import contracts, io, style
from awd.maps import figures, methods, peaks

io.log_to(snakemake.log[0])
counts = {}
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    train = maps.isel(sample=np.flatnonzero(maps["split"].values == "train"))
    for name, kernels in (("height", peaks.HEIGHT), ("laplace", peaks.LAPLACE)):
        statistic = methods.fitted(peaks.PeakHistogram(kernels), train)
        roots = methods.measure(statistic, train)  # of the counts
        counts[name] = np.square(roots), statistic.edges[0]
    table = figures.peak_table(train, counts)
style.save(figures.peak_counts(table), snakemake.output[0].removesuffix(".png"), table)
