"""A plugin that tells a registry elsewhere who has moved: the example of `docs/events.md`."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import lifang as lf

ADDRESS = ["http://127.0.0.1/"]


@lf.on("core.person.moved", mode="ext")
def tell_registry(event: lf.Event, caller: lf.Caller) -> None:
    """The registry hears of every move; it knows a second copy by its key."""
    if event.replaying:
        return  # it has the past from somewhere else
    body = json.dumps({"person": event.subject, "date": event.data["date"]}).encode()
    request = urllib.request.Request(ADDRESS[0], body, {"Idempotency-Key": event.key})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as refused:
        refused.close()
        if refused.code == 422:
            raise lf.Dead("the registry does not know this person") from refused
        if refused.code == 429:
            raise lf.RetryAfter(float(refused.headers["Retry-After"])) from refused
        raise  # anything else may pass: eight tries, each a little later
    except OSError as error:
        raise lf.Away(f"the registry does not answer: {error}") from error


# the end of the example
plugin = lf.Plugin("registry", "registry", handlers=[tell_registry])
