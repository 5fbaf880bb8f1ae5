"""What a run ends with: the report, and what ties results to code, data and settings."""

# What the page is made of, by kind; a run without a study lacks its part.
PAGE = {kind: [] for kind in ("quality", "published", "cosmology", "published_maps")}
PAGE |= {"heads": [], "filters": [], "tables": [], "wavelets": [], "figures": []}
PAGE |= {"worth": [], "models": [], "coverage": [], "observed": [], "left_out": []}
PAGE |= {"networks": every(SEED / "networks.json")}
for kind in ("scores", "differences", "timings"):
    PAGE[kind] = [RUN / f"{kind}.csv"] * bool(STUDIES)
for name, study in STUDIES.items():
    PAGE["tables"].append(RUN / f"table_{name}.csv")
    PAGE["figures"] += every(FIGURES / "{name}.png", study=name, name=study.figures)
    PAGE["figures"] += expand(RUN / f"figures/{name}/{{of}}.png", of=study.overall)
    if study.exported:
        PAGE["wavelets"] += every(RUN / "{study}/{target}/wavelet.json", study=name)
    if study.reader:
        PAGE["models"] += every(RUN / "{study}/{target}/model.json", study=name)
GIVEN = []  # what users brought
if settings.cells:
    PAGE["quality"].append(RUN / "cells/quality.csv")
    PAGE["figures"] += [] if STUDIED else SHOWN
    PAGE["worth"] += [WORTH / "worth.csv"] * bool(settings.cells.handed)
    if PARITY:
        PAGE["published"] += [RUN / f"table_published{p}.csv" for p in ("", "_counts")]
for own in settings.own.values():
    GIVEN += brought(own.inputs())
if settings.maps:
    GIVEN += [] if UNIVERSE else map_files()
    GIVEN += mask_file(settings.maps, "maps.mask")
    PAGE["cosmology"].append(RUN / "maps/cosmology.csv")
    PAGE["coverage"].append(RUN / "maps/coverage.csv")
    PAGE["left_out"] += LEFT_OUT
    # What was published is of the matter density.
    of_matter = "omega_m" in settings.maps.targets
    PAGE["published_maps"] += [RUN / "table_published_maps.csv"] * of_matter
    if settings.maps.observed:
        PAGE["observed"].append(RUN / "maps/observed/posterior.csv")
    PAGE["tables"] += [RUN / f"table_{of}.csv" for of in ("cosmology", "coverage")]
    if TAUGHT:
        PAGE["heads"] += every(SEED / "heads.csv", study="maps")[:1]
        PAGE["filters"] += every(TARGET / "filters.csv", study="maps")
    else:
        PAGE["figures"] += expand(RUN / "figures/maps/{of}.png", of=SURVEYED)


# Studies that the explorer shows, with what it is told of each: of the first split, seed
# and target. What was read without a network, maps alone, has nothing to explore, nor
# has a student that is no sum of curves.
EXPLORED = {}
for name, study in STUDIES.items():
    told = {"target": study.wildcards["target"][0]} | {"method": study.exported}
    if study.reader:
        EXPLORED[name] = told | {"settings": study.reader["student"]}
if "cells" in EXPLORED:
    EXPLORED["cells"] |= {"windows": settings.cells.windows}
for name, own in settings.own.items():
    if name in EXPLORED:
        EXPLORED[name] |= {"time": own.time}
if "maps" in STUDIES:
    EXPLORED["maps"] = {"target": STUDIES["maps"].wildcards["target"][0], "bounds": BOX}

if settings.cells:
    RESULTS["Tracks"] = RUN / "tracks.html"
if STUDIES or settings.maps:
    RESULTS["Report"] = RUN / "report.html"

    use rule job as report with:
        """One self-contained page: what the run says, its tables, figures and provenance."""
        input:
            **PAGE,
            groups=[RUN / "groups.csv"] * bool(STUDIES),
        output:
            RUN / "report.html",
        params:
            **runs("report"),
            config=reading.dumped(settings),
            studies=len(STUDIES),
            explorer="explorer.html" if EXPLORED else "",
            meanings=MEANINGS,
            captions={
                Path(png).stem: caption(Path(png).stem) for png in PAGE["figures"]
            },
        pathvars:
            job="report",


if EXPLORED:
    RESULTS["Explorer"] = RUN / "explorer.html"

    use rule job as explore with:
        """The explorer: tracks, maps and filters of the run to click through, offline."""
        input:
            samples=explored(SPLIT / "samples.nc"),
            outputs=explored(SEED / "outputs.nc"),
            wavelets=explored(SEED / "wavelets.nc"),
            students=explored(SEED / "students.nc"),
            networks=explored(SEED / "networks.safetensors"),
            records=explored(SEED / "networks.json"),
            tracks=TRACKS if settings.cells else [],
            movies=sum(movie_files().values(), []) if settings.cells and MOVING else [],
        output:
            RUN / "explorer.html",
        params:
            **runs("explore"),
            studies=told_of_studies,
            run=settings.run,
        resources:
            **grows(2000, 60, per_mb=0.5),
        conda:
            "../envs/torch.yaml"
        pathvars:
            job="explore",


use rule job as write_manifest with:
    """Hashes, versions, settings, seeds, devices, commit and jobs of the run."""
    input:
        results=list(RESULTS.values()),
        data=given_files,
    output:
        RUN / "manifest.json",
    params:
        **runs("write_manifest"),
        config=reading.dumped(settings),
    pathvars:
        job="write_manifest",


use rule job as write_crate with:
    """The run as an RO-Crate: what was run, how, on what, and what came out."""
    input:
        RUN / "manifest.json",
    output:
        crate=RUN / "ro-crate-metadata.json",
        workflow=directory(RUN / "workflow"),
    params:
        **runs("write_crate"),
    pathvars:
        job="write_crate",


# What a run is for. All of it is asked for by name: what is deleted comes back.
TABLES = [*PAGE["tables"], *PAGE["published"], *PAGE["published_maps"]]
FIGURED = PAGE["figures"]
DELIVERED = [*sum(PAGE.values(), []), *RESULTS.values()]
if settings.cells and not STUDIED:
    DELIVERED += DELIVERED_TRACKS
DELIVERED += [RUN / "groups.csv"] * bool(STUDIES)
DELIVERED += [Path(path).with_suffix(".html") for path in PAGE["models"]]
DELIVERED += [Path(path).with_suffix(".safetensors") for path in PAGE["networks"]]
if settings.cells and settings.cells.handed:
    DELIVERED += [WORTH / f"{name}.csv" for name in ("scores", "differences")]
if settings.maps:
    DELIVERED.append(RUN / "maps/cosmology_differences.csv")
if settings.recovery:
    TABLES.append(RUN / "table_recovery.csv")
    FIGURED = [*FIGURED, RESULTS["Recovery"]]
DELIVERED += [
    Path(path).with_suffix(kind) for path in TABLES for kind in (".tex", ".md")
]
DELIVERED += [
    Path(path).with_suffix(kind) for path in FIGURED for kind in (".pdf", ".csv")
]
DELIVERED += [RUN / "manifest.json", RUN / "ro-crate-metadata.json", RUN / "workflow"]
