"""Certificates, the shop and the time bank as people meet them."""

from __future__ import annotations

import lifang as lf
from lifang_volunteer_points import documents
from lifang_volunteer_points.models import Certificate, Item, Redemption, TimeDraw
from lifang_volunteer_points.services import certificate, shop, time_bank

certificates = lf.Resource(
    Certificate,
    label="志愿服务证明",
    columns=("number", "person", "community", "since", "until", "minutes", "state"),
    search=["person.name", "number"],
    owner="person",
    locked=(
        "person", "community", "old_style", "minutes", "records", "number", "code", "checked_by",
        "sealed_by", "issued_at",
    ),
    rules=[certificate.demand_period],
    actions=[certificate.check, certificate.seal, certificate.issue, certificate.revoke],
    documents=[documents.certificate, documents.extract],
    roles={
        "resident": "read:own create:own issue:own",
        "community_worker": "read create check issue export",
        "community_secretary": "seal",
        "subdistrict_admin": "revoke",
    },
    never="update remove import",
)  # fmt: skip

items = lf.Resource(
    Item,
    label="兑换物品",
    search=["name"],
    locked=("stock",),
    rules=[shop.demand_thanks],
    actions=[shop.restock, shop.write_off, shop.count_stock, shop.withdraw, shop.put_back],
    open=True,
    roles={
        "resident": "read",
        "community_worker": "read create update restock write_off count_stock withdraw put_back "
        "import export",
        "community_secretary": "remove",
    },
)

redemptions = lf.Resource(
    Redemption,
    label="积分兑换",
    scope=lf.Via("item"),
    columns=("item", "person", "quantity", "points", "state"),
    owner="person",
    hidden=("points_entry", "stock_entry"),
    locked=("person", "points", "code", "handed_out_by"),
    rules=[shop.reserve],
    saved=[shop.keep_for],
    actions=[
        shop.show_code, shop.pick_up, shop.sign_for, shop.cancel, shop.expire,
    ],
    timers=["pick_up_due"],
    roles={
        "resident": "read:own create:own show_code:own sign_for:own cancel:own",
        "community_worker": "read create pick_up sign_for cancel expire export",
    },
    never="update remove import",
)  # fmt: skip

time_draws = lf.Resource(
    TimeDraw,
    label="时间币支取",
    columns=("person", "service", "coins", "state"),
    owner="person",
    hidden=("coins_entry",),
    locked=("person", "community"),
    rules=[time_bank.put_aside],
    actions=[time_bank.serve, time_bank.cancel],
    roles={
        "resident": "read:own create:own cancel:own",
        "community_worker": "read create serve cancel export",
    },
    never="update remove import",
)
