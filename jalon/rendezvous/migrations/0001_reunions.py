import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("documents", "0001_courriers_et_envois"),
        ("organismes", "0001_initial"),
        ("personnes", "0004_lien_personnel"),
    ]

    operations = [
        migrations.CreateModel(
            name="MotifAbsence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("aide", models.CharField(blank=True, max_length=300, verbose_name="preuve attendue")),
                ("preuve_exigee", models.BooleanField(default=False, verbose_name="une preuve est exigée")),
                ("sante", models.BooleanField(default=False, verbose_name="de nature médicale")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ],
            options={
                "verbose_name": "motif d'absence",
                "ordering": ("ordre", "id"),
            },
        ),
        migrations.CreateModel(
            name="QuestionPreparatoire",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("theme", models.CharField(max_length=120, verbose_name="thème")),
                ("intitule", models.CharField(max_length=300, verbose_name="question")),
                ("aide", models.CharField(blank=True, max_length=300, verbose_name="aide")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("texte", "Texte libre"),
                            ("choix", "Une réponse"),
                            ("choix_multiple", "Plusieurs réponses"),
                            ("oui_non", "Oui ou non"),
                        ],
                        max_length=20,
                        verbose_name="type de réponse",
                    ),
                ),
                ("choix", models.JSONField(default=list, verbose_name="réponses possibles")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("active", models.BooleanField(default=True, verbose_name="posée aujourd'hui")),
            ],
            options={
                "verbose_name": "question préparatoire",
                "ordering": ("ordre", "id"),
            },
        ),
        migrations.CreateModel(
            name="TypeReunion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("description", models.CharField(max_length=300, verbose_name="description")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ],
            options={
                "verbose_name": "type de réunion",
                "ordering": ("ordre", "id"),
            },
        ),
        migrations.CreateModel(
            name="ProtocoleReunion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                ("depuis", models.DateField(verbose_name="en vigueur depuis le")),
                ("format", models.CharField(max_length=120, verbose_name="format")),
                ("duree", models.PositiveSmallIntegerField(verbose_name="durée en minutes")),
                ("capacite", models.PositiveSmallIntegerField(verbose_name="places")),
                ("contenu", models.CharField(max_length=300, verbose_name="angle du contenu")),
                ("logistique", models.CharField(blank=True, max_length=300, verbose_name="logistique")),
                ("deroule", models.JSONField(default=list, verbose_name="déroulé")),
                ("roles", models.JSONField(default=list, verbose_name="rôles des intervenants")),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protocoles",
                        to="rendezvous.typereunion",
                        verbose_name="type",
                    ),
                ),
            ],
            options={
                "verbose_name": "protocole de réunion",
                "ordering": ("type", "-version"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("type", "version"),
                        name="protocole_version_unique",
                        violation_error_message="Cette version du protocole existe déjà.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reunion",
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
                ("debut", models.TimeField(verbose_name="début")),
                ("fin", models.TimeField(verbose_name="fin")),
                ("lieu", models.CharField(max_length=120, verbose_name="lieu")),
                ("adresse", models.CharField(max_length=300, verbose_name="adresse")),
                ("acces", models.CharField(blank=True, max_length=300, verbose_name="comment venir")),
                ("capacite", models.PositiveSmallIntegerField(verbose_name="places")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("planifiee", "Planifiée"),
                            ("convoquee", "Convocations envoyées"),
                            ("tenue", "Tenue"),
                            ("annulee", "Annulée"),
                        ],
                        default="planifiee",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                (
                    "motif_annulation",
                    models.CharField(blank=True, max_length=300, verbose_name="motif de l'annulation"),
                ),
                ("convoquee_le", models.DateTimeField(null=True, verbose_name="convocations envoyées le")),
                ("close_le", models.DateTimeField(null=True, verbose_name="feuille close le")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créée le"),
                ),
                (
                    "creee_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="créée par",
                    ),
                ),
                (
                    "organisateur",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisateur",
                    ),
                ),
                (
                    "planche",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.document",
                        verbose_name="lettres à imprimer",
                    ),
                ),
                (
                    "protocole",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reunions",
                        to="rendezvous.protocolereunion",
                        verbose_name="protocole suivi",
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reunions",
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
            ],
            options={
                "verbose_name": "réunion d'information",
                "ordering": ("date", "debut", "id"),
                "indexes": [models.Index(fields=["territoire", "date"], name="reunion_territoire_date")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fin__gt", models.F("debut"))),
                        name="reunion_heures_a_l_endroit",
                        violation_error_message="L'heure de fin doit suivre l'heure de début.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("capacite__gt", 0)),
                        name="reunion_capacite_positive",
                        violation_error_message="Une réunion a au moins une place.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "annulee"), _negated=True),
                            models.Q(("motif_annulation", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="reunion_annulation_motivee",
                        violation_error_message="Une réunion annulée dit pourquoi.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "annulee"), _negated=True),
                        fields=("territoire", "date", "debut", "lieu"),
                        name="reunion_une_seule_au_meme_endroit",
                        violation_error_message="Une réunion est déjà prévue à cette heure en ce lieu.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IntervenantReunion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=40, verbose_name="rôle")),
                ("role_libelle", models.CharField(max_length=120, verbose_name="rôle, en clair")),
                ("nom", models.CharField(blank=True, max_length=120, verbose_name="nom de l'intervenant")),
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
                    "reunion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="intervenants",
                        to="rendezvous.reunion",
                        verbose_name="réunion",
                    ),
                ),
            ],
            options={
                "verbose_name": "intervenant de réunion",
                "ordering": ("reunion_id", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reunion", "role", "organisme"),
                        name="intervenant_un_role_une_fois",
                        violation_error_message="Cet organisme tient déjà ce rôle dans cette réunion.",
                    )
                ],
            },
        ),
    ]
