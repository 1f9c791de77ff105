"""Read untrusted tar archives entry by entry, in bounded memory.

Understands ustar, GNU (long names, sparse files) and pax. This module checks the form only:
`tar_extract` decides what an entry may do to a file system. Python's own tarfile is not used:
tarfile keeps every entry, takes a broken header for the end of the archive, and reads extended
headers of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

BLOCK = 512
CHUNK = 1 << 20
EXTENSION_LIMIT = 1 << 20
"""Bytes of one extended header (pax, long name); Go's reader has the same limit."""
HOLES_LIMIT = 1 << 16
"""Most data regions of one sparse file."""

FILE, LINK, SYMLINK, CHARACTER, BLOCKS, FOLDER, FIFO, CONTIGUOUS = "01234567"
GNU_SPARSE = "S"
_LONG_LINK, _LONG_NAME, _PAX, _PAX_SOLARIS, _PAX_GLOBAL = "KLxXg"
_WITHOUT_DATA = {LINK, SYMLINK, CHARACTER, BLOCKS, FOLDER, FIFO}
_XATTR = "SCHILY.xattr."


class Corrupt(Exception):
    """The archive is not a valid tar archive."""


@dataclass(slots=True)
class Entry:
    """One entry. Names are decoded like names of the file system (surrogateescape)."""

    name: str
    kind: str
    """A type flag of ustar; FILE also for contiguous and for sparse files."""
    mode: int
    uid: int
    gid: int
    size: int
    """Bytes of the unpacked file."""
    mtime: int
    """Nanoseconds since 1970."""
    link: str = ""
    major: int = 0
    minor: int = 0
    xattrs: dict[str, bytes] = field(default_factory=dict)
    stored: int = 0
    """Bytes of data in the archive: fewer than `size` where the file has holes."""
    regions: list[tuple[int, int]] | None = None
    """(offset, length) of a sparse file's data; None for a plain file."""


