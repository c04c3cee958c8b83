"""Les contraintes, les index et les déclencheurs du contrat."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

OPERATIONS = [
    migrations.AddConstraint(
        model_name="etape",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat", "atteint"), _negated=True), ("faite_le__isnull", False), _connector="OR"
            ),
            name="etape_faite_date",
            violation_error_message="Une étape faite a une date.",
        ),
    ),
    migrations.AddConstraint(
        model_name="offreemploi",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("acceptee", False), _negated=True),
                models.Q(("motif_refus", ""), _negated=True),
                _connector="OR",
            ),
            name="offre_refus_motive",
            violation_error_message="Un refus se note avec ce qu'en dit la personne.",
        ),
    ),
    migrations.AddConstraint(
        model_name="offreemploi",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("acceptee", None), ("reponse_le", None)),
                models.Q(("acceptee__isnull", False), ("reponse_le__isnull", False)),
                _connector="OR",
            ),
            name="offre_reponse_datee",
            violation_error_message="Une réponse a une date.",
        ),
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
    migrations.AddConstraint(
        model_name="champcontrat",
        constraint=models.UniqueConstraint(
            fields=("section", "code"),
            name="champ_contrat_unique",
            violation_error_message="Cette rubrique existe déjà.",
        ),
    ),
    migrations.AddConstraint(
        model_name="signaturecontrat",
        constraint=models.UniqueConstraint(
            condition=models.Q(("sans_effet_le", None)),
            fields=("contrat", "signataire"),
            name="signature_une_par_signataire",
            violation_error_message="Ce signataire a déjà signé ce texte.",
        ),
    ),
    migrations.AddConstraint(
        model_name="signaturecontrat",
        constraint=models.CheckConstraint(
            condition=models.Q(models.Q(("mode", "papier"), _negated=True), ("papier__isnull", False), _connector="OR"),
            name="signature_papier_numerisee",
            violation_error_message="Une signature sur papier vient avec son papier numérisé.",
        ),
    ),
    migrations.AddConstraint(
        model_name="signaturecontrat",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("signataire", "referent"), _negated=True), ("agent__isnull", False), _connector="OR"
            ),
            name="signature_du_referent_par_un_agent",
            violation_error_message="Le référent signe sous son nom d'agent.",
        ),
    ),
    migrations.AddConstraint(
        model_name="objectif",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat", "atteint"), _negated=True), ("atteint_le__isnull", False), _connector="OR"
            ),
            name="objectif_atteint_date",
            violation_error_message="Un objectif atteint a une date.",
        ),
    ),
    migrations.AddConstraint(
        model_name="transitioncontrat",
        constraint=models.UniqueConstraint(
            fields=("circuit", "acte", "de"),
            name="transition_contrat_unique",
            violation_error_message="Cet acte part déjà de cet état dans ce circuit.",
        ),
    ),
    migrations.AddConstraint(
        model_name="valeurchamp",
        constraint=models.UniqueConstraint(
            fields=("contrat", "champ"),
            name="valeur_champ_une_par_rubrique",
            violation_error_message="Cette rubrique est déjà écrite.",
        ),
    ),
    migrations.AddConstraint(
        model_name="valeurchamp",
        constraint=models.CheckConstraint(
            condition=models.Q(("par_la_personne", True), ("ecrit_par__isnull", False), _connector="OR"),
            name="valeur_champ_a_un_auteur",
            violation_error_message="Une rubrique écrite a un auteur.",
        ),
    ),
    migrations.AddConstraint(
        model_name="versioncontrat",
        constraint=models.UniqueConstraint(
            fields=("type", "numero"),
            name="version_contrat_numero_unique",
            violation_error_message="Cette version existe déjà.",
        ),
    ),
    migrations.AddConstraint(
        model_name="sectioncontrat",
        constraint=models.UniqueConstraint(
            fields=("version", "code"),
            name="section_contrat_unique",
            violation_error_message="Cette section existe déjà.",
        ),
    ),
    migrations.AddIndex(
        model_name="contrat",
        index=models.Index(fields=["personne", "-ouvert_le"], name="contrat_personne"),
    ),
    migrations.AddIndex(
        model_name="contrat",
        index=models.Index(fields=["referent", "etat"], name="contrat_referent"),
    ),
    migrations.AddIndex(
        model_name="contrat",
        index=models.Index(fields=["etat", "signe_le"], name="contrat_etat_signe"),
    ),
    migrations.AddIndex(
        model_name="contrat",
        index=models.Index(fields=["territoire", "etat"], name="contrat_territoire"),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=django.contrib.postgres.constraints.ExclusionConstraint(
            condition=models.Q(("reference_seule", False)),
            expressions=[("personne", "="), ("periode", "&&")],
            name="contrat_un_seul_a_une_date",
            violation_error_message="Cette personne a déjà un contrat à ces dates : terminez-le ou renouvelez-le.",
        ),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=models.UniqueConstraint(
            condition=models.Q(
                ("etat__in", ["brouillon", "a_signer", "signe_personne", "signe", "recu", "en_lecture", "renvoye"]),
                ("reference_seule", False),
            ),
            fields=("personne",),
            name="contrat_un_seul_en_preparation",
            violation_error_message="Un contrat est déjà en préparation pour cette personne : reprenez-le.",
        ),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(
                    ("etat__in", ["en_vigueur", "bilan", "renouvele", "termine", "rompu"]),
                    ("periode__isnull", False),
                ),
                models.Q(
                    models.Q(("etat__in", ["en_vigueur", "bilan", "renouvele", "termine", "rompu"]), _negated=True),
                    ("periode__isnull", True),
                ),
                _connector="OR",
            ),
            name="contrat_periode_des_la_vigueur",
            violation_error_message="Un contrat a une période dès qu'il est en vigueur, et pas avant.",
        ),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat__in", ["rompu", "abandonne"]), _negated=True),
                models.Q(("motif_fin", ""), _negated=True),
                _connector="OR",
            ),
            name="contrat_rupture_motivee",
            violation_error_message="Un contrat rompu ou abandonné dit pourquoi.",
        ),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat__in", ["signe", "recu", "en_lecture"]), _negated=True),
                models.Q(("document__isnull", False), ("signe_le__isnull", False)),
                _connector="OR",
            ),
            name="contrat_signe_date",
            violation_error_message="Un contrat signé a sa date et son texte exact.",
        ),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat__in", ["en_vigueur", "bilan"]), _negated=True),
                ("reference_seule", True),
                models.Q(("signe_le__isnull", False), ("valide_le__isnull", False)),
                _connector="OR",
            ),
            name="contrat_valide_date",
            violation_error_message="Un contrat en vigueur a été signé et validé.",
        ),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat__in", ["renouvele", "termine", "rompu", "abandonne"]), _negated=True),
                ("clos_le__isnull", False),
                _connector="OR",
            ),
            name="contrat_clos_date",
            violation_error_message="Un contrat clos a une date de fin.",
        ),
    ),
    migrations.AddConstraint(
        model_name="contrat",
        constraint=models.CheckConstraint(
            condition=models.Q(("reference_seule", True), ("version__isnull", False), _connector="OR"),
            name="contrat_redige_ou_cite",
            violation_error_message="Un contrat écrit dans Jalon a sa rédaction.",
        ),
    ),
]
