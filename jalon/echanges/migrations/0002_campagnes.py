import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("echanges", "0001_initial"),
        ("organismes", "0001_initial"),
        ("orientations", "0005_listes_de_criteres"),
        ("personnes", "0006_recherche_des_dossiers_ouverts"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormatListe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("categorie", models.CharField(max_length=20, verbose_name="catégorie du partenaire")),
                ("source", models.CharField(blank=True, max_length=300, verbose_name="source")),
                ("colonnes", models.JSONField(default=dict, verbose_name="en-têtes reconnus, par champ")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ],
            options={
                "verbose_name": "format de liste",
                "ordering": ("libelle", "id"),
            },
        ),
        migrations.CreateModel(
            name="Campagne",
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
                ("libelle", models.CharField(max_length=120, verbose_name="nom de la campagne")),
                (
                    "population",
                    models.CharField(
                        choices=[
                            ("en_attente", "Personnes qui attendent une orientation"),
                            ("soumises", "Toutes les personnes soumises aux droits et devoirs"),
                        ],
                        default="en_attente",
                        max_length=12,
                        verbose_name="nos personnes",
                    ),
                ),
                ("objectif_le", models.DateField(blank=True, null=True, verbose_name="à finir avant le")),
                ("nom_fichier", models.CharField(max_length=255, verbose_name="nom du fichier")),
                ("empreinte", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("fichier_chiffre", models.BinaryField(null=True, verbose_name="fichier déposé, chiffré")),
                ("colonnes", models.JSONField(default=dict, verbose_name="champ lu dans chaque colonne")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("deposee", "Colonnes à vérifier"),
                            ("en_cours", "Rapprochement en cours"),
                            ("a_decider", "À décider"),
                            ("close", "Close"),
                            ("echouee", "Rapprochement échoué"),
                        ],
                        default="deposee",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("message", models.CharField(blank=True, max_length=300, verbose_name="message")),
                (
                    "creee_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="déposée le"
                    ),
                ),
                ("close_le", models.DateTimeField(null=True, verbose_name="close le")),
                (
                    "creee_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="déposée par",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="partenaire",
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
                (
                    "format",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="echanges.formatliste",
                        verbose_name="format de la liste",
                    ),
                ),
            ],
            options={
                "verbose_name": "campagne de reprise",
                "ordering": ("-creee_le", "-id"),
            },
        ),
        migrations.CreateModel(
            name="LigneCampagne",
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
                ("numero", models.PositiveIntegerField(verbose_name="ligne du fichier")),
                ("nom", models.CharField(max_length=80, verbose_name="nom")),
                ("nom_naissance", models.CharField(blank=True, max_length=80, verbose_name="nom de naissance")),
                ("prenom", models.CharField(max_length=80, verbose_name="prénom")),
                ("date_naissance", models.DateField(null=True, verbose_name="date de naissance")),
                ("sexe", models.CharField(blank=True, max_length=1, verbose_name="sexe")),
                ("code_postal", models.CharField(blank=True, max_length=10, verbose_name="code postal")),
                ("matricule", models.CharField(blank=True, max_length=30, verbose_name="matricule")),
                (
                    "identifiant_france_travail",
                    models.CharField(blank=True, max_length=20, verbose_name="identifiant de l'opérateur de l'emploi"),
                ),
                ("nir_empreinte", models.BinaryField(null=True, verbose_name="index aveugle du NIR")),
                (
                    "professionnel",
                    models.CharField(blank=True, max_length=120, verbose_name="professionnel qui suit la personne"),
                ),
                (
                    "pile",
                    models.CharField(
                        choices=[
                            ("sure", "Sûre"),
                            ("a_verifier", "À vérifier côte à côte"),
                            ("aucune", "Sans correspondance"),
                        ],
                        default="aucune",
                        max_length=12,
                        verbose_name="pile",
                    ),
                ),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("a_traiter", "À traiter"),
                            ("confirmee", "C’est elle"),
                            ("ecartee", "Ce n’est aucune d’elles"),
                            ("decidee", "Orientée"),
                        ],
                        default="a_traiter",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                (
                    "refus",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="pourquoi la décision n'a pas pu être prise"
                    ),
                ),
                (
                    "campagne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lignes",
                        to="echanges.campagne",
                        verbose_name="campagne",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="orientations.decisionorientation",
                        verbose_name="décision",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="personnes.personne",
                        verbose_name="personne retenue",
                    ),
                ),
            ],
            options={
                "verbose_name": "ligne de campagne",
                "ordering": ("campagne_id", "numero", "id"),
                "indexes": [models.Index(fields=["campagne", "pile", "etat"], name="ligne_campagne_pile")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campagne", "numero"),
                        name="ligne_campagne_unique",
                        violation_error_message="Cette ligne est déjà lue.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat__in", ["confirmee", "decidee"]), _negated=True),
                            ("personne__isnull", False),
                            _connector="OR",
                        ),
                        name="ligne_confirmee_nommee",
                        violation_error_message="Une ligne confirmée désigne une de nos personnes.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CandidatLigne",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("score", models.DecimalField(decimal_places=2, max_digits=5, verbose_name="ressemblance (sur 100)")),
                ("methode", models.CharField(max_length=40, verbose_name="ce qui les rapproche")),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "ligne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="candidats",
                        to="echanges.lignecampagne",
                        verbose_name="ligne",
                    ),
                ),
            ],
            options={
                "verbose_name": "candidat d'une ligne",
                "ordering": ("ligne_id", "-score", "id"),
            },
        ),
    ]
