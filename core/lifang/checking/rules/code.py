"""What code of a plugin does not do: act when it is imported, end the process, hide errors."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lifang.checking.modules import FUNCTIONS, Function, Module, contains, inside
from lifang.checking.rule import Hits, hit, rule
from lifang.checking.source import Source

ACTS = (
    "open", "input", "print", "os.makedirs", "os.mkdir", "os.remove", "os.unlink", "os.rename", "os.replace", "os.rmdir",
    "os.write", "os.putenv", "os.unsetenv", "os.environ.setdefault", "os.environ.update",
    "os.environ.pop", "shutil.", "tempfile.mkdtemp", "tempfile.mkstemp",
    "tempfile.NamedTemporaryFile", "tempfile.TemporaryFile", "socket.", "urllib.request.",
    "http.client.", "requests.", "httpx.", "aiohttp.", "smtplib.", "ftplib.", "ssl.create_",
    "subprocess.", "os.system", "os.popen", "multiprocessing.", "asyncio.run", "time.sleep",
    "sqlite3.connect", "psycopg.", "logging.basicConfig", "sys.path.", "sys.stdout.",
    "sys.stderr.", "atexit.register", "warnings.filterwarnings", "warnings.simplefilter",
    "concurrent.futures.", "_thread.start_new_thread",
)  # fmt: skip
"""What acts on the world, by its name or the beginning of it."""
DOING = {"start", "write_text", "write_bytes", "mkdir", "touch", "unlink", "rmdir", "connect"}
"""Methods that act on the world whatever they are called on."""
PURE = ("socket.AF_", "socket.SOCK_", "subprocess.DEVNULL")
ENDS = ("sys.exit", "os._exit", "os.abort", "exit", "quit", "os.kill", "os.killpg",
        "thread.interrupt_main", "_thread.interrupt_main")  # fmt: skip
FORKS = ("os.fork", "os.forkpty", "os.exec", "os.spawn", "os.posix_spawn", "multiprocessing.",
         "os.system", "os.popen", "pty.", "concurrent.futures.ProcessPoolExecutor")  # fmt: skip
SIGNALS = ("signal.", "faulthandler.register")
SHARED = ("os.chdir", "os.umask", "os.setuid", "os.nice", "locale.setlocale", "time.tzset",
          "sys.setrecursionlimit", "sys.setswitchinterval", "sys.settrace", "sys.setprofile",
          "sys.addaudithook", "socket.setdefaulttimeout", "gc.disable", "gc.freeze",
          "resource.setrlimit", "random.seed", "decimal.setcontext", "logging.disable",
          "threading.setprofile", "builtins.", "importlib.reload")  # fmt: skip
RUNS_TEXT = ("eval", "exec", "compile", "__import__", "pickle.load", "marshal.load",
             "shelve.open", "dill.load", "runpy.", "code.interact")  # fmt: skip


def _means(name: str, among: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of some names, or begins as one that ends with a dot."""
    return any(
        name == one
        or (one.endswith((".", "exec", "spawn", "load", "create_")) and name.startswith(one))
        for one in among
    )


def _calls(source: Source, among: tuple[str, ...]) -> Iterator[tuple[Module, str, ast.Call]]:
    for module in source.modules:
        for name, call in module.called:
            if _means(name, among):
                yield module, name, call


@rule("LF211", tier=2)
def no_side_effect_at_import(source: Source) -> Hits:
    """Importing a module has no effect on the world."""
    for module in source.modules:
        for node in module.at_import:
            if name := _effect(module, node):
                yield hit(module.spot(node), name=name)


def _effect(module: Module, node: ast.AST) -> str | None:
    if isinstance(node, ast.Call):
        name = module.dotted(node.func) or ""
        if _means(name, ACTS) and not name.startswith(PURE):
            return name
        if isinstance(node.func, ast.Attribute) and node.func.attr in DOING:
            told = ast.unparse(node.func)
            return told if not name.startswith("lifang.") else None
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = node.targets if not isinstance(node, ast.AugAssign) else [node.target]
        for one in targets:
            if isinstance(one, ast.Subscript) and module.dotted(one.value) == "os.environ":
                return "os.environ[…] = …"
    if isinstance(node, ast.While):
        return "while"
    return None


@rule("LF212", tier=1)
def does_not_raise_at_import(source: Source) -> Hits:
    """No statement of the module's own level raises whatever happens."""
    for module in source.modules:
        for node in module.tree.body if module.tree is not None else []:
            if isinstance(node, ast.Raise):
                yield hit(module.spot(node))
            if (
                isinstance(node, ast.Assert)
                and not module.value(node.test)
                and isinstance(node.test, ast.Constant)
            ):
                yield hit(module.spot(node))


