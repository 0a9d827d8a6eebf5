"""Record sets in Python, of all three formats, well made or badly, and their description for comparison.

The compressed forms other than gzip are the plainest valid ones: literals only. What a broker stores as it got it must come
back as these bytes; what it compresses itself is compared by content where Python can read it (gzip).
"""

import struct
import zlib

from wire import crc32c, gzip, varint

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
T0 = 1_700_000_000_000


def xxh32(data):
    """For less than 16 bytes, seed 0."""
    p2, p3, p4, p5, mask = 2246822519, 3266489917, 668265263, 374761393, 0xFFFFFFFF
    h, at = (p5 + len(data)) & mask, 0
    p1 = 2654435761
    while len(data) - at >= 4:
        h = (h + struct.unpack_from("<I", data, at)[0] * p3) & mask
        h = (((h << 17) | (h >> 15)) & mask) * p4 & mask
        at += 4
    for byte in data[at:]:
        h = (h + byte * p5) & mask
        h = (((h << 11) | (h >> 21)) & mask) * p1 & mask
    h = (h ^ (h >> 15)) * p2 & mask
    h = (h ^ (h >> 13)) * p3 & mask
    return h ^ (h >> 16)


def snappy_block(data):
    out, n = b"", len(data)
    while True:
        out += bytes([n & 0x7F | (0x80 if n > 0x7F else 0)])
        n >>= 7
        if not n:
            break
    for at in range(0, len(data), 60):
        piece = data[at:at + 60]
        out += bytes([(len(piece) - 1) << 2]) + piece
    return out


def snappy(data):
    block = snappy_block(data)
    return b"\x82SNAPPY\0" + struct.pack(">iii", 1, 1, len(block)) + block


def lz4(data):
    descriptor = b"\x60\x40"
    out = struct.pack("<I", 0x184D2204) + descriptor + bytes([xxh32(descriptor) >> 8 & 0xFF])
    for at in range(0, len(data), 65536):
        piece = data[at:at + 65536]
        out += struct.pack("<I", len(piece) | 0x80000000) + piece
    return out + bytes(4)


def zstd(data):
    assert len(data) < 65536
    return struct.pack("<IBB", 0xFD2FB528, 0, 0x38) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


COMPRESS = {NONE: bytes, GZIP: gzip, SNAPPY: snappy, LZ4: lz4, ZSTD: zstd}


# --- format 2 ---


def blob(data):
    return varint(-1) if data is None else varint(len(data)) + data


def record(value, key=None, headers=(), delta=0, time_delta=0, attributes=0):
    body = bytes([attributes]) + varint(time_delta) + varint(delta) + blob(key) + blob(value) + varint(len(headers))
    for name, content in headers:
        body += blob(name) + blob(content)
    return varint(len(body)) + body


def batch(*records, codec=NONE, attributes=0, times=None, producer=(-1, -1, -1), base_offset=0, leader_epoch=-1, magic=2,
          crc_off=0, length_off=0, last_delta=None, count=None, max_time=None, base_time=None, payload=None):
    """A batch; a record is a value, or (key, value), or (key, value, headers)."""
    times = times or [T0 + i for i in range(len(records))]
    first = (times[0] if times else -1) if base_time is None else base_time
    out = b""
    for i, r in enumerate(records):
        key, value, *headers = r if isinstance(r, tuple) else (None, r)
        out += record(value, key, headers[0] if headers else (), i, times[i] - first)
    payload = COMPRESS[codec](out) if payload is None else payload
    covered = struct.pack(">hiqqqhii", attributes | codec, len(records) - 1 if last_delta is None else last_delta, first,
                          (max(times) if times else -1) if max_time is None else max_time, *producer,
                          len(records) if count is None else count) + payload
    crc = (crc32c(covered) + crc_off) & 0xFFFFFFFF
    return struct.pack(">qiibI", base_offset, len(covered) + 9 + length_off, leader_epoch, magic, crc) + covered


# --- formats 0 and 1 ---


