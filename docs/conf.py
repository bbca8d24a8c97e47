"""How the documentation is built: Sphinx and Furo over Markdown, nothing fetched from elsewhere."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "里坊 Lifang"
author = "The Lifang maintainers"
copyright = author
release = metadata.version("lifang")
language = "zh_CN"

extensions = ["myst_parser", "docs.page_parts"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build", "layers/modules"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "里坊 Lifang"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
