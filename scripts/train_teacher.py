from awd import io
from awd.league import splits
from awd.log import log_to
from awd.record import checkpoint, contracts, provenance
from awd.teacher import networks, training

log_to(snakemake.log[0])
params, outputs, histories = snakemake.params, snakemake.output, {}
device = training.device(params.device)  # refuses one that is not here, at once
job = checkpoint.Job(
    snakemake.log[0], snakemake.input, {**params, "device": device.type}
)
data = io.read(snakemake.input[0], contracts.DATASET)
train, select = (
    splits.part(data, side, snakemake.wildcards.target) for side in ("train", "select")
)
files = zip(params.teachers, outputs.weights, outputs.histories, strict=True)
for name, weights, history in files:
    kind = params.teachers[0] if name in contracts.CONTROLS else name
    settings, fit, stop = dict(params.training), train, select
    seed = provenance.derive_seed(params.seed, name)
    if name == "untrained":
        settings["epochs"] = 0
    if name == "shuffled":
        # Nothing on select could stop it: it learns by heart as long as the real one.
        fit = stop = train.with_shuffled_target(seed)
        example = histories[kind]
        settings["epochs"] = int(example.epoch[example.select_loss.idxmin()])
    sizes = networks.sizes_for(kind, fit.x)
    model = networks.build(kind, seed, fit.y, **sizes)
    histories[name] = training.train(
        model,
        *(fit.x, fit.y, stop.x, stop.y),
        weight_decay=model.weight_decay,
        seed=seed,
        device=device.type,
        checkpoint=job.of(name),
        **settings,
    )
    record = {"code": params.code, "device": training.device_name(device.type)}
    networks.save(model, weights, record)
    io.write_table(histories[name], history)
job.done()
