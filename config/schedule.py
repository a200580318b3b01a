"""The whole beat: what runs when, and why then."""

from typing import Any

from celery.schedules import crontab

from groundwork.seal_journal import SEALED_EVERY

SCHEDULE: dict[str, dict[str, Any]] = {
    # A confirmation mail should be there before the reader has found the inbox. A run
    # that waited in a full queue is dropped; the next one does its work.
    "deliver due mail": {
        "task": "outbox.deliver_due",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
    # Whoever asked about their data should read by when they get an answer before they
    # wonder whether it arrived.
    "acknowledge requests": {
        "task": "rights_requests.acknowledge",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
    # Nothing is answered before those who keep other systems were asked.
    "ask the owners of systems outside": {
        "task": "rights_requests.ask_systems",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    # A case does not close before everybody who had the data has been told (Art. 19).
    "set the tasks to tell recipients": {
        "task": "rights_requests.set_recipient_tasks",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    # A minute of calls at most, one after the other.
    "call systems outside": {
        "task": "rights_requests.call_systems",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    # A minute of calls at most; what comes to nothing is tried again for a day.
    "send files to other organisations": {
        "task": "rights_requests.send_files",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    # A corrected address counts once its mailbox has confirmed it; the case waits for it.
    "take over confirmed corrections": {
        "task": "rights_requests.take_over_corrections",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    # Whoever pressed the button is looking at the page.
    "put copies together": {
        "task": "rights_requests.build_copies",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    # Whoever approved it is looking at the page; a worker that died is followed by the
    # next one.
    "carry erasures out": {
        "task": "rights_requests.carry_out_erasures",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    # A plain request is to be answered while the person still looks.
    "answer by standing rules": {
        "task": "rights_requests.answer_by_rule",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "take over copies whose worker died": {
        "task": "rights_requests.release_stranded_copies",
        "schedule": 300.0,
    },
    "send case updates": {
        "task": "case_updates.send_due",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    # A mailed “unsubscribe” should work as fast as the link.
    "read inbound mail": {
        "task": "outbox.read_inbound",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    # Rows whose worker died are settled soon after nobody can still be at work on them.
    "settle stranded mail": {"task": "outbox.sweep_stranded", "schedule": 300.0},
    "settle stranded deliveries": {
        "task": "case_updates.sweep_stranded",
        "schedule": 300.0,
    },
    # Nobody waits for it by the minute, but a purpose may wait for its end; a run takes
    # half a minute at most.
    "announce changed notices": {
        "task": "governance.announce_changes",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    # A letter counts from the moment a mail server took it, and so does the notice that
    # a restriction will end.
    "keep the clocks of Article 14": {
        "task": "governance.keep_clocks",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    # A letter that failed takes its move back, and an extension counts once its letter
    # was handed over: the clock of the case should show it before the next look.
    "take over what became of letters": {
        "task": "rights_requests.take_over_letters",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    # Days begin at midnight in London and staff look in the morning, so minutes do not
    # matter; but what comes in late may be due at once.
    "remind of deadlines": {
        "task": "rights_requests.remind",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    # A public holiday that was named moves days; whoever loaded it wants to see that.
    "look for new holidays": {
        "task": "rights_requests.recount_after_holidays",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    # Before work begins, on the days on which anybody works.
    "morning digest": {
        "task": "rights_requests.digest",
        "schedule": crontab(hour=7, minute=30, day_of_week="mon-fri"),
    },
    # Once the day has begun in London, winter and summer, since what is projected to
    # today moves with it; done before the digest tells of it.
    "count the open cases anew": {
        "task": "rights_requests.recount",
        "schedule": crontab(hour=2, minute=0),
    },
    # What is not sealed yet could still be changed by the database's owner unnoticed.
    "seal the ledgers": {"task": "governance.seal_ledgers", "schedule": SEALED_EVERY},
    # Somebody whose “no” could not be carried out should not get one more mail; and what
    # is compared before each batch stays short.
    "keep the opt-out journal": {
        "task": "governance.keep_journal",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "show a sign of life": {"task": "governance.beat_is_alive", "schedule": 60.0},
    # After midnight, so that a retention period ends with its last whole day; before
    # the morning, so that the team finds the result.
    "retention": {
        "task": "governance.run_retention",
        "schedule": crontab(hour=2, minute=30),
    },
    # After retention, which takes rows away and leaves their files to this.
    "sweep the vault": {
        "task": "rights_requests.keep_vault",
        "schedule": crontab(hour=3, minute=0),
    },
    # What a legal hold kept after a deletion goes in the night after its release, with
    # the rest of what goes by night.
    "forget contacts": {
        "task": "rights_requests.forget_contacts",
        "schedule": crontab(hour=3, minute=5),
    },
    # Spent console sessions.
    "clear sessions": {
        "task": "staff.clear_sessions",
        "schedule": crontab(hour=3, minute=15),
    },
}
