"""Refusals as pages in both languages, and no sentence of which only a part is translated."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge

from lifang.http.problems import problem_of
from lifang.kit.errors import LifangError
from lifang.web.errors import error_page
from tests.core.crawl import Page
from tests.core.spoken import CHINESE
from tests.core.test_translations import PLUGINS, english


@pytest.mark.once
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_refusal_is_a_page_with_a_heading_in_one_language(app: Flask, language: str):
    errors = [kind() for kind in (MethodNotAllowed, RequestEntityTooLarge, KeyError)]
    for error in (*(kind("—") for kind in LifangError.__subclasses__()), *errors):
        with app.test_request_context("/nowhere", headers={"Accept-Language": language}):
            app.preprocess_request()
            told = problem_of(error)
            text, answered = error_page(told)
        assert answered == told["status"]
        page = Page(text)
        assert list(page.complaints()) == [], answered
        if language == "en":
            english(text)
        else:
            assert all(CHINESE.search(words) for _level, words in page.headings), page.headings


HALF = re.compile(r"""\b[fF]r?"((?:[^"\\]|\\.)*)\"""")
SAID = re.compile(
    r'''(?:raise [\w.]+|[\w.]*(?:echo|FieldError|Shown|Dead))\((?:[\w.]+, )?\s*"([^"]*)"'''
)
"""What is said where it stands, with nothing around it that would translate it."""
INNERMOST = re.compile(r"\{[^{}]*\}")
PUT_TOGETHER = {
    "address.py": "patterns of Chinese addresses",
    "masking.py": "patterns of Chinese addresses",
    "subject.py": "names of places that a check makes up",
    "finding.py": "two names of distributions",
    "sample.py": "what a demonstration makes up",
    "ocds.py": "what is published says it in the language of the contract",
    "documents.py": "a certificate whose words are prescribed",
    "certificate.py": "the notice before it, on the board of a Chinese community",
    "star.py": "likewise",
    "post.py": "kept with the post, for residents",
    "problems.py": "brackets that are taken away, in either language",
}
"""Files that say something in Chinese to everybody, with the reason."""


@pytest.mark.once
def test_no_sentence_is_put_together_from_halves_that_nobody_translates():
    found = {}
    for plugin in PLUGINS:
        for file in plugin.folder.rglob("*.py"):
            if file.name in PUT_TOGETHER or "sample" in file.parts or "locale" in file.parts:
                continue
            text = file.read_text()
            assert not [said for said in SAID.findall(text) if CHINESE.search(said)], file
            for raw in HALF.findall(text):
                said = INNERMOST.sub("", INNERMOST.sub("", raw))
                if CHINESE.search(said):
                    found.setdefault(file.name, []).append(raw)
    assert found == {}
