"""Where each notice stands on the site: privacy/, retention/, privacy/interests/orders/.

The summaries of legitimate interests lie below the privacy notice; every other notice
is at its own name.
"""

INTERESTS = "interests-"
_INTERESTS_PATH = "privacy/interests/"
_INTERESTS_REGEX = _INTERESTS_PATH + "[a-z0-9-]+"
# Notices whose newest version has a page under a name of its own in the URL map.
OWN_PAGES = {
    "privacy": "processing_register:privacy-notice",
    "retention": "processing_register:retention",
    "accessibility": "processing_register:accessibility",
    "cookies": "consent:cookies",
}


def is_about_interests(notice: str) -> bool:
    return notice.startswith(INTERESTS)


def purpose_of(notice: str) -> str:
    """The purpose that a summary of legitimate interests is about."""
    return notice.removeprefix(INTERESTS)


class InterestsConverter:
    """A summary of legitimate interests in a URL, for Django's path()."""

    regex = _INTERESTS_REGEX

    def to_python(self, value: str) -> str:
        return value.replace(_INTERESTS_PATH, INTERESTS)

    def to_url(self, value: str) -> str:
        return value.replace(INTERESTS, _INTERESTS_PATH)


class NoticeConverter(InterestsConverter):
    """Any notice in a URL."""

    regex = (
        f"{_INTERESTS_REGEX}"
        "|privacy|cookies|retention|accessibility|sign-up|cookie-banner"
    )
