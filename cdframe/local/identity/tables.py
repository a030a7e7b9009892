"""Tables of accounts, groups, keys, and of the secrets that keys and tokens are checked with."""

from __future__ import annotations

TABLES = (
    """CREATE TABLE service_accounts (
        id BIGINT NOT NULL, name VARCHAR NOT NULL, created_time BIGINT NOT NULL, deleted_time BIGINT)""",
    """CREATE TABLE api_keys (
        id BIGINT NOT NULL, account BIGINT NOT NULL, digest VARCHAR NOT NULL,
        created_time BIGINT NOT NULL, deleted_time BIGINT)""",
    """CREATE TABLE groups (
        id BIGINT NOT NULL, name VARCHAR NOT NULL, capabilities VARCHAR NOT NULL,
        created_time BIGINT NOT NULL, deleted_time BIGINT)""",
    "CREATE TABLE memberships (group_id BIGINT NOT NULL, account BIGINT NOT NULL)",
    "CREATE TABLE secrets (name VARCHAR NOT NULL, value VARCHAR NOT NULL)",
)
