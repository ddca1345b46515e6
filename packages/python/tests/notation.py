"""The notation of the golden vectors (`tests/vectors/codec/README.md`), by the codec: JSON, with objects for what JSON lacks."""

from __future__ import annotations

import json
import math
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from portcullis import codec as c

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def load(path: str) -> Any:
    return json.loads((VECTORS / path).read_text())


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)


def number(value: float) -> Any:
    plain = math.isfinite(value) and not (value == 0 and math.copysign(1, value) < 0)
    names = {math.inf: "Infinity", -math.inf: "-Infinity", 0.0: "-0"}
    return value if plain else {"$number": names.get(value, "NaN")}


def to_notation(codec: c.Codec[Any], value: Any) -> Any:
    """The notation of a value, as TypeScript has it."""
    inner: Any = getattr(codec, "inner", None)
    match codec:
        case c.Reference():
            return to_notation(codec.target, value)
        case c.Int(bits=64):
            return {"$bigint": str(value)}
        case c.Float():
            return number(value)
        case c.Bytes() | c.FixedBytes() | c.Blob():
            return {"$bytes": value.hex()}
        case c.TypedArray():
            return {"$array": value.tobytes().hex(), "of": codec.number}
        case c.Timestamp():
            return (value - EPOCH) // timedelta(microseconds=1) / 1000
        case c.Duration():
            return value // timedelta(microseconds=1) / 1000
        case c.Uuid():
            return str(value)
        case c.NestedOption():
            return None if value is None else {"value": to_notation(inner, value.value)}
        case c.Option():
            return None if value is None else to_notation(inner, value)
        case c.Present():
            return {"value": to_notation(inner, value.value)}
        case c.Newtype() | c.TupleStruct():
            return to_notation(inner, value)
        case c.List() | c.Array():
            return [to_notation(codec.item, item) for item in value]
        case c.Map():
            return {"$map": [[to_notation(codec.key, k), to_notation(codec.value, v)] for k, v in value.items()]}
        case c.Tuple():
            return [to_notation(part, item) for part, item in zip(codec.parts, value)]
        case c.Struct():
            return {camel(f.name): to_notation(f.codec, getattr(value, f.attribute)) for f in codec.fields}
        case c.Table():
            there = {f: getattr(value, f.attribute) for f in codec.fields}
            return {camel(f.name): None if v is None else to_notation(f.codec, v) for f, v in there.items()}
        case c.Enum():
            return enum_to_notation(codec, value)
    return value


def enum_to_notation(codec: c.Enum[Any], value: Any) -> Any:
    if isinstance(value, c.Unknown):
        return {"type": "unknown", "tag": value.tag, "bytes": {"$bytes": value.data.hex()}}
    if codec.unit:
        return camel(codec.kinds[value].name)
    variant = codec.kinds[type(value)]
    parts = {f.name: to_notation(f.codec, getattr(value, f.attribute)) for f in variant.fields}
    if not parts:
        return {"type": camel(variant.name)}
    if "0" not in parts:
        return {"type": camel(variant.name), **{camel(name): part for name, part in parts.items()}}
    if len(parts) == 1:
        return {"type": camel(variant.name), "value": parts["0"]}
    return {"type": camel(variant.name), "values": list(parts.values())}


def from_notation(codec: c.Codec[Any], value: Any) -> Any:
    """The value that a notation stands for."""
    inner: Any = getattr(codec, "inner", None)
    match codec:
        case c.Reference():
            return from_notation(codec.target, value)
        case c.Int(bits=64):
            return int(value["$bigint"])
        case c.Float():
            return float(value["$number"]) if isinstance(value, dict) else float(value)
        case c.Bytes() | c.FixedBytes() | c.Blob():
            return bytes.fromhex(value["$bytes"])
        case c.TypedArray():
            return memoryview(bytes.fromhex(value["$array"])).cast(codec.format)
        case c.Timestamp():
            return EPOCH + timedelta(microseconds=round(value * 1000))
        case c.Duration():
            return timedelta(microseconds=round(value * 1000))
        case c.Uuid():
            return uuid.UUID(value)
        case c.NestedOption():
            return None if value is None else c.Some(from_notation(inner, value["value"]))
        case c.Option():
            return None if value is None else from_notation(inner, value)
        case c.Present():
            return c.Some(from_notation(inner, value["value"]))
        case c.Newtype() | c.TupleStruct():
            return from_notation(inner, value)
        case c.List() | c.Array():
            return [from_notation(codec.item, item) for item in value]
        case c.Map():
            return {from_notation(codec.key, k): from_notation(codec.value, v) for k, v in value["$map"]}
        case c.Tuple():
            return tuple(from_notation(part, item) for part, item in zip(codec.parts, value))
        case c.Struct():
            return codec.make(*(from_notation(f.codec, value[camel(f.name)]) for f in codec.fields))
        case c.Table():
            there = {f: value[camel(f.name)] for f in codec.fields}
            return codec.make(**{f.attribute: None if v is None else from_notation(f.codec, v) for f, v in there.items()})
        case c.Enum():
            return enum_from_notation(codec, value)
    return value


def enum_from_notation(codec: c.Enum[Any], value: Any) -> Any:
    name = value if isinstance(value, str) else value["type"]
    if name == "unknown":
        return c.Unknown(value["tag"], bytes.fromhex(value["bytes"]["$bytes"]))
    (variant,) = [one for one in codec.tags.values() if camel(one.name) == name]
    if codec.unit:
        return variant.make
    if "values" in value:
        parts = value["values"]
    elif "value" in value:
        parts = [value["value"]]
    else:
        parts = [value[camel(f.name)] for f in variant.fields]
    return variant.make(*(from_notation(f.codec, part) for f, part in zip(variant.fields, parts)))
