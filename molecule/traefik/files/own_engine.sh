#!/bin/sh
# Give the virtual Pi an engine that is not Debian's, as somebody has it who uses their Pi already: Debian's own programs in packages
# with the names and the conflicts of Docker's, settings, and a container.
set -eu
mkdir -p /srv/engine
cd /srv/engine
pack() { # a package of Debian, and name and version of the one that is made of it
  dpkg-deb -R "$1"_*.deb "$1"
  sed -i -e "s/^Package: .*/Package: $2/" -e "s/^Version: .*/Version: $3/" -e '/^\(Source\|Replaces\|Breaks\|Conflicts\):/d' \
    -e "/^Architecture:/a Conflicts: $1" "$1/DEBIAN/control"
  dpkg-deb -Znone -b "$1" "$2.deb" >/dev/null
}
apt-get update -qq
apt-get download -qq -o APT::Sandbox::User=root docker.io docker-cli docker-buildx
pack docker.io docker-ce 5:27.5.1-1~debian.13~trixie
pack docker-cli docker-ce-cli 5:27.5.1-1~debian.13~trixie
pack docker-buildx docker-buildx-plugin 0.20.0-1~debian.13~trixie
mkdir -p /etc/docker
printf '{"log-driver": "json-file",\n  "data-root": "/var/lib/docker/own"}\n' >/etc/docker/daemon.json
cp /etc/docker/daemon.json .
DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends ./*-ce.deb ./*-ce-cli.deb ./*-plugin.deb >/dev/null

mkdir -p image/usr/bin
cp -L /usr/bin/sleep image/usr/bin/
ldd /usr/bin/sleep | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "image$(dirname "$library")"
  cp -L "$library" "image$library"
done
tar -C image -c . | docker import - keepsake:1 >/dev/null
docker run --detach --name keepsake keepsake:1 /usr/bin/sleep infinity >/dev/null
docker inspect --format '{{.State.Pid}}' keepsake >keepsake.pid
