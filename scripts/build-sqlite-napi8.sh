#!/usr/bin/env bash
# build-sqlite-napi8.sh OUT.node: better-sqlite3 as an addon for Node-API 8, which Node 16 of Electron 22 has. Only the
# desktop tests load it, by `nativeBinding`; the package and its prebuilds stay as they are.
#
# better-sqlite3 13 keeps persistent references to strings and other primitives, which Node-API allows from version 10 on.
# In a copy of its sources each such reference becomes one to an array that holds the value.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "$1")
modules=$PWD/node_modules
package=$modules/better-sqlite3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cp -r "$package/src" "$tmp/src"
grep -rlE 'Napi::(Reference<Napi::(String|Value)>|Persistent)' "$tmp/src" | xargs sed -i -E \
  -e 's/Napi::Reference<Napi::(String|Value)>/HeldReference<Napi::\1>/g' \
  -e 's/Napi::Persistent\((InternalizedFrom|pair->name)/HeldReference<Napi::String>(\1/g' \
  -e 's/start\(Napi::Persistent\(start\)\)/start(HeldReference<Napi::Value>(start))/'

cat >"$tmp/held-reference.h" <<'CPP'
#include <cstdint>
#include <napi.h>

// What Napi::Reference<T> offers of which better-sqlite3 makes use, over a one-element array.
template <typename T>
class HeldReference {
 public:
  HeldReference() = default;
  explicit HeldReference(Napi::Value value) { Reset(value, 1); }
  void Reset() { holder_.Reset(); }
  void Reset(Napi::Value value, std::uint32_t) {
    Napi::Array holder = Napi::Array::New(value.Env(), 1);
    holder.Set(std::uint32_t{0}, value);
    holder_ = Napi::Persistent(holder.As<Napi::Object>());
  }
  bool IsEmpty() const { return holder_.IsEmpty(); }
  T Value() const { return holder_.Value().Get(std::uint32_t{0}).template As<T>(); }

 private:
  Napi::ObjectReference holder_;
};
CPP

# SQLite is built with the options of the prebuilt one
defines=$(python3 - "$package/deps/defines.gypi" <<'PY'
import ast, re, sys
text = re.sub(r'#.*', '', open(sys.argv[1]).read())
print(' '.join('-D' + d for d in ast.literal_eval(text.strip())['defines']))
PY
)
# for tests: what matters is how soon it is there
gcc -std=gnu99 -w -O1 -DNDEBUG -fPIC $defines -c "$package/deps/sqlite3/sqlite3.c" -o "$tmp/sqlite3.o" &
sqlite=$!
g++ -std=c++20 -w -O1 -DNDEBUG -fPIC -fvisibility=hidden \
  -DNAPI_VERSION=8 -DNAPI_DISABLE_CPP_EXCEPTIONS -DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS \
  -DNODE_GYP_MODULE_NAME=better_sqlite3 -DBUILDING_NODE_EXTENSION \
  -I"$modules/node-api-headers/include" -I"$modules/node-addon-api" -I"$package/deps/sqlite3" \
  -include "$tmp/held-reference.h" -c "$tmp/src/better_sqlite3.cpp" -o "$tmp/better_sqlite3.o"
wait $sqlite
mkdir -p "$(dirname "$out")"
g++ -shared -s -Wl,-Bsymbolic -Wl,--exclude-libs,ALL "$tmp/better_sqlite3.o" "$tmp/sqlite3.o" \
  -ldl -lpthread -lm -o "$out"
