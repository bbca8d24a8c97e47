"""What code of a plugin does not do: act when it is imported, end the process, hide errors."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lifang.checking.modules import FUNCTIONS, Function, Module, contains, inside
from lifang.checking.rule import Hits, hit, rule
from lifang.checking.source import Source
from lifang.kit.words import n_

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
        name == one or (one.endswith((".", "exec", "spawn", "load", "create_")) and name.startswith(one))
        for one in among
    )


def _calls(source: Source, among: tuple[str, ...]) -> Iterator[tuple[Module, str, ast.Call]]:
    for module in source.modules:
        for name, call in module.called:
            if _means(name, among):
                yield module, name, call


@rule(
    "LF211",
    tier=2,
    says=n_("导入时就执行了「{name}」；请放进动作、处理器或任务里"),
    why=n_("lifang plugin list、迁移和命令补全都会导入插件；导入时读写文件、联网、起线程，谁列一下插件谁就触发。"),
    bad='import os\n\nos.makedirs("/var/lost_and_found")',
    good="def keep(item, caller):\n    ...  # 用到的时候再做",
)
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


@rule(
    "LF212",
    tier=1,
    says=n_("导入时一定会抛出错误"),
    why=n_("导入就失败的插件装不上；要说明缺什么，请用清单里的依赖，由安装工具来说。"),
    bad='raise RuntimeError("请先配置")',
    good="# 缺少的设置，在用到时用 lf.Conflict 说明",
)
def does_not_raise_at_import(source: Source) -> Hits:
    """No statement of the module's own level raises whatever happens."""
    for module in source.modules:
        for node in module.tree.body if module.tree is not None else []:
            if isinstance(node, ast.Raise):
                yield hit(module.spot(node))
            if isinstance(node, ast.Assert) and not module.value(node.test) and isinstance(
                node.test, ast.Constant
            ):
                yield hit(module.spot(node))


@rule(
    "LF213",
    tier=2,
    says=n_("结束进程的「{name}」；请抛出 lf.Conflict、lf.Invalid 等错误"),
    why=n_("插件与核心在同一个进程里：一个插件退出，正在办事的所有人都断线。"),
    bad="if not ready:\n    sys.exit(1)",
    good='if not ready:\n    raise lf.Conflict("还没有准备好")',
)
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


@rule(
    "LF214",
    tier=2,
    says=n_("另起进程的「{name}」；费时的事交给事件处理器（mode=\"ext\"）或 duties"),
    why=n_("复制出来的进程带着数据库连接和锁，两个进程共用一个连接会写坏数据；服务停止时也没有人收拾它。"),
    bad="if os.fork() == 0:\n    report()",
    good='@lf.on("lost_and_found.item.found", mode="ext")\ndef report(event, caller): ...',
)
def never_forks(source: Source) -> Hits:
    """No process is forked or replaced."""
    for module, name, call in _calls(source, FORKS):
        yield hit(module.spot(call), name=name)


@rule(
    "LF215",
    tier=2,
    says=n_("改了信号处理「{name}」；信号归运行服务的核心"),
    why=n_("停止、重新加载和看护都靠信号；插件占了一个，服务就停不下来或者停得不干净。"),
    bad="signal.signal(signal.SIGTERM, tidy)",
    good="# 无须收拾：没做完的事件会再投递一次",
)
def no_signal_handlers(source: Source) -> Hits:
    """No signal handler or alarm is set."""
    for module, name, call in _calls(source, SIGNALS):
        if name.split(".")[-1] in ("signal", "alarm", "setitimer", "siginterrupt", "set_wakeup_fd",
                                   "raise_signal", "pthread_kill", "register"):  # fmt: skip
            yield hit(module.spot(call), name=name)


@rule(
    "LF216",
    tier=2,
    says=n_("改了整个进程共用的「{name}」"),
    why=n_("当前文件夹、区域设置、递归上限等为整个进程共有，一个插件改了，核心和别的插件都受影响。"),
    bad='locale.setlocale(locale.LC_ALL, "zh_CN.UTF-8")',
    good='f"{amount:,.2f}"',
)
def leaves_the_process_alone(source: Source) -> Hits:
    """What the whole process shares is left as it is."""
    for module, name, call in _calls(source, SHARED):
        yield hit(module.spot(call), name=name)


@rule(
    "LF217",
    tier=2,
    says=n_("改写了别人的「{name}」；要改变核心的行为请用钩子"),
    why=n_("换掉核心或别的软件包里的函数，谁也看不出是谁换的；核心一升级就坏，停用插件也换不回来。"),
    bad="lf.write = my_write",
    good="@lf.hookimpl\ndef home_cards(caller): ...",
)
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
        targets = [ast.Attribute(value=node.args[0], attr="…", ctx=ast.Store())] if node.args else []
    for one in targets:
        if isinstance(one, ast.Subscript) and module.dotted(one.value) == "sys.modules":
            return "sys.modules"
        if not isinstance(one, ast.Attribute):
            continue
        base: ast.expr = one.value
        while isinstance(base, ast.Attribute):
            base = base.value
        if isinstance(base, ast.Name) and base.id in foreign and not _shadowed(module, node, base.id):
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


@rule(
    "LF218",
    tier=2,
    says=n_("执行由文字拼成的程序：「{name}」"),
    why=n_("凡是人能填的文字都可能走到这里；那就等于让填表的人在服务器上运行程序。"),
    bad="eval(item.rule)",
    good='RULES = {"half": lambda hours: hours / 2}\nRULES[item.rule](hours)',
)
def runs_no_text(source: Source) -> Hits:
    """No text or pickle is run as a program."""
    for module, name, call in _calls(source, RUNS_TEXT):
        yield hit(module.spot(call), name=name)


