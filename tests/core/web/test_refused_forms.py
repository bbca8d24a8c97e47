"""A form that came to nothing is kept on the page that says so, and only there."""

from __future__ import annotations

import re
from html import unescape

from lifang.access.sign_in import LOCK_AFTER
from lifang.testing import world
from tests.core.web.conftest import Visitor

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
TYPED = {"name": "王小明 <b>", "community": world.HOME}


def kept(page: str) -> dict[str, str]:
    """What the form in the middle of a page would send."""
    [main] = re.findall(r"<main.*</main>", page, re.S)
    return {name: unescape(value) for name, value in HIDDEN.findall(main)}


def test_what_was_typed_is_sent_again_from_the_page_that_refused_it(worker: Visitor) -> None:
    stale = {**TYPED, "csrf_token": "old"}
    expired = worker.client.post("/people/new?status=temporary", data=stale)
    assert expired.status_code == 403 and "页面已过期" in expired.text
    assert "CSRF" not in expired.text and "授权" not in expired.text
    assert 'action="/people/new?status=temporary"' in expired.text
    form = kept(expired.text)
    assert form.items() >= TYPED.items() and form["csrf_token"] != "old"
    made = worker.client.post("/people/new", data=form)
    assert made.status_code == 303 and "王小明 &lt;b&gt;" in worker.text(made.headers["Location"])

    elsewhere = worker.client.post(
        "/people/new", data=stale, headers={"Origin": "https://example.com"}
    )
    assert elsewhere.status_code == 403 and "别的网站" in elsewhere.text
    assert not kept(elsewhere.text), "nobody elsewhere may put words into a form of ours"
    secret = {"old": "secret-1", "password": "secret-2", "again": "secret-2"}
    changed = worker.client.post("/account/password", data=secret)
    assert changed.status_code == 403 and "secret" not in changed.text

    token = worker.token()
    worker.client.delete_cookie("lifang")
    ended = worker.client.post("/people/new", data={**TYPED, "csrf_token": token})
    assert ended.status_code == 401 and kept(ended.text).items() >= TYPED.items()
    assert 'target="_blank"' in ended.text


def test_who_is_locked_out_is_told_how_long(stranger: Visitor, worker: Visitor) -> None:
    for _time in range(LOCK_AFTER + 1):
        answer = stranger.post("/sign-in", {"name": worker.name, "password": "wrong"})
    assert answer.status_code == 429 and "15 分钟" in answer.text
    assert 890 < int(answer.headers["Retry-After"]) <= 901
