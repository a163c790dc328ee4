"""What stands on the glass in the language of its owner: words, dates, times and numbers."""

from inkstand.language.language import ENGLISH, Language

__all__ = ["CODES", "ENGLISH", "Language", "language_of"]

CODES = ("en", "de", "fr", "es", "sv")


def language_of(code: str, hour_cycle: int = ENGLISH.hour_cycle) -> Language:
    """Return the language with that code, which is one of CODES, with 12 or 24 hours a day."""
    if code == ENGLISH.code:
        return Language(code, hour_cycle)
    # It takes 5 MB that nobody needs for English.
    from inkstand.language.translated import Translated  # noqa: PLC0415

    return Translated(code, hour_cycle)
