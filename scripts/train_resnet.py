import numpy as np

from awd import io
from awd.log import log_to
from awd.maps.study import streamed
from awd.record import checkpoint, contracts, provenance
from awd.teacher import networks, training

log_to(snakemake.log[0])
params, given, outputs = snakemake.params, snakemake.input, snakemake.output
device = training.device(params.device)  # refuses one that is not here, at once
job = checkpoint.Job(snakemake.log[0], given, {**params, "device": device.type})
record = {"code": params.code, "device": training.device_name(device.type)}
settings = dict(params.training)
sizes = {name: settings.pop(name) for name in ("width", "stem")}
with io.opened(given[0], contracts.MAPS) as maps:
    side, target = maps["split"].values, maps["target"].values
train, select = (np.flatnonzero(side == name) for name in ("train", "select"))
scale = float(streamed.Rows(given[0], train)[::16].std())
for name, path in zip(params.networks, outputs.weights, strict=True):
    seed = provenance.derive_seed(params.seed, name)
    shape = {"outputs": target.shape[1], "scale": scale, **sizes}
    model = networks.build("resnet", seed, target[train], **shape)
    if name == "resnet":
        history = streamed.train(
            *(model, given[0], target, train, select),
            patience=settings["epochs"] + 1,
            seed=seed,
            device=device.type,
            checkpoint=job.of(name),
            **settings,
        )
        io.write_table(history, outputs.history)
    else:
        streamed.settle(model, streamed.Rows(given[0], train))
    networks.save(model, path, record)
job.done()
