#!/usr/bin/env bash
# A folder's name goes in; a release as it is installed comes out there: the product, its production packages and this machine's Node.
set -euo pipefail
release=$1
cd "$(dirname "$0")/../.."
mkdir -p "$release/bin" "$release/node_modules"
cp -r dist package.json README.md systemd config "$release"
npm ls --omit=dev --all --parseable 2>/dev/null | sed -n "s#^$PWD/\(node_modules/\)#\1#p" | grep -v '/node_modules/' |
  while read -r package; do mkdir -p "$release/$(dirname "$package")" && cp -r "$package" "$release/$package"; done
cp "$(node -p process.execPath)" "$release/bin/node"
