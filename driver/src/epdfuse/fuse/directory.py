"""The mounted directory without a file system: what reading and writing each file means."""

from epdfuse.fuse import texts
from epdfuse.fuse.display import Display
from epdfuse.fuse.tree import Kind, Node
from epdfuse.panel.commands import Command, Operator, Order
from epdfuse.panel.spec import DEFAULT_TEMPERATURE


class Directory:
    """Contents of the files of one panel.

    Args:
        operator: asked for what is on the glass.
        panel_line: content of `panel`, without the newline.
    """

    def __init__(self, operator: Operator, panel_line: str) -> None:
        self._operator = operator
        self._panel_text = texts.line(panel_line)
        self._display = Display(operator.spec.white)
        self._celsius = DEFAULT_TEMPERATURE
        self._stage_time_ms = texts.DEFAULT_STAGE_TIME_MS

    def content(self, node: Node) -> bytes:
        """All bytes of a file now."""
        match node.kind:
            case Kind.CURRENT:
                return node.view.translate(self._operator.standing.glass.frame)
            case Kind.DISPLAY:
                return self._display.read(node.view)
            case _:
                return self._text(node.kind)

    def drawn_ns(self, node: Node) -> int:
        """For `current*` when that was drawn (ns since the epoch); 0 for all else."""
        return self._operator.standing.glass.drawn_ns if node.kind is Kind.CURRENT else 0

    def write(self, node: Node, offset: int, data: bytes) -> None:
        """Write to a file other than `command`; the offset counts in frames only.

        Raises:
            FrameTooLongError: nothing was changed.
        """
        match node.kind:
            case Kind.DISPLAY:
                self._display.write(node.view, offset, data)
            case Kind.TEMPERATURE:
                self._celsius = _or_else(texts.parse_temperature(data), self._celsius)
            case Kind.STAGE_TIME:
                self._stage_time_ms = _or_else(texts.parse_stage_time(data), self._stage_time_ms)

    def append(self, node: Node, data: bytes) -> None:
        """Write to the end of a file.

        Raises:
            FrameTooLongError: nothing was changed.
        """
        self.write(node, len(self.content(node)), data)

    def truncate(self, node: Node, length: int) -> None:
        """Set the length of a frame; text files keep their value.

        Raises:
            FrameTooLongError: nothing was changed.
        """
        if node.kind is Kind.DISPLAY:
            self._display.truncate(node.view, length)

    def order(self, written: bytes) -> Order | None:
        """What a write to `command` asks for, with a copy of the frame; None for nothing.

        Raises:
            IncompleteFrameError: there is no whole frame to show.
        """
        command = Command.parse(written)
        if command is None:
            return None
        white = self._operator.spec.white
        frame = white if command is Command.CLEAR else self._display.frame()
        timed = command is Command.PARTIAL_TIMED
        return Order(command, frame, self._celsius, self._stage_time_ms if timed else None)

    def _text(self, kind: Kind) -> bytes:
        match kind:
            case Kind.VERSION:
                return texts.VERSION_TEXT
            case Kind.PANEL:
                return self._panel_text
            case Kind.TEMPERATURE:
                return texts.temperature_text(self._celsius)
            case Kind.STAGE_TIME:
                return texts.stage_time_text(self._stage_time_ms)
            case Kind.ERROR:
                return texts.line(self._operator.standing.error_text)
            case _:
                return b""


def _or_else(value: int | None, default: int) -> int:
    return default if value is None else value
