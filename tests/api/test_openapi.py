"""The description of the API, and whether the gateway's answers are as it says: no field less, and none more."""

import pytest
from chapters import CHAPTERS
from harness.postgres import PostgresServer
from story import Story

# Objects of which more cannot be said.
OPEN = {
    "/paths//api/v1/openapi.json/get/responses/200/content/application/json/schema": "the document itself",
    "/paths//api/v1/login/oidc/logout/post/requestBody/content/application/x-www-form-urlencoded/schema": "providers may say more",
    "/paths//api/v1/token/post/requestBody/content/application/x-www-form-urlencoded/schema": "RFC 8693 lets others be there",
}

# Operations that the story cannot ask for, and why.
NOT_ASKED = {
    "capturedResult": "tests/audit/test_captured.py does",
    "eraseRecords": "of complete segments: tests/api/test_elsewhere.py does",
    **{name: "tests/audit/test_provenance.py does" for name in ("trainingReceipts", "trainingReceipt", "datasetContains", "datasetsAffected")},
}

# Fields that no answer of the story has to have, and why.
RARE = {
    ("Database", "authority"): "of servers with TLS: tests/api/test_databases.py",
    ("Database", "problem"): "where one cannot be used: tests/api/test_databases.py",
    **{(page, "damaged"): "where bytes of the log are no record: tests/audit" for page in ("RecordPage", "whoSaw 200")},
    ("SeenRecord", "spelled"): "of telephone numbers: tests/audit/test_who_saw.py",
    ("Policy", "approve_by"): "where policies are approved: tests/api/test_policy_approval.py",
    ("Grant", "last_used"): "written every half a minute",
    ("RecordFields", "details_cut"): "of a statement with more tables and columns than are kept",
    ("RecordFields", "captured"): "where a rule has results kept",
    ("RecordFields", "estimated_rows"): "where a rule asks for them: tests/e2e/test_estimates.py",
    **{("ExplainedMasking", field): "of what cannot be told column by column, or has not been looked at" for field in (
        "other_columns_masked", "not_classified")},
    ("Decision.limits", "capture"): "the same",
    ("RecordFields", "end_user"): "of applications that say for whom they act",
    ("RecordFields", "role"): "where sessions have roles of their own at the server",
    ("RecordFields", "tainted"): "of agents that have read untrusted text",
    **{("RecordFields", field): "of answers of models" for field in ("input_tokens", "output_tokens")},
    **{("Request", field): "of other ways to log in" for field in ("issuer", "acr", "actors", "application", "end_user")},
    ("RunStatement", "approval"): "of an agent's statement that people have approved",
    **{("RecordFields", field): "of sessions that have stated a purpose" for field in ("purpose", "receipt", "dataset", "model", "envelope")},
    **{("TrainingReceipt", field): "of training data" for field in (
        "id", "dataset", "model", "time", "user", "database", "rows", "record", "root", "classes", "masking", "contains", "seen", "certain",
        "completed")},
    ("TrainingReceipts", "receipts"): "of training data",
    **{("capturedResult 200", field): "of results that are kept: tests/audit/test_captured.py" for field in (
        "record", "session", "user", "database", "time", "text", "columns", "rows", "messages", "copy", "bytes", "left_out")},
    **{("capturedResult 200.messages", field): "of results that are kept" for field in (
        "type", "after_rows", "severity", "sqlstate", "message", "detail", "hint", "context")},
    **{("capturedResult 200.columns", field): "of results that are kept" for field in ("name", "type")},
    **{("SignedReceipt", field): "of training data" for field in ("payloadType", "payload", "signatures")},
    **{("SignedReceipt.signatures", field): "of training data" for field in ("keyid", "sig")},
    **{("eraseRecords 200", field): "of complete segments" for field in ("erased", "stayed")},
    **{("checkDirectories 200", field): "of installations with a directory: tests/identity/test_ldap.py" for field in (
        "directory", "urls", "good", "state", "user", "subject", "groups")},
    **{("Verification.findings", field): "nothing is wrong with the log"
       for field in ("kind", "first", "last", "file", "offset", "text")},
}


@pytest.fixture(scope="module")
def story():
    server = PostgresServer(settings=("wal_level = logical",))
    story = Story(server)
    try:
        for chapter in CHAPTERS:
            chapter(story)
        yield story
    finally:
        code = story.close()
        server.stop()
    assert code == 0


def test_the_description_is_openapi(story):
    assert story.document.faults() == []


def test_answers_are_as_described(story):
    assert story.faults == []


def test_every_operation_was_asked_for_and_succeeded(story):
    operations = set(story.document.operations)
    assert set(NOT_ASKED) <= operations
    assert operations - story.called == set(NOT_ASKED)
    assert operations - story.succeeded == set(NOT_ASKED)


def test_every_field_was_there(story):
    fields = story.document.fields()
    unknown = [entry for entry in RARE if entry not in fields]
    assert unknown == []
    assert sorted(fields - story.document.seen - set(RARE)) == []


def test_objects_are_closed(story):
    assert story.document.open_objects() == set(OPEN)
