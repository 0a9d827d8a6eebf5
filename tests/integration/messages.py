"""Requests and responses in Python: an interpreter over the rows in src/protocol/api/*.def.

It shares the rows with the C codec and nothing else, and it is strict where that one is lenient: bytes left over after a
message are an error. A decoded message has only what was on the wire: a tagged field that was left out is left out here.

  MESSAGES["FetchRequest"]     class Message: first, last, flexible
  APIS["Fetch"]                its key
  encode("FetchRequest", 12, {...})      a field that is not given has its default; unknown names are an error;
                                         fields that the version lacks are dropped
  decode("FetchResponse", 12, data)
"""

import re
import struct

from harness import ROOT

ROWS = ROOT / "src/protocol"
NEVER = 127
NUMBERS = {"bool": "?", "int8": "b", "int16": "h", "uint16": "H", "int32": "i", "int64": "q", "float64": "d"}
CONSTANTS = {"true": True, "false": False, "INT32_MAX": 2**31 - 1, "INT32_MIN": -2**31}
LEAST, MOST = -1, 1 << 30


class Malformed(Exception):
    """Bytes that are not this message."""


class Field:
    def __init__(self, kind, name, of, flags):
        self.name, self.of = name, of
        self.struct = kind.startswith("STRUCT")
        self.array = kind in ("ARRAY", "STRUCTS")
        self.pointer = kind == "STRUCT_OR_NULL"
        given = {m.group(1): m.group(2) for m in re.finditer(r"(\w+)(?:\(([^)]*)\))?", flags)}
        self.since, self.until = int(given.get("SINCE") or 0), MOST
        if "VERSIONS" in given:
            self.since, self.until = (int(n) for n in given["VERSIONS"].split(","))
        self.nullable = int(given["NULLABLE"]) if "NULLABLE" in given else MOST
        self.tag = int(given["TAG"]) if "TAG" in given else None
        self.default_null = "DEFAULT_NULL" in given
        self.not_compact = "NOT_COMPACT" in given
        default = given.get("DEFAULT")
        self.value = None if default is None else CONSTANTS[default] if default in CONSTANTS else int(default, 0)

    def default(self, structs):
        if self.default_null or self.pointer:
            return None
        if self.array:
            return []
        if self.struct:
            return {}
        if self.of in ("bytes", "records"):
            return b""
        if self.value is not None:
            return self.value
        return {"string": "", "uuid": bytes(16), "bool": False, "float64": 0.0}.get(self.of, 0)


class Message:
    def __init__(self, name, first, last, flexible, fields):
        self.name, self.first, self.last, self.flexible, self.fields = name, first, last, flexible, fields


def number(text):
    return NEVER if text == "NEVER" else int(text)


def read_rows(path, structs, messages):
    text = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S)
    for own, body in re.findall(r"#define SELF (\w+)\n(.*?)#undef SELF", text, flags=re.S):
        fields = []
        for kind, name, of, flags in re.findall(
                r"\b(FIELD|ARRAY|STRUCTS|STRUCT_OR_NULL|STRUCT)\(\s*(\w+),\s*(\w+)\s*,?((?:[^()]|\([^()]*\))*)\)", body):
            fields.append(Field(kind, name, of, flags))
        structs[own] = fields
        begin = re.search(r"MESSAGE_BEGIN\((\w+),\s*(\w+),\s*(\w+),\s*(\w+)\)", body)
        if begin:
            name, first, last, flexible = begin.groups()
            messages[name] = Message(name, number(first), number(last), number(flexible), fields)


def load():
    structs, messages = {}, {}
    for path in sorted((ROWS / "api").glob("*.def")):
        read_rows(path, structs, messages)
    apis = {name: int(key) for key, name in re.findall(r"^API\(\w+, (\d+), \w+, (\w+)\)",
                                                       (ROWS / "apis.def").read_text(), flags=re.M)}
    return structs, messages, apis


STRUCTS, MESSAGES, APIS = load()


def uvarint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


# --- writing ---


def put_length(n, fmt, compact):
    """n is None for null."""
    if compact:
        return uvarint(0 if n is None else n + 1)
    return struct.pack(fmt, -1 if n is None else n)


def put_value(f, value, version, flexible):
    compact = flexible and not f.not_compact
    if f.struct:
        return put_struct(STRUCTS[f.of], value, version, flexible)
    if f.of in NUMBERS:
        return struct.pack(">" + NUMBERS[f.of], value)
    if f.of == "uuid":
        return value
    if f.of == "string":
        raw = value.encode() if isinstance(value, str) else value
        return put_length(None if raw is None else len(raw), ">h", compact) + (raw or b"")
    return put_length(None if value is None else len(value), ">i", compact) + (value or b"")


