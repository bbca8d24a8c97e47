"""The pages: which function answers at which address, and what all templates may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_bootstrap
from flask import Blueprint, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.http import problems
from lifang.kit.words import _, _p
from lifang.lifecycle.verbs import VERBS
from lifang.web import (
    api_docs,
    audits,
    bulk,
    changes,
    checkup,
    confidential,
    desks,
    events,
    home,
    imports,
    inbox,
    indicators,
    letters,
    lists,
    me,
    newcomers,
    papers,
    picking,
    plugin_pages,
    records,
    settings,
    sheets,
    switches,
    tree,
)
from lifang.web.addresses import ADMIN, dashed, resource_at, with_query
from lifang.web.doors import go_to, signed_in
from lifang.web.entry import entry
from lifang.web.errors import error_page
from lifang.web.looks import looks
from lifang.web.shell import in_office, surroundings

STYLES = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "css"

blueprint = Blueprint(
    "web", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
)
blueprint.register_blueprint(entry)
blueprint.register_blueprint(looks)
blueprint.register_blueprint(api_docs.docs)
blueprint.register_blueprint(papers.papers)
blueprint.register_blueprint(sheets.pages)
blueprint.register_blueprint(
    Blueprint("kit", __name__, static_folder=STYLES, static_url_path="/assets/kit")
)
blueprint.context_processor(surroundings)


@blueprint.record_once
def _furnish(state: BlueprintSetupState) -> None:
    """Give templates the words, and people their problems as pages."""
    state.app.jinja_env.globals.update(_=_, _p=_p, dashed=dashed)
    state.app.jinja_env.trim_blocks = state.app.jinja_env.lstrip_blocks = True
    problems.show_with(state.app, error_page)


@blueprint.get("/")
@signed_in
def show_home(caller: Caller) -> ResponseReturnValue:
    """The dashboard; residents, who hold no office, begin with themselves."""
    if caller.person is not None and not in_office(caller):
        return go_to(with_query(me.ME, list(request.args.items())))
    return home.home_page(caller)


@blueprint.get(me.ME)
@signed_in
def show_me(caller: Caller) -> ResponseReturnValue:
    """One's own page."""
    return me.me_page(caller)


@blueprint.post(f"{me.ME}/consents")
@signed_in
def change_consent(caller: Caller) -> ResponseReturnValue:
    """Agree, or take it back."""
    return me.consent_page(caller)


@blueprint.get(me.NOTICES)
@signed_in
def show_notices(caller: Caller) -> ResponseReturnValue:
    """The notice board."""
    return me.notices_page(caller)


@blueprint.post(f"{me.NOTICES}/<int:record>/objections")
@signed_in
def object_to_notice(caller: Caller, record: int) -> ResponseReturnValue:
    """Object to a notice."""
    return me.objection_page(caller, record)


@blueprint.get(inbox.HOME)
@signed_in
def show_inbox(caller: Caller) -> ResponseReturnValue:
    """What one was told."""
    return inbox.inbox_page(caller)


@blueprint.post(f"{inbox.HOME}/read")
@signed_in
def read_notices(caller: Caller) -> ResponseReturnValue:
    """All of it is read."""
    return inbox.read_all_page(caller)


@blueprint.post(f"{inbox.HOME}/<int:notice>")
@signed_in
def open_notice(caller: Caller, notice: int) -> ResponseReturnValue:
    """One notice is read, on to its record."""
    return inbox.open_page(caller, notice)


@blueprint.get(inbox.KINDS)
@signed_in
def show_kinds(caller: Caller) -> ResponseReturnValue:
    """Which notices one wants."""
    return inbox.kinds_page(caller)


@blueprint.post(inbox.KINDS)
@signed_in
def choose_kinds(caller: Caller) -> ResponseReturnValue:
    """Want them, or not."""
    return inbox.choose_page(caller)


