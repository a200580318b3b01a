"""A slip of the finger in the part of an address behind the @. Pure.

It is only pointed out: whoever knows better goes on, for there are more domains in the
world than anybody can list.
"""

# Where many people in this country have their mailbox.
USUAL = (
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "hotmail.co.uk",
    "live.co.uk",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "btinternet.com",
    "virginmedia.com",
    "talktalk.net",
    "ntlworld.com",
    "blueyonder.co.uk",
    "tiscali.co.uk",
    "protonmail.com",
)
# As near to one of those as a slip would be, and mailboxes of their own.
NEIGHBOURS = frozenset({"mail.com", "email.com", "ymail.com", "live.com", "yahoo.co"})


def meant(address: str) -> str:
    """The address that was perhaps meant; empty where nothing looks like a slip."""
    local, _, domain = address.rpartition("@")
    if domain in USUAL or domain in NEIGHBOURS:
        return ""
    near = [usual for usual in USUAL if is_one_slip(domain, usual)]
    return f"{local}@{near[0]}" if near else ""


def is_one_slip(typed: str, wanted: str) -> bool:
    """One letter too many, too few or wrong, or two neighbours in the wrong order."""
    while typed and wanted and typed[0] == wanted[0]:
        typed, wanted = typed[1:], wanted[1:]
    while typed and wanted and typed[-1] == wanted[-1]:
        typed, wanted = typed[:-1], wanted[:-1]
    is_swapped = len(typed) == 2 and typed == wanted[::-1]
    return is_swapped or max(len(typed), len(wanted)) == 1
