import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("instances", "0001_instances"),
    ]

    operations = [
        migrations.CreateModel(
            name="Seance",
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
                ("numero", models.PositiveIntegerField(verbose_name="numéro")),
                ("date", models.DateField(verbose_name="date")),
                ("heure", models.TimeField(verbose_name="heure")),
                ("lieu", models.CharField(max_length=200, verbose_name="lieu")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("preparee", "En préparation"),
                            ("convoquee", "Convoquée"),
                            ("ouverte", "Ouverte"),
                            ("close", "Close"),
                            ("annulee", "Annulée"),
                        ],
                        default="preparee",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("convoquee_le", models.DateField(blank=True, null=True, verbose_name="convoquée le")),
                (
                    "motif_urgence",
                    models.CharField(blank=True, max_length=300, verbose_name="pourquoi convoquer en urgence"),
                ),
                ("ouverte_le", models.DateTimeField(blank=True, null=True, verbose_name="ouverte le")),
                ("close_le", models.DateTimeField(blank=True, null=True, verbose_name="close le")),
                (
                    "quorum_atteint",
                    models.BooleanField(blank=True, null=True, verbose_name="quorum atteint à la clôture"),
                ),
                ("motif_annulation", models.CharField(blank=True, max_length=300, verbose_name="pourquoi l'annuler")),
                ("ordre_du_jour", models.UUIDField(blank=True, null=True, verbose_name="document de l'ordre du jour")),
                ("pv", models.UUIDField(blank=True, null=True, verbose_name="document du procès-verbal")),
                (
                    "pv_anonyme",
                    models.UUIDField(blank=True, null=True, verbose_name="document du procès-verbal sans les noms"),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créée le"),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seances",
                        to="instances.instance",
                        verbose_name="instance",
                    ),
                ),
                (
                    "president",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instances.membreinstance",
                        verbose_name="présidée par",
                    ),
                ),
                (
                    "secretaire",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="secrétaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "séance",
                "ordering": ("-date", "-id"),
                "indexes": [models.Index(fields=["date", "etat"], name="seance_date")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("instance", "numero"),
                        name="seance_numero_unique",
                        violation_error_message="Ce numéro de séance est déjà pris : rechargez la page.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "annulee"), _negated=True),
                        fields=("instance", "date"),
                        name="seance_une_par_jour",
                        violation_error_message="Cette instance a déjà une séance ce jour-là.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "annulee"), _negated=True),
                            models.Q(("motif_annulation", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="seance_annulation_motivee",
                        violation_error_message="Une séance annulée dit pourquoi.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "close"), _negated=True),
                            models.Q(
                                ("close_le__isnull", False), ("pv__isnull", False), ("quorum_atteint__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="seance_close_avec_pv",
                        violation_error_message="Une séance close a une heure de fin et un procès-verbal.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PresenceSeance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("attendu", "Attendu"),
                            ("present", "Présent"),
                            ("represente", "Représenté par son suppléant"),
                            ("excuse", "Excusé"),
                            ("absent", "Absent"),
                        ],
                        default="attendu",
                        max_length=12,
                        verbose_name="état",
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
                (
                    "represente_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instances.membreinstance",
                        verbose_name="représenté par",
                    ),
                ),
                (
                    "seance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presences",
                        to="instances.seance",
                        verbose_name="séance",
                    ),
                ),
            ],
            options={
                "verbose_name": "présence à une séance",
                "ordering": ("seance_id", "membre__qualite__ordre", "membre_id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seance", "membre"),
                        name="presence_une_par_membre",
                        violation_error_message="La présence de ce membre est déjà notée.",
                    ),
                    models.UniqueConstraint(
                        fields=("seance", "represente_par"),
                        name="presence_un_suppleant_une_place",
                        violation_error_message="Ce suppléant représente déjà quelqu'un : une personne ne compte qu'une fois.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "represente"), ("represente_par__isnull", False)),
                            models.Q(models.Q(("etat", "represente"), _negated=True), ("represente_par", None)),
                            _connector="OR",
                        ),
                        name="presence_represente_par_quelqu_un",
                        violation_error_message="Dites quel suppléant représente ce membre.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DossierSeance",
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
                ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("inscrit", "À examiner"),
                            ("examine", "Examiné"),
                            ("ajourne", "Ajourné"),
                            ("retire", "Retiré de l'ordre du jour"),
                            ("applique", "Décidé"),
                            ("a_revoir", "À revoir"),
                        ],
                        default="inscrit",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                ("pieces", models.JSONField(default=list, verbose_name="pièces, telles qu'à la convocation")),
                (
                    "avis",
                    models.CharField(
                        blank=True,
                        choices=[("unanime", "Unanime"), ("majoritaire", "À la majorité")],
                        max_length=12,
                        verbose_name="avis de la séance",
                    ),
                ),
                (
                    "motif",
                    models.CharField(blank=True, max_length=500, verbose_name="pourquoi ajourner, retirer ou revoir"),
                ),
                ("examine_le", models.DateTimeField(null=True, verbose_name="examiné le")),
                ("sorti_le", models.DateField(null=True, verbose_name="sorti de l'ordre du jour le")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="inscrit le"
                    ),
                ),
                (
                    "examine_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="décision saisie par",
                    ),
                ),
                (
                    "inscrit_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="inscrit par",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dossiers_seance",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "seance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dossiers",
                        to="instances.seance",
                        verbose_name="séance",
                    ),
                ),
                (
                    "theme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instances.themeinstance",
                        verbose_name="thème",
                    ),
                ),
            ],
            options={
                "verbose_name": "dossier d'une séance",
                "ordering": ("seance_id", "rang", "id"),
                "indexes": [models.Index(fields=["seance", "etat", "rang"], name="dossier_seance_etat")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat__in", ["inscrit", "examine"])),
                        fields=("personne",),
                        name="dossier_dans_une_seule_seance",
                        violation_error_message="Cette personne est déjà à l'ordre du jour d'une séance à venir.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat__in", ["ajourne", "retire", "a_revoir"]), _negated=True),
                            models.Q(("motif", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="dossier_seance_issue_motivee",
                        violation_error_message="Un dossier ajourné, retiré ou à revoir dit pourquoi.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat__in", ["inscrit", "examine"]), ("sorti_le", None)),
                            models.Q(
                                models.Q(("etat__in", ["inscrit", "examine"]), _negated=True),
                                ("sorti_le__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="dossier_seance_sortie_datee",
                        violation_error_message="Un dossier sorti de l'ordre du jour dit quand.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat__in", ["examine", "applique"]), _negated=True),
                            ("examine_le__isnull", False),
                            _connector="OR",
                        ),
                        name="dossier_seance_examen_date",
                        violation_error_message="Un dossier examiné dit quand il l'a été.",
                    ),
                ],
            },
        ),
    ]