@rule(
    "LF219",
    tier=2,
    says=n_("捕获所有错误而不再抛出：{name}"),
    why=n_("连退出和中断都吞掉，服务停不下来；错误没有人看见，事务却照样提交。"),
    bad="try:\n    grant(record)\nexcept:\n    pass",
    good="try:\n    grant(record)\nexcept lf.Conflict:\n    ...  # 只接自己能办完的",
)
def no_bare_except(source: Source) -> Hits:
    """Nothing catches everything, unless it raises it again."""
    for module in source.modules:
        for node in module.nodes:
            if isinstance(node, ast.ExceptHandler) and not contains(node.body, (ast.Raise,)):
                if node.type is None or "BaseException" in _caught(module, node):
                    yield hit(module.spot(node), name="except:" if not node.type else "BaseException")
            elif isinstance(node, ast.Call) and module.dotted(node.func) == "contextlib.suppress":
                if any(module.dotted(one) == "BaseException" for one in node.args):
                    yield hit(module.spot(node), name="suppress(BaseException)")


def _caught(module: Module, node: ast.ExceptHandler) -> set[str]:
    told = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return {module.dotted(one) or "" for one in told}


@rule(
    "LF220",
    tier=2,
    says=n_("出了任何错误都当作没有发生（{name}）"),
    why=n_("被吞掉的错误不会进故障列表，也不会重试；数据缺了一块，几个月后才有人发现。"),
    bad="try:\n    lf.act(end, report, caller)\nexcept Exception:\n    pass",
    good="lf.act(end, report, caller)  # 失败会重试，最后进待处理",
)
def swallows_no_error(source: Source) -> Hits:
    """An error of any kind is not passed over in silence."""
    for module in source.modules:
        for node in module.nodes:
            if isinstance(node, ast.ExceptHandler) and "Exception" in _caught(module, node):
                if all(isinstance(one, ast.Pass | ast.Continue) or _is_dots(one) for one in node.body):
                    yield hit(module.spot(node), name="except Exception: pass")
            elif isinstance(node, ast.Call) and module.dotted(node.func) == "contextlib.suppress":
                if any(module.dotted(one) == "Exception" for one in node.args):
                    yield hit(module.spot(node), name="suppress(Exception)")


def _is_dots(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@rule(
    "LF221",
    tier=2,
    says=n_("函数 {name} 永远不会结束：循环里没有出口"),
    why=n_("线程不会被强行杀掉；一个不结束的函数占住一个线程和它的数据库连接，几次就占光。"),
    bad="while True:\n    poll()",
    good="def look(caller):  # 写在 duties= 里，由核心一次次叫\n    return poll()",
)
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


@rule(
    "LF222",
    tier=2,
    says=n_("函数 {name} 无条件地调用自己"),
    why=n_("没有出口的递归每次都会撑满调用栈，请求失败，日志里是几千行同样的话。"),
    bad="def cards(caller):\n    return cards(caller)",
    good="def cards(node):\n    if node.parent is None:\n        return []\n    return cards(node.parent)",
)
def every_recursion_ends(source: Source) -> Hits:
    """A function that calls itself decides something before."""
    for module in source.modules:
        methods = {one for node in module.nodes if isinstance(node, ast.ClassDef) for one in node.body}
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


@rule(
    "LF223",
    tier=2,
    says=n_("在这里等待 {name} 秒；请抛出 lf.RetryAfter，或用定时"),
    why=n_("等待时占着线程和数据库连接；别人的请求排在后面。"),
    bad="time.sleep(30)",
    good='raise lf.RetryAfter(30, "对方还没有准备好")',
)
def does_not_sleep(source: Source) -> Hits:
    """Nothing sleeps for a second or more."""
    for module, _name, call in _calls(source, ("time.sleep",)):
        seconds = module.value(call.args[0]) if call.args else None
        if isinstance(seconds, int | float) and seconds >= 1:
            yield hit(module.spot(call), name=f"{seconds:g}")


@rule(
    "LF224",
    tier=3,
    severity="warning",
    says=n_("用「{name}」直接输出；请用 logging"),
    why=n_("命令行的输出要能交给别的程序读，夹了一行闲话就坏了；服务的输出归日志。"),
    bad='print("done")',
    good='log = logging.getLogger("lifang.lost_and_found")\nlog.info("…")',
)
def prints_nothing(source: Source) -> Hits:
    """Nothing is printed outside `cli.py`."""
    for module, name, call in _calls(source, ("print", "pprint.pprint", "sys.stdout.write")):
        if not module.path.endswith(("/cli.py", "/__main__.py")) and not _guarded_spot(module, call):
            yield hit(module.spot(call), name=name)


def _guarded_spot(module: Module, call: ast.Call) -> bool:
    """Whether a call stands under `if __name__ == "__main__"`."""
    for node in module.tree.body if module.tree is not None else []:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            return node.lineno <= call.lineno <= (node.end_lineno or 0)
    return False


@rule(
    "LF225",
    tier=2,
    says=n_("{name} 每次都抛出错误"),
    why=n_("钩子、处理器、动作和迁移若总是失败，谁也用不了；多半是还没有写完。"),
    bad='@lf.action("归还", moves={"kept": "returned"})\ndef hand_over(item, caller):\n    raise NotImplementedError',
    good='@lf.action("归还", moves={"kept": "returned"})\ndef hand_over(item, caller):\n    """Hand it over."""',
)
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
