"""The deep rules: they import a plugin and run it, each asked of a `Subject`.

`RULES` are all of them, in the order in which they are asked; a test asks the same ones.
"""

from importlib import import_module

from lifang.checking.rule import RULES as _ALL

NAMES = "answers declaring exchanging people schema traces watching"
for _name in NAMES.split():
    import_module(f"{__name__}.{_name}")

RULES = sorted((one for one in _ALL.values() if one.deep), key=lambda one: one.id)
