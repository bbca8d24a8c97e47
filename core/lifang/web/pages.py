"""The pages: which function answers at which address, and what all templates may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_bootstrap
from flask import Blueprint
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
from lifang.web.addresses import ADMIN, dashed, resource_at
from lifang.web.doors import signed_in
from lifang.web.entry import entry
from lifang.web.errors import error_page
from lifang.web.looks import looks
from lifang.web.shell import surroundings

VERB = f"<any({', '.join(VERBS)}):verb>"
STYLES = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "css"

blueprint = Blueprint(
    "web", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
)
blueprint.register_blueprint(entry)
blueprint.register_blueprint(looks)
blueprint.register_blueprint(api_docs.docs)
blueprint.register_blueprint(papers.papers)
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


def _own(address: str, view: Any, *methods: str) -> None:
    """Let a page that is no noun's answer at an address of its own."""
    known = list(methods or ("GET",))
    blueprint.add_url_rule(address, view.__name__, signed_in(view), methods=known)


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


_own("/", home.home_page)
_own(me.ME, me.me_page)
_own(f"{me.ME}/consents", me.consent_page, "POST")
_own(me.NOTICES, me.notices_page)
_own(f"{me.NOTICES}/<int:record>/objections", me.objection_page, "POST")
_own(inbox.HOME, inbox.inbox_page)
_own(f"{inbox.HOME}/read", inbox.read_all_page, "POST")
_own(f"{inbox.HOME}/<int:notice>", inbox.open_page, "POST")
_own(inbox.KINDS, inbox.kinds_page)
_own(inbox.KINDS, inbox.choose_page, "POST")
_own(f"{inbox.HOME}/address", inbox.address_page, "POST")
_own("/p/<plugin>", desks.desk_page)
_own("/communities", tree.tree_page)
_own(indicators.HOME, indicators.indicators_page)
_own(f"{indicators.HOME}/<name>", indicators.indicator_page)
_own(f"{indicators.HOME}/table/<plugin>", indicators.table_page)
_own(f"{indicators.HOME}/<name>/chart.svg", indicators.chart)
_own(sheets.HOME, sheets.sheets_page)
_own(f"{sheets.HOME}/<name>", sheets.sheet_page)
_own(f"{sheets.HOME}/<name>/print", sheets.print_page)
_own(f"{sheets.HOME}/<name>/issue", sheets.issue_page, "POST")
_own("/documents/<int:id>", papers.document_page)
_own("/documents/<int:id>/qr.svg", papers.document_code)
_own("/documents/<int:id>/revoke", sheets.revoke_page, "POST")
_own(audits.HOME, audits.audit_page)
_own(events.HOME, events.events_page)
_own(f"{events.HOME}/<int:position>", events.event_page)
_own(f"{events.HOME}/letters", letters.letters_page, "POST")
_own(checkup.HOME, checkup.doctor_page)
_own(f"{checkup.HOME}.txt", checkup.doctor_text)
_own(switches.HOME, switches.switches_page)
_own(f"{switches.HOME}/bring", plugin_pages.bring_page, "GET", "POST")
_own(f"{switches.HOME}/bundle", plugin_pages.bundle_page, "GET", "POST")
_own(f"{switches.HOME}/<plugin>", plugin_pages.plugin_page)
_own(f"{switches.HOME}/<plugin>/{VERB}", plugin_pages.verb_page, "GET", "POST")
_own(settings.HOME, settings.settings_page)
_own(f"{settings.HOME}/<plugin>/<key>", settings.setting_page, "GET", "POST")
_own(f"{settings.HOME}/<plugin>/presets/<preset>", settings.preset_page, "GET", "POST")
_own(f"{settings.HOME}/file.<any(json, csv, toml):form>", settings.settings_file)
_own(f"{settings.HOME}/import", settings.take_in_page, "POST")
_own("/admin/accounts/new", newcomers.new_account_page, "GET", "POST")
_own("/admin/accounts/<int:record>/password", newcomers.new_password_page, "GET", "POST")

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
