"""Values on the wire: canonical, bounded, and validated as they are read. Generated modules are made of these codecs."""

from .base import Body, Codec, Reference, from_bytes, to_body, to_bytes
from .builtin import Duration, Json, Timestamp, Uuid
from .collections import Array, List, Map, NestedOption, Option, Some, Tuple
from .error import CodecError
from .messages import Arguments, Enum, Field, Newtype, Present, Struct, Table, TupleStruct, Unknown, Variant
from .scalars import Blob, Bool, Bytes, FixedBytes, Float, Int, String, Unit
from .typed_array import TypedArray
from .url import Url

__all__ = [
    "Arguments",
    "Array",
    "Blob",
    "Body",
    "Bool",
    "Bytes",
    "Codec",
    "CodecError",
    "Duration",
    "Enum",
    "Field",
    "FixedBytes",
    "Float",
    "Int",
    "Json",
    "List",
    "Map",
    "NestedOption",
    "Newtype",
    "Option",
    "Present",
    "Reference",
    "Some",
    "String",
    "Struct",
    "Table",
    "Timestamp",
    "Tuple",
    "TupleStruct",
    "TypedArray",
    "Unit",
    "Unknown",
    "Url",
    "Uuid",
    "Variant",
    "from_bytes",
    "to_body",
    "to_bytes",
]
