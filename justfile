# Bare `just` lists the recipes. Everything here is also a plain command in CONTRIBUTING.md.

[private]
default:
    @just --list --unsorted

# Start everything (release), keep the terminal
up *flags:
    ./scripts/up {{flags}}

# Start everything with debug programs, in the background
[group('run')]
dev:
    SHOPFLEET_PROFILE=dev ./scripts/up --detach

# Stop everything; `just down --purge` removes the data too
[group('run')]
down *flags:
    ./scripts/down {{flags}}

# Follow the logs of web, worker and supervisor
[group('run')]
logs:
    tail -n 20 -F var/log/web.log var/log/worker.log var/log/supervisor.log

# Check everything Shopfleet depends on
[group('run')]
doctor:
    target/debug/shopfleet doctor

# Every test there is, with the set-up they need
[group('check')]
test:
    ./scripts/test

# The README's pictures anew, and every page in both themes at two widths into a folder, to be looked at
[group('check')]
pictures folder='/tmp/shopfleet-pictures':
    mkdir -p {{folder}}
    SHOPFLEET_SCREENSHOTS=1 SHOPFLEET_PICTURES={{folder}} ./scripts/test accessible::

# The quick ones: format, lints, unit tests
[group('check')]
quick:
    cargo fmt --all --check
    SQLX_OFFLINE=true cargo clippy --workspace --all-targets -- -D warnings
    SQLX_OFFLINE=true cargo test --workspace --lib

# Lints
[group('check')]
lint:
    SQLX_OFFLINE=true cargo clippy --workspace --all-targets -- -D warnings

# Licences, bans and sources of all dependencies
[group('check')]
deny:
    cargo deny check bans licenses sources

# Write .sqlx anew after a change of a query or migration
[group('write')]
sqlx:
    ./scripts/sqlx-prepare

# Format
[group('write')]
fmt:
    cargo fmt --all

# Accept changed golden files after looking at them
[group('write')]
golden:
    INSTA_UPDATE=always SQLX_OFFLINE=true cargo test --workspace --lib

# Build the store images
[group('write')]
images:
    ./scripts/images
