"""A real IMAP server, Debian's dovecot, on a port of the test's own."""

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

from config.embedded import free_port

DOVECOT = Path("/usr/sbin/dovecot")
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


class ImapServer:
    """Any user with the password “secret”; their mail is a Maildir in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"imap://governance:secret@127.0.0.1:{self.port}/INBOX"

    def __enter__(self) -> Self:
        user = pwd.getpwuid(os.getuid() or pwd.getpwnam("nobody").pw_uid)
        values = {
            "folder": self.folder,
            "user": user.pw_name,
            "group": "nogroup" if os.getuid() == 0 else user.pw_gid,
            "uid": user.pw_uid,
            "gid": user.pw_gid,
            "port": self.port,
        }
        for name in (
            "mail/governance/new",
            "mail/governance/cur",
            "mail/governance/tmp",
        ):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "home").mkdir()
        config = self.folder / "dovecot.conf"
        config.write_text(CONFIG.format(**values))
        if os.getuid() == 0:
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, user.pw_uid, user.pw_gid)
        self.process = subprocess.Popen(
            [str(DOVECOT), "-F", "-c", str(config)], stderr=subprocess.DEVNULL
        )
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)

    def wait(self) -> None:
        import imaplib

        for _ in range(100):
            try:
                imaplib.IMAP4("127.0.0.1", self.port, timeout=5).logout()
            except (OSError, imaplib.IMAP4.error):
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def deliver(self, raw: bytes, at: str = "") -> None:
        """A message arrives; at: when, as IMAP writes it, with quotation marks."""
        import imaplib

        with imaplib.IMAP4("127.0.0.1", self.port, timeout=5) as session:
            session.login("governance", "secret")
            session.append("INBOX", "", at, raw)

    def take_away(self, number: int) -> None:
        """Somebody deletes the message of this lasting number in another program."""
        import imaplib

        with imaplib.IMAP4("127.0.0.1", self.port, timeout=5) as session:
            session.login("governance", "secret")
            session.select("INBOX")
            session.uid("STORE", str(number), "+FLAGS", "\\Deleted")
            session.expunge()
