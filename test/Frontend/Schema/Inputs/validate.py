# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""validate.py SCHEMA SPEC…: what the schema finds wrong in specs, one line each. Knows the keywords that the schema
uses, and stops at any other."""
import json
import re
import subprocess
import sys

SILENT = {"$schema", "title", "description", "default", "$defs", "properties", "patternProperties",
          "additionalProperties"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "null": type(None)}


def is_type(value, name):
    return isinstance(value, TYPES[name]) and not (name == "number" and isinstance(value, bool))


def errors_of_object(value, schema, path):
    for key, member in value.items():
        known = [schema["properties"][key]] if key in schema.get("properties", {}) else []
        known += [s for p, s in schema.get("patternProperties", {}).items() if re.search(p, key)]
        rest = schema.get("additionalProperties", True)
        if not known and rest is False:
            yield path, f"unknown key '{key}'"
        elif not known and rest is not True:
            known = [rest]
        for part in known:
            yield from errors(member, part, path + [key])


def errors(value, schema, path):
    for keyword, wanted in schema.items():
        if keyword == "$ref":
            yield from errors(value, ROOT["$defs"][wanted.removeprefix("#/$defs/")], path)
        elif keyword == "type":
            if not any(is_type(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted)):
                yield path, f"not of type {wanted}"
        elif keyword == "const" and value != wanted or keyword == "enum" and value not in wanted:
            yield path, f"not {wanted}"
        elif keyword == "anyOf":
            found = [list(errors(value, part, path)) for part in wanted]
            if all(found):
                yield max((part[0] for part in found), key=lambda e: (len(e[0]), not e[1].startswith("not ")))
        elif keyword == "required" and isinstance(value, dict):
            yield from ((path, f"missing key '{key}'") for key in wanted if key not in value)
        elif keyword == "items" and isinstance(value, list):
            for i, item in enumerate(value):
                yield from errors(item, wanted, path + [str(i)])
        elif keyword not in SILENT | {"const", "enum", "required", "items"}:
            sys.exit(f"unknown keyword '{keyword}'")
    if isinstance(value, dict):
        yield from errors_of_object(value, schema, path)


with open(sys.argv[1]) as file:
    ROOT = json.load(file)
failed = False
for spec in sys.argv[2:]:
    document = subprocess.run(["rune-syntax", "json", spec], check=True, capture_output=True).stdout
    for path, message in errors(json.loads(document), ROOT, []):
        print(f"{spec}: {'/'.join(path)}: {message}")
        failed = True
sys.exit(failed)
