"""The golden vectors: what Rust writes and refuses, Python writes and refuses. And bytes that were changed at random: an error
with a path, or a value that encodes back to the same bytes; never another exception. (R4, R30; fault 6)"""

from __future__ import annotations

import array
import random
import unittest
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from portcullis.codec import Body, Codec, CodecError, Unknown, Url, from_bytes, to_body, to_bytes
from portcullis.codec import builtin, collections, scalars, typed_array
from portcullis.tables import ERROR_KINDS

from .generated import types
from .notation import VECTORS, from_notation, load, to_notation

VALID = load("codec/valid.json")
INVALID = [row for row in load("codec/invalid.json") if row["error"] != "bad_value"]


def codec_of(name: str) -> Codec[Any]:
    codec: Codec[Any] = getattr(types, f"{name}Codec")
    return codec


def body_of(row: dict[str, Any]) -> Body:
    return Body(bytes.fromhex(row["hex"]), tuple(bytes.fromhex(blob) for blob in row.get("blobs", [])))


def refusal(codec: Codec[Any], data: bytes, blobs: tuple[bytes, ...] = ()) -> str:
    try:
        Body(data, blobs).read(codec)
    except CodecError as error:
        return f"{error.kind} at {error.path}"
    return "nothing"


class Vectors(unittest.TestCase):
    def test_valid_vectors_read_and_write_the_same(self) -> None:
        self.assertGreater(len(VALID), 50)
        for row in VALID:
            codec = codec_of(row["type"])
            body = body_of(row)
            with self.subTest(row["type"], hex=row["hex"]):
                value = body.read(codec)
                self.assertEqual(to_notation(codec, value), row["value"])
                self.assertEqual(to_body(codec, value), body)
                self.assertEqual(to_body(codec, from_notation(codec, row["value"])), body)

    def test_valid_vectors_are_refused_with_one_byte_more_and_cut_at_every_byte(self) -> None:
        for row in VALID:
            codec = codec_of(row["type"])
            data, blobs = body_of(row)
            self.assertNotEqual(refusal(codec, data + b"\0", blobs), "nothing", row["hex"])
            self.assertIn("bad_blob", refusal(codec, data, (*blobs, b"")), row["hex"])
            for length in range(len(data)):
                self.assertNotEqual(refusal(codec, data[:length], blobs), "nothing", row["hex"])
            for count in range(len(blobs)):
                self.assertIn("bad_blob", refusal(codec, data, blobs[:count]), row["hex"])

    def test_invalid_vectors_are_refused_with_the_same_kind_at_the_same_path(self) -> None:
        self.assertGreaterEqual(len({row["error"] for row in INVALID}), 16)
        for row in INVALID:
            with self.subTest(row["type"], hex=row["hex"]):
                found = refusal(codec_of(row["type"]), *body_of(row))
                self.assertEqual(found, f"{row['error']} at {row['path']}")


class Agreement(unittest.TestCase):
    def test_python_says_of_every_body_what_rust_has_said(self) -> None:
        """What `tests/vectors/codec/verdicts.txt` holds: bodies that were made by chance, and Rust's verdict on each."""
        differing = []
        rows = (VECTORS / "codec" / "verdicts.txt").read_text().splitlines()
        self.assertGreater(len(rows), 1000)
        for row in rows:
            name, data, verdict = row.split("\t")
            found = refusal(codec_of(name), bytes.fromhex(data)).replace(" at ", " ").strip()
            wanted = "nothing" if verdict == "ok" or verdict.startswith("bad_value") else verdict
            if found != wanted:
                differing.append((name, data, found, wanted))
        self.assertEqual(differing, [])


INTERESTING = bytes([0x00, 0x01, 0x02, 0x7F, 0x80, 0x81, 0xC0, 0xED, 0xF0, 0xF8, 0xFE, 0xFF])


def mutate(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(changed))
        byte = chance.choice([chance.randrange(256), chance.choice(INTERESTING)])
        match chance.randrange(4):
            case 0:
                del changed[at : at + 1]
            case 1:
                changed.insert(at, byte)
            case 2:
                del changed[at : at + chance.randrange(8)]
            case _:
                changed[at : at + 1] = bytes([byte])
    return bytes(changed)


class Mutations(unittest.TestCase):
    def test_f06_changed_bytes_are_refused_or_are_the_one_encoding_of_what_they_mean(self) -> None:
        chance = random.Random(20)
        refused = taken = 0
        for row in VALID:
            codec = codec_of(row["type"])
            data, blobs = body_of(row)
            for _ in range(100):
                changed = mutate(data, chance)
                try:
                    value = Body(changed, blobs).read(codec)
                except CodecError as error:
                    self.assertIn(error.kind, ERROR_KINDS)
                    refused += 1
                    continue
                taken += 1
                again, same = to_body(codec, value)
                self.assertEqual(same, blobs)
                # JSON may be spelled in several ways, and a table forgets what it does not know.
                if again != changed:
                    self.assertEqual(to_notation(codec, from_bytes(codec, again)), to_notation(codec, value))
                    self.assertIn(row["type"], ("BuiltIn", "Options", "Preferences", "Change", "Maps"), changed.hex())
        self.assertGreater(refused, 1000)
        self.assertGreater(taken, 100)

    def test_f06_bytes_of_chance_never_raise_anything_else(self) -> None:
        chance = random.Random(21)
        for name in sorted({row["type"] for row in VALID}):
            for _ in range(300):
                refusal(codec_of(name), chance.randbytes(chance.randrange(40)))


