"""How long a deployment takes, and what it leaves in the memory of a small Pi.

Run it from the root of the repository: `python -m tools.bench_deploy --help`.
"""
