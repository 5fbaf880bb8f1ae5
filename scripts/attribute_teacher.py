import xarray as xr

from awd import attribution, contracts, io, provenance, splits, teachers

io.log_to(snakemake.log[0])
target = snakemake.wildcards.target
data = io.read(snakemake.input.dataset, contracts.DATASET)
train = splits.part(data, "train", target)
model = teachers.load(snakemake.input.teacher)
device = snakemake.params.device
described = {"units": "1", "long_name": f"teacher's {target}"}
cache = xr.Dataset(
    {
        "output": (
            "sample",
            attribution.output(model, train.x, device=device),
            described,
        ),
        "gradient": (data.x.dims, attribution.saliency(model, train.x, device=device)),
        "row": ("sample", train.rows),
    },
    attrs={"teacher": snakemake.wildcards.teacher, "target": target},
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(cache, snakemake.output[0], contracts.ATTRIBUTION, stamp)
