"""The command line's way in: finds the command, runs it, tells what went wrong, gives the code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from lifang.cli.frame import Context, Group
from lifang.cli.params import flag, help_option
from lifang.cli.session import Session
from lifang.cli.telling import refuse
from lifang.kit.errors import LifangError, Malformed, NotReady
from lifang.kit.words import _, n_

if TYPE_CHECKING:
    from lifang.cli.hands import Hands

INTERRUPTED, CUT_OFF = 130, 141
"""Exit codes of what a person or the reader of a pipe stopped: 128 and the signal's number."""

HELP = n_("里坊：社区治理的软件框架。名词 动词，例如 lifang people list。")
EPILOG = n_(
    "插件的命令在插件自己的名下，例如 lifang dual-reporting reports list\n"
    "lifang plugin list 列出插件。\n"
    "实例在 LIFANG_HOME 指明的文件夹（默认 ./var），提示的语言按 LIFANG_LANG 或系统语言。\n"
    "退出码：0 完成，2 输入不对，3 没有权限，4 没有找到，5 冲突，6 还没有就绪。"
)

SECTIONS = {
    n_("实例："): {
        "init": ("instance", n_("建立实例：数据库、密钥、第一位管理员")),
        "demo": ("instance", n_("建立并运行一个示例实例")),
        "serve": ("instance", n_("运行网页、接口和事件分发")),
        "worker": ("instance", n_("只运行事件分发")),
        "service": ("service", n_("输出 systemd 服务文件：不用 root 运行，限制权限")),
        "migrate": ("instance", n_("把数据库升级到程序的版本")),
        "backup": ("backup", n_("备份：运行中也能做，加密；核对、恢复")),
        "keys": ("keys", n_("密钥：写到纸上、从纸上恢复、更换数据密钥")),
        "db": ("moving", n_("数据库：搬到 PostgreSQL，或搬回")),
        "doctor": ("checkup", n_("检查密钥、文件夹、授权、积压，有问题说明怎么办")),
    },
    n_("登记："): {
        "communities": ("communities", n_("社区：从省到楼栋的一棵树")),
        "people": ("nouns", n_("人员：登记、查找、迁居")),
        "organizations": ("nouns", n_("组织：登记、查找")),
        "affiliations": ("nouns", n_("人员、组织与社区的归属关系")),
        "memberships": ("nouns", n_("人员、组织在组织中的成员关系")),
        "households": ("nouns", n_("户：社区和网格按户统计")),
        "household-members": ("nouns", n_("户成员：谁在哪一户，与户主的关系")),
        "consents": ("nouns", n_("同意：谁同意了什么，怎样同意，是否撤回")),
        "public-notices": ("nouns", n_("公示：张贴的内容和期限")),
        "notice-objections": ("nouns", n_("公示异议：提出、答复")),
        "me": ("me", n_("我的：资料、同意、办理的事项")),
        "inbox": ("inbox", n_("收件箱：收到的通知，接收哪些")),
        "desk": ("desk", n_("工作台：一个插件里等着您办理的")),
    },
    n_("管理："): {
        "accounts": ("accounts", n_("账号：新建、授权、停用、绑定操作系统用户")),
        "grants": ("nouns", n_("授权：谁在哪里有什么角色")),
        "token": ("accounts", n_("接口令牌")),
        "plugin": ("plugins", n_("插件：安装，在社区树上启用和停用")),
        "settings": ("configured", n_("设置：各地各日的值，和它们的依据")),
        "calendar": ("calendar", n_("工作日历：载入每年的放假安排，查看一年")),
        "documents": ("papers", n_("文书：开具过的证明，按验证码核验")),
        "indicators": ("indicators", n_("指标：各地各期的数值，分子、分母，与上期比较")),
        "sheets": ("sheets", n_("台账和报表：查看、下载、开具")),
        "jobs": ("nouns", n_("任务：导入等费时的工作，进度和结果")),
        "events": ("events", n_("事件和它们的处理进度")),
        "retention": ("retention", n_("事件保留：归档并移出到期的事件，查看档案")),
        "privacy": ("privacy", n_("个人信息：交给本人、删除")),
        "audit": ("audit", n_("审计：查看、核对、固定")),
    },
}
COMMANDS = {name: told for section in SECTIONS.values() for name, told in section.items()}


class Root(Group):
    """`lifang` itself: its commands are imported when one is called, not when they are listed."""

    def __init__(self) -> None:
        """Add the version beside the help."""
        super().__init__("lifang", HELP)
        self.epilog = EPILOG
        version = flag("--version", help=n_("显示版本"), is_eager=True, expose_value=False)
        version.callback = _show_version
        self.params = [version, help_option()]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The core's own words; plugins stand under their own name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and let it build the command; a plugin's from its id."""
        known = COMMANDS.get(cmd_name)
        if known is None:
            if not ctx.resilient_parsing and cmd_name[:1].isalpha():
                from lifang.cli.plugin_nouns import plugin_group

                return plugin_group(ctx.obj, cmd_name)
            return None
        from importlib import import_module

        module: Any = import_module(f"lifang.cli.{known[0]}")
        command: click.Command = module.command(cmd_name, known[1], ctx.obj)
        return command

    def unknown(self, ctx: click.Context, name: str) -> Exception:
        """Name the nearest command or all of them, and where those of plugins stand."""
        said = str(super().unknown(ctx, name))
        return Malformed(_("{said}。插件的命令在它自己的名下，见 lifang plugin list", said=said))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, without importing any."""
        for heading, commands in SECTIONS.items():
            with formatter.section(_(heading)):
                formatter.write_dl([(name, _(told)) for name, (_module, told) in commands.items()])
        with formatter.section(_("选项：")):
            records = (param.get_help_record(ctx) for param in self.params)
            formatter.write_dl([record for record in records if record is not None])


def _show_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"lifang {version('lifang')}")
        ctx.exit()


def run(hands: Callable[[], Hands], argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; nothing it refuses ends in a traceback.

    `hands` is called when a command first needs an instance, so that help stays quick.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    session = Session(hands)
    session.as_account = _said(arguments, "--as") or os.environ.get("LIFANG_AS") or None
    try:
        code = _run(session, arguments)
        sys.stdout.flush()
        return code
    except LifangError as error:
        return refuse(error, json=session.json or "--json" in arguments)
    except click.ClickException as slip:
        return refuse(slip, json=session.json or "--json" in arguments)
    except (KeyboardInterrupt, click.Abort):
        click.echo(_("已中断"), err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the pipe has seen enough; the interpreter must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    except OSError as error:
        from lifang.kit import causes

        told = _("读写 {path} 时出错：{why}", path=error.filename or "—", why=causes.why(error))
        return refuse(NotReady(told), json=session.json)
    except (Exception, SystemExit) as error:
        failed = session.blamed(error)
        if failed is None:
            raise
        return refuse(failed, json=session.json)
    finally:
        session.close()


def _said(arguments: list[str], option: str) -> str | None:
    """What an option says, before the command is found that reads it: help may depend on it."""
    for place, word in enumerate(arguments, 1):
        name, equals, said = word.partition("=")
        if name == option:
            return said if equals else next(iter(arguments[place:]), None)
    return None


def _run(session: Session, arguments: list[str]) -> int:
    root = Root()
    if "_LIFANG_COMPLETE" in os.environ:
        root.main(arguments, prog_name="lifang", obj=session)
    try:
        with Context(root, info_name="lifang", obj=session) as ctx:
            root.parse_args(ctx, arguments)
            return int(root.invoke(ctx) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
