"""The API's description, and what answers are checked against it."""

import re

import jsonschema

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
FORMATS = jsonschema.FormatChecker(formats=())
METHODS = ("get", "put", "post", "delete", "patch")


@FORMATS.checks("date-time")
def is_date_time(value):
    return not isinstance(value, str) or DATE_TIME.fullmatch(value) is not None


class Document:
    def __init__(self, document):
        self.document = document
        self.operations = {}  # by operationId: (method, path, operation)
        for path, item in document["paths"].items():
            for method, operation in item.items():
                self.operations[operation["operationId"]] = (method.upper(), path, operation)
        self.seen = set()  # (where, field) that some answer had

    def faults(self):
        """What makes it no OpenAPI 3.1 document."""
        document, faults = self.document, []
        if not re.fullmatch(r"3\.1\.\d+", document.get("openapi", "")):
            faults.append("openapi is not 3.1")
        faults += [f"info lacks {key}" for key in ("title", "version") if not document["info"].get(key)]
        ids = set()
        for path, item in document["paths"].items():
            for method, operation in item.items():
                faults += [f"{method} {path}: {fault}" for fault in self.faults_of(path, method, operation, ids)]
        for place, value in everything(document):
            if "$ref" in value and self.at(value["$ref"]) is None:
                faults.append(f"{place}: nothing is at {value['$ref']}")
        for name, schema in document["components"]["schemas"].items():
            try:
                jsonschema.Draft202012Validator.check_schema(schema)
            except jsonschema.SchemaError as error:
                faults.append(f"{name}: {error.message}")
        return faults

    @staticmethod
    def faults_of(path, method, operation, ids):
        if method not in METHODS:
            yield "no such method"
        name = operation.get("operationId")
        if not name or name in ids:
            yield "its operationId is missing or not its own"
        ids.add(name)
        declared = [p["name"] for p in operation["parameters"] if p["in"] == "path" and p["required"] is True]
        if sorted(declared) != sorted(re.findall(r"\{(\w+)\}", path)):
            yield f"its path has other parameters than {declared}"
        for parameter in operation["parameters"]:
            if set(parameter) - {"name", "in", "required", "description", "schema"} or "schema" not in parameter:
                yield f"parameter {parameter} is not right"
        if not operation.get("summary"):
            yield "it has no summary"
        responses = operation["responses"]
        if "default" not in responses or not any(status[0] in "23" for status in responses):
            yield "it does not say what is answered"
        for status, response in responses.items():
            if "$ref" not in response and not response.get("description"):
                yield f"{status} has no description"

    def at(self, ref):
        value = self.document
        for part in ref.removeprefix("#/").split("/"):
            if not isinstance(value, dict) or part not in value:
                return None
            value = value[part]
        return value

    def find(self, method, path):
        """The operationId of a request."""
        path = "/api/v1" + path.split("?")[0]
        found = [(template.count("{"), name) for name, (verb, template, _) in self.operations.items()
                 if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)]
        assert found, f"{method} {path} is not described"
        return min(found)[1]

    def errors(self, schema, value):
        schema = {**schema, "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]

    def schema_of(self, name, status, content_type):
        """Of an answer; None when such a one is not described."""
        responses = self.operations[name][2]["responses"]
        response = responses.get(str(status)) or (responses["default"] if status >= 400 else None)
        if response is None:
            return None
        if "$ref" in response:
            response = self.at(response["$ref"])
        return response.get("content", {}).get(content_type.split(";")[0], {}).get("schema")

    def fields(self):
        """(where, field) of all that answers are said to have."""
        out = set()
        for name, (_, _, operation) in self.operations.items():
            for status, response in operation["responses"].items():
                for content in response.get("content", {}).values():
                    self.collect(content["schema"], f"{name} {status}", out, set())
        return out

    def collect(self, schema, where, out, been):
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name not in been:
                been.add(name)
                self.collect(self.at(schema["$ref"]), name, out, been)
            return
        for each in schema.get("allOf", []) + schema.get("anyOf", []):
            self.collect(each, where, out, been)
        for field, each in schema.get("properties", {}).items():
            out.add((where, field))
            self.collect(each, f"{where}.{field}", out, been)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                self.collect(schema[key], where, out, been)

    def note(self, schema, value, where):
        """Remembers which fields a value has."""
        if "$ref" in schema:
            return self.note(self.at(schema["$ref"]), value, schema["$ref"].rsplit("/", 1)[1])
        for each in schema.get("allOf", []):
            self.note(each, value, where)
        for each in schema.get("anyOf", []):
            if not self.errors(each, value):
                self.note(each, value, where)
        if isinstance(value, dict):
            properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
            for field, inner in value.items():
                if field in properties:
                    self.seen.add((where, field))
                    self.note(properties[field], inner, f"{where}.{field}")
                elif isinstance(rest, dict):
                    self.note(rest, inner, where)
        if isinstance(value, list) and "items" in schema:
            for inner in value:
                self.note(schema["items"], inner, where)
        return None

    def open_objects(self):
        """Places of objects that say neither what else they have nor that there is nothing else. What others take in
        with allOf is closed by them."""
        taken_in = {each["$ref"] for _, value in everything(self.document) for each in value.get("allOf", [])}
        return {place for place, value in everything(self.document)
                if value.get("type") == "object" and "additionalProperties" not in value
                and "unevaluatedProperties" not in value and "#" + place not in taken_in}


def everything(value, place=""):
    """(place, object) of every object in a document, also of those in lists."""
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            yield from everything(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from everything(inner, f"{place}/{number}")
