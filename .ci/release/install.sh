#!/usr/bin/env bash
# 里坊的离线安装与升级。Installs or upgrades Lifang from this folder, without any network.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=/opt/lifang home=/var/lib/lifang python=python3.11 owner=lifang service='' upgrade='' port=18999

usage() {
    cat <<'END'
用法：./install.sh [--upgrade] [选项]
  --prefix DIR   程序的位置，默认 /opt/lifang
  --home DIR     实例（数据）的位置，默认 /var/lib/lifang
  --python CMD   CPython 3.11，默认 python3.11
  --service      建立系统用户和 systemd 服务 lifang（需要 root）
  --user NAME    服务的用户，默认 lifang
  --upgrade      升级已经装好的：先备份，升级不成就恢复原样
  --port N       升级时试运行用的本机端口，默认 18999
END
}

say() { printf '%s\n' "$*"; }
die() { printf '错误：%s\n' "$*" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=$2; shift 2 ;;
        --home) home=$2; shift 2 ;;
        --python) python=$2; shift 2 ;;
        --user) owner=$2; shift 2 ;;
        --port) port=$2; shift 2 ;;
        --service) service=yes; shift ;;
        --upgrade) upgrade=yes; shift ;;
        -h|--help) usage; exit 0 ;;
        *) usage >&2; die "不认识 $1" ;;
    esac
done

version=$(cat "$here/VERSION")
target=$prefix/releases/$version
[ "$(uname -sm)" = "Linux x86_64" ] || die "这个归档用于 Linux x86_64"
command -v "$python" >/dev/null || die "找不到 $python；请安装 Python 3.11，或用 --python 指明"
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || die "$python 不是 Python 3.11"
"$python" -c 'import ensurepip, venv' 2>/dev/null || die "缺少 venv；请安装软件包 python3.11-venv"
[ -z "$service" ] || [ "$(id -u)" = 0 ] || die "--service 需要 root"

# As whom the instance belongs to: root must leave no file behind that the service cannot read.
as_owner=(env "LIFANG_HOME=$home")
if [ "$(id -u)" = 0 ] && [ -d "$home" ] && [ "$(stat -c %u "$home")" != 0 ]; then
    as_owner=(runuser -u "$(stat -c %U "$home")" -- "${as_owner[@]}")
fi

place_program() {
    say "核对归档…"
    (cd "$here" && sha256sum --quiet --strict -c SHA256SUMS) || die "归档不完整或被改动过；请重新拷贝"
    if [ -e "$target/complete" ]; then
        say "$target 已经装好"
        return
    fi
    say "安装 lifang $version 到 $target …"
    rm -rf "$target"
    mkdir -p "$prefix/releases"
    "$python" -m venv "$target"
    "$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
        --require-hashes --find-links "$here/wheels" --requirement "$here/requirements.txt"
    "$target/bin/python" -m pip check --quiet --disable-pip-version-check
    "$target/bin/python" -m compileall -q "$target/lib" || true
    touch "$target/complete"
}

switch_to() {
    ln -sfn "$1" "$prefix/.current.new"
    mv -Tf "$prefix/.current.new" "$prefix/current"
}

write_wrapper() {
    mkdir -p "$prefix/bin"
    cat >"$prefix/bin/lifang" <<END
#!/bin/sh
# 让 lifang 命令总是用装好的版本和这里的实例
export LIFANG_HOME="\${LIFANG_HOME:-$home}"
# root 的文件服务读不了：换成实例文件夹的主人
owner=\$(stat -c %U "\$LIFANG_HOME" 2>/dev/null || echo root)
if [ "\$(id -u)" = 0 ] && [ "\$owner" != root ]; then
    exec runuser -u "\$owner" -- "$prefix/current/bin/lifang" "\$@"
fi
exec "$prefix/current/bin/lifang" "\$@"
END
    chmod 755 "$prefix/bin/lifang"
}

