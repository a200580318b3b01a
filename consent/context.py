"""What every public page may show of the choice about cookies."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import cached_property

from consent import cookies, page_views
from processing_register.notices import BannerWording, banner_wording

# Names in the address of a page the word for what was just saved; it changes nothing.
SAVED = "cookie-choice"


class CookieBanner:
    """The choice of this request and the words for it, read only when a page asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def choice(self) -> cookies.Choice:
        return cookies.choice_of(self._request)

    @cached_property
    def wording(self) -> BannerWording:
        return banner_wording()

    @cached_property
    def is_asked(self) -> bool:
        """True when there is something to ask, and nobody has answered yet.

        Never above the answer to a form, which the choice would take away, nor on the
        cookies page, which asks by itself.
        """
        if self._request.method not in ("GET", "HEAD") or self._is_cookies_page:
            return False
        return self.is_offered and self.choice.is_open

    @property
    def _is_cookies_page(self) -> bool:
        match = self._request.resolver_match
        return match is not None and match.view_name == "consent:cookies"

    @property
    def saved(self) -> str:
        """What the page says right after a choice; empty at any other time."""
        word = self._request.GET.get(SAVED, "")
        return self.wording.after.get(word, "") if self.choice.is_answered else ""

    @property
    def back(self) -> str:
        """The page to come back to, where the question stood."""
        return self._request.get_full_path()

    @property
    def content_hash(self) -> str:
        """Of what this page asks about: an answer counts for that and nothing else."""
        return cookies.content_hash()

    @property
    def here(self) -> str:
        return self._request.path

    @property
    def is_offered(self) -> bool:
        return bool(cookies.offered())

    @property
    def allowed(self) -> str:
        """The categories of scripts that this page may start, separated by blanks."""
        return " ".join(sorted(self.choice.categories))

    @property
    def unwanted(self) -> str:
        """Names of what must not stay in this browser, separated by blanks."""
        return " ".join(cookies.names_to_clear(self.choice.categories))

    @property
    def analytics_script(self) -> str:
        """Where the controller's own Matomo or Plausible has its script; often empty."""
        host = settings.ANALYTICS_HOST.rstrip("/")
        return f"{host}/{settings.ANALYTICS_SCRIPT}" if host else ""

    @property
    def analytics_host(self) -> str:
        """Where visits are counted, when that is not here; empty when it is."""
        return str(settings.ANALYTICS_HOST).rstrip("/")

    @property
    def counted_page(self) -> str:
        """The name under which this page may be counted; empty when it never is."""
        return page_views.name_of(self._request)

    @property
    def categories(self) -> list[dict[str, Any]]:
        """Each category with its words, and whether it is allowed now."""
        return [
            {
                "wording": self.wording.category(key),
                "is_essential": key == cookies.ESSENTIAL,
                "is_allowed": self.choice.allows(key),
            }
            for key in cookies.categories(cookies.OUR_SITE)
        ]


def cookie_banner(request: HttpRequest) -> dict[str, Any]:
    return {"cookie_banner": CookieBanner(request)}
