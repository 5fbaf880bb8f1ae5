from awd import contracts, io, splits, teachers, training

io.log_to(snakemake.log[0])
data = io.read(snakemake.input[0], contracts.DATASET)
train, select = (
    splits.part(data, side, snakemake.wildcards.target) for side in ("train", "select")
)
settings, seed = dict(snakemake.params.teacher), snakemake.params.seed
sizes = {"hidden": settings.pop("hidden")}
model = teachers.build(settings.pop("kind"), seed, train.y, **sizes)
history = training.train(
    model,
    train.x,
    train.y,
    select.x,
    select.y,
    seed=seed,
    device=snakemake.params.device,
    **settings,
)
teachers.save(model, snakemake.output.weights, {"code": snakemake.params.code})
io.write_table(history, snakemake.output.history)
