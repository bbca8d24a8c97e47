#!/usr/bin/env bash
# On a machine that never saw the sources, without any network: install, init, import, serve,
# upgrade (once in vain), restore. Given: a folder with the three archives, and a folder to work in.
set -euo pipefail
archives=$1 place=$2 python=$3
python3 - <<'END'  # a namespace of its own has a loopback that is down
import fcntl, socket, struct
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
END
if "$python" -c 'import socket; socket.create_connection(("1.1.1.1", 443), 2)' 2>/dev/null; then
    echo "there is a network" >&2; exit 9
fi
cd "$place"
heading() { printf '== %s %s\n' "$1" "$SECONDS"; }
unpack() { mkdir -p "$1" && tar xzf "$archives/lifang-$1-"*.tar.gz -C "$1" --strip-components 1; }
where=(--prefix "$place/prog" --home "$place/home" --python "$python" --port 18731)
lifang() { "$place/prog/bin/lifang" "$@"; }
serving() {
    "$place/prog/bin/lifang" serve --port 18732 >"$place/serve.log" 2>&1 &
    pid=$!
    for _ in $(seq 120); do
        curl -sf -o /dev/null http://127.0.0.1:18732/readyz && return
        sleep 0.25
    done
    cat "$place/serve.log" >&2; exit 8
}
stop() { kill -TERM "$pid"; wait "$pid"; }

heading install
unpack 0.1.0
0.1.0/install.sh "${where[@]}"
heading init
lifang init --root 620100000000 --quiet >password
cat >places.csv <<'END'
code,name,kind,parent_code
620000000000,甘肃省,province,
620100000000,兰州市,city,620000000000
620102000000,城关区,district,620100000000
620102001000,酒泉路街道,subdistrict,620102000000
620102001001,畅家巷社区,community,620102001000
END
lifang communities import places.csv
cat >people.csv <<'END'
姓名,性别,手机号,居住社区
李强,男,13812345678,620102001001
王小明,男,13912345678,620102001001
END
lifang people import people.csv
lifang plugin install volunteer_points --yes >/dev/null || true
heading serve
serving
curl -sf http://127.0.0.1:18732/sign-in | grep >/dev/null 里坊
curl -sf http://127.0.0.1:18732/metrics | grep >/dev/null lifang_uptime_seconds
unpack 0.1.1
if 0.1.1/install.sh --upgrade "${where[@]}" 2>refused; then echo "upgraded while serving" >&2; exit 7; fi
grep -q 停止 refused
stop
heading damaged
unpack 0.1.2
cp -r 0.1.2 torn && printf x >>torn/requirements.txt
if torn/install.sh --upgrade "${where[@]}" 2>refused; then exit 7; fi
grep -q 归档不完整 refused
heading failing
before=$(lifang people list --json)
if 0.1.2/install.sh --upgrade "${where[@]}" 2>refused; then echo "0.1.2 cannot work" >&2; exit 7; fi
grep -q 恢复 refused
lifang --version | grep >/dev/null 0.1.0
[ "$(lifang people list --json)" = "$before" ]
lifang audit verify >/dev/null
heading upgrade
0.1.1/install.sh --upgrade "${where[@]}"
lifang --version | grep >/dev/null 0.1.1
lifang migrate --plan | grep >/dev/null 没有待执行的迁移
serving
curl -sf http://127.0.0.1:18732/sign-in | grep >/dev/null 里坊
stop
heading restore
lifang people create --name 赵后来 --community 620102001001 >/dev/null
kept=$(ls home/backup/lifang-before-0.1.1-*.lifang)
lifang backup restore "$kept" --replace
[ "$(lifang people list --json)" = "$before" ]
lifang people reveal 1 --field phone --reason 核对 | grep >/dev/null 13812345678
serving
stop
heading done
