"""Approvals with their state in a PostgreSQL that gateways share: the tests of tests/approvals, as they stand there."""

import pytest
from approvals.test_holds import (  # noqa: F401
    start_with_people, test_a_changed_policy_asks_again, test_a_lost_connection_runs_nothing,
    test_a_restart_keeps_requests_and_runs_nothing, test_an_approver_who_may_not_any_more, test_automatic_with_its_evidence,
    test_cancel_withdraws, test_expiry, test_extended_protocol_and_parameters, test_it_waits_and_runs_once_approved,
    test_nobody_could_approve, test_one_person_is_not_two, test_only_what_was_approved, test_over_http, test_rejected,
    test_row_limit_is_enforced_at_commit, test_the_approver_may_allow_fewer_rows, test_two_uses_at_once, test_who_may_not_approve)
from test_shared_store import gateway_on, server, store  # noqa: F401


@pytest.fixture
def gateway(server, store):  # noqa: F811
    store.sql("DROP SCHEMA IF EXISTS sluice CASCADE", database="store")
    gateway = start_with_people(gateway_on(server, store, start=False), server)
    yield gateway
    assert gateway.stop() == 0
