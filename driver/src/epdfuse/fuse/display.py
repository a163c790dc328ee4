"""The frame being assembled, which several files show and change."""

from epdfuse.panel.bits import View


class FrameTooLongError(ValueError):
    """A write reaches beyond the end of a frame."""


class IncompleteFrameError(ValueError):
    """What was assembled is not exactly one frame."""


class Display:
    """The bytes behind the `display*` files: one frame, or a part of one.

    A write that does not fit is refused whole, and the frame counts as incomplete until a
    new one is begun (by truncation or a write at offset 0), so the rest of a frame that was
    too long can never be shown by mistake.
    """

    def __init__(self, frame: bytes) -> None:
        self._bytes = bytearray(frame)
        self._frame_bytes = len(frame)
        self._refused = False

    def __len__(self) -> int:
        return len(self._bytes)

    def read(self, view: View) -> bytes:
        """All bytes, as this view shows them."""
        return view.translate(self._bytes)

    def write(self, view: View, offset: int, data: bytes) -> None:
        """Put bytes of this view at an offset; a gap before them is filled with zero bytes.

        Raises:
            FrameTooLongError: nothing was changed.
        """
        end = offset + len(data)
        self._refused = end > self._frame_bytes or (self._refused and offset > 0)
        if end > self._frame_bytes:
            raise FrameTooLongError(f"a frame has {self._frame_bytes} bytes, not {end}")
        self._extend(view, offset)
        self._bytes[offset:end] = view.translate(data)

    def append(self, view: View, data: bytes) -> None:
        """Put bytes of this view at the end."""
        self.write(view, len(self._bytes), data)

    def truncate(self, view: View, length: int) -> None:
        """Cut off, or fill up with zero bytes of this view.

        Raises:
            FrameTooLongError: nothing was changed.
        """
        if length > self._frame_bytes:
            raise FrameTooLongError(f"a frame has {self._frame_bytes} bytes, not {length}")
        self._refused = False
        del self._bytes[length:]
        self._extend(view, length)

    def frame(self) -> bytes:
        """A copy of the whole frame in natural coding.

        Raises:
            IncompleteFrameError: there is no whole frame.
        """
        if self._refused or len(self._bytes) != self._frame_bytes:
            found = "one too long" if self._refused else str(len(self._bytes))
            raise IncompleteFrameError(f"a frame has {self._frame_bytes} bytes; found {found}")
        return bytes(self._bytes)

    def _extend(self, view: View, length: int) -> None:
        gap = bytes(max(0, length - len(self._bytes)))
        self._bytes += view.translate(gap)
