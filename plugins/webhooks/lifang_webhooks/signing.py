"""Secrets and signatures: what a receiver knows an event of ours by.

The form is that of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over the
message's id, the second it was sent in and its body, joined by full stops.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets

import lifang as lf
from lifang_webhooks.models import Endpoint

PREFIX = "whsec_"
BOTH_VALID = dt.timedelta(hours=24)
"""How long after a change the old secret signs beside the new one."""


def renew(endpoint: Endpoint, caller: lf.Caller) -> None:
    """Give an endpoint a new secret, shown to whoever asked for it and kept nowhere.

    What is kept is a salt, from which only this instance makes the secret, and its last characters.
    """
    endpoint.former_salt, endpoint.salt = endpoint.salt, secrets.token_hex(16)
    told = secret_of(endpoint, caller, endpoint.salt)
    endpoint.secret = f"{PREFIX}…{told[-4:]}"
    endpoint.shown_once = {"secret": told}


def secret_of(endpoint: Endpoint, caller: lf.Caller, salt: str) -> str:
    """The secret that belongs to a salt, as receivers are given it."""
    return PREFIX + base64.b64encode(lf.derived_secret(endpoint, caller, salt)).decode()


def headers(endpoint: Endpoint, caller: lf.Caller, id: str, body: bytes) -> dict[str, str]:
    """What says that a message is ours: its id, when it was sent, and a signature per secret."""
    at = int(lf.now().timestamp())
    salts = [endpoint.salt]
    if endpoint.former_salt and endpoint.rotated_at:
        salts += [endpoint.former_salt] if lf.now() - endpoint.rotated_at < BOTH_VALID else []
    message = b".".join([id.encode(), str(at).encode(), body])
    made = [sign(secret_of(endpoint, caller, salt), message) for salt in salts if salt]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(made),
    }


def sign(secret: str, message: bytes) -> str:
    """One signature, with the version of its form in front."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, message, "sha256")).decode()
