#!/usr/bin/env bash
# Installs the Node binding of llama.cpp with its prebuilt library and prints its folder. Nothing of it lies in the repository.
set -euo pipefail
version=3.22.1
place="${XDG_CACHE_HOME:-$HOME/.cache}/prad/llama-cpp"
package="$place/node_modules/node-llama-cpp"
if ! grep -q "\"version\": \"$version\"" "$package/package.json" 2>/dev/null; then
  mkdir -p "$place"
  echo '{"private":true}' > "$place/package.json"
  npm install --prefix "$place" --ignore-scripts --no-audit --no-fund --loglevel error "node-llama-cpp@$version" >&2
fi
echo "$package"