class TarReader:
    """Iterates over the entries of an archive; `data` yields the content of the current entry."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = 0
        """Bytes of the current entry that are not read yet."""
        self._padding = 0

    def __iter__(self) -> Iterator[Entry]:
        while True:
            entry = self._next()
            if entry is None:
                return
            yield entry

    def data(self, entry: Entry) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) of the current entry's data, in order."""
        regions = [(0, entry.size)] if entry.regions is None else entry.regions
        for start, length in regions:
            offset, end = start, start + length
            while offset < end:
                piece = self._take(min(CHUNK, end - offset))
                yield offset, piece
                offset += len(piece)

    def _take(self, length: int) -> bytes:
        """Read exactly `length` bytes of the current entry's data."""
        if length > self._left:
            raise Corrupt("a sparse file's map does not fit its data")
        piece = self._read(length)
        self._left -= length
        return piece

    def _read(self, length: int) -> bytes:
        data = self._stream.read(length)
        while len(data) < length:  # raw streams return less than asked for
            more = self._stream.read(length - len(data))
            if not more:
                raise Corrupt("the archive ends in the middle of an entry")
            data += more
        return data

    def _skip(self) -> None:
        while self._left:
            self._left -= len(self._read(min(CHUNK, self._left)))
        if self._padding and self._stream.read(1):  # the very last padding may be missing
            self._read(self._padding - 1)
        self._padding = 0

    def _header(self) -> bytes | None:
        """Read the next header block; None at the end of the archive."""
        self._skip()
        block = self._stream.read(BLOCK)
        if not block:
            return None  # many writers leave the two zero blocks out
        if len(block) < BLOCK:
            block += self._read(BLOCK - len(block))
        if block.count(0) == BLOCK:
            while self._stream.read(CHUNK):
                pass  # the stream's writer must not see it closed early
            return None
        _check_sum(block)
        return block

    def _next(self) -> Entry | None:
        long_name = long_link = None
        pax: dict[str, bytes] = {}
        sparse_map: list[tuple[int, int]] = []
        while True:
            block = self._header()
            if block is None:
                if long_name is not None or long_link is not None or pax:
                    raise Corrupt("an extended header without its entry")
                return None
            kind = chr(block[156])
            stored = _number(block[124:136], "size")
            if kind == _LONG_NAME:
                long_name = _c_string(self._extension(stored))
            elif kind == _LONG_LINK:
                long_link = _c_string(self._extension(stored))
            elif kind in (_PAX, _PAX_SOLARIS):
                records = _pax_records(self._extension(stored))
                sparse_map += _pax_regions(records)
                pax.update(records)
            elif kind == _PAX_GLOBAL:
                self._extension(stored)  # as the Engine does: read and ignored
            else:
                break
        entry = _entry(block, kind, stored)
        if long_name is not None:
            entry.name = _decode(long_name)
        if long_link is not None:
            entry.link = _decode(long_link)
        _apply_pax(entry, pax)
        self._begin(entry, block, pax, sparse_map)
        return entry

    def _extension(self, size: int) -> bytes:
        if size > EXTENSION_LIMIT:
            raise Corrupt(f"an extended header of {size} bytes")
        data = self._read(size)
        self._read(-size % BLOCK)
        return data

    def _begin(
        self,
        entry: Entry,
        block: bytes,
        pax: dict[str, bytes],
        sparse_map: list[tuple[int, int]],
    ) -> None:
        """Set the reader on the entry's data and read the map of a sparse file."""
        if entry.kind in _WITHOUT_DATA:
            entry.size = entry.stored = 0
        self._left, self._padding = entry.stored, -entry.stored % BLOCK
        if entry.kind == GNU_SPARSE:
            entry.kind = FILE
            entry.regions = self._gnu_regions(block)
            entry.size = _number(block[483:495], "real size")
        elif pax.get("GNU.sparse.major") == b"1" and pax.get("GNU.sparse.minor") == b"0":
            entry.regions = self._leading_regions()
        elif sparse_map:
            entry.regions = sparse_map
        if entry.regions is not None:
            for name in ("GNU.sparse.realsize", "GNU.sparse.size"):
                if name in pax:
                    entry.size = _decimal(pax[name], name)
            _check_regions(entry)

    def _gnu_regions(self, block: bytes) -> list[tuple[int, int]]:
        """Read the map of an old GNU sparse file: in its header and the blocks that follow."""
        regions = _region_slots(block[386:482])
        more = block[482]
        while more:
            extra = self._read(BLOCK)
            regions += _region_slots(extra[:504])
            more = extra[504]
            if len(regions) > HOLES_LIMIT:
                raise Corrupt("a sparse file with too many holes")
        return regions

    def _leading_regions(self) -> list[tuple[int, int]]:
        """Read the map of pax format 1.0: decimal lines in blocks before the data."""
        text = b""

        def line() -> int:
            nonlocal text
            while b"\n" not in text:
                if len(text) > BLOCK:
                    raise Corrupt("a sparse file's map is no list of numbers")
                text += self._take(BLOCK)
            first, _, text = text.partition(b"\n")
            return _decimal(first, "sparse map")

        count = line()
        if count > HOLES_LIMIT:
            raise Corrupt("a sparse file with too many holes")
        return [(line(), line()) for _ in range(count)]


def _check_sum(block: bytes) -> None:
    said = _number(block[148:156], "checksum")
    # The field itself counts as blanks. Old writers added signed bytes.
    blanked = block[:148] + b" " * 8 + block[156:]
    total = sum(blanked)
    if said != total and said != total - 256 * sum(byte > 127 for byte in blanked):
        raise Corrupt("a header whose checksum is wrong")


def _entry(block: bytes, kind: str, stored: int) -> Entry:
    name = _c_string(block[:100])
    magic = block[257:265]
    if magic[:6] == b"ustar\0" and (prefix := _c_string(block[345:500])):
        name = prefix + b"/" + name
    if kind in ("\0", CONTIGUOUS):
        kind = FILE
    if kind == FILE and name.endswith(b"/"):
        kind = FOLDER  # how the first tars wrote it
    device = kind in (CHARACTER, BLOCKS)
    return Entry(
        name=_decode(name),
        kind=kind,
        mode=_number(block[100:108], "mode") & 0o7777,
        uid=_number(block[108:116], "uid"),
        gid=_number(block[116:124], "gid"),
        size=stored,
        mtime=_number(block[136:148], "mtime", negative=True) * 1_000_000_000,
        link=_decode(_c_string(block[157:257])),
        major=_number(block[329:337], "device") if device else 0,
        minor=_number(block[337:345], "device") if device else 0,
        stored=stored,
    )


