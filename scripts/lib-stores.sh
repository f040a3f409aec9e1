# shellcheck shell=bash
# Throw-away MariaDB and Redis for scripts/test and scripts/sqlx-prepare: their own folder, their own socket and
# port, a fresh password at each run, gone at the end. Sourced after lib.sh.

STORES=''
STORE_PIDS=()

random_word() { head -c 18 /dev/urandom | base64 | tr -d '+/='; }

free_port() {
    local port
    for _ in $(seq 1 200); do
        port=$((20000 + RANDOM % 11000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    return 1
}

# Where MariaDB's user can go, too: a checkout may lie in a closed home folder.
make_stores_folder() {
    [ -n "$STORES" ] && return
    STORES=$(mktemp -d "${TMPDIR:-/tmp}/shopfleet-test.XXXXXX")
    chmod 0711 "$STORES"
    trap stop_private_stores EXIT
    trap 'exit 130' INT TERM
}

# Sets TEST_DATABASE_URL (an account that may create databases; the address names the database NAME).
start_private_mariadb() {
    local name=$1 user password as=() socket
    make_stores_folder
    socket=$STORES/db/mysqld.sock
    user=$(id -un)
    mkdir -p "$STORES/mariadb" "$STORES/init" "$STORES/db" "$STORES/tmp"
    if [ "$user" = root ]; then
        user=mysql
        chown mysql: "$STORES/mariadb" "$STORES/init" "$STORES/db" "$STORES/tmp"
        as=(--user=mysql)
    fi
    chmod 0700 "$STORES/init"
    password=$(random_word)
    mariadb-install-db --no-defaults --user="$user" --datadir="$STORES/mariadb" \
        --tmpdir="$STORES/tmp" --auth-root-authentication-method=normal --skip-test-db >"$STORES/install.log" 2>&1 || {
        cat "$STORES/install.log"
        return 1
    }
    # One statement per line; MariaDB runs it before it listens. The root account without password goes.
    cat >"$STORES/init/init.sql" <<SQL
CREATE DATABASE IF NOT EXISTS \`$name\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER IF NOT EXISTS 'test'@'localhost' IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON *.* TO 'test'@'localhost' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' ACCOUNT LOCK;
SQL
    [ ${#as[@]} -eq 0 ] || chown -R mysql: "$STORES/init"
    # Killing the process loses nothing with =2; only a power cut could, and a test run does not outlive one.
    # scripts/bench measures what production pays and asks for DURABLE_COMMITS=1.
    PATH="$PATH:/usr/sbin" mariadbd --no-defaults "${as[@]}" --datadir="$STORES/mariadb" \
        --tmpdir="$STORES/tmp" --socket="$socket" --pid-file="$STORES/mariadb/pid" --skip-networking --skip-log-bin \
        --innodb-flush-log-at-trx-commit="${DURABLE_COMMITS:-2}" --innodb-buffer-pool-size=256M --max-connections=500 \
        --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci --performance-schema=0 \
        --init-file="$STORES/init/init.sql" >"$STORES/mariadb.log" 2>&1 </dev/null &
    STORE_PIDS+=($!)
    for _ in $(seq 1 200); do
        [ -S "$socket" ] && break
        kill -0 "${STORE_PIDS[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    [ -S "$socket" ] || {
        tail -n 15 "$STORES/mariadb.log"
        return 1
    }
    printf '[client]\nuser=test\npassword=%s\nsocket=%s\n' "$password" "$socket" >"$STORES/client.cnf"
    chmod 0600 "$STORES/client.cnf"
    # shellcheck disable=SC2034 # Used by those who source this.
    TEST_DATABASE_URL="mysql://test:$password@localhost/$name?socket=$socket"
}

# Sets TEST_REDIS_URL.
start_private_redis() {
    local port password
    make_stores_folder
    mkdir -p "$STORES/redis"
    port=$(free_port)
    password=$(random_word)
    (
        umask 077
        printf 'bind 127.0.0.1\nport %s\nrequirepass %s\ndir %s\nappendonly yes\nsave ""\n' \
            "$port" "$password" "$STORES/redis" >"$STORES/redis.conf"
    )
    redis-server "$STORES/redis.conf" >"$STORES/redis.log" 2>&1 </dev/null &
    STORE_PIDS+=($!)
    for _ in $(seq 1 100); do
        # shellcheck disable=SC2034 # Used by those who source this.
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            TEST_REDIS_URL="redis://:$password@127.0.0.1:$port/0"
            return
        fi
        sleep 0.1
    done
    tail -n 15 "$STORES/redis.log"
    return 1
}

stop_private_stores() {
    local pid
    for pid in "${STORE_PIDS[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${STORE_PIDS[@]}"; do wait "$pid" 2>/dev/null || true; done
    [ -z "$STORES" ] || rm -rf "$STORES"
}
