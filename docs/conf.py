"""How the documentation is built: Sphinx and Furo over Markdown, nothing fetched from elsewhere."""

from importlib import metadata

project = "里坊 Lifang"
author = "The Lifang maintainers"
copyright = author
release = metadata.version("lifang")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "里坊 Lifang"
html_copy_source = False
html_show_sphinx = False
