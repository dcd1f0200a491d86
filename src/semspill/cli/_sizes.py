"""How large files and folders are, in words."""

import os
from pathlib import Path


def size_of(place: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; links are not followed."""
    if place.is_symlink() or place.is_file():
        return _bytes(place)
    return sum(_bytes(Path(folder, name)) for folder, _, names in os.walk(place) for name in names)


def _bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:  # a download has renamed it meanwhile
        return 0


def readable(size: int) -> str:
    """Return a number of bytes in words.

    Example:
        >>> readable(0), readable(2048), readable(28_022_709)
        ('0 B', '2.0 KiB', '26.7 MiB')
    """
    units = ("B", "KiB", "MiB", "GiB")
    power = min((max(size, 1).bit_length() - 1) // 10, len(units) - 1)
    return f"{size} B" if power == 0 else f"{size / 1024**power:.1f} {units[power]}"
