#!/usr/bin/env python3
"""Recomputes the canonical bytes and the hash of records from their OTLP/JSON.

Written from docs/record.md alone, with the standard library only, so that it
checks the Go code independently.

    verify_vectors.py FILE

FILE holds a JSON list of objects: name, otlp (an OTLP/JSON logs request with one
record), canonical (the canonical bytes as text) and hash (hex). The exit status
is 0 when all of them agree, else 1.
"""

import base64
import hashlib
import json
import math
import sys
from decimal import Decimal

NOT_COVERED = {"docket.record.hash", "docket.alert.matches"}


def number(value):
    """A double as ECMAScript's Number::toString writes it."""
    value = float(value)  # also takes "NaN", "Infinity" and "-Infinity"
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent  # the decimal point is before digits[point]
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        mantissa = digits if len(digits) == 1 else digits[0] + "." + digits[1:]
        text = f"{mantissa}e{point - 1:+d}"
    return "-" * sign + text


def string(value):
    return json.dumps(value, ensure_ascii=False)


def any_value(value):
    if not value:
        return "{}"
    (kind, content), = value.items()
    if kind == "intValue":
        content = string(str(int(content)))
    elif kind == "doubleValue":
        content = number(content)
    elif kind == "bytesValue":
        content = string(base64.b64encode(base64.b64decode(content or "")).decode())
    elif kind == "boolValue":
        content = "true" if content else "false"
    elif kind == "stringValue":
        content = string(content)
    elif kind == "arrayValue":
        content = '{"values":[%s]}' % ",".join(map(any_value, content.get("values") or []))
    elif kind == "kvlistValue":
        content = '{"values":%s}' % pairs(content.get("values") or [])
    else:
        raise ValueError(f"unknown kind of value {kind!r}")
    return '{"%s":%s}' % (kind, content)


def pairs(attributes):
    ordered = sorted(attributes, key=lambda pair: pair.get("key", "").encode())  # stable
    return "[%s]" % ",".join(
        '{"key":%s,"value":%s}' % (string(pair.get("key", "")), any_value(pair.get("value")))
        for pair in ordered
    )


def attributes_of(owner, without=frozenset()):
    kept = [pair for pair in owner.get("attributes") or [] if pair.get("key", "") not in without]
    return pairs(kept) if kept else ""


def members(**texts):
    """An object of the members whose text is not empty, ordered by name."""
    kept = sorted((name, text) for name, text in texts.items() if text)
    return "{%s}" % ",".join(f'"{name}":{text}' for name, text in kept) if kept else ""


def canonical(otlp):
    (resource_logs,) = otlp["resourceLogs"]
    (scope_logs,) = resource_logs["scopeLogs"]
    (record,) = scope_logs["logRecords"]
    scope = scope_logs.get("scope") or {}

    def text(owner, name):
        return string(owner[name]) if owner.get(name) else ""

    def integer(name):
        return str(record[name]) if record.get(name) else ""

    def time(name):
        value = int(record.get(name) or 0)
        return f'"{value}"' if value else ""

    def identifier(name):
        value = (record.get(name) or "").lower()
        return f'"{value}"' if value.strip("0") else ""

    return members(
        attributes=attributes_of(record, NOT_COVERED),
        body=any_value(record["body"]) if record.get("body") else "",
        eventName=text(record, "eventName"),
        flags=integer("flags"),
        observedTimeUnixNano=time("observedTimeUnixNano"),
        resource=members(attributes=attributes_of(resource_logs.get("resource") or {})),
        scope=members(
            attributes=attributes_of(scope),
            name=text(scope, "name"),
            version=text(scope, "version"),
        ),
        severityNumber=integer("severityNumber"),
        severityText=text(record, "severityText"),
        spanId=identifier("spanId"),
        timeUnixNano=time("timeUnixNano"),
        traceId=identifier("traceId"),
    ) or "{}"


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    failed = 0
    for vector in vectors:
        want = canonical(vector["otlp"])
        want_hash = hashlib.sha256(b"\x00" + want.encode()).hexdigest()
        if vector["canonical"] != want or vector["hash"] != want_hash:
            failed += 1
            print(f"{vector['name']}:\n  have {vector['canonical']}\n       {vector['hash']}"
                  f"\n  want {want}\n       {want_hash}")
    print(f"{len(vectors) - failed} of {len(vectors)} records agree")
    return 1 if failed or not vectors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
