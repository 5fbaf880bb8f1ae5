from awd import contenders, contracts, io, splits, teachers, training

io.log_to(snakemake.log[0])
params, name = snakemake.params, snakemake.wildcards.teacher
kind = params.first if name in contenders.CONTROLS else name
data = io.read(snakemake.input.dataset, contracts.DATASET)
train, select = (
    splits.part(data, side, snakemake.wildcards.target) for side in ("train", "select")
)
settings = dict(params.training)
if name == "untrained":
    settings["epochs"] = 0
if name == "shuffled":
    # Nothing on select could stop it: it learns by heart for as long as the real one.
    train = select = train.with_shuffled_target(params.seed)
    history = io.read_table(snakemake.input.example)
    settings["epochs"] = int(history.epoch[history.select_loss.idxmin()])
sizes = teachers.sizes_for(kind, train.x)
model = teachers.build(kind, params.seed, train.y, **sizes)
history = training.train(
    model,
    train.x,
    train.y,
    select.x,
    select.y,
    weight_decay=model.weight_decay,
    seed=params.seed,
    device=params.device,
    **settings,
)
teachers.save(model, snakemake.output.weights, {"code": params.code})
io.write_table(history, snakemake.output.history)
