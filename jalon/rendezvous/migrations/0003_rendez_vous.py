import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rendezvous", "0002_invitations"),
    ]

    operations = [
        migrations.CreateModel(
            name="RendezVous",
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
                (
                    "objet",
                    models.CharField(
                        choices=[("premier", "Premier rendez-vous avec le référent"), ("entretien", "Entretien")],
                        max_length=20,
                        verbose_name="objet",
                    ),
                ),
                ("debut", models.DateTimeField(verbose_name="date et heure")),
                ("duree", models.PositiveSmallIntegerField(default=45, verbose_name="durée en minutes")),
                (
                    "modalite",
                    models.CharField(
                        choices=[
                            ("sur_place", "Sur place"),
                            ("telephone", "Par téléphone"),
                            ("visio", "En visioconférence"),
                            ("domicile", "Au domicile de la personne"),
                        ],
                        default="sur_place",
                        max_length=12,
                        verbose_name="modalité",
                    ),
                ),
                ("lieu", models.CharField(blank=True, max_length=300, verbose_name="lieu")),
                (
                    "etat",
                    models.CharField(
                        choices=[("fixe", "Fixé"), ("honore", "Honoré"), ("manque", "Manqué"), ("annule", "Annulé")],
                        default="fixe",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créé le"),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "fixe_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="fixé par",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="rendez_vous",
                        to="rendezvous.invitation",
                        verbose_name="pris à la réunion",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rendez_vous",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "rendez-vous",
                "ordering": ("debut", "id"),
                "indexes": [models.Index(fields=["personne", "debut"], name="rendez_vous_personne")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "fixe")),
                        fields=("agent", "debut"),
                        name="rendez_vous_un_par_agent_et_heure",
                        violation_error_message="Cet agent a déjà un rendez-vous à cette heure.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("modalite", "sur_place"), _negated=True),
                            models.Q(("lieu", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="rendez_vous_lieu_sur_place",
                        violation_error_message="Un rendez-vous sur place a un lieu.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactIndividuel",
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
                ("date", models.DateField(verbose_name="date")),
                (
                    "moyen",
                    models.CharField(
                        choices=[
                            ("telephone", "Appel téléphonique"),
                            ("sms", "SMS"),
                            ("courriel", "Courriel"),
                            ("courrier", "Courrier"),
                            ("visite", "Visite à domicile"),
                            ("accueil", "Rencontre à l'accueil"),
                        ],
                        max_length=12,
                        verbose_name="moyen",
                    ),
                ),
                (
                    "resultat",
                    models.CharField(
                        choices=[
                            ("jointe", "Jointe : l'échange a eu lieu"),
                            ("message", "Message laissé"),
                            ("non_jointe", "Non jointe"),
                        ],
                        max_length=12,
                        verbose_name="résultat",
                    ),
                ),
                ("resume", models.CharField(blank=True, max_length=500, verbose_name="ce qui s'est dit")),
                (
                    "organisme",
                    models.CharField(blank=True, max_length=200, verbose_name="organisme de l'auteur à ce moment"),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="noté le"),
                ),
                (
                    "auteur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="auteur",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="contacts",
                        to="rendezvous.invitation",
                        verbose_name="après l'absence à",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact individuel",
                "ordering": ("-date", "-id"),
                "indexes": [models.Index(fields=["personne", "-date"], name="contact_personne")],
            },
        ),
    ]
