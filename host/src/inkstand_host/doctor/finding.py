"""What was seen of one thing, how bad it is, and the fix."""

from __future__ import annotations

OK, WARN, FAIL = "ok", "warn", "FAIL"


DEPLOY = "ansible-playbook playbook.yml"


NEW_CARD = "ansible-playbook backup.yml, a new card, then ansible-playbook restore.yml"


Finding = dict[str, str]


def finding(level: str, what: str, seen: str, fix: str = "") -> Finding:
    """Give what was seen of one thing."""
    return {"level": level, "what": what, "seen": seen, "fix": fix}
