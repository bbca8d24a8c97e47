"""The deep rules: they import a plugin and run it, each asked of a `Subject`.

`RULES` are all of them, in the order in which they are asked; a test asks the same ones.
"""

from lifang.checking.deep import (
    answers as answers,
)
from lifang.checking.deep import (
    declaring as declaring,
)
from lifang.checking.deep import (
    exchanging as exchanging,
)
from lifang.checking.deep import (
    people as people,
)
from lifang.checking.deep import (
    schema as schema,
)
from lifang.checking.deep import (
    traces as traces,
)
from lifang.checking.deep import (
    watching as watching,
)
from lifang.checking.rule import RULES as _ALL

RULES = sorted((one for one in _ALL.values() if one.deep), key=lambda one: one.id)