@rule("LF213", tier=2)
def never_ends_the_process(source: Source) -> Hits:
    """Nothing ends the process."""
    for module, name, call in _calls(source, ENDS):
        yield hit(module.spot(call), name=name)
    for module in source.modules:
        for node in module.nodes:
            raised = node.exc if isinstance(node, ast.Raise) else None
            raised = raised.func if isinstance(raised, ast.Call) else raised
            if module.dotted(raised) in ("SystemExit", "KeyboardInterrupt", "GeneratorExit"):
                yield hit(module.spot(node), name=f"raise {ast.unparse(raised)}")  # type: ignore[arg-type]  # it has a name


@rule("LF214", tier=2)
def never_forks(source: Source) -> Hits:
    """No process is forked or replaced."""
    for module, name, call in _calls(source, FORKS):
        yield hit(module.spot(call), name=name)


@rule("LF215", tier=2)
def no_signal_handlers(source: Source) -> Hits:
    """No signal handler or alarm is set."""
    for module, name, call in _calls(source, SIGNALS):
        if name.split(".")[-1] in ("signal", "alarm", "setitimer", "siginterrupt", "set_wakeup_fd",
                                   "raise_signal", "pthread_kill", "register"):  # fmt: skip
            yield hit(module.spot(call), name=name)


@rule("LF216", tier=2)
def leaves_the_process_alone(source: Source) -> Hits:
    """What the whole process shares is left as it is."""
    for module, name, call in _calls(source, SHARED):
        yield hit(module.spot(call), name=name)


@rule("LF217", tier=2)
def patches_nobody(source: Source) -> Hits:
    """Nothing of anybody else's is replaced while the program runs."""
    for module in source.modules:
        foreign = {k for k, v in module.imported.items() if v.partition(".")[0] != source.package}
        for node in module.nodes:
            if name := _patched(module, node, foreign):
                yield hit(module.spot(node), name=name)


def _patched(module: Module, node: ast.AST, foreign: set[str]) -> str | None:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Call) and module.dotted(node.func) in ("setattr", "delattr"):
        targets = (
            [ast.Attribute(value=node.args[0], attr="…", ctx=ast.Store())] if node.args else []
        )
    for one in targets:
        if isinstance(one, ast.Subscript) and module.dotted(one.value) == "sys.modules":
            return "sys.modules"
        if not isinstance(one, ast.Attribute):
            continue
        base: ast.expr = one.value
        while isinstance(base, ast.Attribute):
            base = base.value
        if (
            isinstance(base, ast.Name)
            and base.id in foreign
            and not _shadowed(module, node, base.id)
        ):
            return ast.unparse(one)
    return None


