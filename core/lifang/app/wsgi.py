"""The web application of LIFANG_HOME, for any WSGI server: `lifang.app.wsgi:app`."""

from __future__ import annotations

from lifang.app.http import create_app
from lifang.app.instance import open_instance

app = create_app(open_instance())
