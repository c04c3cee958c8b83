"""Les tables des motifs, des manquements, des faits, des décisions, des observations et des pièces."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

OPERATIONS = [
    migrations.CreateModel(
        name="MotifManquement",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
            ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
            ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ("phrase", models.CharField(max_length=300, verbose_name="phrase de la lettre")),
            (
                "preuve",
                models.CharField(
                    choices=[
                        ("rendez_vous", "Un rendez-vous ou une réunion manqués"),
                        ("contrat", "Un contrat en vigueur"),
                        ("sans_contrat", "L'absence de contrat"),
                        ("libre", "Un fait daté et décrit"),
                    ],
                    max_length=12,
                    verbose_name="preuve attendue",
                ),
            ),
            ("heures", models.BooleanField(default=False, verbose_name="porte sur des heures d'activité")),
            ("fraude", models.BooleanField(default=False, verbose_name="fraude")),
            ("articles", models.JSONField(default=dict, verbose_name="articles, par code de régime")),
        ],
        options={
            "verbose_name": "motif de manquement",
            "ordering": ("ordre", "id"),
            "abstract": False,
        },
    ),
    migrations.CreateModel(
        name="Manquement",
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
            ("expose", models.TextField(blank=True, max_length=3000, verbose_name="ce qui s'est passé")),
            (
                "etat",
                models.CharField(
                    choices=[
                        ("prepare", "En préparation"),
                        ("saisi", "À instruire"),
                        ("averti", "Personne avertie"),
                        ("avis_rendu", "Avis rendu"),
                        ("sanctionne", "Sanction décidée"),
                        ("classe", "Classé sans sanction"),
                    ],
                    default="prepare",
                    max_length=12,
                    verbose_name="état",
                ),
            ),
            ("prepare_le", models.DateField(verbose_name="préparé le")),
            ("saisi_le", models.DateField(null=True, verbose_name="saisine du")),
            ("service_en_cause", models.BooleanField(default=False, verbose_name="le service est en cause")),
            (
                "reponse_service",
                models.CharField(blank=True, max_length=500, verbose_name="ce que le service répond"),
            ),
            ("averti_le", models.DateField(null=True, verbose_name="avertissement envoyé le")),
            ("averti_recu_le", models.DateField(null=True, verbose_name="avertissement reçu le, date certaine")),
            (
                "preuve_reception",
                models.CharField(blank=True, max_length=200, verbose_name="preuve de la réception"),
            ),
            ("observations_jusqu_au", models.DateField(null=True, verbose_name="observations jusqu'au, compris")),
            ("reponse_le", models.DateField(null=True, verbose_name="la personne a répondu le")),
            ("demande_audition", models.BooleanField(default=False, verbose_name="demande à être entendue")),
            ("entendue_le", models.DateField(null=True, verbose_name="entendue le")),
            ("assistee_par", models.CharField(blank=True, max_length=160, verbose_name="assistée par")),
            ("motif_legitime", models.BooleanField(default=False, verbose_name="motif légitime reconnu")),
            ("clos_le", models.DateField(null=True, verbose_name="clos le")),
            (
                "motif_classement",
                models.CharField(
                    blank=True,
                    choices=[
                        ("service", "Le service est en cause"),
                        ("motif_legitime", "Motif légitime"),
                        ("en_regle", "La personne s'est mise en règle"),
                        ("avis", "Avis défavorable de l'instance"),
                        ("non_soumise", "La personne n'est pas soumise aux droits et devoirs"),
                        ("suite", "Une autre suite est donnée (nouvelle orientation, contrat revu)"),
                        ("erreur", "Saisine faite par erreur"),
                    ],
                    max_length=16,
                    verbose_name="pourquoi classer",
                ),
            ),
            ("precision_classement", models.CharField(blank=True, max_length=500, verbose_name="précision")),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            (
                "created_at",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créé le"),
            ),
            (
                "avertissement",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre d'avertissement",
                ),
            ),
            (
                "classement",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre de classement",
                ),
            ),
            (
                "contact",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.contactindividuel",
                    verbose_name="contact préalable",
                ),
            ),
            (
                "contrat",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="contrats.contrat",
                    verbose_name="contrat en cause",
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
                    related_name="manquements",
                    to="personnes.personne",
                    verbose_name="personne",
                ),
            ),
            (
                "prepare_par",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="préparé par",
                ),
            ),
            (
                "saisi_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="saisine par",
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
                "motif",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="manquements.motifmanquement",
                    verbose_name="motif",
                ),
            ),
        ],
        options={
            "verbose_name": "manquement",
            "ordering": ("-prepare_le", "-id"),
        },
    ),
    migrations.CreateModel(
        name="FaitManquement",
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
            ("description", models.CharField(max_length=500, verbose_name="ce qui s'est passé")),
            (
                "invitation",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.invitation",
                    verbose_name="réunion manquée",
                ),
            ),
            (
                "rendez_vous",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.rendezvous",
                    verbose_name="rendez-vous manqué",
                ),
            ),
            (
                "manquement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="faits",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
        ],
        options={
            "verbose_name": "fait reproché",
            "ordering": ("date", "id"),
        },
    ),
    migrations.CreateModel(
        name="DecisionSanction",
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
                        ("suspension", "Réduction ou suspension"),
                        ("suppression", "Suppression"),
                        ("amende", "Amende administrative"),
                    ],
                    max_length=12,
                    verbose_name="nature",
                ),
            ),
            ("taux", models.PositiveSmallIntegerField(null=True, verbose_name="part retenue (%)")),
            ("duree", models.PositiveSmallIntegerField(null=True, verbose_name="durée (mois)")),
            (
                "montant",
                models.DecimalField(decimal_places=2, max_digits=8, null=True, verbose_name="montant de l'amende (€)"),
            ),
            ("debut", models.DateField(null=True, verbose_name="à compter du")),
            ("periode", django.contrib.postgres.fields.ranges.DateRangeField(null=True, verbose_name="période")),
            ("motivation", models.TextField(max_length=2000, verbose_name="pourquoi cette décision")),
            (
                "motif_ecart",
                models.CharField(blank=True, max_length=500, verbose_name="pourquoi s'écarter de l'avis"),
            ),
            ("decidee_le", models.DateField(verbose_name="décidée le")),
            (
                "etat",
                models.CharField(
                    choices=[
                        ("decidee", "Décidée, à notifier"),
                        ("notifiee", "Notifiée"),
                        ("levee", "Levée"),
                        ("annulee", "Annulée"),
                    ],
                    default="decidee",
                    max_length=10,
                    verbose_name="état",
                ),
            ),
            ("notifiee_le", models.DateField(null=True, verbose_name="notifiée le")),
            ("recue_le", models.DateField(null=True, verbose_name="reçue le")),
            ("levee_le", models.DateField(null=True, verbose_name="levée ou annulée le")),
            (
                "motif_levee",
                models.CharField(
                    blank=True,
                    choices=[
                        ("en_regle", "La personne s'est mise en règle"),
                        ("erreur", "Le motif s'est révélé faux"),
                        ("recours", "Recours accueilli"),
                        ("situation", "La situation de la personne a changé"),
                    ],
                    max_length=12,
                    verbose_name="pourquoi",
                ),
            ),
            ("precision_levee", models.CharField(blank=True, max_length=500, verbose_name="précision")),
            (
                "regime_periode",
                django.contrib.postgres.fields.ranges.DateRangeField(editable=False, verbose_name="régime en vigueur"),
            ),
            (
                "rang",
                models.CharField(
                    choices=[
                        ("premiere", "Première fois"),
                        ("suivante", "Après une décision précédente"),
                        ("tous", "La première fois comme les suivantes"),
                    ],
                    editable=False,
                    max_length=10,
                    verbose_name="rang de la règle",
                ),
            ),
            ("taux_min", models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="part au moins")),
            ("taux_max", models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="part au plus")),
            (
                "duree_min",
                models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="durée au moins"),
            ),
            (
                "duree_max",
                models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="durée au plus"),
            ),
            (
                "plafond_foyer",
                models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="plafond du foyer"),
            ),
            (
                "plafond_majore",
                models.BooleanField(default=False, editable=False, verbose_name="plafond aussi si majorée"),
            ),
            ("avis_exige", models.BooleanField(editable=False, verbose_name="avis exigé")),
            (
                "regle_fraude",
                models.BooleanField(default=False, editable=False, verbose_name="règle réservée à la fraude"),
            ),
            ("faits_pas_avant", models.DateField(editable=False, null=True, verbose_name="faits pas avant le")),
            (
                "motif_fraude",
                models.BooleanField(default=False, editable=False, verbose_name="le motif est une fraude"),
            ),
            (
                "article_motif",
                models.CharField(
                    blank=True, editable=False, max_length=300, verbose_name="article du motif sous ce régime"
                ),
            ),
            (
                "porte_sur_heures",
                models.BooleanField(default=False, editable=False, verbose_name="porte sur des heures d'activité"),
            ),
            (
                "heures_exonerees",
                models.BooleanField(default=False, editable=False, verbose_name="aucune heure n'était due"),
            ),
            ("faits_le", models.DateField(editable=False, verbose_name="premier fait")),
            ("contact_le", models.DateField(editable=False, null=True, verbose_name="contact préalable")),
            ("averti_recu_le", models.DateField(editable=False, null=True, verbose_name="avertissement reçu")),
            (
                "observations_jusqu_au",
                models.DateField(editable=False, null=True, verbose_name="observations jusqu'au"),
            ),
            ("reponse_le", models.DateField(editable=False, null=True, verbose_name="réponse de la personne")),
            (
                "audition_demandee",
                models.BooleanField(default=False, editable=False, verbose_name="audition demandée"),
            ),
            (
                "audition_proposee_le",
                models.DateField(editable=False, null=True, verbose_name="audition proposée pour le"),
            ),
            ("avis_le", models.DateField(editable=False, null=True, verbose_name="avis rendu ou réputé")),
            (
                "precedentes",
                models.PositiveSmallIntegerField(
                    default=0, editable=False, verbose_name="décisions qui comptent encore"
                ),
            ),
            ("soumise", models.BooleanField(editable=False, verbose_name="soumise aux droits et devoirs")),
            ("foyer_plusieurs", models.BooleanField(editable=False, verbose_name="foyer de plusieurs personnes")),
            ("majoree", models.BooleanField(default=False, editable=False, verbose_name="allocation majorée")),
            ("faute_service", models.BooleanField(editable=False, verbose_name="service en cause")),
            (
                "created_at",
                models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(), verbose_name="enregistrée le"
                ),
            ),
            (
                "decidee_par",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="décidée par",
                ),
            ),
            (
                "lettre",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre de notification",
                ),
            ),
            (
                "lettre_levee",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre de levée",
                ),
            ),
            (
                "levee_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="levée par",
                ),
            ),
            (
                "personne",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="sanctions",
                    to="personnes.personne",
                    verbose_name="personne",
                ),
            ),
            (
                "manquement",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="decision",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
        ],
        options={
            "verbose_name": "décision de sanction",
            "ordering": ("-decidee_le", "-id"),
        },
    ),
    migrations.CreateModel(
        name="Observation",
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
                "canal",
                models.CharField(
                    choices=[
                        ("papier", "Par courrier"),
                        ("en_ligne", "En ligne"),
                        ("oral", "À l'oral, notées et relues"),
                    ],
                    max_length=10,
                    verbose_name="comment",
                ),
            ),
            ("recue_le", models.DateField(verbose_name="reçue le")),
            ("texte", models.TextField(max_length=5000, verbose_name="ce que la personne dit")),
            ("relue", models.BooleanField(default=False, verbose_name="relue avec la personne")),
            ("demande_audition", models.BooleanField(default=False, verbose_name="demande à être entendue")),
            ("assistee_par", models.CharField(blank=True, max_length=160, verbose_name="avec qui")),
            (
                "created_at",
                models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(), verbose_name="enregistrée le"
                ),
            ),
            (
                "manquement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="observations",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
            (
                "motif",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.motifabsence",
                    verbose_name="motif donné",
                ),
            ),
            (
                "saisie_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="saisie par",
                ),
            ),
        ],
        options={
            "verbose_name": "observation de la personne",
            "ordering": ("recue_le", "id"),
        },
    ),
    migrations.CreateModel(
        name="PieceManquement",
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
            ("libelle", models.CharField(max_length=160, verbose_name="libellé")),
            (
                "created_at",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="jointe le"),
            ),
            (
                "document",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="document",
                ),
            ),
            (
                "manquement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="pieces",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
            (
                "observation",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="pieces",
                    to="manquements.observation",
                    verbose_name="observation",
                ),
            ),
        ],
        options={
            "verbose_name": "pièce d'une procédure",
            "ordering": ("manquement_id", "id"),
        },
    ),
]