@blueprint.post(f"{inbox.HOME}/address")
@signed_in
def set_address(caller: Caller) -> ResponseReturnValue:
    """Where they are sent."""
    return inbox.address_page(caller)


@blueprint.get("/p/<plugin>")
@signed_in
def show_desk(caller: Caller, plugin: str) -> ResponseReturnValue:
    """What a plugin has for somebody to work on."""
    return desks.desk_page(caller, plugin)


@blueprint.get("/communities")
@signed_in
def show_tree(caller: Caller) -> ResponseReturnValue:
    """The community tree."""
    return tree.tree_page(caller)


@blueprint.get("/indicators")
@signed_in
def show_indicators(caller: Caller) -> ResponseReturnValue:
    """What is reported upwards."""
    return indicators.indicators_page(caller)


@blueprint.get("/indicators/<name>")
@signed_in
def show_indicator(caller: Caller, name: str) -> ResponseReturnValue:
    """The figures of an indicator."""
    return indicators.indicator_page(caller, name)


@blueprint.get("/indicators/table/<plugin>")
@signed_in
def show_indicator_table(caller: Caller, plugin: str) -> ResponseReturnValue:
    """All indicators of a plugin side by side."""
    return indicators.table_page(caller, plugin)


@blueprint.get("/indicators/<name>/chart.svg")
@signed_in
def draw_indicator(caller: Caller, name: str) -> ResponseReturnValue:
    """The months of an indicator as a picture."""
    return indicators.chart(caller, name)


@blueprint.get("/admin/audit")
@signed_in
def show_audit(caller: Caller) -> ResponseReturnValue:
    """The audit trail."""
    return audits.audit_page(caller)


@blueprint.get("/admin/events")
@signed_in
def show_events(caller: Caller) -> ResponseReturnValue:
    """Events, and what could not be told."""
    return events.events_page(caller)


@blueprint.get("/admin/events/<int:position>")
@signed_in
def show_event(caller: Caller, position: int) -> ResponseReturnValue:
    """One event and how far everybody is with it."""
    return events.event_page(caller, position)


@blueprint.post("/admin/events/letters")
@signed_in
def treat_letters(caller: Caller) -> ResponseReturnValue:
    """Replay what could not be told, or give it up."""
    return letters.letters_page(caller)


@blueprint.get(checkup.HOME)
@signed_in
def show_doctor(caller: Caller) -> ResponseReturnValue:
    """How the instance is."""
    return checkup.doctor_page(caller)


@blueprint.get(f"{checkup.HOME}.txt")
@signed_in
def show_doctor_text(caller: Caller) -> ResponseReturnValue:
    """The same as a text."""
    return checkup.doctor_text(caller)


@blueprint.get("/admin/plugins")
@signed_in
def show_switches(caller: Caller) -> ResponseReturnValue:
    """The plugin switches."""
    return switches.switches_page(caller)


@blueprint.route("/admin/plugins/bring", methods=["GET", "POST"])
@signed_in
def bring_plugin(caller: Caller) -> ResponseReturnValue:
    """The package of a plugin that is not here yet."""
    return plugin_pages.bring_page(caller)


@blueprint.route("/admin/plugins/bundle", methods=["GET", "POST"])
@signed_in
def bring_bundle(caller: Caller) -> ResponseReturnValue:
    """Plugins that go together."""
    return plugin_pages.bundle_page(caller)


@blueprint.get("/admin/plugins/<plugin>")
@signed_in
def show_plugin(caller: Caller, plugin: str) -> ResponseReturnValue:
    """One plugin."""
    return plugin_pages.plugin_page(caller, plugin)


@blueprint.route(f"/admin/plugins/<plugin>/<any({', '.join(VERBS)}):verb>", methods=["GET", "POST"])
@signed_in
def treat_plugin(caller: Caller, plugin: str, verb: str) -> ResponseReturnValue:
    """Something that is done with a plugin."""
    return plugin_pages.verb_page(caller, plugin, verb)


