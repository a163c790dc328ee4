#!/bin/sh
# Makes a network namespace that stands for another computer, so that what is asked from there takes the way of what comes from
# outside.  outside.sh NAME ADDRESS/BITS PEER/BITS ADDRESS6/BITS PEER6/BITS
set -eu
ip netns delete "$1" 2>/dev/null || true
ip netns add "$1"
ip link add "$1" type veth peer name eth0 netns "$1"
ip address add "$2" dev "$1"
ip -n "$1" address add "$3" dev eth0
ip link set "$1" up
ip -n "$1" link set eth0 up
# A host without IPv6 has the other.
if [ -e /proc/net/if_inet6 ]; then
    ip address add "$4" dev "$1" nodad || true
    ip -n "$1" address add "$5" dev eth0 nodad || true
fi
