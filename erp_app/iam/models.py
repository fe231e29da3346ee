"""Tables of people and rights. Secrets (password and token hashes) lie in tables of their own, which no document type shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKeyConstraint, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from erp_app.document.fields import Choice, Flag, Integer, LongText, Ref, Refs, Str
from erp_app.document.models import Master
from erp_app.kernel.columns import NEXT_ID, NOW

LANGUAGES = ("id", "en")
THEMES = ("system", "light", "dark")
DENSITIES = ("comfortable", "compact")


def _moment(*, now: bool = False) -> Any:
    """A column with a point in time; with `now` it is required and filled by the database."""
    extra = {"server_default": NOW, "nullable": False} if now else {}
    return Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs=extra)


class Tenant(Master, table=True):
    """A company: everything in the system belongs to exactly one. Its id is its tenant_id."""

    __table_args__ = (
        CheckConstraint("tenant_id = id", name="tenant_is_its_own"),
        Index("tenant_code_over_all", "code", unique=True),
        {"comment": "no_delete"},
    )

    currency: str = Str(max_length=3, required=True, default="IDR", label="Currency")
    exponent: int = Integer(required=True, default=0, label="Decimals of the currency")
    tz: str = Str(max_length=60, required=True, default="Asia/Jakarta", label="Time zone")
    lang: str = Choice(*LANGUAGES, default="id", required=True, label="Language")
    address: str | None = LongText(max_length=400, label="Address on letters")
    phone: str | None = Str(max_length=60, label="Phone")
    email: str | None = Str(max_length=120, label="E-mail")
    tax_number: str | None = Str(max_length=40, label="Tax number (NPWP)")
    bank: str | None = Str(max_length=200, label="Bank account on invoices")
    signatory: str | None = Str(max_length=120, label="Signs letters")
    colour: str | None = Str(max_length=7, label="Brand colour (#rrggbb)")


class TenantLogo(SQLModel, table=True):
    """The picture on a company's letters and screens."""

    __tablename__: ClassVar[str] = "tenant_logo"

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    media_type: str = Field(sa_type=Text)
    content: bytes = Field(sa_type=LargeBinary)


class Department(Master, table=True):
    """A department; records routed to it can be seen by its people."""


class Role(Master, table=True):
    """A named set of rights. Several roles of one user add up."""

    note: str | None = Str(max_length=200, label="What it is for")


class UserAccount(Master, table=True):
    """A person or program that logs in. The username is unique over the whole installation: the tenant follows from it."""

    __tablename__: ClassVar[str] = "user_account"
    __table_args__ = (
        Index("user_account_username_over_all", "code", unique=True),
        CheckConstraint("code = lower(code)", name="user_account_username_is_lower_case"),
        {"comment": "no_delete"},
    )

    code: str = Str(max_length=60, required=True, label="Username")
    name: str = Str(max_length=200, required=True, label="Full name")
    email: str | None = Str(max_length=120, label="E-mail")
    roles: list[int] | None = Refs("roles", label="Roles")
    department_id: int | None = Ref("departments", label="Department")
    warehouses: list[int] | None = Refs("places", label="Warehouses")
    lang: str = Choice(*LANGUAGES, default="id", required=True, label="Language")
    theme: str = Choice(*THEMES, default="system", required=True, label="Theme")
    density: str = Choice(*DENSITIES, default="comfortable", required=True, label="Density")
    service: bool = Flag(label="Service account (a program)")
    requests_per_minute: int | None = Integer(label="API requests a minute (empty: 100)")


