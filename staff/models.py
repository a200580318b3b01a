"""Who may enter the console, and the record of whose data they opened."""

from typing import Any, ClassVar

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    Permission,
    PermissionsMixin,
)
from django.db import models

from groundwork.ledger import LedgerEntry, LedgerSeal
from groundwork.personal_data import (
    Category,
    Erasure,
    Export,
    Held,
    NoPersonalData,
    PersonalData,
)


class StaffUserManager(BaseUserManager["StaffUser"]):
    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> Any:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> Any:
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "StaffUser":
        return self.get(email=(username or "").strip().lower())

    def who_may(self, permission: str) -> "models.QuerySet[StaffUser]":
        """Everybody who may sign in and has this permission (app.codename): of their
        own, by a group, or because they may do all."""
        app, _, codename = permission.partition(".")
        it = Permission.objects.filter(content_type__app_label=app, codename=codename)
        holds = (
            models.Q(is_superuser=True)
            | models.Q(user_permissions__in=it)
            | models.Q(groups__permissions__in=it)
        )
        return self.filter(holds, is_active=True).distinct()


class StaffUser(AbstractBaseUser, PermissionsMixin):
    """A member of staff, known by e-mail address. One account, one person."""

    email = models.EmailField("e-mail address", unique=True)
    full_name = models.CharField(max_length=150)
    is_active = models.BooleanField(
        "may sign in",
        default=True,
        help_text="Clear this instead of deleting a person.",
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[StaffUserManager] = StaffUserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    personal_data = PersonalData(
        fields={
            "email": Category.CONTACT,
            "full_name": Category.IDENTITY,
            "password": Held(Category.TECHNICAL, export=Export.WITHHELD),
            "last_login": Held(Category.TECHNICAL, source="house"),
        },
        # Kept while decisions that they took are on record: those name who decided.
        purpose="staff-access",
        source="staff",
        retention="staff-account",
        erasure=Erasure.KEPT,
        others="id is_superuser is_active date_joined groups user_permissions",
        linked_by="self",
    )

    class Meta:
        verbose_name = "staff member"
        ordering = ["full_name"]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def is_staff(self) -> bool:
        """Everyone with an account may enter the console; permissions rule the rest."""
        return self.is_active


class StaffName(models.Subquery):
    """The name of the member of staff whose number a ledger entry holds, if any."""

    def __init__(self) -> None:
        who = StaffUser.objects.filter(pk=models.OuterRef("staff_id"))
        super().__init__(who.values("full_name")[:1])


class AccessSeal(LedgerSeal):
    personal_data = NoPersonalData("digests of access records")

    class Meta:
        verbose_name = "seal of access records"


class AccessRecord(LedgerEntry):
    """A member of staff opened a person's page, or took data out. Never the data."""

    class Action(models.TextChoices):
        OPENED = "opened", "opened the page"
        READ = "read", "read a message"
        SEARCHED = "searched", "searched by address"
        PREVIEWED = "previewed", "previewed a message as this person"
        EXPORTED = "exported", "exported"

    staff_id = models.BigIntegerField(db_index=True)
    action = models.CharField(max_length=20, choices=Action)
    # The person concerned; null for an export of many.
    data_subject_id = models.UUIDField(null=True, db_index=True)
    rows_count = models.PositiveIntegerField(default=1)

    seal_model = AccessSeal
    personal_data = NoPersonalData(
        "a UUID and a staff number, never a name or address",
        others="staff_id action data_subject_id rows_count",
    )

    class Meta:
        verbose_name = "access record"

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.at:%Y-%m-%d %H:%M}"
