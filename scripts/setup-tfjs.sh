#!/usr/bin/env bash
# Gets @tensorflow/tfjs-node's native addon: the official download when its host answers, else a build against
# PyPI's tensorflow-cpu (274 MB download, 861 MB in .cache/tf, about a minute). Running it again costs a second.
# Without it everything still works on tfjs' WASM and CPU backends, only training is ~200 times slower.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

TENSORFLOW=2.21.0
OFFICIAL=https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz
package=node_modules/@tensorflow/tfjs-node
cache=${MICROJOULE_TF_CACHE:-$PWD/.cache/tf}
addon=$cache/tfjs_binding-$TENSORFLOW.node

say() { echo "setup:tfjs: $*"; }
works() { node scripts/probe-tfjs.ts --quiet 2>/dev/null; }

if [ ! -f $package/package.json ]; then
  say "$package is not installed; run npm ci (optional dependencies must not be omitted)" >&2
  exit 1
fi
if works; then
  say 'native addon is there and works, nothing done'
  exit 0
fi

official() {
  command -v curl >/dev/null || return 1
  curl --silent --fail --head --connect-timeout 5 --max-time 10 --output /dev/null "$OFFICIAL" || return 1
  say 'official download (up to 5 minutes)'
  (cd $package && timeout 300 node -r ../../../scripts/tfjs-node-shim.cjs scripts/install.js) >/dev/null 2>&1 || return 1
  works
}

fetch_libraries() {
  [ "$(cat "$cache/version" 2>/dev/null)" = "$TENSORFLOW" ] && return 0
  say "tensorflow-cpu $TENSORFLOW from PyPI (274 MB)"
  local wheel
  wheel=$(mktemp -d "$cache/wheel.XXXXXX") || return 1
  # the CPython tag does not matter: only C/C++ libraries and headers are used
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --platform manylinux_2_27_x86_64 --dest "$wheel" "tensorflow-cpu==$TENSORFLOW" || return 1
  python3 - "$wheel" "$cache" <<'PY' || return 1
import glob, sys, zipfile
wheel, cache = sys.argv[1:]
keep = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2", "include/tensorflow/c/", "include/xla/",
        "include/tsl/", "include/tensorflow/core/")
with zipfile.ZipFile(glob.glob(wheel + "/*.whl")[0]) as z:
    z.extractall(cache, [n for n in z.namelist() if n.removeprefix("tensorflow/").startswith(keep)])
PY
  rm -rf "$wheel"
  echo "$TENSORFLOW" >"$cache/version"
}

compile_addon() {
  [ -f "$addon" ] && return 0
  say 'compiling the addon (about 20 s)'
  g++ -std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=8 -DBUILDING_NODE_EXTENSION \
    -Inode_modules/node-api-headers/include -I$package -I$package/deps/include \
    $package/binding/tfjs_backend.cc $package/binding/tfjs_binding.cc \
    -L$package/deps/lib -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 \
    -Wl,-rpath,'$ORIGIN/../../deps/lib' -o "$addon.part" && mv "$addon.part" "$addon"
}

build() {
  local tool lib
  for tool in g++ python3; do
    command -v $tool >/dev/null || { say "building needs $tool (npm run setup:system)" >&2; return 1; }
  done
  [ -d node_modules/node-api-headers/include ] || { say 'building needs npm ci without --omit=dev' >&2; return 1; }
  [ "$(uname -sm)" = 'Linux x86_64' ] || { say "no build for $(uname -sm), only Linux x86_64" >&2; return 1; }
  mkdir -p "$cache" $package/lib/napi-v8 $package/deps/lib || return 1
  fetch_libraries || return 1
  # the addon's RUNPATH is $ORIGIN/../../deps/lib, its NEEDED names are the SONAMEs
  for lib in cc framework; do
    ln -sfn "$cache/tensorflow/libtensorflow_$lib.so.2" "$package/deps/lib/libtensorflow_$lib.so.2" || return 1
  done
  ln -sfn "$cache/tensorflow/include" $package/deps/include || return 1
  compile_addon || return 1
  cp "$addon" $package/lib/napi-v8/tfjs_binding.node && works
}

if official; then
  say 'done: official native addon'
elif say 'official host not reachable or its package does not work here: building' && build; then
  say "done: addon built against tensorflow-cpu $TENSORFLOW"
else
  say 'no native addon; tfjs falls back to WASM (inference) and CPU (the rest)' >&2
  exit 1
fi
