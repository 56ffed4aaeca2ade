# Shared by the scripts of this folder; sourced, never run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One target directory outside the checkout, so that a fresh clone is warm. wasm-builder needs a path component
# named `target`, and to be told where the workspace is.
export CARGO_TARGET_DIR=${SUBSTATION_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/substation/target}
export WASM_BUILD_WORKSPACE_HINT=$ROOT
export OPENSSL_NO_VENDOR=1
BIN=$CARGO_TARGET_DIR/release

WASM_TARGET=wasm32v1-none

say() { printf '\n\033[1m==> %s\033[0m\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die() {
	printf '\033[31merror:\033[0m %s\n' "$*" >&2
	exit 1
}

# as_root COMMAND...: runs it as root, through sudo where needed.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this step needs root, and there is no sudo: $*"
	fi
}

# has_wasm RUSTC: whether this compiler can build the runtime's blob.
has_wasm() {
	local rustc=$1 libs
	libs=$("$rustc" --print sysroot 2>/dev/null)/lib/rustlib/$WASM_TARGET/lib
	compgen -G "$libs/libcore-*.rlib" >/dev/null
}

pinned_toolchain() { sed -n 's/^channel = "\(.*\)"/\1/p' "$ROOT/rust-toolchain.toml"; }

# choose_toolchain: puts a cargo that can build the blob first on PATH, or fails.
# First choice is rustup with the pinned channel, second the distribution's packages in /usr/bin.
choose_toolchain() {
	local channel rustc
	channel=$(pinned_toolchain)
	if command -v rustup >/dev/null && rustc=$(RUSTUP_AUTO_INSTALL=0 rustup which --toolchain "$channel" rustc 2>/dev/null) && has_wasm "$rustc"; then
		PATH=$(dirname "$rustc"):$PATH
	elif [ -x /usr/bin/rustc ] && [ "$(/usr/bin/rustc --version | cut -d' ' -f2)" = "$channel" ] && has_wasm /usr/bin/rustc; then
		PATH=/usr/bin:$PATH
	else
		return 1
	fi
	export PATH
}

# build: compiles everything once: programs, the runtime's blob, and every test.
build() {
	say "building (cold: about half an hour on two cores; warm: seconds to minutes)"
	(cd "$ROOT" && cargo build --workspace --all-targets --release --locked)
}
