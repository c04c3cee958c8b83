import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("droits", "0003_situation_sans_chevauchement"),
        ("organismes", "0001_initial"),
        ("orientations", "0002_liens"),
        ("personnes", "0003_coordonnees"),
    ]

    operations = [
        migrations.CreateModel(
            name="MotifOrientation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                (
                    "spheres",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None, verbose_name="sphères"
                    ),
                ),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ],
            options={
                "verbose_name": "motif d'orientation",
                "ordering": ("ordre", "id"),
            },
        ),
        migrations.CreateModel(
            name="Parcours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("description", models.CharField(max_length=300, verbose_name="description")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ],
            options={
                "verbose_name": "parcours",
                "ordering": ("ordre", "id"),
            },
        ),
        migrations.CreateModel(
            name="TypeOrientation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                (
                    "sphere",
                    models.CharField(
                        choices=[
                            ("professionnelle", "Professionnelle"),
                            ("socioprofessionnelle", "Socio-professionnelle"),
                            ("sociale", "Sociale"),
                        ],
                        max_length=20,
                        verbose_name="sphère",
                    ),
                ),
                ("description", models.CharField(max_length=300, verbose_name="description")),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        default=list,
                        size=None,
                        verbose_name="catégories d'organismes",
                    ),
                ),
                ("contrat", models.CharField(max_length=60, verbose_name="mot du contrat qui suit")),
                ("delai_contrat", models.CharField(max_length=80, verbose_name="paramètre du délai du contrat")),
                ("motif_exige", models.BooleanField(default=False, verbose_name="un motif est exigé")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ],
            options={
                "verbose_name": "type d'orientation",
                "ordering": ("ordre", "id"),
            },
        ),
        migrations.CreateModel(
            name="PropositionOrientation",
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
                ("liste", models.CharField(max_length=60, verbose_name="liste de critères")),
                ("critere", models.CharField(blank=True, max_length=60, verbose_name="critère retenu")),
                ("evaluations", models.JSONField(default=list, verbose_name="critères évalués")),
                ("evaluee_le", models.DateTimeField(auto_now_add=True, verbose_name="évaluée le")),
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
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="propositions",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.typeorientation",
                        verbose_name="type proposé",
                    ),
                ),
            ],
            options={
                "verbose_name": "proposition d'orientation",
                "ordering": ("-evaluee_le", "-id"),
            },
        ),
        migrations.CreateModel(
            name="DecisionOrientation",
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
                ("precision", models.CharField(blank=True, max_length=500, verbose_name="précision")),
                (
                    "origine",
                    models.CharField(
                        choices=[
                            ("directe", "Décision directe"),
                            ("seance", "Séance"),
                            ("campagne", "Campagne"),
                            ("reunion", "Réunion d'information"),
                            ("reorientation", "Réorientation"),
                        ],
                        max_length=16,
                        verbose_name="origine",
                    ),
                ),
                ("decidee_le", models.DateField(verbose_name="décidée le")),
                (
                    "motif_ecart",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="pourquoi la décision s'écarte de la proposition"
                    ),
                ),
                ("annulee_le", models.DateField(null=True, verbose_name="annulée le")),
                ("motif_annulation", models.CharField(blank=True, max_length=300, verbose_name="pourquoi l'annuler")),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="enregistrée le"
                    ),
                ),
                (
                    "annulee_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="annulée par",
                    ),
                ),
                (
                    "attente",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="orientations.attenteorientation",
                        verbose_name="attente close",
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
                    "decidee_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="décidée par",
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="droits.dossierrsa",
                        verbose_name="dossier RSA",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme d'accompagnement",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions_orientation",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "referent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="référent nommé avec la décision",
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.motiforientation",
                        verbose_name="motif",
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
                        related_name="decisions",
                        to="orientations.propositionorientation",
                        verbose_name="proposition",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.typeorientation",
                        verbose_name="type d'orientation",
                    ),
                ),
            ],
            options={
                "verbose_name": "décision d'orientation",
                "ordering": ("personne_id", "periode", "id"),
                "indexes": [
                    models.Index(fields=["territoire", "decidee_le"], name="decision_territoire"),
                    models.Index(fields=["organisme", "type"], name="decision_organisme"),
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("personne", "="), ("periode", "&&")],
                        name="decision_orientation_sans_chevauchement",
                        violation_error_message="Cette personne a déjà une orientation à ces dates.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("annulee_le", None)),
                        fields=("attente",),
                        name="decision_une_seule_par_attente",
                        violation_error_message="Cette attente a déjà reçu sa décision.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("annulee_le", None), ("motif_annulation", "")),
                            models.Q(
                                ("annulee_le__isnull", False),
                                ("periode__isempty", True),
                                models.Q(("motif_annulation", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="decision_annulation_motivee",
                        violation_error_message="Une décision annulée dit pourquoi, et ne vaut plus aucun jour.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Accueil",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("places", models.PositiveIntegerField(null=True, verbose_name="places")),
                ("age_min", models.PositiveSmallIntegerField(null=True, verbose_name="âge minimal")),
                ("age_max", models.PositiveSmallIntegerField(null=True, verbose_name="âge maximal")),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accueils",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.typeorientation",
                        verbose_name="type d'orientation",
                    ),
                ),
            ],
            options={
                "verbose_name": "accueil",
                "ordering": ("organisme_id", "type_id", "periode", "id"),
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("organisme", "="), ("type", "="), ("periode", "&&")],
                        name="accueil_sans_chevauchement",
                        violation_error_message="Cet organisme a déjà un nombre de places pour ce type à ces dates.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationOrientation",
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
                ("lettre", models.UUIDField(null=True, verbose_name="document de la lettre")),
                ("copie", models.UUIDField(null=True, verbose_name="document de la copie à l'organisme")),
                ("produite_le", models.DateField(verbose_name="produite le")),
                (
                    "motif_remplacement",
                    models.CharField(blank=True, max_length=300, verbose_name="pourquoi une nouvelle lettre"),
                ),
                (
                    "mode_reception",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("recommande", "Lettre recommandée avec avis de réception"),
                            ("remise", "Remise en main propre, contre signature"),
                            ("courriel", "Courriel dont la personne a accusé réception"),
                            ("entretien", "Entretien dont le compte rendu est signé"),
                        ],
                        max_length=12,
                        verbose_name="mode de réception",
                    ),
                ),
                ("recue_le", models.DateField(null=True, verbose_name="reçue avec certitude le")),
                ("preuve", models.CharField(blank=True, max_length=200, verbose_name="preuve de la réception")),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="orientations.decisionorientation",
                        verbose_name="décision",
                    ),
                ),
                (
                    "produite_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="produite par",
                    ),
                ),
                (
                    "remplace",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remplacees",
                        to="orientations.notificationorientation",
                        verbose_name="remplace",
                    ),
                ),
            ],
            options={
                "verbose_name": "notification d'orientation",
                "ordering": ("-produite_le", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("remplace", None)),
                        fields=("decision",),
                        name="notification_une_seule_premiere",
                        violation_error_message="Cette décision a déjà été notifiée : dites pourquoi en produire une nouvelle.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mode_reception", ""), ("recue_le", None)),
                            models.Q(("recue_le__isnull", False), models.Q(("mode_reception", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="notification_reception_prouvee",
                        violation_error_message="Une date de réception certaine va avec le moyen qui la prouve.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DemandeReorientation",
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
                    "etat",
                    models.CharField(
                        choices=[
                            ("demandee", "Demandée"),
                            ("transmise", "Transmise pour avis"),
                            ("avis_rendu", "Avis rendu"),
                            ("acceptee", "Acceptée"),
                            ("refusee", "Refusée"),
                            ("retiree", "Retirée"),
                        ],
                        default="demandee",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("argumentaire", models.TextField(max_length=2000, verbose_name="pourquoi changer")),
                (
                    "avis_personne",
                    models.TextField(blank=True, max_length=2000, verbose_name="ce qu'en dit la personne"),
                ),
                ("demandee_le", models.DateField(verbose_name="demandée le")),
                (
                    "avis",
                    models.CharField(
                        blank=True,
                        choices=[("favorable", "Favorable"), ("defavorable", "Défavorable")],
                        max_length=12,
                        verbose_name="avis",
                    ),
                ),
                ("avis_texte", models.TextField(blank=True, max_length=2000, verbose_name="motifs de l'avis")),
                ("avis_le", models.DateField(null=True, verbose_name="avis rendu le")),
                ("decidee_le", models.DateField(null=True, verbose_name="décidée le")),
                ("motif_refus", models.CharField(blank=True, max_length=500, verbose_name="motif du refus")),
                (
                    "avis_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="avis rendu par",
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
                    "decidee_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="décidée par",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reorientations",
                        to="orientations.decisionorientation",
                        verbose_name="orientation en vigueur",
                    ),
                ),
                (
                    "demandee_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="demandée par",
                    ),
                ),
                (
                    "nouvelle_decision",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issue_de",
                        to="orientations.decisionorientation",
                        verbose_name="nouvelle orientation",
                    ),
                ),
                (
                    "organisme_souhaite",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme souhaité",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="demandes_reorientation",
                        to="personnes.personne",
                        verbose_name="personne",
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
                    "type_souhaite",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orientations.typeorientation",
                        verbose_name="orientation souhaitée",
                    ),
                ),
            ],
            options={
                "verbose_name": "demande de réorientation",
                "ordering": ("-demandee_le", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat__in", ["demandee", "transmise", "avis_rendu"])),
                        fields=("personne",),
                        name="reorientation_une_seule_en_cours",
                        violation_error_message="Une demande de réorientation est déjà en cours pour cette personne.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "acceptee"), _negated=True),
                            ("nouvelle_decision__isnull", False),
                            _connector="OR",
                        ),
                        name="reorientation_acceptee_decidee",
                        violation_error_message="Une réorientation acceptée donne une nouvelle décision.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "refusee"), _negated=True),
                            models.Q(("motif_refus", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="reorientation_refus_motive",
                        violation_error_message="Un refus de réorientation se motive.",
                    ),
                ],
            },
        ),
        migrations.AlterField(
            model_name="attenteorientation",
            name="motif_sortie",
            field=models.CharField(
                blank=True,
                choices=[
                    ("plus_soumise", "N'est plus soumise aux droits et devoirs"),
                    ("droit_clos", "Droit clos"),
                    ("partie", "A quitté le foyer"),
                    ("fusion", "Dossier réuni avec un autre"),
                    ("orientee", "Orientée"),
                ],
                max_length=20,
                verbose_name="motif de sortie",
            ),
        ),
    ]
