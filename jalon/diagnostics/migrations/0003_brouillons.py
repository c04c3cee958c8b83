import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("diagnostics", "0002_recueils"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrouillonRecueil",
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
                ("situation_passee", models.CharField(blank=True, max_length=2000, verbose_name="parcours jusqu'ici")),
                ("dernier_emploi", models.CharField(blank=True, max_length=200, verbose_name="dernier emploi")),
                (
                    "anciennete",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("en_emploi", "Travaille aujourd'hui"),
                            ("moins_6_mois", "Moins de six mois"),
                            ("moins_1_an", "De six mois à un an"),
                            ("moins_2_ans", "D'un à deux ans"),
                            ("moins_5_ans", "De deux à cinq ans"),
                            ("plus_5_ans", "Plus de cinq ans"),
                            ("jamais", "N'a jamais travaillé"),
                        ],
                        max_length=20,
                        verbose_name="sans emploi depuis",
                    ),
                ),
                (
                    "contrainte_sante",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="santé",
                    ),
                ),
                (
                    "contrainte_logement",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="logement",
                    ),
                ),
                (
                    "contrainte_mobilite",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="mobilité",
                    ),
                ),
                (
                    "contrainte_familiale",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="garde d'enfant ou aide à un proche",
                    ),
                ),
                (
                    "contrainte_financiere",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="finances",
                    ),
                ),
                (
                    "contrainte_numerique",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="numérique",
                    ),
                ),
                (
                    "contrainte_administrative",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="démarches administratives ou juridiques",
                    ),
                ),
                (
                    "contrainte_francais_calcul",
                    models.CharField(
                        blank=True,
                        choices=[("aucune", "Aucune"), ("moderee", "Modérée"), ("forte", "Forte")],
                        max_length=10,
                        verbose_name="français et calcul",
                    ),
                ),
                (
                    "difficultes",
                    models.CharField(
                        blank=True, max_length=2000, verbose_name="difficultés, dans les mots de la personne"
                    ),
                ),
                (
                    "suivis",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("france_travail", "Opérateur public de l'emploi"),
                                ("plie", "PLIE"),
                                ("mission_locale", "Mission locale"),
                                ("cap_emploi", "Cap emploi"),
                                ("departement", "Service social du département"),
                                ("ccas", "CCAS ou CIAS"),
                                ("caf", "CAF ou MSA"),
                                ("association", "Association"),
                                ("autre", "Autre"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="déjà accompagnée par",
                    ),
                ),
                ("suivis_precision", models.CharField(blank=True, max_length=2000, verbose_name="qui, et pour quoi")),
                (
                    "disponibilite",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("immediate", "Tout de suite"),
                            ("partielle", "À temps partiel ou à certaines heures"),
                            ("sous_condition", "Si une difficulté est d'abord réglée"),
                            ("non", "Pas pour l'instant"),
                        ],
                        max_length=20,
                        verbose_name="disponible pour travailler",
                    ),
                ),
                (
                    "garde_enfant",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("sans_objet", "Pas d'enfant à faire garder"),
                            ("solution", "Une solution de garde"),
                            ("partielle", "Une solution à certaines heures"),
                            ("aucune", "Aucune solution de garde"),
                        ],
                        max_length=20,
                        verbose_name="garde d'enfant",
                    ),
                ),
                ("aidant", models.BooleanField(blank=True, null=True, verbose_name="aide un proche")),
                (
                    "logement",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("locataire_social", "Locataire du parc social"),
                            ("locataire_prive", "Locataire du parc privé"),
                            ("proprietaire", "Propriétaire"),
                            ("heberge", "Hébergement chez un proche"),
                            ("structure", "Foyer, résidence ou centre d'hébergement"),
                            ("sans_logement", "Sans logement"),
                            ("autre", "Autre situation"),
                        ],
                        max_length=20,
                        verbose_name="logement",
                    ),
                ),
                (
                    "loyer",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=8,
                        null=True,
                        verbose_name="loyer ou remboursement par mois",
                    ),
                ),
                (
                    "charges",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=8, null=True, verbose_name="autres charges par mois"
                    ),
                ),
                ("dettes", models.BooleanField(blank=True, null=True, verbose_name="dettes ou retards de paiement")),
                (
                    "formation",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("sans", "Sans diplôme"),
                            ("niveau_3", "CAP ou BEP (niveau 3)"),
                            ("niveau_4", "Baccalauréat (niveau 4)"),
                            ("niveau_5", "Bac + 2 (niveau 5)"),
                            ("niveau_6", "Bac + 3 et au-delà (niveau 6 ou plus)"),
                            ("etranger", "Diplôme étranger, non reconnu en France"),
                        ],
                        max_length=20,
                        verbose_name="niveau de formation",
                    ),
                ),
                (
                    "diplomes",
                    models.CharField(blank=True, max_length=2000, verbose_name="diplômes, titres, habilitations"),
                ),
                (
                    "competences",
                    models.CharField(blank=True, max_length=2000, verbose_name="ce que la personne sait faire"),
                ),
                (
                    "situation_emploi",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("sans_emploi", "Sans emploi"),
                            ("temps_partiel", "En emploi à temps partiel"),
                            ("temps_plein", "En emploi à temps plein"),
                            ("independant", "À son compte"),
                            ("formation", "En formation ou en stage"),
                            ("autre", "Autre situation"),
                        ],
                        max_length=20,
                        verbose_name="situation d'emploi",
                    ),
                ),
                ("emploi_actuel", models.CharField(blank=True, max_length=200, verbose_name="emploi actuel")),
                (
                    "heures_semaine",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="heures par semaine"),
                ),
                ("emploi_recherche", models.CharField(blank=True, max_length=200, verbose_name="emploi recherché")),
                (
                    "creation_activite",
                    models.BooleanField(blank=True, null=True, verbose_name="veut créer ou reprendre une activité"),
                ),
                (
                    "permis",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("aucun", "Aucun permis"),
                            ("en_cours", "Permis en cours"),
                            ("obtenu", "Permis de conduire"),
                        ],
                        max_length=20,
                        verbose_name="permis de conduire",
                    ),
                ),
                ("vehicule", models.BooleanField(blank=True, null=True, verbose_name="véhicule utilisable")),
                (
                    "transports_commun",
                    models.BooleanField(blank=True, null=True, verbose_name="transports en commun accessibles"),
                ),
                (
                    "distance_maximale",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="distance possible (km)"),
                ),
                ("date_recueil", models.DateField(blank=True, null=True, verbose_name="recueilli le")),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("premier_contact", "Premier contact"),
                            ("reunion", "Réunion"),
                            ("entretien", "Entretien"),
                            ("partenaire", "Élément d'un partenaire"),
                        ],
                        max_length=20,
                        verbose_name="recueilli lors de",
                    ),
                ),
                ("numero", models.PositiveIntegerField(default=0, verbose_name="numéro d'enregistrement")),
                ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
                ("ecarte_le", models.DateField(null=True, verbose_name="écarté le")),
                (
                    "auteur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="auteur",
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
                (
                    "precedent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="diagnostics.recueil",
                        verbose_name="dernier recueil à l'ouverture",
                    ),
                ),
                (
                    "repris_de",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="diagnostics.recueil",
                        verbose_name="repris de l'évaluation",
                    ),
                ),
            ],
            options={
                "verbose_name": "brouillon de recueil",
                "ordering": ("-modifie_le", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ecarte_le", None)),
                        fields=("personne", "auteur"),
                        name="brouillon_recueil_un_par_auteur",
                        violation_error_message="Vous avez déjà un brouillon pour cette personne.",
                    )
                ],
            },
        ),
    ]
