#!/usr/bin/env bash
# Makes the Python environment of the training bench's peer and prints its interpreter. Nothing of it lies in the repository.
set -euo pipefail
requirements="$(cd "$(dirname "$0")" && pwd)/requirements.txt"
place="${XDG_CACHE_HOME:-$HOME/.cache}/prad/peers"
if ! cmp -s "$requirements" "$place/installed.txt"; then
  rm -rf "$place"
  python3 -m venv "$place" >&2
  "$place/bin/pip" install --quiet --requirement "$requirements" >&2
  cp "$requirements" "$place/installed.txt"
fi
echo "$place/bin/python"