@blueprint.get(settings.HOME)
@signed_in
def show_settings(caller: Caller) -> ResponseReturnValue:
    """What plugins let districts set, at a place on a day."""
    return settings.settings_page(caller)


@blueprint.route(f"{settings.HOME}/<plugin>/<key>", methods=["GET", "POST"])
@signed_in
def show_setting(caller: Caller, plugin: str, key: str) -> ResponseReturnValue:
    """One setting and why it is so."""
    return settings.setting_page(caller, plugin, key)


@blueprint.route(f"{settings.HOME}/<plugin>/presets/<preset>", methods=["GET", "POST"])
@signed_in
def show_preset(caller: Caller, plugin: str, preset: str) -> ResponseReturnValue:
    """What a preset would change."""
    return settings.preset_page(caller, plugin, preset)


@blueprint.get(f"{settings.HOME}/file.<any(json, csv, toml):form>")
@signed_in
def export_settings(caller: Caller, form: str) -> ResponseReturnValue:
    """A district's settings as a file."""
    return settings.settings_file(caller, form)


@blueprint.post(f"{settings.HOME}/import")
@signed_in
def import_settings(caller: Caller) -> ResponseReturnValue:
    """Such a file, checked and then taken in."""
    return settings.import_page(caller)


@blueprint.route("/admin/accounts/new", methods=["GET", "POST"])
@signed_in
def new_account(caller: Caller) -> ResponseReturnValue:
    """A new account."""
    return newcomers.new_account_page(caller)


@blueprint.route("/admin/accounts/<int:record>/password", methods=["GET", "POST"])
@signed_in
def new_password(caller: Caller, record: int) -> ResponseReturnValue:
    """A new one-time password for somebody who lost theirs."""
    return newcomers.new_password_page(caller, record)


def _page(view: Any, tail: str, *methods: str) -> None:
    """Let a page of any resource answer under the core, administration and every plugin."""

    def show(caller: Caller, /, noun: str, area: str = "", **rest: Any) -> ResponseReturnValue:
        answer: ResponseReturnValue = view(caller, resource_at(caller, area, noun), **rest)
        return answer

    page = signed_in(show)
    known = list(methods or ("GET",))
    name = view.__name__
    blueprint.add_url_rule(f"/<noun>{tail}", name, page, methods=known)
    blueprint.add_url_rule(
        f"/{ADMIN}/<noun>{tail}", f"{name}_admin", page, methods=known, defaults={"area": ADMIN}
    )
    blueprint.add_url_rule(f"/p/<area>/<noun>{tail}", f"{name}_plugin", page, methods=known)


_page(lists.list_page, "")
_page(picking.pick_page, "/pick")
_page(bulk.bulk_page, "/bulk", "POST")
_page(bulk.result_page, "/bulk/<int:job>")
_page(changes.new_page, "/new", "GET", "POST")
_page(imports.upload_page, "/import", "GET", "POST")
_page(imports.template_file, "/import/template.<any(csv, xlsx):form>")
_page(imports.import_page, "/import/<int:record>", "GET", "POST")
_page(imports.failing_file, "/import/<int:record>/failing.<any(csv, xlsx):form>")
_page(records.record_page, "/<int:record>")
_page(records.history_page, "/<int:record>/history")
_page(records.reveal_page, "/<int:record>/reveal", "POST")
_page(confidential.uncover_page, "/<int:record>/uncover", "GET", "POST")
_page(confidential.anonymised_page, "/<int:record>/anonymised")
_page(records.attach_page, "/<int:record>/attachments", "POST")
_page(papers.attachment_file, "/<int:record>/attachments/<int:file>")
_page(records.detach_page, "/<int:record>/attachments/<int:file>/remove", "POST")
_page(changes.edit_page, "/<int:record>/edit", "GET", "POST")
_page(changes.remove_page, "/<int:record>/remove", "GET", "POST")
_page(changes.action_page, "/<int:record>/actions/<name>", "GET", "POST")
