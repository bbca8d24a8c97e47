"""Answers: JSON, and a record with the tag of its version."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from lifang.kit import json
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource
from lifang.services.presenting import View


def told(data: Any, *, status: int = 200) -> Response:
    """Anything as JSON."""
    return Response(json.dumps(data), status=status, mimetype="application/json")


def page(items: Any, next: str | None, **more: Any) -> Response:
    """One page of a list; where there is more, a link leads on as `next` does."""
    response = told({"items": items, "next": next, **more})
    if next is not None:
        asked = [one for one in request.args.items(multi=True) if one[0] != "cursor"]
        there = urlencode([*asked, ("cursor", next)])
        response.headers["Link"] = f'<{request.path}?{there}>; rel="next"'
    return response


def record(view: View, *, status: int = 200) -> Response:
    """One record, tagged with its version."""
    response = told(view, status=status)
    response.headers["ETag"] = tag(view)
    return response


def created(resource: Resource[Any], view: View) -> Response:
    """A record that was made, and where it is from now on."""
    response = record(view, status=201)
    response.headers["Location"] = f"{address(resource)}/{view['id']}"
    return response


def tag(view: View) -> str:
    """The entity tag of a record: its version."""
    return f'"{view["version"]}"'


def address(resource: Resource[Any]) -> str:
    """Where a noun is; without a host, for nobody can be sure by which name we were called."""
    own = "" if resource.plugin == CORE else f"/{dashed(resource.plugin)}"
    return f"/api/v1{own}/{dashed(resource.noun)}"


def dashed(name: str) -> str:
    """A name as addresses write it."""
    return name.replace("_", "-")
