"""The glass: how pixels follow the voltage they get. Pure."""

from functools import lru_cache

FLOAT, HOLD, TO_WHITE, TO_BLACK = range(4)

_FULL = 255
_WHITE_FROM = 128
_CHARGE = (0, 0, -1, 1)

RESIDUE = 4e-5
"""What is left of the old shade after a stage of the time the panel needs: nothing one sees.

After the shortest stage `pu_stagetime` allows it is about 40 %: a ghost."""
_INVISIBLE = 32
"""An eye does not see so small a difference to black and white."""


class Glass:
    """Shade (0 black to 255 white) and charge of every pixel.

    A pixel moves towards black or white the longer it is driven, so a stage that is too
    short, or a wrong idea of the old picture, leaves a grey ghost. Its charge counts how often
    it was driven: charge that grows from picture to picture ruins the glass.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._shades = [bytes([_FULL]) * width for _ in range(height)]
        self._charges = [[0] * width for _ in range(height)]

    def drive(self, row: int, codes: bytes, residue: float) -> None:
        """Drive the pixels of a row; `residue` (0 to 1) is what stays of their shade."""
        if codes.count(HOLD) + codes.count(FLOAT) == len(codes):
            return
        move, shades = _moves(residue), self._shades[row]
        self._shades[row] = bytes([move[c][s] for c, s in zip(codes, shades, strict=True)])
        charges = zip(self._charges[row], codes, strict=True)
        self._charges[row] = [charge + _CHARGE[code] for charge, code in charges]

    @property
    def image(self) -> bytes:
        """What an eye takes the glass for: a frame in natural coding."""
        bits = "".join(["1" if shade < _WHITE_FROM else "0" for shade in b"".join(self._shades)])
        return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little")

    @property
    def picture(self) -> bytes:
        """Shades of all pixels, a byte each, 0 black; ghosts are grey."""
        return b"".join(self._shades).translate(_seen())

    @property
    def charges(self) -> tuple[int, ...]:
        """Stages towards black less stages towards white of every pixel."""
        return tuple(charge for row in self._charges for charge in row)

    def show(self, picture: bytes) -> None:
        """Put shades on the glass; a black pixel has the charge of having been driven once."""
        rows = range(0, len(picture), self._width)
        self._shades = [picture[start : start + self._width] for start in rows]
        self._charges = [[int(shade < _WHITE_FROM) for shade in row] for row in self._shades]


@lru_cache(maxsize=64)
def _moves(residue: float) -> tuple[bytes, bytes, bytes, bytes]:
    """For each code the translation from a shade to the next."""
    same = bytes(range(256))
    to_black = bytes(round(shade * residue) for shade in range(256))
    to_white = bytes(_FULL - round((_FULL - shade) * residue) for shade in range(256))
    return same, same, to_white, to_black


@lru_cache(maxsize=1)
def _seen() -> bytes:
    return bytes(_snapped(shade) for shade in range(256))


def _snapped(grey: int) -> int:
    if grey <= _INVISIBLE:
        return 0
    return _FULL if grey >= _FULL - _INVISIBLE else grey