class Values(unittest.TestCase):
    def test_values_of_another_type_are_refused_with_their_path(self) -> None:
        request = types.EchoRequest(1, "a", 0.5)
        for wrong, kind, path in [
            (types.EchoRequest(-1, "a", 0.5), "out_of_range", "number"),
            (types.EchoRequest(1 << 64, "a", 0.5), "out_of_range", "number"),
            (types.EchoRequest(True, "a", 0.5), "bad_value", "number"),
            (types.EchoRequest(1, "a" * 65, 0.5), "too_long", "text"),
            (types.EchoRequest(1, "\ud800", 0.5), "bad_utf8", "text"),
            (types.EchoRequest(1, None, 0.5), "bad_value", "text"),  # type: ignore[arg-type]
            (types.EchoRequest(1, "a", "0.5"), "bad_value", "value"),  # type: ignore[arg-type]
            (object(), "bad_value", ""),
        ]:
            with self.assertRaises(CodecError) as caught:
                to_bytes(types.EchoRequestCodec, cast(Any, wrong))
            self.assertEqual((caught.exception.kind, caught.exception.path), (kind, path))
        self.assertEqual(to_bytes(types.EchoRequestCodec, request).hex(), "010161000000000000e03f")

    def test_a_blob_is_any_memory_and_not_a_copy_of_bytes(self) -> None:
        large = bytes(range(256))
        body = to_body(scalars.Blob(), large)
        self.assertEqual(body.data, b"\0")
        self.assertIs(body.blobs[0], large)
        for lent in (bytearray(large), memoryview(large), memoryview(large + large)[::2], array.array("d", [0.5, 2.0])):
            (blob,) = to_body(scalars.Blob(), cast(Any, lent)).blobs
            self.assertEqual(blob, memoryview(lent).tobytes())
        changed = bytearray(b"ab")
        body = to_body(scalars.Blob(), cast(Any, changed))
        changed[0] = 0
        self.assertEqual(body.read(scalars.Blob()), b"ab")

    def test_blobs_keep_to_their_limits_and_their_number(self) -> None:
        limited = scalars.Blob(2, 3)
        for wrong, kind in ((b"a", "too_short"), (b"abcd", "too_long"), (bytearray(4), "too_long"), ("ab", "bad_value"), (None, "bad_value")):
            with self.assertRaises(CodecError) as caught:
                to_body(limited, cast(Any, wrong))
            self.assertEqual(caught.exception.kind, kind)
        self.assertEqual(refusal(limited, b"\0", (b"a",)), "too_short at ")
        self.assertEqual(refusal(limited, b"\1", (b"ab",)), "bad_blob at ")
        self.assertEqual(refusal(limited, b"\0\0", (b"ab",)), "trailing_bytes at ")
        many: Codec[Any] = collections.List(scalars.Blob(), 1)
        self.assertEqual(len(to_body(many, [b""] * 16).blobs), 16)
        with self.assertRaises(CodecError) as caught:
            to_body(many, [b""] * 17)
        self.assertEqual((caught.exception.kind, caught.exception.path), ("bad_blob", "[16]"))
        with self.assertRaises(CodecError):
            to_bytes(many, [b""])

    def test_a_typed_array_is_a_view_of_numbers(self) -> None:
        floats = typed_array.TypedArray("f32", 1, 3)
        for lent in (array.array("f", [0.5, -0.5]), memoryview(array.array("f", [0.5, 9, -0.5]))[::2]):
            body = to_body(floats, cast(Any, lent))
            self.assertEqual((body.data, body.blobs), (b"\0", (bytes.fromhex("0000003f000000bf"),)))
            view = body.read(floats)
            self.assertEqual((view.format, view.itemsize, view.tolist()), ("f", 4, [0.5, -0.5]))
        # No copy: what was received is looked at where it is.
        self.assertIs(Body(b"\0", (data := bytes(8),)).read(floats).obj, data)
        # Of the formats of a platform, each that is as long and of the same kind.
        longs = array.array("l", [-1, 1])
        codec = typed_array.TypedArray(f"i{8 * longs.itemsize}")
        self.assertEqual(to_body(codec, cast(Any, longs)).read(codec).tolist(), [-1, 1])

    def test_a_typed_array_of_other_numbers_is_refused(self) -> None:
        floats = typed_array.TypedArray("f32", 1, 3)
        for wrong in (array.array("d", [0.5]), array.array("i", [1]), array.array("I", [1]), b"0000", [0.5], None):
            with self.assertRaises(CodecError) as caught:
                to_body(floats, cast(Any, wrong))
            self.assertEqual(caught.exception.kind, "bad_value")
            self.assertIn("an array of f32 was expected", str(caught.exception))
        for count, kind in ((0, "too_short"), (4, "too_long")):
            with self.assertRaises(CodecError) as caught:
                to_body(floats, cast(Any, array.array("f", [0.5] * count)))
            self.assertEqual(caught.exception.kind, kind)
            self.assertEqual(refusal(floats, b"\0", (bytes(4 * count),)), f"{kind} at ")
        # What is no whole number is told before the limit.
        for length in (3, 5, 17):
            self.assertEqual(refusal(floats, b"\0", (bytes(length),)), "truncated at ")
        self.assertEqual(refusal(floats, b"\0"), "bad_blob at ")

    def test_an_unknown_variant_must_not_pass_for_a_known_one(self) -> None:
        self.assertEqual(to_bytes(types.ChangeKindCodec, Unknown(7, b"ab")).hex(), "07026162")
        with self.assertRaises(CodecError):
            to_bytes(types.ChangeKindCodec, Unknown(4, b""))
        with self.assertRaises(CodecError):
            to_bytes(types.LevelCodec, cast(Any, Unknown(9, b"")))

    def test_keys_that_python_cannot_keep_apart_are_refused_and_none_is_lost(self) -> None:
        byte = scalars.Int(8, False)
        zeros = collections.Map(scalars.Float(64), byte, 9)
        data = bytes([2, *bytes(8), 1, *bytes(7), 0x80, 2])
        self.assertEqual(refusal(zeros, data), "bad_value at {key 1}")
        maps = collections.Map(cast(Any, collections.Map(byte, byte, 2)), byte, 2)
        self.assertEqual(refusal(maps, bytes([1, 0, 1])), "bad_value at {key 0}")

    def test_moments_need_a_zone_and_spans_are_not_negative(self) -> None:
        with self.assertRaises(CodecError):
            to_bytes(builtin.Timestamp(), datetime(2024, 1, 1))
        zone = timezone(timedelta(hours=2))
        here = to_bytes(builtin.Timestamp(), datetime(2024, 1, 1, 2, tzinfo=zone))
        self.assertEqual(here, to_bytes(builtin.Timestamp(), datetime(2024, 1, 1, tzinfo=timezone.utc)))
        with self.assertRaises(CodecError):
            to_bytes(builtin.Duration(), timedelta(microseconds=-1))
        for micros in (scalars.SAFE_MAX, -scalars.SAFE_MAX):
            data = to_bytes(scalars.Int(53, True), micros)
            self.assertEqual(to_bytes(builtin.Timestamp(), from_bytes(builtin.Timestamp(), data)), data)

    def test_json_keeps_to_json(self) -> None:
        json = builtin.Json()
        for good in (None, 1.5, "\ud800", {"a": [1, {"b": "ä"}]}, "[" * 100, {'"[': "\\"}):
            self.assertEqual(from_bytes(json, to_bytes(json, good)), good)
        deep: object = 0
        for _ in range(65):
            deep = [deep]
        for bad in (float("nan"), float("inf"), object(), deep):
            with self.assertRaises(CodecError):
                to_bytes(json, bad)
        digits = "1" * 10_000
        self.assertEqual(from_bytes(json, to_bytes(scalars.String(), digits)), float("inf"))

    def test_urls_have_one_spelling(self) -> None:
        for good in (
            "https://example.org/", "http://a:b@example.org:8080/x/y?q=1&r#f", "data:text/plain,x", "mailto:a@b", "file:///a/b",
            "http://127.0.0.1/", "http://[::1]:81/", "urn:isbn:1", "x-y://Host/a%20b", "https://xn--bcher-kva.example/%C3%A4",
            "wss://example.org/?'".replace("'", "%27"),
        ):  # fmt: skip
            self.assertEqual(from_bytes(Url(), to_bytes(Url(), good)), good)
        for bad in (
            "", "/a", "example.org", "HTTP://example.org/", "https://example.org", "https:///", "http://a b/", "http://A/",
            "http://example.org:80/", "http://example.org/a/../b", "http://example.org/%2e/", "http://1/", "http://0x7f.1/",
            "http://ä/", "http://a/ä", "http://a/?ä", "http://a\\b/", "http://[::0001]/", "http://a:99999/", "http://a/ ", " http://a/",
            "http://a/?'", "1a://b", "mailto:a b ", "file://localhost/a", "http://a\n/",
        ):  # fmt: skip
            with self.subTest(bad), self.assertRaises(CodecError):
                to_bytes(Url(), bad)


if __name__ == "__main__":
    unittest.main()
