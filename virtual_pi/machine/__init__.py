"""A Raspberry Pi without the Raspberry, as a machine: an arm64 Debian 13 in QEMU.

It has what the container has not: a kernel of its own, real reboots, a power cord to pull, a login
by SSH, and a GPIO chip, the PL061 of QEMU's board `virt`. Its button is pressed by QEMU's monitor.
"""
