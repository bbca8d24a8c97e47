"""Plugin switches: what is present, where it is on, and switching it there."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.kit.errors import Forbidden, LifangError, NotFound
from lifang.kit.words import _, n_
from lifang.lifecycle import switching
from lifang.web import pointers
from lifang.web.doors import go_to

HOME = "/admin/plugins"
TONES = {"installed": "standing", "available": "closed", "faulted": "broken", "missing": "broken"}
STATES = {
    "installed": n_("已安装"),
    "available": n_("未安装"),
    "faulted": n_("无法载入"),
    "missing": n_("软件包不见了"),
}
PASTS = (
    ("", n_("补上停用期间的；新启用的从现在起")),
    ("skip", n_("不告诉")),
    ("restart", n_("从头告诉")),
)
DONE = {
    "install": n_("插件已安装；现在可以选择在哪里启用"),
    "enable": n_("插件已启用"),
    "disable": n_("插件已停用"),
}


def switches_page(caller: Caller, error: LifangError | None = None) -> tuple[str, int]:
    """Every plugin that is present or was installed here, with its switches."""
    page = render_template(
        "web/plugins.html",
        plugins=switching.listed(caller),
        tones=TONES,
        states=STATES,
        places=pointers.places(caller),
        error=error,
        asked=request.form,
        pasts=PASTS,
        done=_(DONE[said]) if (said := request.args.get("done")) in DONE else None,
        command="lifang plugin enable … --at …",
    )
    return page, error.status if error is not None else 200


def change(caller: Caller, plugin: str, verb: str) -> ResponseReturnValue:
    """Install a plugin, or switch it on or off at a place; without one, at every root."""
    try:
        if verb == "install":
            switching.install(caller, plugin)
        else:
            said = request.form.get("at", "").strip()
            at = pointers.place_code(caller, said) if said else None
            on, history = verb == "enable", request.form.get("history")
            switching.switch(caller, plugin, at=at, on=on, history=history)
    except (Forbidden, NotFound):
        raise
    except LifangError as error:
        return switches_page(caller, error)
    return go_to(f"{HOME}?done={verb}")
