"""Pages read as a browser's parts would: where they lead, what they say, how they are built."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from flask.testing import FlaskClient

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
HEARD = ("title", "aria-label", "alt", "placeholder", "label")
"""Attributes that somebody reads or hears."""
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
NAMED = {"title", "table", "a", "button", "summary", "caption", "legend"}
"""Elements that are told apart by their words, or by a name."""
AS_TYPED = {"code", "kbd", "pre", "samp", "script", "style"}
"""Elements whose words are commands, names and data, in nobody's language."""
TAG = re.compile(
    r"""!doctype\ html>|!--[^>]*-->
    |(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<told>(?:\s+[^\s=>/"]+(?:="[^">]*")?)*)\s*(?P<void>/?)>""",
    re.VERBOSE | re.IGNORECASE,
)
"""What follows a `<`, as our templates write it: every value quoted and escaped."""
VALUE = re.compile(r'([^\s="]+)(?:="([^"]*)")?')
"""An attribute of one."""
TELLING = {"show", "by", "only", "tree", "closed", "start"}
"""What is asked for and makes another page of it, by its value."""


class Answer(NamedTuple):
    """What somebody got who asked for an address."""

    status: int
    mimetype: str
    text: str
    at: str
    """Where they ended: some addresses send on to another."""


class Node(NamedTuple):
    """An element that is open, as far as it matters here."""

    tag: str
    told: dict[str, str]


@dataclass
class Page:
    """One page, taken apart by two patterns in less time than by the library's reader."""

    text: str
    links: list[str] = field(default_factory=list)
    tags: list[Node] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    """Everything that is read or heard, each with the language it is in."""
    titles: list[str] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    """Tables, buttons, links and questions that nobody can tell apart."""

    def __post_init__(self) -> None:
        self._open: list[tuple[Node, int]] = []
        self._within, self._typed = Counter[str](), 0
        self._languages = [""]
        self._words: list[str] = []
        self._labelled: set[int] = set()
        self._feed(self.text)
        self._name_questions()

    def _feed(self, text: str) -> None:
        """Raises ValueError for what begins like an element and is none."""
        first, *others = text.split("<")
        raw = ""
        self._data(first)
        for one in others:
            if raw and not one.startswith(f"/{raw}>"):  # words of a script are no elements
                self._words.append(f"<{one}")
                continue
            if not (found := TAG.match(one)):
                raise ValueError(f"not escaped: <{one}")
            name, raw = (found["name"] or "").lower(), ""
            if found["end"]:
                self._end(name)
            elif name:
                told = {k.lower(): unescape(v) for k, v in VALUE.findall(found["told"])}
                self._start(name, told)
                raw = name if name in ("script", "style") else ""
                if found["void"] and name not in VOID:
                    self._end(name)
            self._data(one[found.end() :])

    def _start(self, tag: str, told: dict[str, str]) -> None:
        """Take an element in."""
        node = Node(tag, told)
        if self._within["label"]:
            self._labelled.add(len(self.tags))
        self.tags.append(node)
        language = told["lang"].partition("-")[0] if "lang" in told else self._languages[-1]
        if told and not self._typed:
            self.said += [(language, told[name]) for name in HEARD if told.get(name)]
        if tag == "a" and "href" in told and "download" not in told:
            self.links.append(told["href"])
        if tag == "img" and told.get("alt"):
            self._words.append(told["alt"])
        if tag not in VOID:
            self._open.append((node, len(self._words)))
            self._within[tag] += 1
            self._typed += tag in AS_TYPED
            self._languages.append(language)

    def _data(self, data: str) -> None:
        """Hear what stands between the elements."""
        told = unescape(data)
        self._words.append(told)
        if (said := told.strip()) and not self._typed:
            self.said.append((self._languages[-1], said))

    def _end(self, tag: str) -> None:
        """Close it, and see whether it had a name."""
        while self._open:
            node, at = self._open.pop()
            self._within[node.tag] -= 1
            self._typed -= node.tag in AS_TYPED
            self._languages.pop()
            if node.tag in NAMED or node.tag in HEADINGS:
                self._close(node, " ".join("".join(self._words[at:]).split()))
            if node.tag == tag:
                return

    def _close(self, node: Node, words: str) -> None:
        if node.tag in HEADINGS:
            self.headings.append((int(node.tag[1]), words))
        elif node.tag == "title":
            self.titles += [words] if not self._within["svg"] else []
        elif node.tag != "table":
            named = words or node.told.get("aria-label") or node.told.get("aria-labelledby")
            if not named:
                self.unnamed.append(f"<{node.tag}> {node.told}")
        elif not {"aria-label", "aria-labelledby"} & set(node.told):
            self._caption(node)

    def _caption(self, node: Node) -> None:
        inside = self.tags[self.tags.index(node) :]
        if not any(one.tag == "caption" for one in inside):
            self.unnamed.append(f"<table> {node.told}")

    def _name_questions(self) -> None:
        labelled = {one.told.get("for") for one in self.tags if one.tag == "label"}
        for at, one in enumerate(self.tags):
            asked = one.tag in ("select", "textarea") or (
                one.tag == "input" and one.told.get("type") not in ("hidden", "submit", "button")
            )
            named = at in self._labelled or {"aria-label", "aria-labelledby"} & set(one.told)
            if asked and not named and one.told.get("id") not in labelled:
                self.unnamed.append(f"<{one.tag}> {one.told}")

    def complaints(self) -> Iterator[str]:
        """What of its build would leave somebody in the dark who hears it, or uses keys alone."""
        yield from self.unnamed
        tops = [words for level, words in self.headings if level == 1]
        if len(tops) != 1 or not tops[0]:
            yield f"h1: {tops}"
        if len(self.titles) != 1 or not self.titles[0]:
            yield f"title: {self.titles}"
        levels = [level for level, _words in self.headings]
        skipped = [f"h{a} → h{b}" for a, b in zip(levels, levels[1:], strict=False) if b > a + 1]
        yield from skipped
        yield from self._marks()

    def _marks(self) -> Iterator[str]:
        counted = Counter(one.tag for one in self.tags)
        if counted["main"] != 1 or counted["html"] != 1:
            yield f"{counted['main']} × main"
        names = Counter(one.told.get("aria-label") for one in self.tags if one.tag == "nav")
        yield from (f"{n} × nav {name!r}" for name, n in names.items() if n > 1 or not name)
        ids = Counter(one.told["id"] for one in self.tags if "id" in one.told)
        yield from (f"{n} × id {name!r}" for name, n in ids.items() if n > 1)
        for one in self.tags:
            pointed = [one.told["for"]] if one.tag == "label" and "for" in one.told else []
            for name in ("aria-describedby", "aria-labelledby", "aria-controls", "list"):
                pointed += one.told.get(name, "").split()
            yield from (f"nothing is called {name!r}" for name in pointed if name not in ids)
            if one.tag == "img" and "alt" not in one.told:
                yield f"no alt: {one.told}"
            if "style" in one.told or any(name.startswith("on") for name in one.told):
                yield f"by hand: {one.told}"
            if int(one.told.get("tabindex", "0")) > 0:
                yield f"out of order: {one.told}"


