"""The static rules, by concern; importing this package declares them."""

from lifang.checking.rules import (
    code as code,
)
from lifang.checking.rules import (
    declared as declared,
)
from lifang.checking.rules import (
    exempted as exempted,
)
from lifang.checking.rules import (
    hooks as hooks,
)
from lifang.checking.rules import (
    imports as imports,
)
from lifang.checking.rules import (
    packaging as packaging,
)
from lifang.checking.rules import (
    papers as papers,
)
from lifang.checking.rules import (
    sql as sql,
)
from lifang.checking.rules import (
    tables as tables,
)
from lifang.checking.rules import (
    templates as templates,
)
from lifang.checking.rules import (
    translations as translations,
)
