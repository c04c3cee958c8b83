import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accompagnements", "0004_designations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organismes", "0001_initial"),
        ("orientations", "0005_listes_de_criteres"),
        ("personnes", "0006_recherche_des_dossiers_ouverts"),
    ]

    operations = [
        migrations.CreateModel(
            name="AbsenceAgent",
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
                    "motif",
                    models.CharField(
                        choices=[
                            ("conges", "Congés"),
                            ("formation", "Formation"),
                            ("autre", "Autre absence"),
                            ("depart", "Départ du service"),
                        ],
                        max_length=12,
                        verbose_name="motif",
                    ),
                ),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="référent absent",
                    ),
                ),
                (
                    "enregistree_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="enregistrée par",
                    ),
                ),
                (
                    "remplacant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remplacements",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="remplaçant",
                    ),
                ),
            ],
            options={
                "verbose_name": "absence d'un référent",
                "ordering": ("-periode", "-id"),
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("agent", "="), ("periode", "&&")],
                        name="absence_agent_sans_chevauchement",
                        violation_error_message="Une absence est déjà notée à ces dates : terminez-la d'abord.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("remplacant", None),
                            models.Q(("remplacant", models.F("agent")), _negated=True),
                            _connector="OR",
                        ),
                        name="absence_remplace_par_un_autre",
                        violation_error_message="Le remplaçant est un autre agent.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AvisReferent",
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
                ("arrive", models.BooleanField(verbose_name="la personne lui arrive")),
                ("texte", models.CharField(max_length=300, verbose_name="avis")),
                ("lu_le", models.DateTimeField(null=True, verbose_name="lu le")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="envoyé le"
                    ),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="référent prévenu",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "avis à un référent",
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(condition=models.Q(("lu_le", None)), fields=["agent"], name="avis_referent_a_lire")
                ],
            },
        ),
        migrations.CreateModel(
            name="FicheNavette",
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
                ("objet", models.CharField(max_length=120, verbose_name="objet")),
                (
                    "agents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="agents destinataires",
                    ),
                ),
                (
                    "organismes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="organismes destinataires",
                    ),
                ),
                ("ouverte_le", models.DateTimeField(auto_now_add=True, verbose_name="ouverte le")),
                ("close_le", models.DateTimeField(null=True, verbose_name="close le")),
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
                    "close_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="close par",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="fiches_navettes",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "fiche navette",
                "ordering": ("-ouverte_le", "-id"),
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["agents"], name="fiche_navette_agents")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("agents", []), ("organismes", []), _negated=True),
                        name="fiche_navette_adressee",
                        violation_error_message="Dites à qui cette fiche s'adresse.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageNavette",
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
                    "nature",
                    models.CharField(
                        choices=[
                            ("question", "Question"),
                            ("reponse", "Réponse"),
                            ("information", "Information"),
                            ("entretien", "Entretien mené ensemble"),
                        ],
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
                ("texte", models.TextField(max_length=2000, verbose_name="texte")),
                ("entretien_le", models.DateField(null=True, verbose_name="entretien du")),
                ("participants", models.CharField(blank=True, max_length=300, verbose_name="avec")),
                ("ecrit_le", models.DateTimeField(auto_now_add=True, verbose_name="écrit le")),
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
                    "fiche",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="accompagnements.fichenavette",
                        verbose_name="fiche navette",
                    ),
                ),
            ],
            options={
                "verbose_name": "message de fiche navette",
                "ordering": ("ecrit_le", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entretien_le__isnull", False), ("nature", "entretien")),
                            models.Q(
                                models.Q(("nature", "entretien"), _negated=True),
                                ("entretien_le", None),
                                ("participants", ""),
                            ),
                            _connector="OR",
                        ),
                        name="message_entretien_date",
                        violation_error_message="Un entretien mené ensemble a une date.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TempsReferent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.PositiveSmallIntegerField(verbose_name="part du temps (%)")),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="référent",
                    ),
                ),
            ],
            options={
                "verbose_name": "temps d'un référent",
                "ordering": ("agent_id", "periode", "id"),
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("agent", "="), ("periode", "&&")],
                        name="temps_referent_sans_chevauchement",
                        violation_error_message="Un temps est déjà noté pour ce référent à ces dates.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("part__gte", 1), ("part__lte", 100)),
                        name="temps_referent_entre_1_et_100",
                        violation_error_message="La part du temps va de 1 à 100 %.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransfertPortefeuille",
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
                    "regle",
                    models.CharField(
                        choices=[
                            ("un_seul", "Tout à un seul"),
                            ("charge", "Selon la place de chacun"),
                            ("commune", "Par commune, sans séparer les voisins"),
                        ],
                        max_length=12,
                        verbose_name="règle",
                    ),
                ),
                ("motif", models.CharField(max_length=300, verbose_name="motif")),
                ("fait_le", models.DateTimeField(auto_now_add=True, verbose_name="fait le")),
                ("jour", models.DateField(verbose_name="à compter du")),
                ("defait_le", models.DateTimeField(null=True, verbose_name="défait le")),
                (
                    "de",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="référent de départ",
                    ),
                ),
                (
                    "defait_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="défait par",
                    ),
                ),
                (
                    "fait_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="fait par",
                    ),
                ),
            ],
            options={
                "verbose_name": "transfert de portefeuille",
                "ordering": ("-fait_le", "-id"),
            },
        ),
        migrations.CreateModel(
            name="LigneTransfert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("raison", models.CharField(blank=True, max_length=300, verbose_name="pourquoi la personne reste")),
                ("defaite", models.BooleanField(default=False, verbose_name="défaite")),
                (
                    "raison_gardee",
                    models.CharField(blank=True, max_length=300, verbose_name="pourquoi la ligne n'est pas défaite"),
                ),
                (
                    "ancienne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accompagnements.designationreferent",
                        verbose_name="désignation d'avant",
                    ),
                ),
                (
                    "nouvelle",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accompagnements.designationreferent",
                        verbose_name="désignation d'après",
                    ),
                ),
                (
                    "transfert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lignes",
                        to="accompagnements.transfertportefeuille",
                        verbose_name="transfert",
                    ),
                ),
            ],
            options={
                "verbose_name": "personne d'un transfert",
                "ordering": ("transfert_id", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("nouvelle__isnull", False), ("raison", "")),
                            models.Q(("nouvelle", None), models.Q(("raison", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="ligne_transfert_faite_ou_expliquee",
                        violation_error_message="Une personne qui reste à son référent dit pourquoi.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="designationreferent",
            name="lettre",
            field=models.UUIDField(null=True, verbose_name="lettre à la personne"),
        ),
        migrations.AddField(
            model_name="designationreferent",
            name="moyen_prevenue",
            field=models.CharField(
                blank=True,
                choices=[
                    ("lettre", "Lettre"),
                    ("entretien", "Entretien"),
                    ("telephone", "Téléphone"),
                    ("courriel", "Courriel"),
                ],
                max_length=12,
                verbose_name="comment la personne a été prévenue",
            ),
        ),
        migrations.AddField(
            model_name="designationreferent",
            name="note_transmission",
            field=models.TextField(blank=True, max_length=2000, verbose_name="note de transmission"),
        ),
        migrations.AddField(
            model_name="designationreferent",
            name="prevenue_le",
            field=models.DateField(null=True, verbose_name="personne prévenue le"),
        ),
        migrations.AddConstraint(
            model_name="designationreferent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("moyen_prevenue", ""), ("prevenue_le", None)),
                    models.Q(("prevenue_le__isnull", False), models.Q(("moyen_prevenue", ""), _negated=True)),
                    _connector="OR",
                ),
                name="referent_personne_prevenue",
                violation_error_message="Dites quand et comment la personne a été prévenue.",
            ),
        ),
    ]
