"""Published values beside a run's: the numbers of a run are counted, not copied."""

import numpy as np
import pandas as pd

from awd.cells import simulate, tracks
from awd.cells.study import dataset, published


def test_counts_are_those_of_the_run():
    cells = [simulate.simulate_traces("teaching", f"c{k}", 200, k) for k in range(4)]
    ds = dataset.assemble(cells, targets=["sig_mean"], min_frames=15, tiles=2)
    split = np.where(ds["cell"].values == "c3", "test", "train")
    found = published.counts(cells, dataset.scale(ds, split)).set_index("count")
    here = found["here"].astype(int)
    whole = [
        (cell["complete"].values == 1) & (tracks.lifetimes(cell) > 2) for cell in cells
    ]
    assert here["cells"] == 4
    assert here["tracks, whole, longer than 2 frames"] == sum(w.sum() for w in whole)
    assert here["training tracks"] == sum(w.sum() for w in whole[:3])
    assert here["tracks that test"] == (split == "test").sum()
    assert 0 < here["of these positive"] < here["training tracks"]
    assert found["published"]["tracks that test"] == "1005"


def test_scores_stand_beside_each_other():
    scores = pd.DataFrame(
        {
            "method": ["lstm", "db5", "output"],
            "split": "all",
            "r2": [0.5, 0.4, 0.6],
            "compression": [np.nan, 0.7, 0.6],
        }
    )
    table = published.scores(scores).set_index("method")
    lstm = table.loc["LSTM teacher"]
    assert (lstm["R², published"], lstm["R², here"]) == ("0.237", "0.500")
    assert (lstm["compression, published"], lstm["compression, here"]) == ("–", "–")
    assert table.loc["db5", "compression, here"] == "0.700"
    assert (table["R², here"] == "–").sum() == len(published.SCORES) - 2