def message(value, key=None, magic=1, offset=0, time=T0, attributes=0, crc_off=0):
    body = bytes([magic, attributes]) + (struct.pack(">q", time) if magic else b"")
    for part in (key, value):
        body += struct.pack(">i", -1 if part is None else len(part)) + (part or b"")
    crc = (zlib.crc32(body) + crc_off) & 0xFFFFFFFF
    return struct.pack(">qiI", offset, len(body) + 4, crc) + body


def messages(*values, magic=1, times=None):
    return b"".join(message(v, magic=magic, offset=i, time=times[i] if times else T0 + i) for i, v in enumerate(values))


def wrapper(*values, magic=1, codec=GZIP, offset=None, inner=None):
    last = len(values) - 1
    inner = messages(*values, magic=magic) if inner is None else inner
    packed = COMPRESS[codec](inner)
    if magic == 0 and codec == LZ4:  # the old frame has a checksum over the magic number too
        packed = packed[:6] + bytes([xxh32(packed[:6]) >> 8 & 0xFF]) + packed[7:]
    return message(packed, magic=magic, offset=last if offset is None else offset, time=T0 + last, attributes=codec)


# --- description ---


def short(data):
    return data.hex() if len(data) <= 160 else f"{len(data)} bytes, crc {zlib.crc32(data):08x}"


def unpacked(codec, payload, sent):
    """The payload as comparable text; and whether the broker may have compressed it its own way."""
    if codec == NONE or payload in sent:
        return short(payload), False
    if codec == GZIP:
        return "gzip: " + short(zlib.decompress(payload, 31)), True
    return f"compressed anew with codec {codec}", True


def describe_batch(raw, sent, now):
    names = ("base_offset", "length", "leader_epoch", "magic", "crc", "attributes", "last_delta", "base_time", "max_time",
             "producer_id", "producer_epoch", "base_sequence", "count")
    out = dict(zip(names, struct.unpack_from(">qiibIhiqqqhii", raw)))
    out["payload"], anew = unpacked(out["attributes"] & 7, raw[61:], sent)
    assert crc32c(raw[21:]) == out["crc"], "the broker's own CRC is wrong"
    times = [now(out[name]) for name in ("base_time", "max_time")]
    out["base_time"], out["max_time"] = (text for text, _ in times)
    changed = any(was for _, was in times)
    if anew:
        del out["length"]
    if anew or changed:
        del out["crc"]
    return out


def describe_message(raw, sent, now):
    offset, length, crc, magic, attributes = struct.unpack_from(">qiIbb", raw)
    assert zlib.crc32(raw[16:]) == crc, "the broker's own CRC is wrong"
    out = {"offset": offset, "magic": magic, "attributes": attributes}
    at, changed = 18, False
    if magic == 1:
        out["time"], changed = now(struct.unpack_from(">q", raw, 18)[0])
        at = 26
    size = struct.unpack_from(">i", raw, at)[0]
    out["key"] = None if size < 0 else short(raw[at + 4:at + 4 + size])
    at += 4 + max(size, 0)
    size = struct.unpack_from(">i", raw, at)[0]
    value = raw[at + 4:]
    assert len(value) == max(size, 0)
    out["value"], anew = (None, False) if size < 0 else unpacked(attributes & 7, value, sent)
    if anew and changed:  # times of now are inside too
        out["value"] = f"codec {attributes & 7}"
    if not anew:
        out["length"] = length
        if not changed:
            out["crc"] = crc
    return out


def describe(data, sent=(), now=lambda t: (t, False)):
    """A list of batches as dictionaries; bytes that are no whole batch as text at the end."""
    if data is None:
        return None
    out, at = [], 0
    while len(data) - at >= 17:
        length = struct.unpack_from(">i", data, at + 8)[0]
        end = at + 12 + length
        if length < 14 or end > len(data) or data[at + 16] not in (0, 1, 2) or data[at:at + 8] == b"\xff" * 8:
            break  # incomplete, or the filling behind a conversion
        raw = data[at:end]
        out.append(describe_batch(raw, sent, now) if raw[16] == 2 else describe_message(raw, sent, now))
        at = end
    if at < len(data):
        out.append("cut: " + short(data[at:]))
    return out