write_service() {
    id "$owner" >/dev/null 2>&1 || useradd --system --home-dir "$home" --shell /usr/sbin/nologin "$owner"
    install -d -m 700 -o "$owner" -g "$(id -gn "$owner")" "$home"
    env LIFANG_HOME="$home" "$prefix/current/bin/lifang" service --user "$owner" \
        --program "$prefix/current/bin/lifang" >/etc/systemd/system/lifang.service
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
}

has_service() { [ -d /run/systemd/system ] && systemctl cat lifang.service >/dev/null 2>&1; }

start_again() { if [ -n "${stopped:-}" ]; then systemctl start lifang.service; fi; }

answers() {
    "${as_owner[@]}" "$target/bin/lifang" serve --port "$port" --workers 1 --no-worker >"$log" 2>&1 &
    local pid=$! ready=1
    for _ in $(seq 120); do
        kill -0 "$pid" 2>/dev/null || break
        if "$target/bin/python" - "$port" <<'END' 2>/dev/null
import sys, urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/readyz", timeout=5)
END
        then ready=0; break; fi
        sleep 0.5
    done
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    return $ready
}

take_back() {
    trap - ERR
    say "升级没有成功，恢复原样…" >&2
    [ ! -s "$log" ] || sed 's/^/    /' "$log" >&2
    if [ -n "$touched" ]; then
        "${as_owner[@]}" "$old/bin/lifang" backup restore "$backup" --replace >/dev/null
    fi
    start_again
    die "已恢复到 $(basename "$old")，数据与升级前一样；备份在 ${backup:-（没有做）}"
}

upgrade_it() {
    [ -L "$prefix/current" ] || die "$prefix 里没有装好的里坊；第一次安装不要加 --upgrade"
    [ -f "$home/lifang.toml" ] || die "$home 里没有实例；请用 --home 指明"
    old=$(readlink -f "$prefix/current")
    place_program
    [ "$old" != "$(readlink -f "$target")" ] || { say "已经是 $version，没有要做的"; exit 0; }
    log=$(mktemp) touched='' backup='' stopped=''
    chmod 666 "$log"
    say "将要执行的迁移："
    "${as_owner[@]}" "$target/bin/lifang" migrate --plan || die "新版本不能用于现在的数据，什么都没有改动"
    if has_service && systemctl is-active --quiet lifang.service; then
        systemctl stop lifang.service
        stopped=yes
    fi
    if [ -e "$home/run/serve.lock" ] && ! flock -n "$home/run/serve.lock" true; then
        start_again
        die "$home 还有服务在运行；请先停止它"
    fi
    trap take_back ERR
    say "备份…"
    backup=$home/backup/lifang-before-$version-$(date +%Y%m%d-%H%M%S).lifang
    "${as_owner[@]}" "$old/bin/lifang" backup create "$backup" >"$log" 2>&1
    "${as_owner[@]}" "$old/bin/lifang" backup verify "$backup" >"$log" 2>&1
    say "迁移…"
    touched=yes
    "${as_owner[@]}" "$target/bin/lifang" migrate --no-backup >"$log" 2>&1
    say "试运行…"
    answers
    switch_to "releases/$version"
    trap - ERR
    start_again
    rm -f "$log"
    say "已升级：$(basename "$old") → $version；升级前的备份在 $backup"
    say "如需退回：停止服务，把 $prefix/current 指回 releases/$(basename "$old")，恢复这份备份（--replace）"
}

if [ -n "$upgrade" ]; then
    upgrade_it
    exit 0
fi
[ ! -L "$prefix/current" ] || die "$prefix 里已装有里坊；要升级请加 --upgrade"
place_program
switch_to "releases/$version"
write_wrapper
[ -z "$service" ] || write_service
say "装好了：$prefix/bin/lifang（实例在 $home）"
if [ -n "$service" ]; then
    say "接下来：runuser -u $owner -- $prefix/bin/lifang init --root 区划代码"
    say "然后：  systemctl enable --now lifang"
else
    say "接下来：$prefix/bin/lifang init --root 区划代码"
    say "然后：  $prefix/bin/lifang serve"
fi
