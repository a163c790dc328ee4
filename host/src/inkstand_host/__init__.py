"""What has to happen on the Pi outside containers: releases and the way back, backups, the doctor.

It runs on the Pi, so that nothing is left half way when whoever deploys goes away, and so that an
owner needs no other computer. Standard library only, with Debian's Python.
"""
