#!/bin/sh
# Runs in a container of the Pi's Debian: fetch packages with all that they depend on, down to the C library, since nobody
# knows what a Pi has, and write them down as a repository in /repository. Arguments: names of packages. PI_ARCHITECTURE
# names an architecture other than that of the container.
set -eu

if [ -n "${PI_ARCHITECTURE:-}" ]; then
  printf 'APT::Architecture "%s";\nAPT::Architectures { "%s"; };\n' "$PI_ARCHITECTURE" "$PI_ARCHITECTURE" >/etc/apt/apt.conf.d/99pi
fi

mkdir -p /repository/partial
: >/tmp/nothing-installed
apt-get update
apt-get install --yes --no-install-recommends --download-only \
  -o Dir::State::status=/tmp/nothing-installed \
  -o Dir::Cache::archives=/repository \
  -o APT::Sandbox::User=root \
  "$@"
cd /repository
rm -rf lock partial
for file in *.deb; do
  dpkg-deb --field "$file"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat --format=%s "$file")" "$(sha256sum "$file" | cut -d ' ' -f 1)"
done >Packages
