import uuid

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organismes", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("referentiels", "0002_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Foyer",
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
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créé le"),
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
            ],
            options={
                "verbose_name": "foyer",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Adresse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "periode",
                    django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période couverte par les flux"),
                ),
                ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("type", models.CharField(blank=True, max_length=10, verbose_name="type")),
                ("etat", models.CharField(blank=True, max_length=10, verbose_name="état")),
                ("pays", models.CharField(blank=True, max_length=10, verbose_name="pays")),
                ("depuis", models.DateField(null=True, verbose_name="depuis le")),
                (
                    "complement_identite",
                    models.CharField(blank=True, max_length=80, verbose_name="complément d'identité"),
                ),
                ("complement", models.CharField(blank=True, max_length=80, verbose_name="complément d'adresse")),
                ("numero", models.CharField(blank=True, max_length=80, verbose_name="numéro")),
                ("type_voie", models.CharField(blank=True, max_length=80, verbose_name="type de voie")),
                ("voie", models.CharField(blank=True, max_length=80, verbose_name="voie")),
                ("lieu_dit", models.CharField(blank=True, max_length=80, verbose_name="lieu-dit")),
                ("code_insee_recu", models.CharField(blank=True, max_length=80, verbose_name="code INSEE reçu")),
                ("code_postal", models.CharField(blank=True, max_length=80, verbose_name="code postal")),
                ("nom_commune", models.CharField(blank=True, max_length=80, verbose_name="commune")),
                ("lignes_etranger", models.CharField(blank=True, max_length=500, verbose_name="adresse à l'étranger")),
                ("en_qpv", models.BooleanField(null=True, verbose_name="en quartier prioritaire")),
                (
                    "commune",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referentiels.commune",
                        verbose_name="commune officielle",
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
                    "foyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="adresses",
                        to="personnes.foyer",
                        verbose_name="foyer",
                    ),
                ),
            ],
            options={
                "verbose_name": "adresse",
                "ordering": ("foyer_id", "rang", "id"),
            },
        ),
        migrations.CreateModel(
            name="Personne",
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
                ("civilite", models.CharField(blank=True, max_length=10, verbose_name="civilité")),
                ("nom", models.CharField(max_length=80, verbose_name="nom d'usage")),
                ("nom_naissance", models.CharField(max_length=80, verbose_name="nom de naissance")),
                ("prenom", models.CharField(max_length=80, verbose_name="prénom")),
                ("prenom2", models.CharField(blank=True, max_length=80, verbose_name="deuxième prénom")),
                ("prenom3", models.CharField(blank=True, max_length=80, verbose_name="troisième prénom")),
                ("date_naissance", models.DateField(verbose_name="date de naissance")),
                (
                    "qualite_date_naissance",
                    models.CharField(blank=True, max_length=10, verbose_name="qualité de la date de naissance"),
                ),
                ("rang_naissance", models.PositiveSmallIntegerField(null=True, verbose_name="rang de naissance")),
                ("commune_naissance", models.CharField(blank=True, max_length=80, verbose_name="commune de naissance")),
                ("sexe", models.CharField(max_length=10, verbose_name="sexe")),
                ("etat_civil_certifie", models.BooleanField(null=True, verbose_name="état civil certifié")),
                ("nir_chiffre", models.BinaryField(null=True, verbose_name="NIR chiffré")),
                ("nir_empreinte", models.BinaryField(null=True, verbose_name="index aveugle du NIR")),
                (
                    "type_nir",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Absent"),
                            ("nir", "NIR dont la clé est juste"),
                            ("nia", "Numéro d'attente"),
                            ("cle_fausse", "NIR dont la clé est fausse"),
                            ("illisible", "NIR qui n'a pas la forme attendue"),
                        ],
                        max_length=10,
                        verbose_name="qualité du NIR",
                    ),
                ),
                ("identite_depuis", models.DateField(verbose_name="identité connue depuis le flux du")),
                (
                    "identifiant_france_travail",
                    models.CharField(blank=True, max_length=20, verbose_name="identifiant France Travail"),
                ),
                ("cle_recherche", models.TextField(editable=False, verbose_name="noms normalisés pour la recherche")),
                ("cle_nom", models.CharField(editable=False, max_length=80, verbose_name="nom de naissance normalisé")),
                ("cle_prenom", models.CharField(editable=False, max_length=80, verbose_name="prénom normalisé")),
                (
                    "cle_prenoms",
                    models.CharField(editable=False, max_length=250, verbose_name="tous les prénoms normalisés"),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créée le"),
                ),
                (
                    "fusionnee_dans",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="doublons",
                        to="personnes.personne",
                        verbose_name="fusionnée dans",
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
            ],
            options={
                "verbose_name": "personne",
                "ordering": ("nom", "prenom", "id"),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["cle_recherche"], name="personne_recherche", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(
                        condition=models.Q(("nir_empreinte__isnull", False)),
                        fields=["nir_empreinte"],
                        name="personne_nir",
                    ),
                    models.Index(fields=["date_naissance", "cle_nom"], name="personne_naissance"),
                    models.Index(fields=["territoire", "nom"], name="personne_territoire"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fusionnee_dans", models.F("id")), _negated=True),
                        name="personne_pas_fusionnee_en_elle_meme",
                        violation_error_message="Une personne ne peut pas être fusionnée avec elle-même.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentiteAnterieure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("civilite", models.CharField(blank=True, max_length=10, verbose_name="civilité")),
                ("nom", models.CharField(max_length=80, verbose_name="nom d'usage")),
                ("nom_naissance", models.CharField(max_length=80, verbose_name="nom de naissance")),
                ("prenom", models.CharField(max_length=80, verbose_name="prénom")),
                ("prenom2", models.CharField(blank=True, max_length=80, verbose_name="deuxième prénom")),
                ("prenom3", models.CharField(blank=True, max_length=80, verbose_name="troisième prénom")),
                ("date_naissance", models.DateField(verbose_name="date de naissance")),
                (
                    "qualite_date_naissance",
                    models.CharField(blank=True, max_length=10, verbose_name="qualité de la date de naissance"),
                ),
                ("rang_naissance", models.PositiveSmallIntegerField(null=True, verbose_name="rang de naissance")),
                ("commune_naissance", models.CharField(blank=True, max_length=80, verbose_name="commune de naissance")),
                ("sexe", models.CharField(max_length=10, verbose_name="sexe")),
                ("etat_civil_certifie", models.BooleanField(null=True, verbose_name="état civil certifié")),
                ("nir_chiffre", models.BinaryField(null=True, verbose_name="NIR chiffré")),
                ("nir_empreinte", models.BinaryField(null=True, verbose_name="index aveugle du NIR")),
                (
                    "type_nir",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Absent"),
                            ("nir", "NIR dont la clé est juste"),
                            ("nia", "Numéro d'attente"),
                            ("cle_fausse", "NIR dont la clé est fausse"),
                            ("illisible", "NIR qui n'a pas la forme attendue"),
                        ],
                        max_length=10,
                        verbose_name="qualité du NIR",
                    ),
                ),
                (
                    "periode",
                    django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période couverte par les flux"),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identites",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "identité antérieure",
                "ordering": ("personne_id", "periode", "id"),
            },
        ),
        migrations.CreateModel(
            name="Fusion",
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
                ("deplacements", models.JSONField(default=dict, verbose_name="lignes déplacées")),
                ("faite_le", models.DateTimeField(auto_now_add=True, verbose_name="faite le")),
                ("defaite_le", models.DateTimeField(null=True, verbose_name="défaite le")),
                (
                    "defaite_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="défaite par",
                    ),
                ),
                (
                    "faite_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="faite par",
                    ),
                ),
                (
                    "absorbee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="personnes.personne",
                        verbose_name="personne absorbée",
                    ),
                ),
                (
                    "gardee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="personnes.personne",
                        verbose_name="personne gardée",
                    ),
                ),
            ],
            options={
                "verbose_name": "fusion",
                "ordering": ("-faite_le", "-id"),
            },
        ),
        migrations.CreateModel(
            name="PersonneEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        verbose_name="identifiant public",
                    ),
                ),
                ("civilite", models.CharField(blank=True, max_length=10, verbose_name="civilité")),
                ("nom", models.CharField(max_length=80, verbose_name="nom d'usage")),
                ("nom_naissance", models.CharField(max_length=80, verbose_name="nom de naissance")),
                ("prenom", models.CharField(max_length=80, verbose_name="prénom")),
                ("prenom2", models.CharField(blank=True, max_length=80, verbose_name="deuxième prénom")),
                ("prenom3", models.CharField(blank=True, max_length=80, verbose_name="troisième prénom")),
                ("date_naissance", models.DateField(verbose_name="date de naissance")),
                (
                    "qualite_date_naissance",
                    models.CharField(blank=True, max_length=10, verbose_name="qualité de la date de naissance"),
                ),
                ("rang_naissance", models.PositiveSmallIntegerField(null=True, verbose_name="rang de naissance")),
                ("commune_naissance", models.CharField(blank=True, max_length=80, verbose_name="commune de naissance")),
                ("sexe", models.CharField(max_length=10, verbose_name="sexe")),
                ("etat_civil_certifie", models.BooleanField(null=True, verbose_name="état civil certifié")),
                ("nir_chiffre", models.BinaryField(null=True, verbose_name="NIR chiffré")),
                ("nir_empreinte", models.BinaryField(null=True, verbose_name="index aveugle du NIR")),
                (
                    "type_nir",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Absent"),
                            ("nir", "NIR dont la clé est juste"),
                            ("nia", "Numéro d'attente"),
                            ("cle_fausse", "NIR dont la clé est fausse"),
                            ("illisible", "NIR qui n'a pas la forme attendue"),
                        ],
                        max_length=10,
                        verbose_name="qualité du NIR",
                    ),
                ),
                ("identite_depuis", models.DateField(verbose_name="identité connue depuis le flux du")),
                (
                    "identifiant_france_travail",
                    models.CharField(blank=True, max_length=20, verbose_name="identifiant France Travail"),
                ),
                ("cle_recherche", models.TextField(editable=False, verbose_name="noms normalisés pour la recherche")),
                ("cle_nom", models.CharField(editable=False, max_length=80, verbose_name="nom de naissance normalisé")),
                ("cle_prenom", models.CharField(editable=False, max_length=80, verbose_name="prénom normalisé")),
                (
                    "cle_prenoms",
                    models.CharField(editable=False, max_length=250, verbose_name="tous les prénoms normalisés"),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créée le"),
                ),
                (
                    "fusionnee_dans",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="personnes.personne",
                        verbose_name="fusionnée dans",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="personnes.personne",
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Rapprochement",
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
                ("score", models.PositiveSmallIntegerField(verbose_name="ressemblance (sur 100)")),
                ("motif", models.CharField(max_length=200, verbose_name="motif du doute")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("a_examiner", "À examiner"),
                            ("fusionne", "Une seule personne"),
                            ("refuse", "Deux personnes différentes"),
                        ],
                        default="a_examiner",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("decide_le", models.DateTimeField(null=True, verbose_name="décidé le")),
                ("date_flux", models.DateField(verbose_name="flux du")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="proposé le"
                    ),
                ),
                (
                    "ancienne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="personnes.personne",
                        verbose_name="personne connue",
                    ),
                ),
                (
                    "decide_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="décidé par",
                    ),
                ),
                (
                    "nouvelle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="personnes.personne",
                        verbose_name="personne reçue",
                    ),
                ),
            ],
            options={
                "verbose_name": "rapprochement",
                "ordering": ("-score", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ancienne", "nouvelle"),
                        name="rapprochement_unique",
                        violation_error_message="Ce rapprochement a déjà été proposé.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ancienne", models.F("nouvelle")), _negated=True),
                        name="rapprochement_deux_personnes",
                        violation_error_message="Un rapprochement porte sur deux dossiers différents.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rattachement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "periode",
                    django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période couverte par les flux"),
                ),
                ("role", models.CharField(blank=True, max_length=10, verbose_name="rôle")),
                (
                    "role_pfa",
                    models.CharField(blank=True, max_length=10, verbose_name="rôle pour les prestations familiales"),
                ),
                ("a_charge", models.BooleanField(null=True, verbose_name="prise en compte")),
                ("responsable", models.BooleanField(default=False, verbose_name="responsable du dossier")),
                ("date_debut", models.DateField(null=True, verbose_name="rattachée le")),
                ("date_fin", models.DateField(null=True, verbose_name="détachée le")),
                ("demande_precedente", models.CharField(blank=True, max_length=20, verbose_name="demande précédente")),
                ("parente", models.CharField(blank=True, max_length=250, verbose_name="liens de parenté")),
                (
                    "foyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rattachements",
                        to="personnes.foyer",
                        verbose_name="foyer",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rattachements",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "rattachement",
                "ordering": ("foyer_id", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("periode__endswith", None), ("periode__isempty", False)),
                        fields=("foyer", "personne"),
                        name="rattachement_un_seul_en_cours",
                        violation_error_message="Cette personne est déjà rattachée à ce foyer.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tache",
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
                    "type",
                    models.CharField(
                        choices=[
                            ("recueil", "Recueillir les données socioprofessionnelles"),
                            ("fin_accompagnement", "Examiner la fin de l'accompagnement"),
                        ],
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "etat",
                    models.CharField(
                        choices=[("a_faire", "À faire"), ("faite", "Faite"), ("sans_objet", "Sans objet")],
                        default="a_faire",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("echeance", models.DateField(null=True, verbose_name="à faire avant le")),
                ("ouverte_le", models.DateField(verbose_name="ouverte le")),
                ("close_le", models.DateField(null=True, verbose_name="close le")),
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
                    "organisme",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="service",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taches",
                        to="personnes.personne",
                        verbose_name="personne",
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
            ],
            options={
                "verbose_name": "tâche",
                "ordering": ("echeance", "id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("etat", "a_faire")), fields=["organisme", "echeance"], name="tache_service"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "a_faire")),
                        fields=("personne", "type"),
                        name="tache_une_seule_a_faire",
                        violation_error_message="Cette tâche est déjà à faire pour cette personne.",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="personne",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "personnes_personneevent" ("civilite", "cle_nom", "cle_prenom", "cle_prenoms", "cle_recherche", "commune_naissance", "created_at", "date_naissance", "etat_civil_certifie", "fusionnee_dans_id", "id", "identifiant_france_travail", "identite_depuis", "nir_chiffre", "nir_empreinte", "nom", "nom_naissance", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prenom", "prenom2", "prenom3", "public_id", "qualite_date_naissance", "rang_naissance", "sexe", "territoire_id", "type_nir") VALUES (NEW."civilite", NEW."cle_nom", NEW."cle_prenom", NEW."cle_prenoms", NEW."cle_recherche", NEW."commune_naissance", NEW."created_at", NEW."date_naissance", NEW."etat_civil_certifie", NEW."fusionnee_dans_id", NEW."id", NEW."identifiant_france_travail", NEW."identite_depuis", NEW."nir_chiffre", NEW."nir_empreinte", NEW."nom", NEW."nom_naissance", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."prenom", NEW."prenom2", NEW."prenom3", NEW."public_id", NEW."qualite_date_naissance", NEW."rang_naissance", NEW."sexe", NEW."territoire_id", NEW."type_nir"); RETURN NULL;',
                    hash="92abcc44f5f3e40046e18b722a42a11f484caa88",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ef24a",
                    table="personnes_personne",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="personne",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "personnes_personneevent" ("civilite", "cle_nom", "cle_prenom", "cle_prenoms", "cle_recherche", "commune_naissance", "created_at", "date_naissance", "etat_civil_certifie", "fusionnee_dans_id", "id", "identifiant_france_travail", "identite_depuis", "nir_chiffre", "nir_empreinte", "nom", "nom_naissance", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prenom", "prenom2", "prenom3", "public_id", "qualite_date_naissance", "rang_naissance", "sexe", "territoire_id", "type_nir") VALUES (OLD."civilite", OLD."cle_nom", OLD."cle_prenom", OLD."cle_prenoms", OLD."cle_recherche", OLD."commune_naissance", OLD."created_at", OLD."date_naissance", OLD."etat_civil_certifie", OLD."fusionnee_dans_id", OLD."id", OLD."identifiant_france_travail", OLD."identite_depuis", OLD."nir_chiffre", OLD."nir_empreinte", OLD."nom", OLD."nom_naissance", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."prenom", OLD."prenom2", OLD."prenom3", OLD."public_id", OLD."qualite_date_naissance", OLD."rang_naissance", OLD."sexe", OLD."territoire_id", OLD."type_nir"); RETURN NULL;',
                    hash="92fcb613e1a048b2cb7f2c21a46dfe7835184dcb",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_a76a7",
                    table="personnes_personne",
                    when="AFTER",
                ),
            ),
        ),
    ]
