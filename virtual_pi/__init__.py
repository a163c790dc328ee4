"""A Raspberry Pi without the Raspberry: a Debian 13 container with systemd and a Docker of its own.

Run it from the root of the repository: `python -m virtual_pi --help`. Standard library only;
the deployment itself is done by Ansible, with the same playbook as for a real Pi.
"""
