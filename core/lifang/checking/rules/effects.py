"""What code of a plugin does not do: act when it is imported, end the process, change others."""

from __future__ import annotations

import ast

from lifang.checking.modules import Module
from lifang.checking.rule import Hits, rule
from lifang.checking.source import Source

ACTS = """
    open input print os.makedirs os.mkdir os.remove os.unlink os.rename os.replace os.rmdir
    os.write os.putenv os.unsetenv os.environ.setdefault os.environ.update os.environ.pop
    shutil. tempfile. socket. urllib.request. http.client. requests. httpx. aiohttp. smtplib.
    ftplib. ssl.create_* subprocess. os.system os.popen multiprocessing. asyncio.run time.sleep
    sqlite3.connect psycopg. logging.basicConfig sys.path. sys.stdout. sys.stderr.
    atexit.register warnings.filterwarnings warnings.simplefilter concurrent.futures.
    _thread.start_new_thread
"""
"""What acts on the world, by its name or, with a dot or a star, by the beginning of it."""
DOING = {"start", "write_text", "write_bytes", "mkdir", "touch", "unlink", "rmdir", "connect"}
"""Methods that act on the world whatever they are called on."""
ENDS = "sys.exit os._exit os.abort exit quit os.kill os.killpg _thread.interrupt_main"
FORKS = """
    os.fork* os.exec* os.spawn* os.posix_spawn* multiprocessing. os.system os.popen pty.
    concurrent.futures.ProcessPoolExecutor
"""
SIGNALS = """
    signal.signal signal.alarm signal.setitimer signal.siginterrupt signal.set_wakeup_fd
    signal.raise_signal signal.pthread_kill faulthandler.register
"""
SHARED = """
    os.chdir os.umask os.setuid os.nice locale.setlocale time.tzset sys.setrecursionlimit
    sys.setswitchinterval sys.settrace sys.setprofile sys.addaudithook socket.setdefaulttimeout
    gc.disable gc.freeze resource.setrlimit random.seed decimal.setcontext logging.disable
    threading.setprofile builtins. importlib.reload
"""
RUNS_TEXT = """
    eval exec compile __import__ pickle.load* marshal.load* shelve.open dill.load* runpy.
    code.interact
"""


@rule("LF211", tier=2)
def no_side_effect_at_import(source: Source) -> Hits:
    """Importing a module has no effect on the world."""
    acting = {id(call): name for _module, name, call in source.calls(*ACTS.split())}
    for module in source.modules:
        for node in module.at_import:
            if name := acting.get(id(node)) or _effect(module, node):
                yield module.hit(node, name=name)


def _effect(module: Module, node: ast.AST) -> str | None:
    """What a statement does to the world, where its name does not say so."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        ours = (module.dotted(node.func) or "").startswith("lifang.")
        return ast.unparse(node.func) if node.func.attr in DOING and not ours else None
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return "os.environ[…]" if module.dotted(node.value) == "os.environ" else None
    return "while" if isinstance(node, ast.While) else None


@rule("LF212", tier=1)
def does_not_raise_at_import(source: Source) -> Hits:
    """No statement of the module's own level raises whatever happens."""
    for module in source.modules:
        for node in module.body:
            if isinstance(node, ast.Raise):
                yield module.hit(node)


@rule("LF213", tier=2)
def never_ends_the_process(source: Source) -> Hits:
    """Nothing ends the process."""
    for module, name, call in source.calls(*ENDS.split()):
        yield module.hit(call, name=name)
    for module, node in source.nodes(ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if (name := module.dotted(raised) or "") in ("SystemExit", "KeyboardInterrupt"):
            yield module.hit(node, name=f"raise {name}")


@rule("LF214", tier=2)
def never_forks(source: Source) -> Hits:
    """No process is forked or replaced."""
    for module, name, call in source.calls(*FORKS.split()):
        yield module.hit(call, name=name)


@rule("LF215", tier=2)
def no_signal_handlers(source: Source) -> Hits:
    """No signal handler or alarm is set."""
    for module, name, call in source.calls(*SIGNALS.split()):
        yield module.hit(call, name=name)


@rule("LF216", tier=2)
def leaves_the_process_alone(source: Source) -> Hits:
    """What the whole process shares is left as it is."""
    for module, name, call in source.calls(*SHARED.split()):
        yield module.hit(call, name=name)


@rule("LF217", tier=2)
def patches_nobody(source: Source) -> Hits:
    """Nothing of anybody else's is replaced while the program runs."""
    for module, _name, call in source.calls("setattr", "delattr"):
        if call.args and _foreign(module, source, call, call.args[0]):
            yield module.hit(call, name=ast.unparse(call.args[0]))
    for module, item in source.nodes(ast.Subscript):
        if not isinstance(item.ctx, ast.Load) and module.dotted(item.value) == "sys.modules":
            yield module.hit(item, name="sys.modules")
    for module, node in source.nodes(ast.Attribute):
        if not isinstance(node.ctx, ast.Load) and _foreign(module, source, node, node.value):
            yield module.hit(node, name=ast.unparse(node))


def _foreign(module: Module, source: Source, at: ast.expr, base: ast.expr) -> bool:
    """Whether something belongs to what was imported from elsewhere."""
    while isinstance(base, ast.Attribute):
        base = base.value
    if not isinstance(base, ast.Name) or base.id not in module.imported:
        return False
    elsewhere = module.imported[base.id].partition(".")[0] != source.package
    return elsewhere and not _shadowed(module, at, base.id)


def _shadowed(module: Module, node: ast.expr, name: str) -> bool:
    """Whether a name is a parameter or a variable of the function a node stands in."""
    for function in module.functions:
        if function.lineno <= node.lineno <= (function.end_lineno or 0):
            parts = list(ast.walk(function))
            named = {one.arg for one in parts if isinstance(one, ast.arg)}
            stored = [one for one in parts if isinstance(one, ast.Name) and one.id == name]
            if name in named or any(isinstance(one.ctx, ast.Store) for one in stored):
                return True
    return False


@rule("LF218", tier=2)
def runs_no_text(source: Source) -> Hits:
    """No text or pickle is run as a program."""
    for module, name, call in source.calls(*RUNS_TEXT.split()):
        yield module.hit(call, name=name)


@rule("LF224", tier=3, severity="warning")
def prints_nothing(source: Source) -> Hits:
    """Nothing is printed outside `cli.py`."""
    for module, name, call in source.calls("print", "pprint.pprint", "sys.stdout.write"):
        alone = any(
            isinstance(one, ast.If) and "__name__" in ast.unparse(one.test)
            and one.lineno <= call.lineno <= (one.end_lineno or 0)
            for one in module.body
        )  # fmt: skip
        if not alone and not module.path.endswith(("/cli.py", "/__main__.py")):
            yield module.hit(call, name=name)
