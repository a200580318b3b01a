"""The register on the console, to be read: purposes, kinds of data, sources,
recipients, periods, and what is stored in browsers. Keys are shown as titles."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.admin import display
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from processing_register.models import (
    DataCategory,
    DataSource,
    ProcessingPurpose,
    Recipient,
    RetentionRule,
    StoredItem,
)
from processing_register.register import BASES, period_in_words, the_register
from staff.console import Place, ReadOnlyAdmin, console

NONE = "—"
KINDS = {
    "cookie": "Cookie",
    "local-storage": "Local storage",
    "session-storage": "Session storage",
    "indexed-db": "Database of the browser",
}
PLACES = {
    "site": "Our public pages",
    "console": "The staff's pages",
    "embed": "Other sites of ours",
}


# --- Words for keys ---


def as_list(lines: Iterable[str]) -> str | SafeString:
    """One line each, or a dash where there is none."""
    items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
    return format_html("<ul>{}</ul>", items) if items else NONE


def titles(keys: Iterable[str], entries: Mapping[str, Any]) -> str | SafeString:
    """The titles of these entries; a key that left the register stays a key."""
    return as_list(entries[key].title if key in entries else key for key in keys)


def purposes_with(field: str, key: str) -> str | SafeString:
    """The titles of the purposes whose list of this name has the key."""
    found = ProcessingPurpose.objects.filter(**{f"{field}__contains": [key]})
    return as_list(purpose.title for purpose in found)


def period_shown(period: str) -> str:
    """A dash without a period."""
    return period_in_words(period) if period else NONE


# --- The pages ---


class RegisterAdmin(ReadOnlyAdmin):
    """A page that sets out fields and our own columns, all to be read."""

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """Everything: also what is a method here and no field of the model."""
        sets: Any = self.fieldsets or ()
        return tuple(name for _, options in sets for name in options["fields"])


class ProcessingPurposeAdmin(RegisterAdmin):
    place = Place("Registers", 2, "Purposes")
    lead = "What personal data is used for, and on which lawful basis."
    duties = {"view_processingpurpose": "See the purposes"}
    list_display = (
        "title",
        "lawful_basis",
        "individuals",
        "is_marketing",
        "is_sendable",
    )
    fieldsets = (
        (None, {"fields": ("description", "people", "row", "key")}),
        ("Lawful basis", {"fields": ("bases", "weighed")}),
        ("Data", {"fields": ("kinds", "undefined", "origins")}),
        ("Recipients and periods", {"fields": ("receivers", "periods")}),
        ("Use", {"fields": ("is_offered", "is_marketing", "is_sendable", "dpv")}),
    )

    @display(description="People")
    def people(self, purpose: ProcessingPurpose) -> str:
        return purpose.individuals or NONE

    @display(description="In the policy")
    def row(self, purpose: ProcessingPurpose) -> str:
        if not purpose.policy_row:
            return "added by this software"
        return f"row {purpose.policy_row} of its table"

    @display(description="Rests on")
    def bases(self, purpose: ProcessingPurpose) -> str | SafeString:
        return as_list(
            f"{BASES.get(basis['key'], basis['key']).capitalize()}, {basis['what_for']}"
            for basis in purpose.lawful_bases
        )

    @display(description="How the interest was weighed")
    def weighed(self, purpose: ProcessingPurpose) -> str:
        return purpose.interests or "no legitimate interest is claimed"

    @display(description="Kinds of data")
    def kinds(self, purpose: ProcessingPurpose) -> str | SafeString:
        return titles(purpose.data_categories, the_register().categories)

    @display(description="Named in the policy, not collected")
    def undefined(self, purpose: ProcessingPurpose) -> str | SafeString:
        return titles(purpose.undefined_categories, the_register().categories)

    @display(description="Comes from")
    def origins(self, purpose: ProcessingPurpose) -> str | SafeString:
        return titles(purpose.sources, the_register().sources)

    @display(description="Recipients")
    def receivers(self, purpose: ProcessingPurpose) -> str | SafeString:
        recipients = the_register().recipients
        return as_list(
            f"{recipients[key].title}{'' if recipients[key].is_enabled else ' (off)'}"
            if key in recipients
            else key
            for key in purpose.recipients
        )

    @display(description="Kept")
    def periods(self, purpose: ProcessingPurpose) -> str | SafeString:
        rules = the_register().retention
        return as_list(
            f"{rules[key].what}: {rules[key].with_mark}" if key in rules else key
            for key in purpose.retention
        )


class DataCategoryAdmin(RegisterAdmin):
    place = Place("Registers", 5, "Kinds of data")
    lead = "What the notice says we hold, and what the policy names without defining."
    duties = {"view_datacategory": "See the kinds of data"}
    list_display = ("title", "description", "is_collected")
    fieldsets = (
        (None, {"fields": ("description", "is_collected", "remark", "dpv", "key")}),
        ("Used for", {"fields": ("purposes",)}),
    )

    @display(description="Note")
    def remark(self, category: DataCategory) -> str:
        return category.note or NONE

    @display(description="Purposes")
    def purposes(self, category: DataCategory) -> str | SafeString:
        return purposes_with("data_categories", category.key)


class DataSourceAdmin(RegisterAdmin):
    place = Place("Registers", 6, "Sources")
    lead = "Where data comes from, and how soon people hear of it."
    duties = {"view_datasource": "See the sources of data"}
    list_display = ("title", "description", "is_public", "told")
    fieldsets = (
        (None, {"fields": ("description", "is_public", "told", "evidence", "key")}),
        ("Used for", {"fields": ("purposes",)}),
    )

    @display(description="People are told within")
    def told(self, source: DataSource) -> str:
        return period_shown(source.informs_within)

    @display(description="Evidence needed")
    def evidence(self, source: DataSource) -> str:
        return source.evidence_needed or NONE

    @display(description="Purposes")
    def purposes(self, source: DataSource) -> str | SafeString:
        return purposes_with("sources", source.key)


class RecipientAdmin(RegisterAdmin):
    place = Place("Registers", 7, "Recipients")
    lead = "Who may get data. Nobody gets any before the entry is enabled."
    duties = {"view_recipient": "See the recipients"}
    list_display = ("title", "role", "country", "paper", "is_enabled")
    list_filter = ("role", "is_enabled")
    fieldsets = (
        (None, {"fields": ("what_for", "role", "country", "is_enabled", "key")}),
        ("What allows it", {"fields": ("paper", "protection", "hosts_called")}),
        ("Gets data for", {"fields": ("purposes",)}),
    )

    @display(description="Agreement or ground")
    def paper(self, recipient: Recipient) -> str:
        return recipient.agreement or recipient.ground or "none yet"

    @display(description="Safeguard")
    def protection(self, recipient: Recipient) -> str:
        return recipient.safeguard or NONE

    @display(description="Hosts that may be called")
    def hosts_called(self, recipient: Recipient) -> str | SafeString:
        return as_list(recipient.hosts)

    @display(description="Purposes")
    def purposes(self, recipient: Recipient) -> str | SafeString:
        return purposes_with("recipients", recipient.key)


class RetentionRuleAdmin(RegisterAdmin):
    place = Place("Registers", 9, "Periods")
    lead = "How long each kind of record is kept, and why."
    duties = {"view_retentionrule": "See the retention periods"}
    list_display = ("what", "title", "carried_out", "is_settled")
    list_filter = ("carried_out", "is_settled")
    fieldsets = (
        (None, {"fields": ("title", "length", "begins", "why", "key")}),
        ("In practice", {"fields": ("carried_out", "is_settled")}),
        ("Used for", {"fields": ("purposes",)}),
    )

    @display(description="Period")
    def length(self, rule: RetentionRule) -> str:
        return period_shown(rule.period)

    @display(description="Counts from")
    def begins(self, rule: RetentionRule) -> str:
        return rule.starts or NONE

    @display(description="Purposes")
    def purposes(self, rule: RetentionRule) -> str | SafeString:
        return purposes_with("retention", rule.key)


class StoredItemAdmin(RegisterAdmin):
    place = Place("Registers", 10, "Browser storage")
    lead = "Every cookie and every other thing that our pages keep in a browser."
    duties = {"view_storeditem": "See the cookies and stored items"}
    list_display = ("name", "what_kind", "category", "purpose", "life", "pages")
    list_select_related = ("purpose",)
    fieldsets = (
        (None, {"fields": ("what_for", "what_kind", "category", "purpose")}),
        ("Where and how long", {"fields": ("pages", "set_by", "life", "key")}),
    )

    @display(description="Kind")
    def what_kind(self, item: StoredItem) -> str:
        return KINDS.get(item.kind, item.kind)

    @display(description="Pages")
    def pages(self, item: StoredItem) -> str:
        return PLACES.get(item.where, item.where)


console.register(ProcessingPurpose, ProcessingPurposeAdmin)
console.register(DataCategory, DataCategoryAdmin)
console.register(DataSource, DataSourceAdmin)
console.register(Recipient, RecipientAdmin)
console.register(RetentionRule, RetentionRuleAdmin)
console.register(StoredItem, StoredItemAdmin)
