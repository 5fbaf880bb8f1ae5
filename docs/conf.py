"""How the pages are built, by ``make docs``: warnings are errors, links checked."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import awd  # noqa: E402

project = "AWD"
author = "The AWD developers"
copyright = author
release = version = awd.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_click",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "gallery",
    "examples/*.ipynb",
    "**/sg_execution_times.rst",
]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
smartquotes = False  # options of the command line begin with two dashes
html_title = "AWD: adaptive wavelet distillation"
html_copy_source = html_show_sourcelink = False

# Markdown stays readable where it lies: indented lines are code in the page's language.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
highlight_language = "default"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types with shapes
autodoc_default_options = {
    "members": True,
    # scikit-learn's routing of arguments, which it adds to every estimator
    "exclude-members": "set_fit_request, set_score_request, set_transform_request, "
    "set_inverse_transform_request, set_predict_request, set_partial_fit_request, "
    "set_predict_proba_request, set_decision_function_request",
}
napoleon_google_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]

# Links of ours must lead somewhere; words of "array of shape (n,)" are no links.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!awd\.).*")]
nitpick_ignore = [  # inside, for those who read the source
    ("py:mod", "awd.compiled"),
    ("py:mod", "awd.filters.alignment"),
    ("py:mod", "awd.filters.coefficients"),
    ("py:mod", "awd.search.candidates"),
    ("py:class", "awd.search.descent.Term"),
    ("py:data", "awd.filters.families.FAMILIES"),
    ("py:data", "awd.search.objectives.OBJECTIVES"),
    ("py:mod", "awd.teacher.ask"),
]

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": "/plot_",
    "ignore_pattern": r"^_",
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 1,
}


def on_the_site(app, page, source):
    """The table of all keys lies beside the configurations, and is a page here."""
    source[0] = source[0].replace("(../config/README.md", "(configuration.md")


def setup(app):
    app.connect("source-read", on_the_site)
