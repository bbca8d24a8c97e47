"""What verbs and the nouns of the machine are called, wherever they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lifang.kit.words import _, n_

VERBS = {
    "create": n_("新建"),
    "update": n_("修改"),
    "remove": n_("移除"),
    "reveal": n_("查看敏感信息"),
    "import": n_("导入"),
    "export": n_("导出"),
    "export_full": n_("导出完整信息"),
    "uncover": n_("紧急查看"),
    "anonymise": n_("查看去标识化副本"),
    "attach": n_("添加附件"),
    "detach": n_("移除附件"),
    "issue": n_("开具文书"),
    "revoke": n_("撤销文书"),
    "install": n_("安装"),
    "enable": n_("启用"),
    "disable": n_("停用"),
    "suspend": n_("暂停使用"),
    "resume": n_("恢复"),
    "inherit": n_("恢复继承"),
    "uninstall": n_("卸载"),
    "purge": n_("清除"),
    "fetch": n_("取得软件包"),
    "upgrade": n_("升级"),
    "retry": n_("重新载入"),
    "quarantine": n_("隔离"),
    "release": n_("解除"),
    "stop": n_("停止出错的部分"),
    "recover": n_("从错误恢复"),
    "configure": n_("设置"),
    "pause": n_("暂停"),
    "archive": n_("移入档案"),
    "sign_in": n_("登录"),
    "password": n_("更换密码"),
    "tie": n_("绑定操作系统用户"),
    "replay": n_("重放"),
    "skip": n_("忽略"),
}
NOUNS = {
    "account": n_("账号"),
    "token": n_("令牌"),
    "plugin": n_("插件"),
    "session": n_("会话"),
    "event": n_("事件"),
    "setting": n_("设置"),
    "calendar": n_("工作日历"),
    "backup": n_("备份"),
}
"""What audit notes about the instance itself are about; everything else is a resource."""


class Named(Protocol):
    """A noun as far as it is told of here: a resource, or what is stored of one that is gone."""

    @property
    def label(self) -> str:
        """What it is called."""

    @property
    def actions(self) -> Mapping[str, Any]:
        """Its verbs, each with a label."""


def verb_name(resource: Named | None, verb: str) -> str:
    """What a verb is called: an action by its own label."""
    action = resource.actions.get(verb) if resource else None
    return _(action.label) if action else _(VERBS.get(verb, verb))


def noun_name(resource: Named | None, noun: str) -> str:
    """What a noun is called; one that nothing is known of by its word for programs."""
    return _(resource.label) if resource else _(NOUNS.get(noun, noun))
