"""Dual reporting (双报到): people of an organization also report to the community they live in."""

import lifang as lf
from lifang_dual_reporting.events import handlers
from lifang_dual_reporting.indicators import indicators
from lifang_dual_reporting.notices import notices
from lifang_dual_reporting.pages import desk, home_cards
from lifang_dual_reporting.purposes import purposes
from lifang_dual_reporting.resources import resources
from lifang_dual_reporting.schemas import payloads
from lifang_dual_reporting.settings import presets, settings
from lifang_dual_reporting.sheets import sheets

plugin = lf.Plugin(
    "dual_reporting",
    "双报到",
    resources=resources,
    settings=settings,
    presets=presets,
    handlers=handlers,
    payloads=payloads,
    purposes=purposes,
    hooks=[home_cards],
    indicators=indicators,
    sheets=sheets,
    notices=notices,
    desk=desk,
)
