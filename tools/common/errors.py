"""What can go wrong, always with what to do about it."""

from __future__ import annotations


class ToolError(Exception):
    """A step failed: what, what to do, and the last lines of what it said."""

    def __init__(self, what: str, *, todo: str = "", tail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
        self.tail = tail

    def __str__(self) -> str:
        """Give the sentence, the last lines, and what to do, each on lines of their own."""
        said = [f"    | {line}" for line in self.tail.splitlines()]
        todo = [f"What to do: {self.todo}"] if self.todo else []
        return "\n".join([self.what, *said, *todo])
