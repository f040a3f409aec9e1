# shellcheck shell=bash
# What scripts/up, scripts/down and scripts/test share: stages, packages, Rust, the Docker engine.
# Sourced, never run. Everything here can be repeated: it looks first and does only what is missing.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Where this instance keeps its things.
VAR=${SHOPFLEET_VAR:-$ROOT/var}
# "release" as everybody gets it, or "dev" (debug programs) while working on the code.
PROFILE=${SHOPFLEET_PROFILE:-release}
export SQLX_OFFLINE=true

started_ms=$(date +%s%3N)

elapsed() {
    local ms=$(($(date +%s%3N) - started_ms))
    printf '[%4d.%ds]' $((ms / 1000)) $((ms % 1000 / 100))
}

say() { printf '%s %s\n' "$(elapsed)" "$*"; }

# die WHAT MEND: the two things a person needs when something does not work.
die() {
    printf '\n%s FAILED: %s\n' "$(elapsed)" "$1" >&2
    [ -z "${2:-}" ] || printf 'What to do: %s\n' "$2" >&2
    exit 1
}

# stage NAME TITLE MEND COMMAND…: runs COMMAND with its output in var/log/NAME.log; on failure shows the log's end.
stage() {
    local name=$1 title=$2 mend=$3 log=$VAR/log/$1.log code=0
    shift 3
    mkdir -p "$VAR/log"
    printf '%s %s … ' "$(elapsed)" "$title"
    # A subshell of its own, not the condition of an `if`: there, `set -e` would be off inside COMMAND.
    set +e
    (
        set -e
        "$@"
    ) >"$log" 2>&1 </dev/null
    code=$?
    set -e
    if [ "$code" -eq 0 ]; then
        printf 'done\n'
        return
    fi
    printf 'FAILED\n\n' >&2
    tail -n 15 "$log" | sed 's/^/    /' >&2
    die "$title (stage $name, exit code $code; whole log: $log)" "$mend"
}

# ---- who we are ----------------------------------------------------------------------------------------------

# Root directly, else sudo; both work without a terminal only if sudo asks for no password.
SUDO=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "this needs root and sudo is not installed" "run it as root"
    SUDO=(sudo)
fi

need_root_rights() {
    [ ${#SUDO[@]} -eq 0 ] && return
    sudo -n true 2>/dev/null || sudo -v || die "sudo did not let us in" "run it as root, or as a user who may use sudo"
}

check_system() {
    local id='' version_id=''
    if [ -r /etc/os-release ]; then
        # shellcheck disable=SC1091
        id=$(. /etc/os-release && echo "${ID:-}")
        # shellcheck disable=SC1091
        version_id=$(. /etc/os-release && echo "${VERSION_ID:-}")
    fi
    case "$id:$version_id" in
    debian:12 | debian:13 | debian:) ;;
    ubuntu:*)
        [ "${version_id%%.*}" -ge 22 ] ||
            die "Ubuntu $version_id is too old" "use Ubuntu 22.04 or newer, or Debian 12 or 13"
        ;;
    *) die "this is ${id:-an unknown system} $version_id" "use Debian 12 or 13, or Ubuntu 22.04 or newer" ;;
    esac
}

# ---- packages ------------------------------------------------------------------------------------------------

# Each line: a command (or path) that shows it is there, then the package names to try, first known one wins.
# shellcheck disable=SC2034 # Used by those who source this.
BASE_PACKAGES='
/usr/sbin/dockerd docker.io
docker docker-cli docker.io
mariadbd mariadb-server
redis-server redis-server
nginx nginx-light nginx
/usr/lib/python3/dist-packages/aiosmtpd python3-aiosmtpd
debootstrap debootstrap
curl curl
unzip unzip
cc build-essential
iptables iptables
/etc/ssl/certs/ca-certificates.crt ca-certificates
'
# shellcheck disable=SC2034
TEST_PACKAGES='
sftp openssh-client
chromium chromium chromium-browser
chromedriver chromium-driver chromium-chromedriver
shellcheck shellcheck
/usr/share/doc/python3-venv python3-venv
docker-compose docker-compose
mkfs.xfs xfsprogs
mkfs.ext4 e2fsprogs
setquota quota
ip iproute2
unshare util-linux
openssl openssl
node nodejs
npm npm
man man-db
groff groff-base
'

