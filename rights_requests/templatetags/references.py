"""References in a text that is shown: kept on one line, for whoever reads one out."""

import re
from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from rights_requests.casebook import READABLE

register = template.Library()
REFERENCE = re.compile(rf"\b[RC]-[{READABLE}]{{4}}-[{READABLE}]{{4}}\b")


@register.filter(is_safe=True)
def whole(text: Any) -> SafeString:
    """The text, escaped, each reference in an element that is not broken at a hyphen."""
    escaped = conditional_escape(text)
    wrapped = REFERENCE.sub(r'<span class="whole">\g<0></span>', escaped)
    return mark_safe(wrapped)  # noqa: S308 (escaped above)