def shape(address: str) -> tuple[str, frozenset[str]]:
    """What kind of page an address is: its path without numbers, and the names of what is asked."""
    parts = urlsplit(address)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    told = {f"{name}={value}" if name in TELLING else name for name, value in asked}
    return re.sub(r"(?<=/)\d+(?=/|$)", "1", parts.path), frozenset(told)


def is_file(address: str) -> bool:
    """Whether an address gives a file and no page."""
    parts = urlsplit(address)
    asked = dict(parse_qsl(parts.query))
    named = "." in parts.path.rpartition("/")[2] and parts.path.endswith(
        (".csv", ".xlsx", ".json", ".toml", ".svg")
    )
    api = parts.path.startswith("/api/") and not parts.path.startswith(WORDS_ON_API)
    return api or "format" in asked or named


WORDS_ON_API = ("/api/docs", "/api/problems")
PLACED = frozenset({"at", "within", "tree=then"})
"""What every list can be asked for alike: what lies in a place, then or now."""
CALLS, FEW = 12, 12
"""Pages about nouns of the API, its calls, and lists by place in each way, that a walk reads."""


def asking(client: FlaskClient) -> Callable[[str], Answer]:
    """Ask for pages as somebody's browser does, led on where they lead on."""

    def get(address: str) -> Answer:
        told = client.get(address, follow_redirects=True)
        text = told.text if told.mimetype == "text/html" else ""
        return Answer(told.status_code, told.mimetype, text, told.request.full_path.rstrip("?"))

    return get


def walk(get: Callable[[str], Answer], *starts: str) -> Iterator[tuple[str, Answer, Page]]:
    """Every kind of page that links lead to, with its address and what it is made of.

    Of the ways to narrow a list, one of each: what is asked for several at once says nothing new.
    Of the pages that tell of a call of the API, and of lists asked for by a place, some: they are
    one page with other words.
    """
    ahead, seen, placed = list(starts), set[str | tuple[str, str]](), Counter[str]()
    calls = Counter[int]()
    while ahead:
        address = urldefrag(ahead.pop(0)).url
        path, asked = shape(address)
        new = (one for one in asked if one not in PLACED or placed[one] < FEW)
        kinds = {path} | {(path, one) for one in new}
        if kinds <= seen or is_file(address) or urlsplit(address).scheme:
            continue
        seen |= kinds
        placed.update(asked & PLACED)
        depth = path.count("/") if path.startswith("/api/docs/") else 0
        calls[depth] += 1
        if depth and calls[depth] > CALLS:
            continue
        answer = get(address)
        if answer.mimetype != "text/html":
            continue
        if shape(answer.at) != shape(address):
            ahead.append(answer.at)
            continue
        page = Page(answer.text)
        yield address, answer, page
        if answer.status == 200:
            ahead += [urljoin(address, link) for link in page.links]


def kinds(page: Page) -> set[tuple[str, ...]]:
    """What a page is made of, whatever it says: an element with its attributes, and what it is."""
    told = ("class", "role", "type")
    return {(tag, *sorted(has), *(has.get(one, "") for one in told)) for tag, has in page.tags}
