"""The nightly purges and the rules of the register, held against each other on every
`manage.py check`: a controller's own register (REGISTER_DIR) may have other rules."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from governance.retention import purges_without_rule, rules_without_purge
from processing_register.register import RegisterIsWrong


@register(Tags.models)
def every_rule_is_carried_out(app_configs: Any, **_: Any) -> list[CheckMessage]:
    try:
        undone, unruled = rules_without_purge(), purges_without_rule()
    except (RegisterIsWrong, OSError):
        return []  # processing_register.checks says it
    return [
        *(
            Error(
                f"The register promises to remove by the rule “{rule}”, and nothing does.",
                hint="Add its purge to RETENTION, or say in retention.toml who carries "
                "it out (carried_out).",
                id="governance.E001",
            )
            for rule in sorted(undone)
        ),
        *(
            Error(
                f"RETENTION removes by the rule “{rule}”, which the register does not "
                "have this system carry out.",
                hint="Enter it in retention.toml, or take the purge away.",
                id="governance.E002",
            )
            for rule in sorted(unruled)
        ),
    ]
