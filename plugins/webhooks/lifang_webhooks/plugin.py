"""Webhooks (网络回调): what happens here is sent to other systems."""

import lifang as lf
from lifang_webhooks.deliveries import send, spread
from lifang_webhooks.pages import health
from lifang_webhooks.resources import attempts, endpoints

plugin = lf.Plugin(
    "webhooks",
    "网络回调",
    resources=[endpoints, attempts],
    handlers=[spread, send],
    hooks=[health],
)