def _shadowed(module: Module, node: ast.AST, name: str) -> bool:
    """Whether a name is a parameter or a variable of the function a node stands in."""
    for function in module.functions:
        if function.lineno <= getattr(node, "lineno", 0) <= (function.end_lineno or 0):
            given = function.args
            named = {one.arg for one in [*given.args, *given.kwonlyargs, *given.posonlyargs]}
            stored = {
                one.id
                for one in ast.walk(function)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
            if name in named | stored:
                return True
    return False


@rule("LF218", tier=2)
def runs_no_text(source: Source) -> Hits:
    """No text or pickle is run as a program."""
    for module, name, call in _calls(source, RUNS_TEXT):
        yield hit(module.spot(call), name=name)


@rule("LF219", tier=2)
def no_bare_except(source: Source) -> Hits:
    """Nothing catches everything, unless it raises it again."""
    for module in source.modules:
        for node in module.nodes:
            if isinstance(node, ast.ExceptHandler) and not contains(node.body, (ast.Raise,)):
                if node.type is None or "BaseException" in _caught(module, node):
                    yield hit(
                        module.spot(node), name="except:" if not node.type else "BaseException"
                    )
            elif isinstance(node, ast.Call) and module.dotted(node.func) == "contextlib.suppress":
                if any(module.dotted(one) == "BaseException" for one in node.args):
                    yield hit(module.spot(node), name="suppress(BaseException)")


def _caught(module: Module, node: ast.ExceptHandler) -> set[str]:
    told = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return {module.dotted(one) or "" for one in told}


@rule("LF220", tier=2)
def swallows_no_error(source: Source) -> Hits:
    """An error of any kind is not passed over in silence."""
    for module in source.modules:
        for node in module.nodes:
            if isinstance(node, ast.ExceptHandler) and "Exception" in _caught(module, node):
                if all(
                    isinstance(one, ast.Pass | ast.Continue) or _is_dots(one) for one in node.body
                ):
                    yield hit(module.spot(node), name="except Exception: pass")
            elif isinstance(node, ast.Call) and module.dotted(node.func) == "contextlib.suppress":
                if any(module.dotted(one) == "Exception" for one in node.args):
                    yield hit(module.spot(node), name="suppress(Exception)")


def _is_dots(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@rule("LF221", tier=2)
def every_loop_ends(source: Source) -> Hits:
    """A loop without a condition has a way out."""
    for module in source.modules:
        for function in module.functions:
            for node in inside(function):
                if isinstance(node, ast.While) and module.value(node.test):
                    ways = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)
                    if not contains(node.body, ways) and not _breaks(node.body):
                        yield hit(module.spot(node), name=function.name)


def _breaks(body: list[ast.stmt]) -> bool:
    """Whether a loop is left by `break`, not one within it."""
    for one in body:
        if isinstance(one, ast.Break):
            return True
        inner = isinstance(one, ast.For | ast.While | ast.AsyncFor)
        blocks = [getattr(one, name, []) for name in ("body", "orelse", "finalbody")]
        blocks = blocks[1:] if inner else blocks
        handlers = [part.body for part in getattr(one, "handlers", [])]
        cases = [part.body for part in getattr(one, "cases", [])]
        if any(_breaks(block) for block in [*blocks, *handlers, *cases]):
            return True
    return False


@rule("LF222", tier=2)
def every_recursion_ends(source: Source) -> Hits:
    """A function that calls itself decides something before."""
    for module in source.modules:
        methods = {
            one for node in module.nodes if isinstance(node, ast.ClassDef) for one in node.body
        }
        for function in module.functions:
            if function not in methods and (found := _falls_into(function)):
                yield hit(module.spot(found), name=function.name)


def _falls_into(function: Function) -> ast.AST | None:
    """The call by which a function enters itself whatever happens."""
    deciding = (ast.If, ast.For, ast.While, ast.Try, ast.Match, ast.With, ast.AsyncFor)
    lazy = (ast.IfExp, ast.BoolOp, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    for node in function.body:
        if isinstance(node, (*deciding, *FUNCTIONS, ast.ClassDef)):
            return None
        parts = [node, *inside(node)]
        if not any(isinstance(one, lazy) for one in parts):
            for one in parts:
                called = one.func if isinstance(one, ast.Call) else None
                if isinstance(called, ast.Name) and called.id == function.name:
                    return one
        if isinstance(node, ast.Return | ast.Raise):
            return None
    return None


@rule("LF223", tier=2)
def does_not_sleep(source: Source) -> Hits:
    """Nothing sleeps for a second or more."""
    for module, _name, call in _calls(source, ("time.sleep",)):
        seconds = module.value(call.args[0]) if call.args else None
        if isinstance(seconds, int | float) and seconds >= 1:
            yield hit(module.spot(call), name=f"{seconds:g}")


@rule("LF224", tier=3, severity="warning")
def prints_nothing(source: Source) -> Hits:
    """Nothing is printed outside `cli.py`."""
    for module, name, call in _calls(source, ("print", "pprint.pprint", "sys.stdout.write")):
        if not module.path.endswith(("/cli.py", "/__main__.py")) and not _guarded_spot(
            module, call
        ):
            yield hit(module.spot(call), name=name)


def _guarded_spot(module: Module, call: ast.Call) -> bool:
    """Whether a call stands under `if __name__ == "__main__"`."""
    for node in module.tree.body if module.tree is not None else []:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            return node.lineno <= call.lineno <= (node.end_lineno or 0)
    return False


@rule("LF225", tier=2)
def does_not_always_raise(source: Source) -> Hits:
    """What the core calls does not raise whatever happens."""
    marks = ("lifang.hookimpl", "lifang.on", "lifang.action")
    for module in [*source.modules, *source.migrations]:
        for function in module.functions:
            called = any(module.decorated(function, one) for one in marks)
            if called or (module.migration and function.name == "up"):
                raised = next((one for one in function.body if isinstance(one, ast.Raise)), None)
                before = function.body[: function.body.index(raised)] if raised else []
                if raised is not None and not contains(before, (ast.Return, ast.Yield)):
                    yield hit(module.spot(raised), name=function.name)
