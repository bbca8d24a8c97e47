"""Voluntary service and points (志愿服务与积分): from signing up to a certificate."""

import lifang as lf
from lifang_volunteer_points.events import handlers
from lifang_volunteer_points.indicators import indicators
from lifang_volunteer_points.pages import desk, home_cards
from lifang_volunteer_points.purposes import purposes
from lifang_volunteer_points.resources import resources
from lifang_volunteer_points.schemas import payloads
from lifang_volunteer_points.services.thanks import provides
from lifang_volunteer_points.settings import presets, settings
from lifang_volunteer_points.sheets import sheets

plugin = lf.Plugin(
    "volunteer_points",
    "志愿服务与积分",
    resources=resources,
    settings=settings,
    presets=presets,
    handlers=handlers,
    payloads=payloads,
    purposes=purposes,
    indicators=indicators,
    sheets=sheets,
    hooks=[home_cards],
    provides=provides,
    desk=desk,
)
