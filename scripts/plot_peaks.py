import numpy as np

from awd import contracts, io, style
from awd.maps import figures, methods, peaks

io.log_to(snakemake.log[0])
counts = {}
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    for name, kernels in (("height", peaks.HEIGHT), ("laplace", peaks.LAPLACE)):
        statistic = methods.fitted(peaks.PeakHistogram(kernels), maps)
        roots = methods.measure(statistic, maps)  # of the counts
        counts[name] = np.square(roots), statistic.edges[0]
    table = figures.peak_table(maps, counts)
style.save(figures.peak_counts(table), snakemake.output[0].removesuffix(".png"), table)
