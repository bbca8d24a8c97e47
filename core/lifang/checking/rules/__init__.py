"""The static rules, by concern; importing this package declares them."""

from importlib import import_module

NAMES = "declared effects errors exempted hooks imports packaging papers sql tables templates"
for _name in [*NAMES.split(), "translations"]:
    import_module(f"{__name__}.{_name}")