have() {
    case $1 in
    /*) [ -e "$1" ] ;;
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# An engine that already answers may come from elsewhere (docker-ce, a remote one): ask for no other then.
missing_tools() {
    local tool rest
    while read -r tool rest; do
        [ -n "$tool" ] || continue
        if [ "$tool" = /usr/sbin/dockerd ] && { have dockerd || engine_answers; }; then continue; fi
        have "$tool" || printf '%s %s\n' "$tool" "$rest"
    done <<<"$1"
}

known_package() { [ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \((none)\)\{0,1\}//p')" ]; }

# install_packages LIST: one apt-get call, nothing started by it, nothing of it enabled at boot but Docker.
install_packages() {
    local missing tool names name chosen wanted=()
    missing=$(missing_tools "$1")
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null
    "${SUDO[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update || echo "apt-get update failed; trying with the lists that are there"
    while read -r tool names; do
        chosen=''
        for name in $names; do
            if known_package "$name"; then
                chosen=$name
                break
            fi
        done
        if [ -z "$chosen" ]; then
            echo "no package known for $tool (tried: $names)"
            return 1
        fi
        wanted+=("$chosen")
    done <<<"$missing"
    local policy=/usr/sbin/policy-rc.d made_policy='' code=0
    # Packages start their services when installed, unless this file forbids it. Ours are private processes.
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${SUDO[@]}" tee "$policy" >/dev/null
        "${SUDO[@]}" chmod 0755 "$policy"
        made_policy=yes
    fi
    "${SUDO[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
        apt-get -q -y --no-install-recommends install "${wanted[@]}" || code=$?
    [ -z "$made_policy" ] || "${SUDO[@]}" rm -f "$policy"
    [ "$code" -eq 0 ] || return "$code"
    # Nor should they start at the next boot; only what this call installed is switched off.
    for name in "${wanted[@]}"; do
        case $name in
        mariadb-server) not_at_boot mariadb.service ;;
        redis-server) not_at_boot redis-server.service ;;
        nginx-light | nginx) not_at_boot nginx.service ;;
        esac
    done
}

not_at_boot() {
    if command -v systemctl >/dev/null; then
        "${SUDO[@]}" systemctl disable "$1" || true
    else
        # No systemd here (yet): the link is all there is to it.
        "${SUDO[@]}" rm -f "/etc/systemd/system/multi-user.target.wants/$1"
    fi
}

# ---- Rust ----------------------------------------------------------------------------------------------------

RUST_MINIMUM=1.95

cargo_is_new_enough() {
    local cargo=$1 version
    version=$(cd "$ROOT" && "$cargo" --version 2>/dev/null | cut -d' ' -f2) || return 1
    [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$RUST_MINIMUM" "$version" | sort -V | head -n1)" = "$RUST_MINIMUM" ]
}

find_cargo() {
    local candidate
    for candidate in "$(command -v cargo || true)" "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo"; do
        if [ -n "$candidate" ] && [ -x "$candidate" ] && cargo_is_new_enough "$candidate"; then
            CARGO=$candidate
            export PATH="${candidate%/*}:$PATH"
            return 0
        fi
    done
    return 1
}

install_rust() {
    local arch folder
    case $(uname -m) in
    x86_64) arch=x86_64-unknown-linux-gnu ;;
    aarch64) arch=aarch64-unknown-linux-gnu ;;
    *)
        echo "no Rust toolchain is offered here for $(uname -m)"
        return 1
        ;;
    esac
    if command -v rustup >/dev/null; then
        rustup toolchain install "$RUST_MINIMUM" --profile minimal --component clippy,rustfmt
        rustup default "$RUST_MINIMUM"
        return
    fi
    folder=$(mktemp -d)
    curl --proto '=https' --tlsv1.2 -fsS --connect-timeout 10 --retry 2 -o "$folder/rustup-init" \
        "https://static.rust-lang.org/rustup/dist/$arch/rustup-init"
    curl --proto '=https' --tlsv1.2 -fsS --connect-timeout 10 --retry 2 -o "$folder/rustup-init.sha256" \
        "https://static.rust-lang.org/rustup/dist/$arch/rustup-init.sha256"
    [ "$(cut -d' ' -f1 <"$folder/rustup-init.sha256")" = "$(sha256sum "$folder/rustup-init" | cut -d' ' -f1)" ]
    chmod +x "$folder/rustup-init"
    "$folder/rustup-init" -y --profile minimal -c clippy -c rustfmt --default-toolchain "$RUST_MINIMUM" --no-modify-path
    rm -rf "$folder"
}

prepare_rust() {
    find_cargo && return
    stage rust "Installing Rust $RUST_MINIMUM" \
        "install Rust $RUST_MINIMUM or newer by hand (https://rustup.rs needs static.rust-lang.org), then run this again" \
        install_rust
    find_cargo || die "Rust was installed but cargo is not found" "look at $VAR/log/rust.log"
}

# ---- Docker --------------------------------------------------------------------------------------------------

engine_answers() {
    command -v docker >/dev/null && timeout 10 "${SUDO[@]}" docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

start_engine() {
    local tries
    if [ -n "${DOCKER_HOST:-}" ]; then
        echo "DOCKER_HOST is $DOCKER_HOST, and no engine answers there"
        return 1
    fi
    if [ -d /run/systemd/system ]; then
        "${SUDO[@]}" systemctl start docker
    else
        # A leftover pid file of a killed engine keeps a new one from starting.
        if [ -e /var/run/docker.pid ] && ! [ -d "/proc/$(cat /var/run/docker.pid)" ]; then
            "${SUDO[@]}" rm -f /var/run/docker.pid
        fi
        "${SUDO[@]}" setsid dockerd >"$VAR/log/dockerd.log" 2>&1 </dev/null &
    fi
    for tries in $(seq 1 240); do
        if engine_answers; then
            # Remembered with its start time, so that scripts/down ends this very process and no other.
            if [ ! -d /run/systemd/system ]; then
                local pid
                pid=$(cat /var/run/docker.pid)
                printf '%s %s\n' "$pid" "$(process_start "$pid")" >"$VAR/dockerd.pid"
            fi
            return 0
        fi
        sleep 0.25
        if [ "$tries" -gt 8 ] && [ ! -d /run/systemd/system ] && ! jobs -r | grep -q .; then break; fi
    done
    echo "the engine does not answer; its own log:"
    tail -n 15 "$VAR/log/dockerd.log" 2>/dev/null || "${SUDO[@]}" journalctl -u docker -n 15 --no-pager || true
    return 1
}

# Start time of a process in clock ticks since boot; the number alone could be somebody else's by now.
process_start() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

prepare_engine() {
    engine_answers && return
    stage docker "Starting the Docker engine" \
        "look at the log; in a container the engine needs full privileges (--privileged), on a machine root and iptables" \
        start_engine
}

stop_engine() {
    local pid start
    [ -r "$VAR/dockerd.pid" ] || return 0
    read -r pid start <"$VAR/dockerd.pid"
    if [ -n "$start" ] && [ "$(process_start "$pid")" = "$start" ]; then
        say "Stopping the Docker engine"
        "${SUDO[@]}" kill -TERM "$pid"
        for _ in $(seq 1 120); do
            [ "$(process_start "$pid")" = "$start" ] || break
            sleep 0.25
        done
    fi
    "${SUDO[@]}" rm -f "$VAR/dockerd.pid"
}

# ---- programs and images -------------------------------------------------------------------------------------

build_programs() {
    cd "$ROOT"
    if [ "$PROFILE" = dev ]; then
        "$CARGO" build --workspace --bins --locked
    else
        # By package: with --workspace the tests' dependencies would switch on features (a second TLS provider) in what
        # we ship.
        "$CARGO" build --release -p shopfleet-cli -p webapp -p worker --bins --locked
    fi
}

program_folder() {
    if [ "$PROFILE" = dev ]; then echo "$ROOT/target/debug"; else echo "$ROOT/target/release"; fi
}

build_images() {
    cd "$ROOT"
    "${SUDO[@]}" env PATH="$PATH" \
        SHOPFLEET_WORDPRESS_ARCHIVE="${SHOPFLEET_WORDPRESS_ARCHIVE:-}" \
        SHOPFLEET_WOOCOMMERCE_ARCHIVE="${SHOPFLEET_WOOCOMMERCE_ARCHIVE:-}" \
        SHOPFLEET_DEBIAN_MIRROR="${SHOPFLEET_DEBIAN_MIRROR:-}" \
        ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} \
        ./scripts/images
    # Images belong to the engine, not to an instance: a second instance uses the same.
    [ "$VAR" = "$ROOT/var" ] || "${SUDO[@]}" cp "$ROOT/var/images.json" "$VAR/images.json"
}
