# Shared by the scripts of this folder; sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # who sources this uses them

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One target directory outside the checkout, so that a fresh clone is warm. wasm-builder needs a path component
# named `target`, and to be told where the workspace is.
export CARGO_TARGET_DIR=${SUBSTATION_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/substation/target}
CACHE=$(dirname "$CARGO_TARGET_DIR")
# Cargo compiles what has another path or a newer time, and in a fresh clone that is everything. So it works on a copy of
# the sources that stays in one place, and in which a file is only written when its content changes.
SOURCES=$CACHE/sources
MARK=.copied-by-substation
# Programs that only checks and measurements need.
TOOLS=$CACHE/tools
CARGO_DENY_VERSION=0.20.2
export WASM_BUILD_WORKSPACE_HINT=$SOURCES
export OPENSSL_NO_VENDOR=1
# wasm-builder links a blob of this profile with LTO, which takes as long as its compilation. What is shipped is of the
# production profile, and linked so.
export CARGO_PROFILE_RELEASE_LTO=off
BIN=$CARGO_TARGET_DIR/release
PRODUCTION=$CARGO_TARGET_DIR/production

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

# copy_sources: brings the copy that cargo works on up to date. One script at a time has it, until it ends.
copy_sources() {
	# A script that another one calls works on what its caller has copied.
	[ "${SUBSTATION_COPIED:-}" != "$ROOT" ] || return 0
	case $CARGO_TARGET_DIR in /*) ;; *) die "SUBSTATION_TARGET_DIR must be an absolute path" ;; esac
	case $SOURCES/ in "$ROOT"/*) die "SUBSTATION_TARGET_DIR must be outside of the checkout" ;; esac
	mkdir -p "$SOURCES"
	# What is not in the checkout is deleted, so it must be a folder of ours.
	[ -e "$SOURCES/$MARK" ] || [ -z "$(ls -A "$SOURCES")" ] ||
		die "$SOURCES is not a copy that these scripts have made: remove it, or set SUBSTATION_TARGET_DIR"
	touch "$SOURCES/$MARK"
	exec {copy_lock}>"$CACHE/sources.lock"
	flock --nonblock "$copy_lock" || {
		note "waiting for the script that has $SOURCES to end"
		flock "$copy_lock"
	}
	export SUBSTATION_COPIED=$ROOT
	write_sources
	# The copy has no history: what `--version` says comes from here.
	if [ -z "${SUBSTRATE_CLI_GIT_COMMIT_HASH:-}" ]; then
		SUBSTRATE_CLI_GIT_COMMIT_HASH=$(git -C "$ROOT" rev-parse --short=11 HEAD 2>/dev/null || echo 00000000000)
	fi
	export SUBSTRATE_CLI_GIT_COMMIT_HASH
}

# write_sources: brings changes of the checkout into the copy, for whoever has it.
write_sources() {
	rsync --recursive --links --perms --checksum --delete --delete-excluded --filter="protect /$MARK" \
		--exclude=/.git --exclude=node_modules --exclude=/target "$ROOT/" "$SOURCES/"
}

# in_sources COMMAND...: runs it in the copy.
in_sources() { (cd "$SOURCES" && "$@"); }

# cargo_deny ARGUMENT...: the pinned cargo-deny.
cargo_deny() { "$TOOLS/bin/cargo-deny" "$@"; }

# build: compiles everything once: programs, the runtime's blob, and every test.
build() {
	say "building (cold: about half an hour on two cores; warm: seconds to minutes)"
	copy_sources
	in_sources cargo build --workspace --all-targets --release --locked
}

# build_programs PROGRAM...: compiles these without tests. Only the simulation needs the native build of the runtime. One
# small test among them makes cargo resolve the same features as for everything, so that nothing is compiled twice.
build_programs() {
	say "building programs (cold: about half an hour on two cores; warm: seconds to minutes)"
	copy_sources
	in_sources cargo build --workspace "${@/#/--bin=}" --test proofs --release --locked
}

# build_production: compiles the programs as they are shipped.
build_production() {
	[ -z "${SUBSTATION_REHEARSAL:-}" ] || die "SUBSTATION_REHEARSAL is set: this would ship a rehearsal"
	say "building what is shipped (cold: most of an hour on two cores)"
	copy_sources
	in_sources cargo build --profile production --locked --package substation-node --package substation
}

# Of the end-to-end files six run at a time, since most of their time is waiting for blocks and windows; those that run many
# nodes, or measure, two at a time after them. The lab waits for minutes until chance lets it measure one link alone: it
# needs little for itself, and runs beside all others.
SIDE_BY_SIDE=6

# end_to_end FILE...: runs end-to-end tests.
end_to_end() {
	local file beside=() crowded=() together=() blobs=() failed=0 lab='' output
	case " $* " in *"/governance.test.mjs "*)
		build_upgrades
		blobs=("$CARGO_TARGET_DIR"/upgrades/{constant,migration}.wasm)
		;;
	esac
	for file in "$@"; do
		case $(basename "$file" .test.mjs) in
		bandwidth) beside+=("$file") ;;
		flood | governance | staking) crowded+=("$file") ;;
		*) together+=("$file") ;;
		esac
	done
	node "$ROOT/e2e/prepare.mjs" "${blobs[@]}"
	if [ ${#beside[@]} -gt 0 ]; then
		output=$(mktemp)
		node --test "${beside[@]}" >"$output" 2>&1 &
		lab=$!
		# shellcheck disable=SC2064 # as they are now
		trap "kill $lab 2>/dev/null; rm -f '$output'" EXIT
	fi
	[ ${#together[@]} = 0 ] || node --test --test-concurrency=$SIDE_BY_SIDE "${together[@]}" || failed=1
	[ ${#crowded[@]} = 0 ] || node --test --test-concurrency=2 "${crowded[@]}" || failed=1
	if [ -n "$lab" ]; then
		wait "$lab" || failed=1
		trap - EXIT
		cat "$output"
		rm -f "$output"
	fi
	return $failed
}

# build_upgrades: compiles the two runtimes that the governance tests upgrade to, into $CARGO_TARGET_DIR/upgrades. Only
# the runtime crate is compiled again, and nothing if the present blob has not changed since.
build_upgrades() {
	local project=$BIN/wbuild/substation-runtime out=$CARGO_TARGET_DIR/upgrades present version
	# Of the present blob, and of what only a rehearsal compiles.
	present=$(cd "$SOURCES" && find runtime/src runtime/build.rs runtime-api scripts/lib.sh "$project/substation_runtime.compact.compressed.wasm" \
		-type f -print0 | sort --zero-terminated | xargs -0 sha256sum | sha256sum)
	[ "$(cat "$out/made-for" 2>/dev/null)" = "$present" ] && return 0
	say "building the runtimes to upgrade to (two to four minutes)"
	version=$(sed -n 's/.*spec_version: \([0-9]*\),.*/\1/p' "$SOURCES/runtime/src/version.rs")
	[ -n "$version" ] || die "runtime/src/version.rs names no spec version"
	mkdir -p "$out"
	rm -f "$out/made-for"
	build_upgrade constant $((version + 1))
	build_upgrade migration $((version + 2))
	echo "$present" >"$out/made-for"
}

# build_upgrade REHEARSAL VERSION: compiles one of them, with the flags of wasm-builder, compressed as nodes expect it.
build_upgrade() {
	local project=$BIN/wbuild/substation-runtime
	env -u RUSTC SUBSTATION_REHEARSAL="$1" SUBSTATION_SPEC_VERSION="$2" SKIP_WASM_BUILD='' \
		CARGO_TARGET_DIR="$project/target" \
		RUSTFLAGS='-C link-arg=--export-table -C link-arg=--export=__heap_base -C link-arg=--import-memory --cfg substrate_runtime' \
		cargo rustc --quiet --locked --target=$WASM_TARGET --manifest-path="$project/Cargo.toml" --profile release
	{
		# In front of a compressed runtime.
		printf '\x52\xbc\x53\x76\x46\xdb\x8e\x05'
		zstd -19 --quiet --stdout "$project/target/$WASM_TARGET/release/substation_runtime.wasm"
	} >"$CARGO_TARGET_DIR/upgrades/$1.wasm"
}
