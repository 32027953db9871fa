#!/usr/bin/env bash
# Installs every optional system program the tests and developer scripts can use, on Debian or Ubuntu:
# compilers for firmware and WASM, QEMU, socat, espeak-ng, Chromium, and the Python oracles in .cache/venv.
# Running it twice costs seconds. Nothing here is needed for `npm ci && npm run demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  gcc g++ libc6-dev make unzip python3 python3-venv
  gcc-arm-none-eabi libnewlib-arm-none-eabi
  gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
  qemu-system-arm qemu-system-misc
  clang lld clang-format
  socat espeak-ng chromium xvfb squashfs-tools
)
oracles=(
  'tflite-micro==0.dev20261023182759'
  'ai-edge-litert==2.3.0'
  'numpy==2.4.6'
  'scipy==1.17.1'
  'scikit-learn==1.9.1'
  'ppk2-api==0.9.2'
  'pyjls==0.17.0'
  'unicorn==2.1.4'
  'pyarrow==26.0.1'
  'soundfile==0.14.0'
)

if ! command -v apt-get >/dev/null; then
  echo "setup:system knows Debian and Ubuntu. Install by your own means: ${packages[*]}" >&2
  exit 1
fi
missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing: ${missing[*]}"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo 'system programs: all there'
fi

venv=.cache/venv
stamp=$venv/.microjoule-oracles
wanted=$(printf '%s\n' "${oracles[@]}")
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  echo "Python oracles into $venv"
  mkdir -p .cache
  # the oldest Python the pinned wheels exist for is 3.11
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check "${oracles[@]}"
  printf '%s\n' "$wanted" >"$stamp"
else
  echo 'Python oracles: all there'
fi