class UserRole(SQLModel, table=True):
    """Which roles a user has, as rows with foreign keys; kept by trigger from `user_account.roles`."""

    __tablename__: ClassVar[str] = "user_role"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["user_account.tenant_id", "user_account.id"], ondelete="CASCADE", name="user_role_user_fk"),
        ForeignKeyConstraint(["tenant_id", "role_id"], ["role.tenant_id", "role.id"], name="user_role_role_fk"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    user_id: int = Field(sa_type=BigInteger, primary_key=True)
    role_id: int = Field(sa_type=BigInteger, primary_key=True)


class UserPassword(SQLModel, table=True):
    """The argon2id hash of a user's password. `demo`: a well-known password, good only on this machine itself."""

    __tablename__: ClassVar[str] = "user_password"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["user_account.tenant_id", "user_account.id"], ondelete="CASCADE", name="user_password_user_fk"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    user_id: int = Field(sa_type=BigInteger, primary_key=True)
    hash: str = Field(sa_type=Text)
    demo: bool = Field(default=False, sa_type=Boolean, sa_column_kwargs={"server_default": text("false")})
    changed_at: datetime = _moment(now=True)


class RolePermission(SQLModel, table=True):
    """A stored right of a role; it replaces the default that the document type declares. Scope `none` takes the right away."""

    __tablename__: ClassVar[str] = "role_permission"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "role_id"], ["role.tenant_id", "role.id"], ondelete="CASCADE", name="role_permission_role_fk"),
        CheckConstraint("scope IN ('none', 'own', 'department', 'warehouse', 'all')", name="role_permission_scope"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    role_id: int = Field(sa_type=BigInteger, primary_key=True)
    resource: str = Field(sa_type=Text, primary_key=True)
    action: str = Field(sa_type=Text, primary_key=True)
    scope: str = Field(sa_type=Text)


class RolePage(SQLModel, table=True):
    """Whether a role may open a page; without a row the page follows the right to view what it shows."""

    __tablename__: ClassVar[str] = "role_page"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "role_id"], ["role.tenant_id", "role.id"], ondelete="CASCADE", name="role_page_role_fk"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    role_id: int = Field(sa_type=BigInteger, primary_key=True)
    path: str = Field(sa_type=Text, primary_key=True)
    allowed: bool = Field(sa_type=Boolean)


class UserSession(SQLModel, table=True):
    """A login of a browser. Only the sha256 of its token is stored; it ends by logging out, revocation, idleness or disabling."""

    __tablename__: ClassVar[str] = "user_session"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["user_account.tenant_id", "user_account.id"], ondelete="CASCADE", name="user_session_user_fk"),
        CheckConstraint("length(token_sha256) = 64", name="user_session_hash"),
        Index("user_session_token", "token_sha256", unique=True),
        Index("user_session_user", "tenant_id", "user_id"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"server_default": NEXT_ID, "autoincrement": False})
    user_id: int = Field(sa_type=BigInteger)
    token_sha256: str = Field(sa_type=Text)
    address: str = Field(sa_type=Text)
    agent: str = Field(sa_type=Text)
    created_at: datetime = _moment(now=True)
    seen_at: datetime = _moment(now=True)
    ended_at: datetime | None = _moment()


class UserToken(SQLModel, table=True):
    """A single-use secret: a refresh token of the API, or an invitation to choose a password. One family = one API login."""

    __tablename__: ClassVar[str] = "user_token"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["user_account.tenant_id", "user_account.id"], ondelete="CASCADE", name="user_token_user_fk"),
        CheckConstraint("length(token_sha256) = 64", name="user_token_hash"),
        CheckConstraint("kind IN ('refresh', 'invitation')", name="user_token_kind"),
        Index("user_token_hash_unique", "token_sha256", unique=True),
        Index("user_token_family", "tenant_id", "family"),
        Index("user_token_user", "tenant_id", "user_id"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"server_default": NEXT_ID, "autoincrement": False})
    user_id: int = Field(sa_type=BigInteger)
    kind: str = Field(sa_type=Text)
    family: str = Field(sa_type=Text)
    token_sha256: str = Field(sa_type=Text)
    created_at: datetime = _moment(now=True)
    expires_at: datetime = Field(sa_type=DateTime(timezone=True), nullable=False)
    used_at: datetime | None = _moment()
    revoked_at: datetime | None = _moment()


class LoginFailure(SQLModel, table=True):
    """A login that failed; those of unknown usernames belong to tenant 0."""

    __tablename__: ClassVar[str] = "login_failure"
    __table_args__ = (Index("login_failure_name", "tenant_id", "username", "at"), {"comment": "append_only"})

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"server_default": NEXT_ID, "autoincrement": False})
    at: datetime = _moment(now=True)
    username: str = Field(sa_type=Text)
    address: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
