import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("instances", "0002_seances"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChoixOrientation",
            fields=[
                (
                    "dossier",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="choix",
                        serialize=False,
                        to="instances.dossierseance",
                        verbose_name="dossier",
                    ),
                ),
                ("maintien", models.BooleanField(default=False, verbose_name="l'orientation en vigueur est maintenue")),
                ("precision", models.CharField(blank=True, max_length=500, verbose_name="précision")),
                (
                    "motif_ecart",
                    models.CharField(blank=True, max_length=500, verbose_name="pourquoi s'écarter de l'avis calculé"),
                ),
                (
                    "motif_depassement",
                    models.CharField(blank=True, max_length=300, verbose_name="pourquoi dépasser la charge"),
                ),
                (
                    "attente",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.attenteorientation",
                        verbose_name="attente",
                    ),
                ),
                (
                    "correspondant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="correspondant",
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choix_seance",
                        to="orientations.decisionorientation",
                        verbose_name="décision appliquée",
                    ),
                ),
                (
                    "demande",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.demandereorientation",
                        verbose_name="demande de réorientation",
                    ),
                ),
                (
                    "motif",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.motiforientation",
                        verbose_name="motif",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "parcours",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.parcours",
                        verbose_name="parcours",
                    ),
                ),
                (
                    "proposition",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="orientations.propositionorientation",
                        verbose_name="avis calculé",
                    ),
                ),
                (
                    "referent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="référent",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.typeorientation",
                        verbose_name="type d'orientation",
                    ),
                ),
            ],
            options={
                "verbose_name": "choix d'orientation en séance",
                "ordering": ("dossier_id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("organisme", None), ("type", None)),
                            models.Q(("maintien", False), ("organisme__isnull", False), ("type__isnull", False)),
                            _connector="OR",
                        ),
                        name="choix_seance_type_et_organisme",
                        violation_error_message="Un choix d'orientation nomme le type et l'organisme.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("maintien", False), ("demande__isnull", False), _connector="OR"),
                        name="choix_seance_maintien_d_une_demande",
                        violation_error_message="On ne maintient une orientation qu'en réponse à une demande d'en changer.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeportMembre",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("motif", models.CharField(max_length=300, verbose_name="motif")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="noté le"),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deports",
                        to="instances.dossierseance",
                        verbose_name="dossier",
                    ),
                ),
                (
                    "note_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="noté par",
                    ),
                ),
                (
                    "membre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instances.membreinstance",
                        verbose_name="membre",
                    ),
                ),
            ],
            options={
                "verbose_name": "retrait d'un membre",
                "ordering": ("dossier_id", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dossier", "membre"),
                        name="deport_une_fois",
                        violation_error_message="Ce membre s'est déjà retiré de ce dossier.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NotePartenaire",
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
                ("opinion", models.CharField(blank=True, max_length=40, verbose_name="ce qu'il recommande")),
                ("texte", models.TextField(blank=True, max_length=1000, verbose_name="note")),
                ("modifiee_le", models.DateTimeField(auto_now=True, verbose_name="modifiée le")),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes",
                        to="instances.dossierseance",
                        verbose_name="dossier",
                    ),
                ),
                (
                    "membre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instances.membreinstance",
                        verbose_name="membre",
                    ),
                ),
            ],
            options={
                "verbose_name": "note d'un partenaire",
                "ordering": ("dossier_id", "modifiee_le", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dossier", "membre"),
                        name="note_une_par_membre",
                        violation_error_message="Ce membre a déjà une note sur ce dossier : modifiez-la.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("opinion", ""), _negated=True),
                            models.Q(("texte", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="note_non_vide",
                        violation_error_message="Une note porte une opinion ou un texte.",
                    ),
                ],
            },
        ),
    ]
