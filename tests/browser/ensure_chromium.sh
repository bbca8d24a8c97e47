#!/usr/bin/env bash
# Browser tests need Chromium. An existing one is taken; as root on Debian one is installed; otherwise this says what
# to do and lets the tests decide: without a browser they fail in CI and are skipped, with the reason, elsewhere.
set -u

found() {
    if [ -n "${LIFANG_CHROMIUM:-}" ]; then
        [ -x "$LIFANG_CHROMIUM" ] && return 0
        echo "LIFANG_CHROMIUM names no program that can be run: $LIFANG_CHROMIUM" >&2
    fi
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

found && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium here: installing chromium and fonts-noto-cjk from apt"
    export DEBIAN_FRONTEND=noninteractive
    timeout 90 apt-get update -qq || true
    timeout 300 apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null || true
    found && exit 0
fi

echo "No Chromium found: browser tests need one. Install the packages chromium and fonts-noto-cjk," \
    "or name a browser in LIFANG_CHROMIUM." >&2
exit 0