def put_field(f, value, version, flexible):
    if f.array:
        head = put_length(None if value is None else len(value), ">i", flexible)
        return head + b"".join(put_value(f, v, version, flexible) for v in value or [])
    if f.pointer:
        return b"\xff" if value is None else b"\1" + put_value(f, value, version, flexible)
    return put_value(f, value, version, flexible)


def put_struct(fields, values, version, flexible):
    unknown = set(values) - {f.name for f in fields}
    if unknown:
        raise KeyError(f"no such field: {unknown}")
    out, tags = b"", {}
    for f in fields:
        if not f.since <= version <= f.until:
            continue
        value = values.get(f.name, f.default(STRUCTS))
        if f.tag is None:
            out += put_field(f, value, version, flexible)
        elif f.name in values:
            tags[f.tag] = put_field(f, value, version, flexible)
    if flexible:
        out += uvarint(len(tags)) + b"".join(uvarint(t) + uvarint(len(tags[t])) + tags[t] for t in sorted(tags))
    return out


def encode(name, version, values):
    m = MESSAGES[name]
    return put_struct(m.fields, values, version, version >= m.flexible)


# --- reading ---


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if n < 0 or len(self.data) - self.at < n:
            raise Malformed(f"{n} bytes wanted, {len(self.data) - self.at} left")
        self.at += n
        return self.data[self.at - n:self.at]

    def unpack(self, fmt):
        return struct.unpack(fmt, self.take(struct.calcsize(fmt)))[0]

    def uvarint(self):
        n = shift = 0
        while True:
            byte = self.take(1)[0]
            n |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return n

    def length(self, fmt, compact):
        n = self.uvarint() - 1 if compact else self.unpack(fmt)
        return None if n < 0 else n


def get_value(f, r, version, flexible):
    compact = flexible and not f.not_compact
    if f.struct:
        return get_struct(STRUCTS[f.of], r, version, flexible)
    if f.of in NUMBERS:
        return r.unpack(">" + NUMBERS[f.of])
    if f.of == "uuid":
        return r.take(16)
    n = r.length(">h" if f.of == "string" else ">i", compact)
    if n is None:
        if version < f.nullable:
            raise Malformed(f"{f.name} is null")
        return None
    return r.take(n).decode() if f.of == "string" else r.take(n)


def get_field(f, r, version, flexible):
    if f.array:
        n = r.length(">i", flexible)
        if n is None:
            if version < f.nullable:
                raise Malformed(f"{f.name} is null")
            return None
        return [get_value(f, r, version, flexible) for _ in range(n)]
    if f.pointer and r.unpack(">b") < 0:
        return None
    return get_value(f, r, version, flexible)


def get_struct(fields, r, version, flexible):
    out = {}
    for f in fields:
        if f.tag is None and f.since <= version <= f.until:
            out[f.name] = get_field(f, r, version, flexible)
    if flexible:
        get_tags({f.tag: f for f in fields if f.tag is not None}, out, r, version)
    return out


def get_tags(known, out, r, version):
    last = -1
    for _ in range(r.uvarint()):
        tag, size = r.uvarint(), r.uvarint()
        if tag <= last:
            raise Malformed(f"tag {tag} after tag {last}")
        last = tag
        end = r.at + size
        f = known.get(tag)
        if f is None or not f.since <= version <= f.until:
            raise Malformed(f"unexpected tag {tag}")
        out[f.name] = get_field(f, r, version, True)
        if r.at != end:
            raise Malformed(f"tag {tag} has {r.at - end} bytes too few")


def decode(name, version, data):
    m = MESSAGES[name]
    r = Reader(data)
    out = get_struct(m.fields, r, version, version >= m.flexible)
    if r.at != len(data):
        raise Malformed(f"{len(data) - r.at} bytes after {name} v{version}")
    return out


def request(api, version, correlation, client, values):
    """Header and body."""
    body = values if isinstance(values, bytes) else encode(api + "Request", version, values)
    raw = client.encode() if client is not None else b""
    head = struct.pack(">hhih", APIS[api], version, correlation, -1 if client is None else len(raw)) + raw
    return head + (b"\0" if version >= MESSAGES[api + "Request"].flexible else b"") + body


def response(api, version, payload):
    """(correlation id, body) of a response payload."""
    flexible = version >= MESSAGES[api + "Response"].flexible and api != "ApiVersions"
    correlation = struct.unpack_from(">i", payload)[0]
    if flexible and payload[4:5] != b"\0":
        raise Malformed("tags in a response header")
    return correlation, decode(api + "Response", version, payload[5 if flexible else 4:])
