"""Les tables des signatures, des valeurs saisies et des bilans."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

OPERATIONS = [
    migrations.CreateModel(
        name="SignatureContrat",
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
                "signataire",
                models.CharField(
                    choices=[("personne", "La personne"), ("referent", "Le référent")],
                    max_length=12,
                    verbose_name="signataire",
                ),
            ),
            (
                "mode",
                models.CharField(
                    choices=[
                        ("ecran", "À l'écran"),
                        ("papier", "Sur papier, numérisé"),
                        ("distance", "À distance, par son lien ou son livret, avec un code"),
                    ],
                    max_length=12,
                    verbose_name="mode",
                ),
            ),
            ("nom", models.CharField(max_length=200, verbose_name="nom écrit par le signataire")),
            ("signee_le", models.DateField(verbose_name="signée le")),
            ("empreinte", models.CharField(max_length=64, verbose_name="empreinte du texte signé")),
            ("trace", models.TextField(blank=True, max_length=40000, verbose_name="tracé")),
            ("sans_effet_le", models.DateField(null=True, verbose_name="sans effet depuis le")),
            (
                "notee_le",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="notée le"),
            ),
            (
                "agent",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="agent",
                ),
            ),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="signatures",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
            ),
            (
                "document",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="texte signé",
                ),
            ),
            (
                "papier",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="papier numérisé",
                ),
            ),
        ],
        options={
            "verbose_name": "signature",
            "ordering": ("contrat_id", "id"),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("sans_effet_le", None)),
                    fields=("contrat", "signataire"),
                    name="signature_une_par_signataire",
                    violation_error_message="Ce signataire a déjà signé ce texte.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("mode", "papier"), _negated=True), ("papier__isnull", False), _connector="OR"
                    ),
                    name="signature_papier_numerisee",
                    violation_error_message="Une signature sur papier vient avec son papier numérisé.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("signataire", "referent"), _negated=True),
                        ("agent__isnull", False),
                        _connector="OR",
                    ),
                    name="signature_du_referent_par_un_agent",
                    violation_error_message="Le référent signe sous son nom d'agent.",
                ),
            ],
        },
    ),
    migrations.CreateModel(
        name="ValeurChamp",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("texte", models.TextField(blank=True, max_length=5000, verbose_name="texte")),
            ("nombre", models.DecimalField(decimal_places=2, max_digits=10, null=True, verbose_name="nombre")),
            ("date", models.DateField(null=True, verbose_name="date")),
            ("oui", models.BooleanField(null=True, verbose_name="oui")),
            (
                "choix",
                django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=40), default=list, size=None, verbose_name="choix"
                ),
            ),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            ("par_la_personne", models.BooleanField(default=False, verbose_name="écrit par la personne")),
            ("ecrit_le", models.DateTimeField(auto_now=True, verbose_name="écrit le")),
            (
                "champ",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="contrats.champcontrat",
                    verbose_name="rubrique",
                ),
            ),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="valeurs",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
            ),
            (
                "ecrit_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="écrit par",
                ),
            ),
        ],
        options={
            "verbose_name": "valeur d'une rubrique",
            "ordering": ("contrat_id", "champ_id"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("contrat", "champ"),
                    name="valeur_champ_une_par_rubrique",
                    violation_error_message="Cette rubrique est déjà écrite.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("par_la_personne", True), ("ecrit_par__isnull", False), _connector="OR"),
                    name="valeur_champ_a_un_auteur",
                    violation_error_message="Une rubrique écrite a un auteur.",
                ),
            ],
        },
    ),
    migrations.CreateModel(
        name="ChoixChamp",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
            ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
            (
                "champ",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="choix",
                    to="contrats.champcontrat",
                    verbose_name="rubrique",
                ),
            ),
        ],
        options={
            "verbose_name": "choix d'une rubrique",
            "ordering": ("champ_id", "rang"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("champ", "code"),
                    name="choix_champ_unique",
                    violation_error_message="Ce choix existe déjà.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="BilanContrat",
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
                    choices=[("intermediaire", "Bilan d'étape"), ("final", "Bilan final")],
                    max_length=16,
                    verbose_name="nature",
                ),
            ),
            ("date", models.DateField(verbose_name="fait le")),
            ("avance", models.TextField(blank=True, max_length=5000, verbose_name="ce qui a avancé")),
            ("reste", models.TextField(blank=True, max_length=5000, verbose_name="ce qui reste difficile")),
            (
                "dit_par_la_personne",
                models.TextField(blank=True, max_length=5000, verbose_name="ce qu'en dit la personne"),
            ),
            (
                "suite",
                models.CharField(
                    blank=True,
                    choices=[
                        ("poursuivre", "Poursuivre le contrat"),
                        ("renouveler", "Renouveler"),
                        ("terminer", "Terminer"),
                        ("reorienter", "Demander une réorientation"),
                    ],
                    max_length=12,
                    verbose_name="suite",
                ),
            ),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            ("clos_le", models.DateTimeField(null=True, verbose_name="clos le")),
            ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
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
                "document",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="PDF",
                ),
            ),
            (
                "grille_apres",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="diagnostics.passation",
                    verbose_name="grille du jour",
                ),
            ),
            (
                "grille_avant",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="diagnostics.passation",
                    verbose_name="grille d'avant",
                ),
            ),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="bilans",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
            ),
        ],
        options={
            "verbose_name": "bilan de contrat",
            "ordering": ("contrat_id", "date", "id"),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("clos_le", None)),
                    fields=("contrat",),
                    name="bilan_un_seul_ouvert",
                    violation_error_message="Un bilan est déjà en cours d'écriture pour ce contrat : reprenez-le.",
                ),
                models.UniqueConstraint(
                    condition=models.Q(("nature", "final")),
                    fields=("contrat",),
                    name="bilan_final_unique",
                    violation_error_message="Ce contrat a déjà son bilan final.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("clos_le", None), models.Q(("suite", ""), _negated=True), _connector="OR"),
                    name="bilan_clos_avec_sa_suite",
                    violation_error_message="Un bilan clos dit la suite.",
                ),
            ],
        },
    ),
    pgtrigger.migrations.AddTrigger(
        model_name="passagecontrat",
        trigger=pgtrigger.compiler.Trigger(
            name="passage_contrat_fige",
            sql=pgtrigger.compiler.UpsertTriggerSql(
                func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                hash="e7e7f6d6514ebd8eb8c66ad7a3b189f353f7536d",
                operation="UPDATE",
                pgid="pgtrigger_passage_contrat_fige_82bf6",
                table="contrats_passagecontrat",
                when="BEFORE",
            ),
        ),
    ),
]
