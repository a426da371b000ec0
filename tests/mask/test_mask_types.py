"""Masked values go back to a real PostgreSQL, as parameters of their types in both formats: it must take every one.

What the server makes of the masked text and of the masked binary must be one value, whose original is hidden.
"""

import json
import os
import subprocess

import pytest

CHECK = os.environ.get("SLUICE_MASK_CHECK", "build/dev/tests/tools/sluice_mask_check")

SETUP = """
CREATE EXTENSION hstore; CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('good', 'so''so', 'bad', 'Übel');
CREATE TYPE one AS (a int);
CREATE TYPE pair AS (name varchar(8), "when" date, tags text[]);
CREATE TYPE nest AS (id bigint, p pair, list pair[], m mood);
CREATE DOMAIN amount AS numeric(10,2) CHECK (VALUE > -1000000);
CREATE DOMAIN amounts AS amount[];
CREATE TYPE text_range AS RANGE (subtype = text);
CREATE TABLE person (id int, gone text, email text);
ALTER TABLE person DROP COLUMN gone;
"""

# A type, and literals of it.
CASES = [
    ("bool", ["t", "f"]),
    ("int2", ["0", "7", "42", "-5", "32767", "-32768", "12345"]),
    ("int4", ["0", "9", "-1", "2147483647", "-2147483648", "1234567", "32768"]),
    ("int8", ["4111111111111111", "9223372036854775807", "-9223372036854775808", "10"]),
    ("float4", ["0", "1.5", "-2.25", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", "123456.7"]),
    ("float8", ["0", "-0", "48.137154", "1.7976931348623157e308", "5e-324", "NaN", "-Infinity", "1e15", "0.1"]),
    ("numeric", ["0", "0.00", "12.50", "-0.05", "NaN", "Infinity", "-Infinity", "123456789012345678901234567890.123",
                 "0.000000000000000000012", "10000", "1e100", "99990000"]),
    ("numeric(6,2)", ["0", "9999.99", "-1234.50", "0.01"]),
    ("numeric(3,5)", ["0.00999", "0.00001", "0"]),
    ("numeric(3,-2)", ["99900", "-100", "0", "12300"]),
    ("numeric(4,4)", ["0.9999", "-0.1"]),
    ("money", ["0", "12.34", "-1234567.89", "0.05", "92233720368547758.07"]),
    ("text", ["", "Jane Doe", "жук и Ünïcödé 山田太郎 🙂", "a\\b\"c'd,e{f}(g)", "line\nbreak\ttab", "NULL", " lead"]),
    ("varchar(5)", ["abcde", "äöüßé", "x", ""]),
    ("varchar(2)", ["ab"]),
    ("char(6)", ["abc", "äbc", ""]),
    ("bpchar", ["abc"]),
    ("char", ["q"]),
    ('"char"', ["q", "7", "\\\\", ""]),
    ("name", ["some_name", "x" * 63]),
    ("citext", ["Jane@Example.com"]),
    ("bytea", ["\\x", "\\x00ff10", "\\x4a616e6520446f65", "\\xdeadbeef"]),
    ("date", ["1980-03-04", "infinity", "-infinity", "4713-01-01 BC", "0001-01-01", "5874897-12-31", "2000-02-29"]),
    ("time", ["00:00:00", "23:59:59.999999", "24:00:00", "12:30:00.5"]),
    ("time(2)", ["12:30:00.25", "23:59:59.99"]),
    ("timetz", ["12:30:00+02", "23:59:59.9-15:59", "01:02:03+05:30", "01:02:03+05:30:15"]),
    ("timestamp", ["1980-03-04 05:06:07.25", "2000-01-01 00:00:00", "infinity", "4713-01-01 00:00:00 BC",
                   "294276-12-31 23:59:59.999999", "0099-12-31 10:00:00"]),
    ("timestamp(3)", ["1980-03-04 05:06:07.255"]),
    ("timestamptz", ["1980-03-04 05:06:07.25+02", "-infinity", "2020-06-01 00:00:00-08"]),
    ("interval", ["0", "1 year 2 mons 3 days 04:05:06.789", "-1 year 3 days", "-04:05:06", "1000:00:00", "1 mon -3 days",
                  "178000000 years"]),
    ("uuid", ["0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab", "00000000-0000-0000-0000-000000000000"]),
    ("inet", ["10.1.22.133", "10.1.22.133/8", "2001:db8::1", "::1", "::ffff:1.2.3.4", "fe80::1/64", "255.255.255.255",
              "0.0.0.0/0"]),
    ("cidr", ["10.1.22.0/24", "10.0.0.0/8", "2001:db8::/32", "10.1.22.133/32", "0.0.0.0/0", "10.128.0.0/9"]),
    ("macaddr", ["08:00:2b:01:02:03"]),
    ("macaddr8", ["08:00:2b:01:02:03:04:05"]),
    ("json", ['{"a": [1, -2.5e3, "Jane \\"D\\"", null, true], "b" : {}}', '"x"', "12", "null", "[]",
              '{"u": "\\u00e9\\ud83d\\ude00"}', "1e5", "-0.0"]),
    ("jsonb", ['{"a": [1, -2.5e3, "Jane \\"D\\"", null, true], "b" : {}}', '"Ünï"', "false",
               '[123456789012345678901234567890, 0.10]']),
    ("xml", ['<a b="c &amp; d"><!-- secret -->Jane &#228; &lt;x</a>', "just text", "<a/>", "<a><![CDATA[x < y]]></a>",
             '<?xml version="1.0"?><r>1</r>', ""]),
    ("point", ["(48.137,11.575)", "(0,-1e300)", "(NaN,Infinity)"]),
    ("lseg", ["[(1,2),(3.5,4)]"]),
    ("box", ["(3,4),(1,2)"]),
    ("path", ["((1,2),(3,4))", "[(1,2),(3,4.25)]"]),
    ("polygon", ["((1,2),(3,4),(5,6))"]),
    ("line", ["{1,-2,3}"]),
    ("circle", ["<(1,2),3.25>"]),
    ("int4[]", ["{1,22,NULL,-333}", "{}", "{{1,2},{3,4}}", "[0:1][2:3]={{1,2},{3,4}}"]),
    ("text[]", ['{"a b",c,NULL,"q\\"uote","NULL","","{x}"}', '{{"Jane, D","x\\\\y"},{e,f}}']),
    ("varchar(3)[]", ["{abc,äöü}"]),
    ("numeric(4,2)[]", ["{12.34,NULL}"]),
    ("date[]", ["{1980-03-04,infinity}"]),
    ("timestamptz[]", ['{"1980-03-04 05:06:07+00"}']),
    ("box[]", ["{(3,4),(1,2);(5,6),(0,0)}"]),
    ("bytea[]", ['{"\\\\x00ff"}']),
    ("jsonb[]", ['{"{\\"a\\": \\"Jane\\"}"}']),
    ("inet[]", ["{10.1.2.3,::1}"]),
    ("mood[]", ["{good,bad,NULL}"]),
    ("mood", ["good", "so'so", "Übel"]),
    ("amount", ["12.34", "-99999.99"]),
    ("amounts", ["{12.34,5.00}"]),
    ("one", ["(7)", "()"]),
    ("pair", ['("Jane, D",1980-03-04,"{a,""b c""}")', "(,,)", '("","2000-01-01",{})', '("a""b\\\\c",,)']),
    ("person", ["(7,jane@example.com)"]),
    ("int4range", ["[1,10)", "empty", "(,5)", "[7,)", "(,)", "[-5,100)"]),
    ("int8range", ["[1000,20000)"]),
    ("numrange", ["[1.5,2.25]", "(-3,1000.5)", "[1,NaN]"]),
    ("daterange", ["[1980-03-04,1981-01-01)", "[2000-01-01,infinity)"]),
    ("tsrange", ['["1980-03-04 05:06:07","2001-01-01 00:00:00")']),
    ("tstzrange", ['["1980-03-04 05:06:07+00",)']),
    ("text_range", ["[a,b]", '["x y",)']),
    ("int4multirange", ["{[1,10),[20,30)}", "{}", "{(,5)}"]),
    ("datemultirange", ["{[1980-03-04,1981-01-01)}"]),
    ("hstore", ['"k"=>"Jane \\"D\\"", "n"=>NULL, "e"=>""', ""]),
    ("tsvector", ["'jane':1A,3 'it''s':2 'do\\\\e'", ""]),
    ("bit(5)", ["10110"]),
    ("bit(12)", ["101101110111"]),
    ("varbit", ["1011", ""]),
    ("varbit(9)", ["101101111"]),
    ("oid", ["0", "12345", "4294967295"]),
    ("regclass", ["person", "pg_class"]),
    ("regtype", ["integer"]),
    ("regproc", ["now"]),
]

KINDS = {
    "email": ("text", ["jane.doe@example.co.uk", "not an address", "a@b"]),
    "card": ("text", ["4111 1111 1111 1111", "378282246310005", "1234"]),
    "iban": ("text", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "XX"]),
    "date": ("text", ["1980-03-04", "04.03.1980", "25/12/1999", "19800304", "soon"]),
    "ip": ("varchar(39)", ["10.1.22.133", "2001:db8::1", "localhost"]),
    "uuid": ("text", ["0D5C7AA0-6F5A-4D0A-9E3C-0123456789AB"]),
    "mac": ("text", ["08:00:2b:01:02:03", "08-00-2B-01-02-03"]),
    "phone": ("varchar(12)", ["+49 1512345", "555"]),
    "name": ("varchar(8)", ["Jane Doe", "Bo"]),
    "postcode": ("char(7)", ["SW1A1AA", "80331"]),
    "secret": ("text", ["p@ss w0rd!§"]),
    "geo": ("point", ["(48.137154,11.576124)"]),
    "free_text": ("text", ["Call Jane at 555-1234."]),
}

@pytest.fixture(scope="module")
def check(server):
    server.sql("CREATE DATABASE masks")
    for statement in SETUP.strip().split(";\n"):
        server.sql(statement, "masks")
    tool = subprocess.Popen([CHECK, f"host={server.root} port={server.port} user=postgres dbname=masks"],
                            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(type_name, value, kind="any"):
        tool.stdin.write(json.dumps({"type": type_name, "value": value, "kind": kind}) + "\n")
        tool.stdin.flush()
        return json.loads(tool.stdout.readline())

    def copy(**question):
        tool.stdin.write(json.dumps(question) + "\n")
        tool.stdin.flush()
        return json.loads(tool.stdout.readline())

    ask.copy = copy
    yield ask
    tool.stdin.close()
    assert tool.wait(10) == 0
    tool.stdout.close()


def judge(answer):
    """The problems of an answer, by strategy."""
    if isinstance(answer, str):
        return [answer]
    problems = []
    for strategy, one in answer.items():
        if isinstance(one, str) or "refused" in one:
            problems.append(f"{strategy}: {one}")
        elif one["text"] != one["binary"]:
            problems.append(f"{strategy}: {one['text']!r} in text, {one['binary']!r} in binary")
        elif strategy == "null" and one["text"] is not None:
            problems.append(f"null: {one}")
    return problems


@pytest.mark.parametrize("type_name,values", CASES, ids=[case[0] for case in CASES])
def test_type(check, type_name, values):
    problems = []
    for value in values:
        problems += [f"{value}: {problem}" for problem in judge(check(type_name, value))]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("type_name", [case[0] for case in CASES])
def test_null_stays_null(check, type_name):
    answer = check(type_name, None)
    assert not judge(answer)
    assert all(one["text"] is None and one["binary"] is None for one in answer.values())


@pytest.mark.parametrize("kind", KINDS)
def test_kind(check, kind):
    type_name, values = KINDS[kind]
    for value in values:
        answer = check(type_name, value, kind)
        assert not judge(answer), value
        for strategy in ("pseudonym", "redact"):
            assert answer[strategy]["text"].strip() != value.strip()


HIDDEN = [("text", "Jane Doe"), ("int8", "4111111111111111"), ("numeric", "123456.78"), ("float8", "48.137154"),
          ("date", "1980-03-04"), ("timestamptz", "1980-03-04 05:06:07.25+00"), ("inet", "10.1.22.133"),
          ("uuid", "0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab"), ("macaddr", "08:00:2b:01:02:03"), ("jsonb", '{"a": "Jane Doe"}'),
          ("xml", "<a>Jane Doe</a>"), ("text[]", '{"Jane Doe"}'), ("pair", '("Jane Doe",1980-03-04,{Doe})'),
          ("hstore", '"a"=>"Jane Doe"'), ("tsvector", "'jane'"), ("bytea", "\\x4a616e6520446f65"), ("point", "(48.137,11.575)"),
          ("int4range", "[123456,234567)"), ("money", "$1,234.56"), ("interval", "1 year 2 mons 3 days 04:05:06")]


@pytest.mark.parametrize("type_name,value", HIDDEN, ids=[case[0] for case in HIDDEN])
def test_nothing_of_the_value_is_left(check, type_name, value):
    for strategy, one in check(type_name, value).items():
        shown = one["text"] or ""
        assert shown != one["original"], strategy
        assert "Jane" not in shown or strategy == "partial", strategy


def test_types_without_masks_are_refused(check):
    answer = check("tsquery", "jane")
    assert answer["null"]["text"] is None
    assert all("tsquery" in one["refused"] for name, one in answer.items() if name != "null")


def test_composites_within_arrays_within_composites(check, server):
    (value,) = server.sql("SELECT ROW(12345678901, ROW('Jane', '1980-03-04', '{x}')::pair, "
                          """ARRAY[ROW('Bo"b', NULL, '{a,"b c"}')::pair, NULL], 'good')::nest::text""", "masks")
    answer = check("nest", value)
    assert not judge(answer)
    assert "Jane" not in answer["pseudonym"]["text"] and "good" not in answer["pseudonym"]["text"]


ROWS = """
CREATE TABLE rows (id int, name text, note text, born date, tags text[], raw bytea, doc jsonb);
INSERT INTO rows VALUES (1, 'Jane Doe', E'line\\nbreak\\ttab \\\\ back', '1980-03-04', '{a,"b c",NULL}', '\\x00ff', '{"a": "x,y"}'),
  (2, '', '"quoted", and', NULL, '{}', NULL, 'null'), (3, NULL, E'\\\\.', 'infinity', NULL, '', '[1, "q\\"u"]'),
  (4, E'\\\\N', E'\\r\\n', '2000-01-01', '{{"x"},{"y"}}', 'abc', '{}'), (5, 'O''Brien, "Jo"', 'NULL', '1999-12-31', '{""}', 'x', '7');
INSERT INTO rows SELECT n, 'name ' || n, repeat('long ', n), '1980-01-01'::date + n, NULL, NULL, NULL FROM generate_series(6, 300) n;
"""


@pytest.mark.parametrize("strategy", ["pseudonym", "null"])
def test_copy(check, server, strategy):
    """Every form of COPY, cut anywhere, says the same, and leaves the other columns as they are."""
    server.sql("DROP TABLE IF EXISTS rows", "masks")
    server.sql(ROWS, "masks")
    kept = server.sql("SELECT id, note, raw FROM rows ORDER BY id", "masks")
    seen = {}
    for form in ("text", "csv", "binary"):
        for piece in (1, 4096):
            table = f"into_{form}_{piece}_{strategy}"
            server.sql(f"CREATE TABLE {table} (LIKE rows)", "masks")
            answer = check.copy(copy="SELECT * FROM rows", form=form, piece=piece, strategy=strategy, into=table,
                                masked=[False, True, False, True, True, False, True])
            assert answer == {"rows": 300, "same": False}, f"{form} in pieces of {piece}"
            assert server.sql(f"SELECT id, note, raw FROM {table} ORDER BY id", "masks") == kept
            seen[table] = server.sql(f"SELECT * FROM {table} ORDER BY id", "masks")
    assert all(rows == seen[f"into_text_1_{strategy}"] for rows in seen.values())
    masked = "\n".join(seen[f"into_text_1_{strategy}"])
    assert "Jane" not in masked and "1980-03-04" not in masked


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
def test_copy_without_masks_is_byte_for_byte(check, server, form):
    server.sql("DROP TABLE IF EXISTS rows", "masks")
    server.sql(ROWS, "masks")
    server.sql(f"CREATE TABLE plain_{form} (LIKE rows)", "masks")
    assert check.copy(copy="SELECT * FROM rows", form=form, piece=3, strategy="redact", into=f"plain_{form}",
                      masked=[False] * 7) == {"rows": 300, "same": True}
