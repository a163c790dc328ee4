#!/bin/sh
# Start on the virtual Pi what is outside of it in life: an ACME server, a DNS, a DNS provider; and what stands in for
# the app. 192.0.2.1 (RFC 5737) is reached from containers and from nowhere else.
set -eu
cd /srv/pebble
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends openssl pebble >/dev/null
ip address add 192.0.2.1/32 dev lo
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=pebble \
  -addext subjectAltName=IP:192.0.2.1 -keyout key.pem -out cert.pem 2>/dev/null
systemd-run --quiet --unit=upstream python3 /srv/pebble/upstream.py 192.0.2.1 8000
systemd-run --quiet --unit=challtestsrv pebble-challtestsrv -dns01 192.0.2.1:8053 -management 127.0.0.1:8055 \
  -http01= -https01= -tlsalpn01= -defaultIPv4 192.0.2.1 -defaultIPv6=
systemd-run --quiet --unit=dns-provider python3 /srv/pebble/dns_provider.py 192.0.2.1 8054 http://127.0.0.1:8055 \
  inkstand /srv/pebble/password
systemd-run --quiet --unit=pebble --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0 \
  pebble -config /srv/pebble/pebble.json -dnsserver 192.0.2.1:8053
