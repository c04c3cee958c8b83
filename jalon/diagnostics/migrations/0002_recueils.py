import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("diagnostics", "0001_grilles"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recueil",
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
                ("date_recueil", models.DateField(verbose_name="recueilli le")),
                (
                    "source",
                    models.CharField(
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
                (
                    "valide_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="validé le"
                    ),
                ),
                (
                    "auteur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="auteur",
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
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recueils",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "precedent",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="suivant",
                        to="diagnostics.recueil",
                        verbose_name="révision précédente",
                    ),
                ),
                (
                    "repris_de",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="reprises",
                        to="diagnostics.recueil",
                        verbose_name="repris de l'évaluation",
                    ),
                ),
            ],
            options={
                "verbose_name": "recueil socioprofessionnel",
                "ordering": ("-date_recueil", "-id"),
                "indexes": [models.Index(fields=["personne", "-date_recueil", "-id"], name="recueil_dernier")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("precedent", models.F("id")), _negated=True),
                        name="recueil_ne_se_suit_pas",
                        violation_error_message="Une révision ne peut pas se suivre elle-même.",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="recueil",
            trigger=pgtrigger.compiler.Trigger(
                name="recueil_fige",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."public_id" IS DISTINCT FROM (NEW."public_id") OR OLD."situation_passee" IS DISTINCT FROM (NEW."situation_passee") OR OLD."dernier_emploi" IS DISTINCT FROM (NEW."dernier_emploi") OR OLD."anciennete" IS DISTINCT FROM (NEW."anciennete") OR OLD."contrainte_sante" IS DISTINCT FROM (NEW."contrainte_sante") OR OLD."contrainte_logement" IS DISTINCT FROM (NEW."contrainte_logement") OR OLD."contrainte_mobilite" IS DISTINCT FROM (NEW."contrainte_mobilite") OR OLD."contrainte_familiale" IS DISTINCT FROM (NEW."contrainte_familiale") OR OLD."contrainte_financiere" IS DISTINCT FROM (NEW."contrainte_financiere") OR OLD."contrainte_numerique" IS DISTINCT FROM (NEW."contrainte_numerique") OR OLD."contrainte_administrative" IS DISTINCT FROM (NEW."contrainte_administrative") OR OLD."contrainte_francais_calcul" IS DISTINCT FROM (NEW."contrainte_francais_calcul") OR OLD."difficultes" IS DISTINCT FROM (NEW."difficultes") OR OLD."suivis" IS DISTINCT FROM (NEW."suivis") OR OLD."suivis_precision" IS DISTINCT FROM (NEW."suivis_precision") OR OLD."disponibilite" IS DISTINCT FROM (NEW."disponibilite") OR OLD."garde_enfant" IS DISTINCT FROM (NEW."garde_enfant") OR OLD."aidant" IS DISTINCT FROM (NEW."aidant") OR OLD."logement" IS DISTINCT FROM (NEW."logement") OR OLD."loyer" IS DISTINCT FROM (NEW."loyer") OR OLD."charges" IS DISTINCT FROM (NEW."charges") OR OLD."dettes" IS DISTINCT FROM (NEW."dettes") OR OLD."formation" IS DISTINCT FROM (NEW."formation") OR OLD."diplomes" IS DISTINCT FROM (NEW."diplomes") OR OLD."competences" IS DISTINCT FROM (NEW."competences") OR OLD."situation_emploi" IS DISTINCT FROM (NEW."situation_emploi") OR OLD."emploi_actuel" IS DISTINCT FROM (NEW."emploi_actuel") OR OLD."heures_semaine" IS DISTINCT FROM (NEW."heures_semaine") OR OLD."emploi_recherche" IS DISTINCT FROM (NEW."emploi_recherche") OR OLD."creation_activite" IS DISTINCT FROM (NEW."creation_activite") OR OLD."permis" IS DISTINCT FROM (NEW."permis") OR OLD."vehicule" IS DISTINCT FROM (NEW."vehicule") OR OLD."transports_commun" IS DISTINCT FROM (NEW."transports_commun") OR OLD."distance_maximale" IS DISTINCT FROM (NEW."distance_maximale") OR OLD."precedent_id" IS DISTINCT FROM (NEW."precedent_id") OR OLD."repris_de_id" IS DISTINCT FROM (NEW."repris_de_id") OR OLD."date_recueil" IS DISTINCT FROM (NEW."date_recueil") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."auteur_id" IS DISTINCT FROM (NEW."auteur_id") OR OLD."organisme_id" IS DISTINCT FROM (NEW."organisme_id") OR OLD."valide_le" IS DISTINCT FROM (NEW."valide_le"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="8f83dda36b9459e3c23a6ae5a17d70fe58a71933",
                    operation="UPDATE",
                    pgid="pgtrigger_recueil_fige_6b6e5",
                    table="diagnostics_recueil",
                    when="BEFORE",
                ),
            ),
        ),
    ]
