"""Declarations of the tables that Django brings along; ours stand in the models."""

from groundwork.personal_data import (
    Category,
    Erasure,
    Export,
    Held,
    NoPersonalData,
    PersonalData,
)

OTHERS: dict[str, PersonalData | NoPersonalData] = {
    "sessions.Session": PersonalData(
        # Whoever has the key is signed in with it.
        fields={
            "session_key": Held(Category.TECHNICAL, export=Export.WITHHELD),
            "session_data": Held(Category.TECHNICAL, export=Export.DESCRIBED),
        },
        purpose="staff-access",
        source="browser",
        retention="staff-account",
        others="expire_date",
        linked_by="session_data",
    ),
    "auth.Group": NoPersonalData("duties of staff", others="id name permissions"),
    "auth.Permission": NoPersonalData(
        "what the software can do", others="id name content_type codename"
    ),
    "contenttypes.ContentType": NoPersonalData(
        "names of tables", others="id app_label model"
    ),
    # Installed with Django's admin; the console writes AccessRecord instead.
    "admin.LogEntry": PersonalData(
        fields={
            "user": Category.IDENTITY,
            "object_repr": Category.IDENTITY,
            "change_message": Category.TECHNICAL,
        },
        purpose="staff-access",
        source="house",
        retention="staff-account",
        # As the account itself: it says what somebody decided.
        erasure=Erasure.KEPT,
        others="id action_time content_type object_id action_flag",
        linked_by="user",
    ),
}
