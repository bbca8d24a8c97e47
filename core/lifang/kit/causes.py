"""Why the system refused, in words: a file, a disk, another machine that does not answer."""

from __future__ import annotations

import errno
import re

from lifang.kit.words import _, n_

KNOWN = {
    errno.ENOENT: n_("没有这个文件或文件夹"),
    errno.EEXIST: n_("已经有了"),
    errno.EISDIR: n_("这是一个文件夹"),
    errno.ENOTDIR: n_("路径中有一段不是文件夹"),
    errno.EACCES: n_("没有读写的权限"),
    errno.EPERM: n_("没有读写的权限"),
    errno.EROFS: n_("这个磁盘是只读的"),
    errno.ENOSPC: n_("磁盘已满"),
    errno.EIO: n_("磁盘读写出错，可能已损坏"),
    errno.ECONNREFUSED: n_("那里没有程序在接听"),
    errno.ECONNRESET: n_("对方断开了连接"),
    errno.EPIPE: n_("对方断开了连接"),
    errno.ETIMEDOUT: n_("没有回答"),
    errno.EHOSTUNREACH: n_("网络不通"),
    errno.ENETUNREACH: n_("网络不通"),
    errno.EADDRNOTAVAIL: n_("这台机器没有这个地址"),
    -2: n_("找不到这个主机名"),
    -3: n_("域名解析暂时没有回答"),
    -5: n_("找不到这个主机名"),
}
"""By number, below zero those of the resolver (`EAI_…`)."""

CERTIFICATES = {
    10: n_("证书已过期"),
    18: n_("证书是自己签的"),
    19: n_("证书链里有自己签的证书"),
    20: n_("这台机器不信任证书的签发机构"),
    21: n_("这台机器不信任证书的签发机构"),
    62: n_("证书不是给这个主机名的"),
    64: n_("证书不是给这个主机名的"),
}
"""By OpenSSL's number of what is wrong with one."""


def why(error: BaseException) -> str:
    """What went wrong, repeating no path and no address; what nobody knows, as the system says."""
    if isinstance(error, UnicodeError):
        return _("不是 UTF-8 编码的文本")
    if type(error).__module__ == "ssl":  # its numbers are its own
        unfit = CERTIFICATES.get(getattr(error, "verify_code", 0))
        return _(unfit) if unfit else _("没有谈成加密；请核对端口和加密方式")
    said = re.search(r"\[Errno (-?\d+)\]", str(error))  # where several addresses failed
    number = getattr(error, "errno", None) or (int(said[1]) if said else None)
    if isinstance(error, TimeoutError):
        number = errno.ETIMEDOUT
    if number in KNOWN:
        return _(KNOWN[number])
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
