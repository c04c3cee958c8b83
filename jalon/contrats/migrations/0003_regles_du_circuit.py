import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contrats", "0002_ecritures_remplacees"),
        ("documents", "0003_messages_a_code"),
        ("organismes", "0001_initial"),
        ("orientations", "0005_listes_de_criteres"),
        ("personnes", "0007_codes_a_usage_unique"),
    ]

    operations = [
        migrations.CreateModel(
            name="LectureContrat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                ("raison", models.CharField(max_length=300, verbose_name="pourquoi la demander")),
                ("demandee_le", models.DateField(verbose_name="demandée le")),
                ("prevue_le", models.DateField(null=True, verbose_name="prévue le")),
                ("rendue_le", models.DateField(null=True, verbose_name="faite le")),
                ("presents", models.CharField(blank=True, max_length=300, verbose_name="qui a lu")),
                ("avis", models.TextField(blank=True, max_length=5000, verbose_name="avis")),
                (
                    "contrat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lectures",
                        to="contrats.contrat",
                        verbose_name="contrat",
                    ),
                ),
                (
                    "demandee_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="demandée par",
                    ),
                ),
                (
                    "rendue_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="avis noté par",
                    ),
                ),
            ],
            options={
                "verbose_name": "lecture commune d'un contrat",
                "ordering": ("contrat_id", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("rendue_le", None)),
                        fields=("contrat",),
                        name="lecture_une_seule_en_cours",
                        violation_error_message="Ce contrat attend déjà une lecture commune.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rendue_le", None), models.Q(("avis", ""), _negated=True), _connector="OR"),
                        name="lecture_faite_avec_son_avis",
                        violation_error_message="Une lecture faite dit son avis.",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="contrat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("etat__in", ["a_signer", "signe_personne", "signe", "recu", "en_lecture"]), _negated=True
                    ),
                    models.Q(
                        ("debut__isnull", False),
                        ("document__isnull", False),
                        ("duree__isnull", False),
                        ("propose_le__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="contrat_texte_fige_avant_signature",
                violation_error_message="Un contrat à signer a son texte exact, son début et sa durée.",
            ),
        ),
        migrations.AddConstraint(
            model_name="contrat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("etat__in", ["recu", "en_lecture"]), _negated=True),
                        ("recu_le__isnull", False),
                        _connector="OR",
                    ),
                    models.Q(
                        ("recu_le", None),
                        models.Q(("recu_le__gte", models.F("signe_le")), ("signe_le__isnull", False)),
                        _connector="OR",
                    ),
                ),
                name="contrat_recu_apres_signature",
                violation_error_message="Un contrat se reçoit une fois signé, et pas avant le jour de sa signature.",
            ),
        ),
        migrations.AddConstraint(
            model_name="contrat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valide_le", None),
                    models.Q(("recu_le__isnull", False), ("valide_le__gte", models.F("recu_le"))),
                    _connector="OR",
                ),
                name="contrat_valide_apres_reception",
                violation_error_message="Un contrat se valide une fois reçu, et pas avant le jour de sa réception.",
            ),
        ),
    ]
