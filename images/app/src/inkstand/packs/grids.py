"""Lists and tables: rows of text below each other, in the largest size at which all are there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inkstand.rendering import Align, Layout, blank, clean, draw_layout
from inkstand.rendering.fonts import BOLD, REGULAR, font_map
from inkstand.rendering.picture import BLACK, draw_line
from inkstand.rendering.text import fit_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from inkstand.packs.boxes import Grid, Rows
    from inkstand.rendering.fonts import Family
    from inkstand.rendering.pango import Line

_SIZES = (24, 22, 20, 18, 16, 14, 13, 12)
_SMALLEST_CELL = 10
_GAP = 3
_BETWEEN = 8
# A detail takes no more of the width than this.
_DETAIL_SHARE = 0.55
_MAX_CELL = 200


def draw_rows(box: Rows, size: tuple[int, int]) -> Image.Image:
    """Return the rows on a picture of `size`; the last ones are left out without room.

    Where it is too narrow for details, they stand before the titles.
    """
    if not _are_whole(box, _SIZES[-1], size[0]):
        rows = tuple((f"{detail} {title}".strip(), "") for title, detail in box.rows)
        box = replace(box, rows=rows)
    image, top = blank(size), 0
    placed = _rows_that_fit(box, size)
    # What is left goes between the rows, so that they stand apart.
    spare = size[1] - _height(placed)
    gap = _GAP + min(_BETWEEN, spare // max(1, len(placed)))
    for title, detail in placed:
        _draw_row(image, top, title, detail)
        top += title.height + gap
    return image


def _draw_row(image: Image.Image, top: int, title: Layout, detail: Line | None) -> None:
    draw_layout(image, title, (0, top, image.width, top))
    if detail is not None:
        draw_line(image, (image.width - detail.width, top + detail.ascent), detail)


def _rows_that_fit(box: Rows, size: tuple[int, int]) -> list[tuple[Layout, Line | None]]:
    for em in _SIZES:
        rows = _laid_out(box, size[0], em)
        complete = all(title.complete for title, _ in rows) and _are_whole(box, em, size[0])
        if complete and _height(rows) <= size[1]:
            return rows
    return _cut(_laid_out(box, size[0], _SIZES[-1]), size[1])


def _are_whole(box: Rows, em: int, width: int) -> bool:
    room = int(_DETAIL_SHARE * width)
    return all(_width(_on_one_line(detail), em, BOLD) <= room for _, detail in box.rows)


def _laid_out(box: Rows, width: int, em: int) -> list[tuple[Layout, Line | None]]:
    details = [_line(detail, em, int(_DETAIL_SHARE * width), BOLD) for _, detail in box.rows]
    beside = max((it.width + _BETWEEN for it in details if it), default=0)
    return [
        (_title(title, width - beside, em, box.lines), detail)
        for (title, _), detail in zip(box.rows, details, strict=True)
    ]


def _title(text: str, width: int, em: int, lines: int) -> Layout:
    box = (max(em, width), lines * _row_height(em))
    return fit_pages(_on_one_line(text), box, REGULAR, em, 1)[0]


def _height(rows: Sequence[tuple[Layout, Line | None]]) -> int:
    return sum(title.height for title, _ in rows) + _GAP * max(0, len(rows) - 1)


def _cut(rows: list[tuple[Layout, Line | None]], height: int) -> list[tuple[Layout, Line | None]]:
    kept = list(rows)
    while len(kept) > 1 and _height(kept) > height:
        kept.pop()
    return kept


def draw_grid(box: Grid, size: tuple[int, int]) -> Image.Image:
    """Return the cells in columns on a picture of `size`.

    Where there is no room, the widest column is cut down to half, then the last ones are left out,
    and of the rows the last ones.
    """
    cells = [[_on_one_line(cell) for cell in row] for row in box.rows]
    heads = [_on_one_line(head) for head in box.heads]
    em = _cell_size(cells, heads, size)
    spans = _spans(_widths(cells, heads, em), size[0], _between(em))
    most = max(1, (size[1] - (_row_height(em) + _GAP if heads else 0)) // _row_height(em))
    return _draw_cells(box, cells[:most], heads, spans, em, size)


def _draw_cells(  # noqa: PLR0913, PLR0917 - what a table is
    box: Grid,
    cells: list[list[str]],
    heads: list[str],
    spans: list[tuple[int, int]],
    em: int,
    size: tuple[int, int],
) -> Image.Image:
    image, height, top = blank(size), _row_height(em), 0
    if heads:
        _draw_cell_row(image, heads, spans, (top, em), box.aligns, BOLD)
        top = height + _GAP
        image.paste(BLACK, (0, height, size[0], height + 1))
    spare = max(0, size[1] - top - len(cells) * height) // len(cells)
    # Rows stand apart, and yet belong together.
    spare = min(spare, 3 * em // 2)
    for row in cells:
        _draw_cell_row(image, row, spans, (top + spare // 2, em), box.aligns, REGULAR)
        top += height + spare
    return image


def _draw_cell_row(  # noqa: PLR0913, PLR0917 - what a row of a table is
    image: Image.Image,
    cells: Sequence[str],
    spans: Sequence[tuple[int, int]],
    at: tuple[int, int],
    aligns: Sequence[Align | None],
    family: Family,
) -> None:
    top, em = at
    for text, (left, right), align in zip(cells, spans, aligns, strict=False):
        line = _line(text, em, right - left, family)
        if line is not None:
            free = max(0, right - left - line.width)
            indent = {Align.END: free, Align.CENTRE: free // 2}.get(align or Align.START, 0)
            draw_line(image, (left + indent, top + line.ascent), line)


def _cell_size(cells: list[list[str]], heads: list[str], size: tuple[int, int]) -> int:
    rows = len(cells) + bool(heads)
    for em in _SIZES:
        width = sum(_widths(cells, heads, em)) + _between(em) * (len(cells[0]) - 1)
        if width <= size[0] and rows * _row_height(em) + _GAP * bool(heads) <= size[1]:
            return em
    return _SMALLEST_CELL


def _widths(cells: list[list[str]], heads: list[str], em: int) -> list[int]:
    """Return how wide each column is."""
    widths = [
        max(_width(text, em, REGULAR) for text in column) for column in zip(*cells, strict=True)
    ]
    if not heads:
        return widths
    return [max(width, _width(head, em, BOLD)) for width, head in zip(widths, heads, strict=True)]


def _width(text: str, em: int, family: Family) -> int:
    return family.line(text[:_MAX_CELL], em).width


def _spans(widths: list[int], room: int, between: int) -> list[tuple[int, int]]:
    """Return left and right of the columns that have room; what is left goes between them."""
    widths = _that_fit(list(widths), room, between)
    spare = max(0, room - _with_gaps(widths, between)) // max(1, len(widths) - 1)
    spans, left = [], 0
    for width in widths:
        spans.append((left, left + width))
        left += width + between + spare
    return spans


def _that_fit(widths: list[int], room: int, between: int) -> list[int]:
    least = max(widths) // 2
    while len(widths) > 1 and _with_gaps(widths, between) - max(widths) + least > room:
        widths.pop()
    widest = widths.index(max(widths))
    widths[widest] -= max(0, _with_gaps(widths, between) - room)
    return widths


def _with_gaps(widths: list[int], between: int) -> int:
    return sum(widths) + between * (len(widths) - 1)


def _between(em: int) -> int:
    return max(4, em // 2)


def _row_height(em: int) -> int:
    """Return the height of a row; letters of other fonts may be a pixel higher."""
    return REGULAR.line_height(em) + 1


def _line(text: str, em: int, width: int, family: Family) -> Line | None:
    """Return `text` on one line of at most `width` pixels, None when there is none."""
    text = _on_one_line(text)[:_MAX_CELL]
    if not text or width <= 0:
        return None
    line = family.line(text, em)
    if line.width <= width:
        return line
    return font_map().shorten(text, family.font(text, em), width)


def _on_one_line(text: str) -> str:
    return clean(text).replace("\n", " ")