def _apply_pax(entry: Entry, pax: dict[str, bytes]) -> None:
    for key, value in pax.items():
        if key in ("path", "GNU.sparse.name"):
            # A sparse file's `path` is a placeholder: GNU.sparse.name holds the real name.
            if key != "path" or "GNU.sparse.name" not in pax:
                entry.name = _decode(value)
        elif key == "linkpath":
            entry.link = _decode(value)
        elif key == "size":
            entry.size = entry.stored = _decimal(value, key)
        elif key == "uid":
            entry.uid = _decimal(value, key)
        elif key == "gid":
            entry.gid = _decimal(value, key)
        elif key == "mtime":
            entry.mtime = _pax_time(value)
        elif key.startswith(_XATTR):
            entry.xattrs[key.removeprefix(_XATTR)] = value
    if "\0" in entry.name or "\0" in entry.link:
        raise Corrupt("a name with a zero byte")


def _pax_records(data: bytes) -> dict[str, bytes]:
    """Parse records `length key=value\\n`. Sparse maps of format 0.0 repeat their keys: their
    values are joined by commas."""
    records: dict[str, bytes] = {}
    repeated: list[bytes] = []
    position = 0
    while position < len(data):
        blank = data.find(b" ", position, position + 10)
        if blank < 0:
            raise Corrupt("a pax record without its length")
        end = position + _decimal(data[position:blank], "record length")
        record = data[blank + 1 : end]
        key, equals, value = record.partition(b"=")
        if end > len(data) or not equals or not value.endswith(b"\n"):
            raise Corrupt("a broken pax record")
        position = end
        if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes"):
            repeated.append(value[:-1])
        else:
            records[key.decode("utf-8", "surrogateescape")] = value[:-1]
    if repeated:
        records.setdefault("GNU.sparse.map", b",".join(repeated))
    return records


def _pax_regions(records: dict[str, bytes]) -> list[tuple[int, int]]:
    """Parse the map of pax formats 0.0 and 0.1."""
    if "GNU.sparse.map" not in records:
        return []
    numbers = [_decimal(word, "sparse map") for word in records["GNU.sparse.map"].split(b",")]
    if len(numbers) % 2 or len(numbers) > 2 * HOLES_LIMIT:
        raise Corrupt("a sparse file's map is no list of pairs")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _region_slots(data: bytes) -> list[tuple[int, int]]:
    slots = [data[start : start + 24] for start in range(0, len(data) - 23, 24)]
    return [
        (_number(slot[:12], "sparse map"), _number(slot[12:], "sparse map"))
        for slot in slots
        if slot[0] != 0
    ]


def _check_regions(entry: Entry) -> None:
    reached = 0
    for start, length in entry.regions or ():
        if start < reached or start + length > entry.size:
            raise Corrupt("a sparse file's map is out of order")
        reached = start + length


def _c_string(data: bytes) -> bytes:
    return data.partition(b"\0")[0]


def _decode(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _number(data: bytes, what: str, negative: bool = False) -> int:
    """Parse a number field: octal digits, or GNU's base 256 for larger numbers."""
    if data[0] & 0x80:
        value = int.from_bytes(data, "big") & ((1 << (8 * len(data) - 1)) - 1)
        if data[0] == 0xFF:
            value -= 1 << (8 * len(data) - 1)
    else:
        digits = data.partition(b"\0")[0].strip(b" ")
        if not all(48 <= digit <= 55 for digit in digits):
            raise Corrupt(f"a header whose {what} is no number")
        value = int(digits or b"0", 8)
    if (value < 0 and not negative) or abs(value) >= 1 << 63:
        raise Corrupt(f"a header whose {what} is out of range")
    return value


def _decimal(data: bytes, what: str) -> int:
    if not data.isdigit() or len(data) > 19 or int(data) >= 1 << 63:
        raise Corrupt(f"a pax header whose {what} is no number")
    return int(data)


def _pax_time(value: bytes) -> int:
    whole, _, fraction = value.partition(b".")
    sign = -1 if whole.startswith(b"-") else 1
    seconds = _decimal(whole.removeprefix(b"-"), "time")
    nanoseconds = _decimal((fraction[:9] or b"0").ljust(9, b"0"), "time")
    return sign * (seconds * 1_000_000_000 + nanoseconds)
