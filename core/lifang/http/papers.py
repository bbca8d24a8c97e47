"""What pages and programs answer alike about papers: a file to keep, a document verified."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, request

from lifang.http import attempts
from lifang.http.request import the_instance
from lifang.kit.errors import NotFound
from lifang.mechanisms import attachments, documents


def kept(pieces: Iterable[bytes], media: str, name: str) -> Response:
    """A file to keep, named so that it is found again in a folder of downloads."""
    response = Response(pieces, content_type=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def handed(told: attachments.View, media: str, data: bytes) -> Response:
    """A file to keep, under its own name; never something to open here."""
    response = Response(data, content_type=media)
    plain = f"attachment-{told['id']}.{told['type']}"
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(told['name'], safe='')}"
    response.headers["Content-Disposition"] = named
    return response


def verified(code: str) -> dict[str, Any]:
    """What anybody may know of a document by its code; nobody has to sign in.

    Raises NotFound for an unknown one, TooMany for who has tried too many of those.
    """
    known = attempts.of(current_app.extensions)
    known.demand(request.remote_addr)
    try:
        return documents.verify(the_instance(), code)
    except NotFound:
        known.missed(request.remote_addr)
        raise
