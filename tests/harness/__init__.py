"""Servers, clients and certificates for the tests that need real ones."""
