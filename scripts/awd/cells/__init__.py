"""Clathrin-pit tracks: made, read, and turned into the data set of the cells study."""

from typing import TYPE_CHECKING

from awd import lazily

if TYPE_CHECKING:  # what type checkers see; a test holds it against what there is
    from awd.cells import alignment as alignment
    from awd.cells import background as background
    from awd.cells import channel as channel
    from awd.cells import classify as classify
    from awd.cells import compiled as compiled
    from awd.cells import course as course
    from awd.cells import detect as detect
    from awd.cells import diagnose as diagnose
    from awd.cells import doors as doors
    from awd.cells import figures as figures
    from awd.cells import frame as frame
    from awd.cells import link as link
    from awd.cells import measures as measures
    from awd.cells import microscope as microscope
    from awd.cells import movie as movie
    from awd.cells import names as names
    from awd.cells import presets as presets
    from awd.cells import readers as readers
    from awd.cells import readout as readout
    from awd.cells import region as region
    from awd.cells import registration as registration
    from awd.cells import scenes as scenes
    from awd.cells import simulate as simulate
    from awd.cells import study as study
    from awd.cells import tracker as tracker
    from awd.cells import tracks as tracks
    from awd.cells import view as view
    from awd.cells import writers as writers
else:
    __getattr__, __dir__ = lazily(__name__, __path__, {})
