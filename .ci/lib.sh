# What the steps have in common. Each of them sources this file and can be run alone, from anywhere.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.."

step=$(basename "$0")
started=$SECONDS
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}
# Lines are what backtraces and memory tools want. All that a debugger wants takes a third of the time to build, and so does
# what a second build of the same would save.
export CARGO_PROFILE_DEV_DEBUG=${CARGO_PROFILE_DEV_DEBUG:-line-tables-only}
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}

# What is built with flags of its own is kept apart, so that no step throws away what another one built.
target() {
    export CARGO_TARGET_DIR="$PWD/target/$1"
}

# For this package alone: a configuration, beside which what it depends on need not be built again.
configuration() {
    export RUSTC_WORKSPACE_WRAPPER="$PWD/.ci/cfg/$1"
}

headline() {
    printf '\n=== %s: %s\n' "$step" "$*"
}

run() {
    printf '+ %s\n' "$*"
    "$@"
}

finished() {
    printf '=== %s: passed in %s s\n' "$step" $((SECONDS - started))
}

# A nightly compiler, for what the pinned one cannot do.
nightly() {
    rustup run nightly rustc --version >/dev/null 2>&1 ||
        run rustup toolchain install nightly --profile minimal --no-self-update
}

# Features that can be had all at once by the pinned compiler.
additive=allocator-api2-03,allocator-api2-04,backtrace,escapes,mapped,serde,tower,zerocopy
