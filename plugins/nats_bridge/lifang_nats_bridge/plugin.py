"""The bridge (消息桥): events leave to NATS JetStream and come in from there as CloudEvents 1.0."""

import lifang as lf
from lifang_nats_bridge.pages import can_enable, health
from lifang_nats_bridge.receiving import messages, take_messages
from lifang_nats_bridge.sending import publish

plugin = lf.Plugin(
    "nats_bridge",
    "消息桥",
    resources=[messages],
    handlers=[publish],
    duties=[take_messages],
    hooks=[can_enable, health],
)
