from django.db import migrations, models

from rights_requests import moves


class Migration(migrations.Migration):
    """A receipt is put right by a move: the table of moves anew."""

    dependencies = [
        ("rights_requests", "0010_lost_dismissals"),
    ]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="move",
            field=models.CharField(
                choices=[
                    ("receive", "received"),
                    ("reclassify", "taken for another kind"),
                    ("confirm", "confirmed as a request"),
                    ("dismiss", "found to be no request"),
                    ("reopen", "opened again"),
                    ("ask-identity", "proof of identity asked for"),
                    ("receive-identity", "proof of identity received"),
                    ("waive-identity", "proof of identity no longer needed"),
                    ("ask-fee", "fee asked for"),
                    ("receive-fee", "fee paid"),
                    ("waive-fee", "fee waived"),
                    ("ask-clarification", "asked which data is meant"),
                    ("receive-clarification", "clarification received"),
                    ("waive-clarification", "question taken back"),
                    ("ask-question", "question asked; the time goes on"),
                    ("extend", "extended by two months"),
                    ("withhold", "part of the answer is withheld"),
                    ("narrow", "narrowed by the person"),
                    ("acknowledge", "acknowledged"),
                    ("report-progress", "progress reported"),
                    ("recount", "time counted anew"),
                    ("correct-receipt", "the receipt was put right"),
                    ("received-later", "the receipt was put right: it came later"),
                    ("fulfil", "answered"),
                    ("fulfil-in-part", "answered in part"),
                    ("refuse", "refused"),
                    ("lapse", "closed: nothing came"),
                    ("withdraw", "withdrawn by the person"),
                    ("letter-failed", "the letter did not reach the person"),
                ],
                max_length=30,
            ),
        ),
        migrations.RunSQL(sql=moves.function_sql(), reverse_sql=migrations.RunSQL.noop),
    ]
