"""What Sphinx lacks for these pages: search in Chinese, shelves, a picture of the layers."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.directives.other import TocTree
from sphinx.search.en import SearchEnglish
from sphinx.util.docutils import SphinxDirective
from sphinx.util.matching import patfilter

from docs.reference_pages import layers

BROKEN = re.compile(r"(?<=[\u3001-\u9fff\uff00-\uffef])\n(?=[\u3001-\u9fff\uff00-\uffef])")
"""Where a line of the source ends between two Chinese characters: no space belongs there."""
HAN = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z0-9_]+")
WIDTH, HIGH, GAP, NOTE = 520, 36, 5, 50
"""The picture's measures, in its own units: it shrinks to 320 pixels and can still be read."""


def grams(text: str) -> list[str]:
    """Chinese text as its characters and pairs of characters, so that any part of it is found."""
    return [
        run[at : at + n]
        for run in HAN.findall(text)
        for n in (1, 2)
        for at in range(len(run) - n + 1)
    ]


class Search(SearchEnglish):
    """Words of both languages: nothing to install, and any two characters find a page.

    The splitter for browsers asks for pairs; only a single character is looked for by itself.
    """

    lang = "zh"
    js_splitter_code = """
function splitQuery(query) {
    const told = query.match(/[A-Za-z0-9_-]+/g) || [];
    for (const run of query.match(/[\\u3400-\\u9fff]+/g) || []) {
        if (run.length === 1) told.push(run);
        for (let at = 0; at + 2 <= run.length; at++) told.push(run.slice(at, at + 2));
    }
    return told;
}
"""

    def split(self, input: str) -> list[str]:
        """What a text is found by."""
        return LATIN.findall(input) + grams(input)

    def stem(self, word: str) -> str:
        """English words by their stem."""
        return word if HAN.match(word) else super().stem(word)


class Shelf(TocTree):
    """A toctree of whole folders, of which one may still be empty: Sphinx itself would warn."""

    def run(self) -> list[nodes.Node]:
        """List what is there."""
        self.options["glob"] = True
        known = self.env.found_docs
        here = [one for one in self.content if patfilter(known, one)]
        self.content = StringList(here, source=self.env.current_document.docname)
        return super().run() if here else []


class Architecture(SphinxDirective):
    """The layers as a picture, from the import contracts and what each layer says of itself."""

    def run(self) -> list[nodes.Node]:
        """Draw it into the page, so that it follows light and dark and its boxes are links."""
        here, builder = self.env.current_document.docname, self.env.app.builder

        def link(layer: str) -> str:
            return builder.get_relative_uri(here, f"layers/{layer}")

        return [nodes.raw("", picture(link), format="html")]


def picture(link: Any) -> str:
    """The picture: plugins on top, then each layer above those it may import."""
    drawn = [_box(0, 0, WIDTH, "", _plugins(), "plugins")]
    drawn.append(_arrow(HIGH, "import lifang as lf"))
    top = 2 * HIGH
    for row in reversed(layers.rows()):
        wide = (WIDTH - GAP * (len(row) - 1)) / len(row)
        for place, layer in enumerate(row):
            note = _note(layer) if len(row) == 1 else ""
            drawn.append(_box(place * (wide + GAP), top, wide, layer, note, "layer", link(layer)))
        top += HIGH + GAP
    label = "里坊的层次，上面的只使用下面的 · The layers of Lifang: each uses only those below it"
    head = (
        f'<svg class="architecture" viewBox="0 0 {WIDTH} {top}" role="group" aria-label="{label}">'
    )
    return f"{head}{''.join(drawn)}</svg>"


def _plugins() -> str:
    number = len(list((layers.ROOT / "plugins").glob("*/pyproject.toml")))
    return f"{number} 个插件 · {number} plugins"


def _note(layer: str) -> str:
    told = layers.said(layers.PACKAGE / layer / "__init__.py")
    words = re.split(r"[:;,.]", told)[0].split(" ")
    while len(" ".join(words)) > NOTE:
        words = [*words[:-2], "…"] if words[-1] == "…" else [*words[:-1], "…"]
    return " ".join(words)


def _box(x: float, y: float, wide: float, name: str, note: str, kind: str, link: str = "") -> str:  # noqa: PLR0913 – all that a box is
    middle = y + HIGH / 2 + 5
    told = (
        f'<rect x="{x + 0.5:.1f}" y="{y + 0.5}" width="{wide - 1:.1f}" height="{HIGH - 1}" rx="4"/>'
    )
    told += (
        f'<text class="name" x="{x + 12:.1f}" y="{middle}">{escape(name)}</text>' if name else ""
    )
    at = x + (12 if not name else 118)
    told += f'<text x="{at:.1f}" y="{middle}">{escape(note)}</text>' if note else ""
    inside = f'<g class="{kind}">{told}</g>'
    return f'<a href="{link}">{inside}</a>' if link else inside


def _arrow(y: float, said: str) -> str:
    line = f'<path d="M24 {y + 4}v{HIGH - 10}m-5 -6l5 6l5 -6" fill="none"/>'
    return (
        f'<g class="arrow">{line}<text class="code" x="42" y="{y + HIGH / 2 + 5}">{said}</text></g>'
    )


def set_in_type(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Say in which language a page is written, and join its broken lines as Chinese is joined."""
    parts = re.split(r"(<pre.*?</pre>)", context.get("body", ""), flags=re.S)
    context["body"] = "".join(
        one if one.startswith("<pre") else BROKEN.sub("", one) for one in parts
    )
    text = re.sub(r"<[^>]*>", "", context["body"])
    chinese = sum(map(len, HAN.findall(text)))
    context["language"] = "zh-CN" if chinese * 4 > len(LATIN.findall(text)) else "en"


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx about it."""
    app.add_search_language(Search)
    app.add_directive("architecture", Architecture)
    app.add_directive("shelf", Shelf)
    app.connect("html-page-context", set_in_type)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
